"""What `/coverage` says: numbers, streets, and who is where."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.commands.base import plural
from bot.community import labels, passes
from bot.community.people import listed
from bot.community.rosters.coverage import Coverage, Home, Kind, Page
from bot.community.rosters.streets import Street, Tally
from bot.messages import Button, Reply
from bot.ports import Bar
from storage.coverage import Came, Reach

# In the order in which they stand in a bar.
PARTS: Mapping[Came, str] = {
    Came.JOINED: "Joined",
    Came.OPEN: "Invited",
    Came.FAILED: "Failed",
    Came.ENDED: "Expired or void",
    Came.NEVER: "Never invited",
}
_MARKS = {Came.JOINED: "★", Came.OPEN: "✓", Came.FAILED: "✗", Came.ENDED: "–", Came.NEVER: "○"}
_SAID = {
    Came.JOINED: "joined",
    Came.OPEN: "invited and not in yet",
    Came.FAILED: "failed: the letter did not arrive, or is not wanted",
    Came.ENDED: "expired or void",
    Came.NEVER: "never invited",
}
_KINDS: Mapping[Kind, str] = {
    "all": "",
    "missing": " where nobody has joined",
    "never": " where nobody was ever invited",
    "failed": " where the invitation failed",
    "open": " that are invited and not in yet",
    "ended": " where the invitation is expired or void",
    "joined": " where somebody has joined",
}
_NO_WAY = {
    Reach.NOWHERE: "neither e-mail nor number",
    Reach.BARRED: "must not be written to",
}
_NAMED = 4  # people of one address: more are a building's


def overview(found: Coverage, most: int) -> list[str]:
    """The numbers, a line each, then as many streets."""
    total, came = found.tally.total, found.tally.came
    lines = [f"{plural(total, 'address', 'addresses')} on the roster of {found.community}:"]
    for part in PARTS:
        if came[part] or part is Came.JOINED:
            share = f", {100 * came[part] // total} %" if part is Came.JOINED else ""
            lines.append(f"{_MARKS[part]} {came[part]} {_SAID[part]}{share}")
    lines += _out_of_reach(found.tally)
    if found.elsewhere:
        have = plural(found.elsewhere, "household has", "households have")
        lines.append(f"{have} joined from addresses that are not on the roster.")
    return [*lines, *_streets(found.streets, most)]


def _out_of_reach(tally: Tally) -> Iterator[str]:
    if nowhere := tally.never[Reach.NOWHERE]:
        have = plural(nowhere, "of these has", "of these have")
        yield f"{have} neither e-mail nor number: print passes for them."
    if barred := tally.never[Reach.BARRED]:
        yield f"{barred} of these asked not to be written to, or came back lately."


def _streets(streets: Sequence[Street], most: int) -> Iterator[str]:
    for street in streets[:most]:
        yield f"{street.name}: {_counted(street.tally)}"
    if others := streets[most:]:
        more = plural(len(others), "more street", "more streets")
        yield f"and {more}: {_counted(together(others))}"


def _counted(tally: Tally) -> str:
    came = tally.came
    parts = [f"{came[Came.JOINED]} of {tally.total} joined"]
    parts += [
        f"{came[part]} {name.lower()}"
        for part, name in PARTS.items()
        if part is not Came.JOINED and came[part]
    ]
    return ", ".join(parts)


def spoken(lines: Sequence[str]) -> str:
    """The same lines for whoever hears them: without their marks, as sentences."""
    marks = "".join(_MARKS.values())
    plain = [line.lstrip(f"{marks} ").rstrip(".") for line in lines]
    return f"{'. '.join(plain)}.".replace(":.", ":")


def together(streets: Sequence[Street]) -> Tally:
    """All of these streets."""
    came: Counter[Came] = Counter()
    never: Counter[Reach] = Counter()
    for street in streets:
        came += street.tally.came
        never += street.tally.never
    return Tally(came, never)


def bar(label: str, tally: Tally) -> Bar:
    """The same as a bar."""
    counts = [tally.came[part] for part in PARTS]
    return Bar(label, counts, f"{tally.came[Came.JOINED]} of {tally.total}")


def ways_on(tally: Tally, at: str = "") -> tuple[Button, ...]:
    """What can be done next.

    Takes: at, how a call names the street: " at 17"; empty: everywhere.
    """
    reached, nowhere = tally.never[Reach.THERE], min(tally.never[Reach.NOWHERE], passes.LIMIT)
    missing = tally.total - tally.came[Came.JOINED]
    buttons = []
    if reached:
        label = f"Invite the {reached} never invited" if reached > 1 else "Invite the one left"
        buttons.append(Button(label, f"/coverage invite{at}", "primary"))
    if nowhere:
        label = f"Print {plural(nowhere, 'pass', 'passes')}"
        buttons.append(Button(label, f"/passes {nowhere} Without e-mail or number"))
    if tally.came[Came.FAILED]:
        buttons.append(Button("Failed", f"/coverage failed{at}"))
    if tally.came[Came.ENDED]:
        buttons.append(Button("Expired or void", f"/coverage ended{at}"))
    if missing:
        buttons.append(Button("Show who is missing", f"/coverage missing{at}"))
    return tuple(buttons)


# Who is where


def page(found: Page, *, now: datetime) -> Reply:
    """A page of addresses, and the ways on from it."""
    at = f" at {found.street.entry_id}" if found.street else ""
    where = f" in {found.street.name}" if found.street else ""
    if not found.total:
        return Reply(f"There are no addresses{where}{_KINDS[found.kind]}.")
    total = plural(found.total, "address", "addresses")
    which = f", page {found.number} of {found.pages}" if found.pages > 1 else ""
    lines = [f"{total}{where}{_KINDS[found.kind]}{which}:"]
    if found.street and found.kind == "all":
        lines.insert(0, f"{found.street.name}: {_counted(found.street.tally)}")
    lines += [_home(home, now=now) for home in found.homes]
    return Reply("\n".join(lines), (*_acts(found), *_pages(found, at), *_more(found, at)))


def _home(home: Home, *, now: datetime) -> str:
    return f"{_MARKS[home.place.came]} {home.place.address}: {_told(home, now=now)}"


def _told(home: Home, *, now: datetime) -> str:
    came, who = home.place.came, listed(_names([one.name for one in home.entries if one.name]))
    if came is Came.JOINED:
        return _residents(home)
    who = f"{who}, " if who else ""
    if came is Came.NEVER:
        no_way = _NO_WAY.get(home.place.reach)
        return f"{who}never invited" + (f"; {no_way}" if no_way else "")
    if home.standing is None:
        return f"{who}{PARTS[came].lower()}"
    row, state = home.standing.invitation, labels.label(home.standing, now=now)
    return f"{who}{state}; #{row.id} of {labels.day(row.created_at)} by {home.standing.leader}"


def _residents(home: Home) -> str:
    if not home.residents:
        return "joined"
    names = listed(_names([one.member.name for one in home.residents]))
    away = {one.household.address for one in home.residents} - {home.place.address}
    at_home = any(one.household.address_key == home.place.key for one in home.residents)
    return names if at_home else f"{names}, who joined at {listed(sorted(away))}"


def _names(names: Sequence[str]) -> list[str]:
    more = len(names) - _NAMED
    return [*names[:_NAMED], f"{more} more"] if more > 0 else list(names)


def _acts(found: Page) -> Iterator[Button]:
    numbers = {
        home.standing.invitation.id
        for home in found.homes
        if home.standing is not None and home.place.came is not Came.JOINED
    }
    yield from (Button(f"#{number}", f"/invites {number}") for number in sorted(numbers))


def _pages(found: Page, at: str) -> Iterator[Button]:
    for label, number in (("Back", found.number - 1), ("More", found.number + 1)):
        if 1 <= number <= found.pages:
            yield Button(label, f"/coverage {found.kind}{at} page {number}")


def _more(found: Page, at: str) -> Iterator[Button]:
    if found.kind == "failed" and not at:
        yield Button("Fix or resend the failed ones", "/invites failed", "primary")
    elif found.kind == "ended" and not at:
        yield Button("Renew the expired ones", "/invites expired", "primary")
    elif found.street and found.kind == "all":
        yield from ways_on(found.street.tally, at)
    elif found.kind in {"never", "missing"}:
        yield Button("Invite the never invited", f"/coverage invite{at}", "primary")
