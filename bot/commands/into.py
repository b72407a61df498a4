"""Into which groups somebody is invited, as leaders say it: "ana@example.org in group board"."""

import re
from dataclasses import dataclass

from bot.commands import language
from bot.commands.base import Misused
from bot.community import groups, labels
from bot.community.actors import Actor
from bot.community.which_group import NoSuchGroup
from bot.messages import Field
from bot.ports import Services
from storage.tables import Group

# At the end of what is said; an address there is not the name of a group.
_IN = re.compile(r"(?i)(?:^|\s)in(?:to)?\s+(?:the\s+)?groups?(?:\s+([^@\n]*))?$")
_NONE = "none"  # a choice needs a value, also for none
_CHOSEN_AMONG = 40  # groups; of more a leader types the name


@dataclass(frozen=True, slots=True)
class Ends:
    """What was said, without what its end says of language and groups."""

    words: str
    language: str = ""  # BCP 47; empty: none was said
    groups: tuple[Group, ...] = ()

    @property
    def group_ids(self) -> tuple[int, ...]:
        """The numbers of the groups."""
        return tuple(group.id for group in self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the groups."""
        return tuple(group.name for group in self.groups)


async def ends(services: Services, actor: Actor, words: str) -> Ends:
    """Read "... in Spanish in group board", in either order.

    Raises: Misused for a language that we do not speak, NoSuchGroup, SeveralGroups.
    """
    said = _IN.search(words)
    if said is None:
        rest, spoken = language.taken_off(services, words)
        return Ends(rest, spoken)
    rest, before = language.taken_off(services, words[: said.start()])
    try:
        return Ends(rest, before, await _meant(services, actor, said[1]))
    except NoSuchGroup:
        named, after = language.taken_off(services, said[1] or "")
        if not after:
            raise
        return Ends(rest, after, await _meant(services, actor, named))


async def without(services: Services, actor: Actor, words: str) -> Ends:
    """The same where no language is chosen: "Elm Street in group board"."""
    said = _IN.search(words)
    if said is None:
        return Ends(words)
    return Ends(words[: said.start()], groups=await _meant(services, actor, said[1]))


async def _meant(services: Services, actor: Actor, typed: str | None) -> tuple[Group, ...]:
    found = await groups.all_meant(services, actor, typed or "")
    if not found:
        raise Misused("In which group? Put its name at the end, after “in group”.")
    return tuple(found)


async def field(services: Services, actor: Actor) -> tuple[Field, ...]:
    """The field of a form; none where there are no groups."""
    rows = await groups.every(services, actor)
    if not rows:
        return ()
    if len(rows) > _CHOSEN_AMONG:
        hint = "They arrive in it: the name of a group, or several with commas between"
        return (Field("group", "Group", hint=hint, required=False),)
    options = ((_NONE, "None"), *((str(row.id), row.name) for row in rows))
    return (Field("group", "Group", "choice", _NONE, "They arrive in it", options),)


async def chosen(services: Services, actor: Actor, filled: str) -> tuple[Group, ...]:
    """The groups of what was filled in. Raises: NoSuchGroup, SeveralGroups."""
    return () if filled in {"", _NONE} else await _meant(services, actor, filled)


def told(names: tuple[str, ...]) -> str:
    """What is said of groups after who is invited; nothing when there are none."""
    return "".join(f" {line}" for line in labels.arriving(names))
