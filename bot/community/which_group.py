"""Which group a leader means: by number, by name, or by the beginning of its name.

Names are compared in small letters and without accents.
"""

import re
from collections.abc import Sequence

from sqlmodel import Session

from bot.community import names
from bot.community.errors import Refusal
from bot.community.names import BadWords
from storage import groups, words
from storage.tables import Group

LONGEST = 60  # characters of a name
_SHOWN = 10  # groups that are alike
_NUMBER = re.compile(r"#?(\d{1,9})")
_BETWEEN = re.compile(r"[:;,\n]")  # stand between names, so they stand in none
_FOREIGN = re.compile(r"[:;,`]")  # the last would end the words of a command
_AND = re.compile(r"(?i)\s+and\s+")  # may stand in one, too


class NoSuchGroup(Refusal):
    """There is no group “{typed}” here. `/groups` lists them; `/groups create` makes one."""

    status = 404


class SeveralGroups(Refusal):
    """{count} groups are like “{typed}”: {alike}. Say the name in full, or the number."""

    status = 409


def key(name: str) -> str:
    """The name as it is compared: "Pool Committee" and "pool  committée" are one."""
    return " ".join(words.plain(names.one_line(name)).split())


def parse_name(typed: str) -> str:
    """A group's name. Raises: BadWords."""
    name = names.name(typed, what="name for the group", longest=LONGEST)
    if sign := _FOREIGN.search(name):
        raise BadWords(f"A group's name has no “{sign[0]}” in it.")
    if not any(char.isalpha() for char in name):
        raise BadWords("A group's name has a letter in it, or it would look like a number.")
    return name


def meant(session: Session, community_id: int, typed: str) -> Group:
    """The group with this number or name, or the only one like that.

    Raises: NoSuchGroup, SeveralGroups.
    """
    if number := _NUMBER.fullmatch(typed.strip()):
        found = groups.get(session, community_id, int(number[1]))
        alike = [found] if found else []
    else:
        alike = like(groups.every(session, community_id), typed)
    if not alike:
        raise NoSuchGroup(typed=names.one_line(typed)[:LONGEST])
    if len(alike) > 1:
        told = ", ".join(f"#{row.id} {row.name}" for row in alike[:_SHOWN])
        raise SeveralGroups(count=len(alike), typed=names.one_line(typed), alike=told)
    return alike[0]


def like(rows: Sequence[Group], typed: str) -> list[Group]:
    """The group of this very name, else those whose names begin with these words.

    A sign that ends the sentence is a part of the name only where the name has it.
    """
    for wanted in (key(typed), key(typed.rstrip(" .!?"))):
        exact = [row for row in rows if row.name_key == wanted]
        begins = [row for row in rows if wanted and f"{row.name_key} ".startswith(f"{wanted} ")]
        if exact or begins:
            return exact or begins
    return []


def all_meant(session: Session, community_id: int, typed: str) -> list[Group]:
    """The groups in "board, pool and garden", each once, in order.

    Raises: NoSuchGroup, SeveralGroups.
    """
    found: dict[int, Group] = {}
    for piece in filter(None, (each.strip() for each in _BETWEEN.split(typed))):
        try:
            groups_ = [meant(session, community_id, piece)]
        except NoSuchGroup:
            parts = _AND.split(piece)
            if len(parts) == 1:
                raise
            groups_ = [meant(session, community_id, part) for part in parts]
        found |= {group.id: group for group in groups_}
    return list(found.values())
