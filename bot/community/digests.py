"""Digests: each morning a leader reads once what needs attention, and nothing when nothing does.

It is about the invitations that this leader gave: whoever asked somebody knows best what to do.
Who joined is told along with that, and is no reason to write. Who said no is not brought up again.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import labels, mornings
from bot.community.ledger import Record
from bot.ports import Services
from storage import communities, jobs
from storage.jobs import NewJob
from storage.lanes import Claimed
from storage.mornings import Needs, needs_of, private_place
from storage.tables import Community, Leader

_NEWS = timedelta(days=1)  # who joined since the last morning
_NAMED = 3  # of those that did not arrive; the button shows all


async def digest(services: Services, job: Claimed) -> Record:
    """Tell each leader of a community what needs attention, if it is time."""

    def do(session: Session, community: Community, now: datetime) -> None:
        tell_all(session, services, community, day=str(job.args["day"]), now=now)

    return mornings.in_turn(job, mornings.DIGEST, do)


def tell_all(
    session: Session, services: Services, community: Community, *, day: str, now: datetime
) -> None:
    """Write what each leader is told that day; the postman shows it in their chats."""
    leaders = communities.leaders(session, community.id, chats=services.chats)
    told = (_telling(session, leader, day=day, now=now) for leader in leaders)
    jobs.enqueue(session, [job for job in told if job is not None])


def _telling(session: Session, leader: Leader, *, day: str, now: datetime) -> NewJob | None:
    place = private_place(session, leader.id)
    if place is None:
        return None  # nobody was invited by them yet
    community_id = leader.community_id
    needs = needs_of(session, community_id, leader.id, since=now - _NEWS, shown=_NAMED, now=now)
    if not _total(needs):
        return None
    chat, channel = place
    return NewJob(
        key=f"digest:{community_id}:{day}:{leader.id}",
        lane=f"chat:{chat}",
        kind="notice",
        args={"chat": chat, "channel": channel, "words": words(needs), "buttons": _ways_on(needs)},
        community_id=community_id,
    )


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
