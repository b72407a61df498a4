"""Digests: each morning a leader reads once what needs attention, and nothing when nothing does.

It is about the invitations that this leader gave: whoever asked somebody knows best what to do.
Who joined is told along with that, and is no reason to write. Who said no is not brought up again.
Whoever asked to be let in and has waited for two weeks is brought up once, to every leader; letters
that are held are, too, until somebody decides; what somebody gave who leads no more is brought up
to owners until somebody takes it over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import labels, troubles
from bot.community.leaders import handing_over
from bot.community.leaders.handing_over import Left, counted
from bot.community.leaders.owners import owning
from bot.community.postman import mornings
from bot.community.postman.ledger import Record
from bot.community.requests import answering
from bot.ports import Services
from storage import communities, jobs, requests
from storage.jobs import NewJob
from storage.lanes import Claimed
from storage.mornings import Needs, needs_of, private_place
from storage.tables import Community, Leader

_NEWS = timedelta(days=1)  # who joined since the last morning
_NAMED = 3  # of those that did not arrive; the button shows all


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that needs attention beyond the leader's own invitations."""

    words: str
    ways: Sequence[tuple[str, str]]  # buttons as (label, call)


async def digest(services: Services, job: Claimed) -> Record:
    """Tell each leader of a community what needs attention, if it is time."""

    def do(session: Session, community: Community, now: datetime) -> None:
        tell_all(session, services, community, day=str(job.args["day"]), now=now)

    return mornings.in_turn(job, mornings.DIGEST, do)


def tell_all(
    session: Session, services: Services, community: Community, *, day: str, now: datetime
) -> None:
    """Write what each leader is told that day; the postman shows it in their chats."""
    of_all = [*_asked(_waiting(session, community, day=day)), *_held(session, community)]
    left = handing_over.of_former(session, community.id, now=now)
    leaders = communities.leaders(session, community.id, chats=services.chats)
    owners = {row.id for row in owning(leaders)}
    told = []
    for leader in leaders:
        matters = [*of_all, *map(_orphaned, left[:_NAMED] if leader.id in owners else ())]
        since = now - _NEWS
        needs = needs_of(session, community.id, leader.id, since=since, shown=_NAMED, now=now)
        if _total(needs) or matters:
            place = private_place(session, leader.id) or _own_place(services, leader)
            told.append(_telling(leader, place, needs, matters, day=day))
    jobs.enqueue(session, told)


def _waiting(session: Session, community: Community, *, day: str) -> int:
    """How many open requests were made on the day two weeks before, there."""
    zone = ZoneInfo(community.timezone)
    then = date.fromisoformat(day) - answering.REMIND_AFTER
    first, last = (datetime.combine(then + timedelta(days=more), time(), zone) for more in (0, 1))
    return requests.waiting_count(session, community.id, after=first, before=last)


def _own_place(services: Services, leader: Leader) -> tuple[str, str]:
    return leader.chat, services.chats[leader.chat].own_channel(leader.place, leader.user_id)


def _telling(
    leader: Leader,
    place: tuple[str, str],
    needs: Needs,
    matters: Sequence[Matter],
    *,
    day: str,
) -> NewJob:
    chat, channel = place
    own = words(needs) if _total(needs) else "Good morning."
    said = "\n".join([own, *(one.words for one in matters)])
    buttons = [*_ways_on(needs), *(way for one in matters for way in one.ways)]
    return NewJob(
        key=f"digest:{leader.community_id}:{day}:{leader.id}",
        lane=f"chat:{chat}",
        kind="notice",
        args={"chat": chat, "channel": channel, "words": said, "buttons": buttons},
        community_id=leader.community_id,
    )


def _asked(count: int) -> Iterator[Matter]:
    """Requests that nobody answers."""
    if not count:
        return
    who, have = ("1 request", "has") if count == 1 else (f"{count} requests", "have")
    left = (answering.CLOSE_AFTER - answering.REMIND_AFTER).days
    close = "closes" if count == 1 else "close"
    waits = f"{who} to be let in {have} waited for two weeks, and {close} in {left} days"
    said = f"{labels.MARKS['waiting']} {waits} if nobody answers."
    yield Matter(said, [("Show the requests", "/requests")])


def _held(session: Session, community: Community) -> Iterator[Matter]:
    """Letters that wait for a leader's word, who may have missed that they do."""
    if words := troubles.held(session, community.id):
        ways = [(button.label, button.call) for button in troubles.GO_ON]
        yield Matter(f"{labels.MARKS['waiting']} {words}", ways)


def _orphaned(left: Left) -> Matter:
    """What somebody gave who leads no more; only owners can be sure to see to it."""
    words = f"{left.name} leads no more, and {counted(left)} of theirs are nobody's to look after."
    way = (f"Hand over what {left.name} gave", f"/leaders hand-over {left.leader_id}")
    return Matter(f"– {words}", [way])


def _total(needs: Needs) -> int:
    return needs.failed + needs.older + needs.by_hand


def words(needs: Needs) -> str:
    """What a leader reads in the morning."""
    total = _total(needs)
    lines = [f"Good morning. {total} invitation{'s need' if total > 1 else ' needs'} attention:"]
    if needs.failed:
        lines.append(f"{labels.MARKS['failed']} {needs.failed} did not arrive: {_named(needs)}.")
    if needs.older:
        were = "was" if needs.older == 1 else "were"
        lines.append(f"{labels.MARKS['waiting']} {needs.older} {were} sent more than a week ago.")
    if needs.by_hand:
        wait = "waits" if needs.by_hand == 1 else "wait"
        mark = labels.MARKS["to send by hand"]
        lines.append(f"{mark} {needs.by_hand} {wait} for you to send from your own phone.")
    if needs.households:
        noun = "household" if needs.households == 1 else "households"
        lines.append(f"{labels.MARKS['joined']} {needs.households} {noun} joined since yesterday.")
    return "\n".join(lines)


def _named(needs: Needs) -> str:
    shown = [labels.who(standing) for standing in needs.some_failed]
    more = needs.failed - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _ways_on(needs: Needs) -> list[tuple[str, str]]:
    """Buttons as (label, call)."""
    ways = []
    if needs.failed:
        ways.append(("Fix or resend those that failed", "/invites failed mine"))
    if needs.older:
        ways.append(("Show the older ones", "/invites older 7d mine"))
        ways.append(("Resend the older ones", "/invites resend older 7d mine"))
    if needs.by_hand:
        ways.append(("Show those that wait", "/invites waiting mine"))
    return ways
