"""`/members`: who is in, by household; one household or member is shown by `cards.py`, and what is
done to them is in `member_verbs.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.commands import cards, member_verbs, roster
from bot.commands.base import Command, Misused, Said, plural
from bot.community import labels, members, names
from bot.community.actors import Actor
from bot.community.members import ALL, Count, Page, Wanted
from bot.community.members.changing import NoHousehold
from bot.community.rosters import exports
from bot.messages import Button, Reply, Usage
from bot.ports import Services
from storage.tables import Household, Member
from storage.words import split

_TURN = re.compile(r"(?i)^(.*?)\s*\b(page|after|before) #?(\d{1,9})$")
_NEW = re.compile(r"(?i)new(?: (\d{1,3})([dwm]?))?")
_DAYS = {"": 1, "d": 1, "w": 7, "m": 30}
_NUMBER = re.compile(r"#?(\d{1,9})")
_LONGEST_CALL = 56  # bytes: the strictest chat takes 64, and the community's mark needs its own


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List the households that match what was said, show one of them, or act on one."""
    word, rest = said.split()
    first = rest.split(maxsplit=1)[:1]
    if word == "export" and not rest:
        file = await exports.members(services, actor, now=now)
        return Reply("Here are all members, by address.", files=(file,))
    if word == "import":
        return await roster.bring_in(services, actor, said, now=now)
    if word in member_verbs.VERBS and (not first or _NUMBER.fullmatch(first[0])):
        return await member_verbs.act(services, actor, word, rest, said, now=now)
    wanted = _read(names.one_line(said.rest))
    if number := _NUMBER.fullmatch(wanted.search):
        try:
            return await cards.household(services, actor, int(number[1]))
        except NoHousehold:
            page = await members.page(services, actor, wanted, now=now)
            if not page.matching.number:  # nor has anything else this number
                raise
            return _page(page)
    return _page(await members.page(services, actor, wanted, now=now))


def _read(words: str) -> Wanted:
    """What is asked for. Raises: Misused."""
    turned = _TURN.match(words)
    if turned is None:
        return _asked(words)
    wanted, number = _asked(turned[1]), int(turned[3])
    match turned[2].lower():
        case "page":
            return replace(wanted, page=number)
        case "after":
            return replace(wanted, after=number)
        case _:
            return replace(wanted, before=number)


def _asked(words: str) -> Wanted:
    if words.lower() == "suspended":
        return Wanted(which="suspended")
    new = _NEW.fullmatch(words)
    if new is None:
        return Wanted(words)
    days = int(new[1]) * _DAYS[new[2].lower()] if new[1] else ALL.days
    if not days:
        raise Misused("New since when? Say `/members new 7d`, or 2w, or 1m.")
    return Wanted(which="new", days=days)


def _page(page: Page) -> Reply:
    if not page.households:
        return _nobody(page.wanted)
    lines = [_head(page), *(_line(home, people) for home, people in page.households)]
    buttons = [Button(f"#{home.id}", f"/members {home.id}") for home, _ in page.households]
    turns = list(_turns(page))
    if any(len(turn.call.encode()) > _LONGEST_CALL for turn in turns):
        lines.append("To turn the page, say the same again with `page 2` behind it.")
        turns = []
    return Reply("\n".join(lines), (*buttons, *turns))


def _nobody(wanted: Wanted) -> Reply:
    if wanted.is_everything:
        return Reply("Nobody has joined yet.", (Button("Invite members", "/invite", "primary"),))
    if wanted.which == "suspended":
        return Reply("Nobody is suspended.")
    if wanted.which == "new":
        return Reply(f"Nobody has joined in the last {plural(wanted.days, 'day')}.")
    return Reply(f"No household or member is like “{wanted.search}”.")


def _head(page: Page) -> str:
    wanted, count = page.wanted, page.matching
    if wanted.search and not count.is_all:
        return (
            f"{_counted(count, 'household')} are like “{wanted.search}”. Add a word to see fewer; "
            f"{plural(len(page.households), 'of them is', 'of them are')} here:"
        )
    about = {
        "suspended": " with somebody who is suspended",
        "new": f" that somebody joined in the last {plural(wanted.days, 'day')}",
    }.get(wanted.which, f" like “{wanted.search}”")
    if page.members is not None:
        about = f" with {_counted(page.members, 'member').lower()}"
    return f"{_counted(count, 'household')}{about}{_where(page)}:"


def _where(page: Page) -> str:
    if page.is_first and page.is_last:
        return ""
    if page.number is None:
        return ", further on"
    return (
        f", page {page.number} of {page.pages}" if page.matching.is_all else f", page {page.number}"
    )


def _counted(count: Count, noun: str) -> str:
    return plural(count.number, noun) if count.is_all else f"More than {count.number:,} {noun}s"


def _line(household: Household, people: tuple[Member, ...]) -> str:
    """One household of the list."""
    names_ = ", ".join(_name(mate) for mate in people)
    since = labels.day(household.created_at)
    return f"#{household.id} {household.address}: {names_}, since {since}"


def _name(mate: Member) -> str:
    marks = ["head"] * mate.is_head + ["suspended"] * (mate.suspended_at is not None)
    return f"{mate.name} ({', '.join(marks)})" if marks else mate.name


def _turns(page: Page) -> Iterator[Button]:
    """Buttons to the next page and the one before; a call holds words as search sees them."""
    wanted = page.wanted
    words = {"suspended": "suspended", "new": f"new {wanted.days}d"}.get(wanted.which, "")
    call = " ".join(["/members", *words.split(), *split(wanted.search)])
    if not page.is_first:
        yield Button("Back", f"{call} before {page.households[0][0].id}")
    if not page.is_last:
        yield Button("More", f"{call} after {page.households[-1][0].id}")


MEMBERS = Command(
    name="members",
    summary="See who has joined, by household, and look after them",
    usages=(
        Usage("/members", "lists the households by address, ten a page"),
        Usage("/members elm ruiz", "lists those whose address and names have all these words"),
        Usage("/members new 7d", "lists those that somebody joined lately; also suspended"),
        Usage("/members 17", "shows one household: who lives there since when, and what to do"),
        Usage("/members move 42 9 Elm Street", "moves member 42; also adds a second household"),
        Usage("/members rename 42 Ana Ruiz", "mends a name; address 17 9 Elm Street an address"),
        Usage("/members merge 17 18", "makes two households one"),
        Usage("/members head 42", "makes a member the head of their household"),
        Usage("/members suspend 42", "keeps a member out; back 42 lets them in again"),
        Usage("/members remove 42", "ends a membership, after asking once more"),
        Usage("/members undo", "shows what can be taken back within a day; undo 5 does it"),
        Usage("/members export", "gives you all of them as a CSV file"),
    ),
    run=handle,
)
