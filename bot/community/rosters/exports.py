"""Exports: members, invitations and batches as files for spreadsheets, moments by the community's
clock. An access code is in none of them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import contacts, csvs, labels, trail
from bot.community.actors import Actor
from bot.messages import File
from bot.ports import Services
from storage import communities, exports
from storage.batches import Counts
from storage.exports import Given, Person
from storage.tables import Batch

Clock = Callable[[datetime | None], str]

_MEMBERS = (
    "Household", "Address", "Member", "Name", "Head", "E-mail", "Phone", "Hidden", "Groups",
    "Joined", "Invited by", "Suspended",
)  # fmt: skip
_INVITATIONS = (
    "Invitation", "State", "By", "To", "Batch", "Pass", "Invited by", "Invited", "Valid until",
    "Joined", "Who joined", "Address",
)  # fmt: skip
_BATCHES = (
    "Batch", "Label", "Passes", "Joined", "Void", "Expired", "Left", "Printed by", "Printed",
    "Valid to", "Handed out",
)  # fmt: skip
_BY = {"email": "e-mail", "text": "text", "hand": "by hand", "pass": "pass"}


async def members(services: Services, actor: Actor, *, now: datetime) -> File:
    """All members, each with household, contact and groups. Touches: storage, the audit trail."""

    def rows(session: Session, at: Clock) -> Iterator[tuple[str, ...]]:
        return (_member(one, at) for one in exports.members(session, actor.community_id))

    return await _exported(services, actor, "members", _MEMBERS, rows, now=now)


async def invitations(services: Services, actor: Actor, *, now: datetime) -> File:
    """All invitations, and how each stands. Touches: storage, the audit trail."""

    def rows(session: Session, at: Clock) -> Iterator[tuple[str, ...]]:
        return (_given(one, at, now=now) for one in exports.given(session, actor.community_id))

    return await _exported(services, actor, "invitations", _INVITATIONS, rows, now=now)


async def batches(services: Services, actor: Actor, *, now: datetime) -> File:
    """All batches of passes, and how each stands. Touches: storage, the audit trail."""

    def rows(session: Session, at: Clock) -> Iterator[tuple[str, ...]]:
        return (_batch(*one, at) for one in exports.printed(session, actor.community_id, now=now))

    return await _exported(services, actor, "batches", _BATCHES, rows, now=now)


async def _exported(
    services: Services,
    actor: Actor,
    what: str,
    header: tuple[str, ...],
    rows: Callable[[Session, Clock], Iterator[tuple[str, ...]]],
    *,
    now: datetime,
) -> File:
    """The file; that it was asked for is written down before it is made."""

    def note(session: Session) -> None:
        trail.note(session, actor, f"{what}.exported", f"community:{actor.community_id}", now=now)

    def query(session: Session) -> File:
        community = communities.get(session, actor.community_id)
        name = f"{community.slug}-{what}.csv"
        return csvs.file(name, header, rows(session, _clock(community.timezone)))

    await services.storage.write(note)
    return await services.storage.read(query)


def _clock(timezone: str) -> Clock:
    zone = ZoneInfo(timezone)

    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""

    return at


def _member(one: Person, at: Clock) -> tuple[str, ...]:
    member, household = one.member, one.household
    return (
        str(household.id),
        household.address,
        str(member.id),
        member.name,
        _yes(member.is_head),
        member.email or "",
        contacts.known("text", member.phone).shown if member.phone else "",
        _yes(member.is_hidden),
        "; ".join(one.groups),
        at(member.joined_at),
        one.invited_by,
        at(member.suspended_at),
    )


def _given(one: Given, at: Clock, *, now: datetime) -> tuple[str, ...]:
    row = one.standing.invitation
    return (
        str(row.id),
        labels.label(one.standing, now=now),
        _BY[row.medium],
        contacts.known(row.medium, row.contact).shown if row.contact else "",
        str(row.batch_id or ""),
        str(row.serial or ""),
        one.standing.leader,
        at(row.created_at),
        at(row.expires_at),
        at(row.redeemed_at),
        one.joined,
        one.address,
    )


def _batch(batch: Batch, leader: str, count: Counts, at: Clock) -> tuple[str, ...]:
    return (
        str(batch.id),
        batch.label,
        str(batch.pass_count),
        *(str(number) for number in (count.joined, count.void, count.expired, count.left)),
        leader,
        at(batch.created_at),
        str(batch.expires_on or ""),
        at(batch.handed_out_at),
    )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""
