"""Whom a leader means: members by number, by household, or by name when only one is like that."""

import re
from collections.abc import Sequence

from sqlmodel import Session

from bot.community import names
from bot.community.errors import Refusal
from storage import people, words
from storage.people import Person

MOST = 40  # members at a time: some households, or a committee
_NAMESAKES = 10  # of one name, to choose among
_LOOKED_AT = 500  # members of households where the words of a name are found
_NUMBER = re.compile(r"(?i)(?:member\s+)?#?(\d{1,9})")
_HOUSEHOLD = re.compile(r"(?i)household\s+(.+)")


class NoSuchMember(Refusal):
    """No member{where} is like “{typed}”. `/members` finds them, with their numbers."""

    status = 404


class NobodyNamed(Refusal):
    """Whom? Give a member's number or name, or a household: “42”, “Ana Ruiz”, “household 5”."""

    status = 422


class TooManyMeant(Refusal):
    """That is more than {limit} members at once. Please say them in parts."""

    status = 422


class SeveralMeant(Refusal):
    """{count} members{where} are like “{typed}”. Say which, by number: {numbers}."""

    status = 409
    people: Sequence[Person]  # the first of them


def meant(
    session: Session, community_id: int, typed: str, *, within: int | None = None
) -> list[Person]:
    """The members that are meant, each once, in order.

    Takes: typed, numbers, names and households, with commas between; within, a group's number.
    Raises: NobodyNamed, NoSuchMember, SeveralMeant, TooManyMeant.
    """
    pieces = [piece for each in re.split("[,;\n]", typed) if (piece := names.one_line(each))]
    if not pieces:
        raise NobodyNamed
    if len(pieces) > MOST:
        raise TooManyMeant(limit=MOST)
    found = [one for piece in pieces for one in _meant(session, community_id, piece, within)]
    distinct = list({one.id: one for one in found}.values())
    if len(distinct) > MOST:
        raise TooManyMeant(limit=MOST)
    return distinct


def _meant(session: Session, community_id: int, typed: str, within: int | None) -> list[Person]:
    if number := _NUMBER.fullmatch(typed):
        condition = people.is_number(int(number[1]))
        found = people.found(session, community_id, condition, within=within, limit=1)
    elif household := _HOUSEHOLD.fullmatch(typed):
        found = _household(session, community_id, household[1], within)
    else:
        found = _named(session, community_id, typed, within)
    if not found:
        raise NoSuchMember(typed=typed[: names.LONGEST_NAME], where=_where(within))
    return found


def _household(session: Session, community_id: int, typed: str, within: int | None) -> list[Person]:
    number = _NUMBER.fullmatch(typed)
    condition = (
        people.lives_in(int(number[1])) if number else people.lives_at(names.address_key(typed))
    )
    return people.found(session, community_id, condition, within=within, limit=MOST + 1)


def _named(session: Session, community_id: int, typed: str, within: int | None) -> list[Person]:
    """Who has all these words in their name; who has no others comes before all else.

    Raises: SeveralMeant, when it is not one alone.
    """
    said = words.words_of([typed])
    if not said:
        return []
    near = people.near_words(community_id, said)
    looked_at = people.found(session, community_id, *near, within=within, limit=_LOOKED_AT)
    alike = [one for one in looked_at if said <= words.words_of([one.name])]
    if alike and len(looked_at) == _LOOKED_AT:  # there may be more, so nobody is sure to be meant
        raise _several(alike, f"More than {len(alike)}", typed, within)
    exact = [one for one in alike if said == words.words_of([one.name])]
    if len(exact or alike) > 1:
        raise _several(exact or alike, str(len(exact or alike)), typed, within)
    return exact or alike


def _several(found: Sequence[Person], count: str, typed: str, within: int | None) -> SeveralMeant:
    some = found[:_NAMESAKES]
    told = "; ".join(f"#{one.id} {one.name}, {one.address}" for one in some)
    where = _where(within)
    return SeveralMeant(count=count, typed=typed, where=where, numbers=told, people=some)


def _where(within: int | None) -> str:
    return "" if within is None else " of that group"
