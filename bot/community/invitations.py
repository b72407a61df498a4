"""Invitations: give one, send it again, void it, mend its address, send it another way.

Whatever happens to an invitation, its access code stays the same and earlier messages still work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import codes, contacts, letters, previews, receipts
from bot.community.contacts import Contact, Way
from bot.community.deliveries import job_key, job_keys
from bot.community.errors import Refusal
from bot.community.leaders import Actor
from bot.messages import Card
from bot.ports import Services
from storage import audits, communities, deliveries, invitations
from storage.invitations import Standing
from storage.jobs import NewJob, cancel, enqueue
from storage.tables import Community, Delivery, Invitation

PAGE = 10
States = Literal["all", "open", "failed", "joined", "expired", "void"]
Spelling = Literal["good", "corrected", "typed"]


class NoSuchInvitation(Refusal):
    """There is no invitation #{number} here. `/invites` lists them."""

    status = 404


class NoSuchDraft(Refusal):
    """That has been sent or cancelled already. Nothing was sent twice."""

    status = 409


class AlreadyJoined(Refusal):
    """They have joined already, so there is nothing left to do."""

    status = 409


class IsVoid(Refusal):
    """This invitation is void. Take that back first, with `/invites reopen {number}`."""

    status = 409


class NotVoid(Refusal):
    """This invitation is not void."""

    status = 409


class NoAddress(Refusal):
    """This one has no address to send to. Use `/invites email {number} ana@example.org`."""

    status = 409


class AddressTaken(Refusal):
    """There is another open invitation to that address: #{number}."""

    status = 409


class AskedNotTo(Refusal):
    """This person asked not to be written to. You can hand them a pass instead."""

    status = 409


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting."""

    sent: tuple[Contact, ...]  # on their way now
    skipped: int  # became invited, members or opted out since the preview
    receipt_id: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list of invitations."""

    standings: tuple[Standing, ...]
    state: States
    number: int  # from 1
    pages: int
    total: int


async def invite(
    services: Services, actor: Actor, *, draft_id: int, spelling: Spelling = "good", now: datetime
) -> Invited:
    """Send what a preview kept.

    Takes: spelling, whether doubtful addresses stay out ("good"), go as they were probably meant
    ("corrected") or as they were typed ("typed").
    Raises: NoSuchDraft, when it was sent or cancelled already; MediumNotSetUp.
    Touches: storage; the letters, and the receipt in the leader's chat, follow.
    """
    return await services.storage.write(
        _invite, services, actor, draft_id=draft_id, spelling=spelling, now=now
    )


async def cancel_draft(services: Services, actor: Actor, *, draft_id: int, now: datetime) -> None:
    """Throw a draft away. Raises: NoSuchDraft."""

    def change(session: Session) -> None:
        if not invitations.take_draft(
            session, actor.community_id, actor.leader_id, draft_id, now=now
        ):
            raise NoSuchDraft

    await services.storage.write(change)


def _invite(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    draft_id: int,
    spelling: Spelling,
    now: datetime,
) -> Invited:
    draft = invitations.take_draft(session, actor.community_id, actor.leader_id, draft_id, now=now)
    if draft is None:
        raise NoSuchDraft
    medium: Way = "email" if draft.medium == "email" else "text"
    previews.require(services, medium)
    column = {"corrected": 1, "typed": 0}.get(spelling)
    wanted = [*draft.contacts, *(slip[column] for slip in draft.slips if column is not None)]
    asked = [contacts.known(medium, address) for address in dict.fromkeys(wanted)]
    free, lapsed = _still_free(session, services, actor.community_id, asked, now=now)
    if not free:
        return Invited((), len(asked), None)
    receipt = receipts.open_receipt(
        session,
        actor.community_id,
        leader_id=actor.leader_id,
        chat=actor.chat,
        channel=actor.channel,
        now=now,
    )
    rows = _renew_or_mint(session, services, actor, free, lapsed, receipt.id, now=now)
    _dispatch(session, services, rows, invited_by=actor.name, now=now)
    for row in rows:
        _note(session, actor, "invitation.sent", row, now=now)
    return Invited(tuple(free), len(asked) - len(free), receipt.id)


def _still_free(
    session: Session,
    services: Services,
    community_id: int,
    asked: Sequence[Contact],
    *,
    now: datetime,
) -> tuple[list[Contact], dict[bytes, Invitation]]:
    """Who may be invited this very moment, and their lapsed invitations, which are renewed."""
    keys = {contact.key(services.keys): contact for contact in asked}
    barred = set(deliveries.suppressed(session, keys, now=now))
    known = invitations.open_by_contact(session, community_id, keys)
    lapsed = {key: row for key, row in known.items() if row.expires_at and row.expires_at <= now}
    barred |= known.keys() - lapsed.keys()
    return [contact for key, contact in keys.items() if key not in barred], lapsed


def _renew_or_mint(
    session: Session,
    services: Services,
    actor: Actor,
    free: Sequence[Contact],
    lapsed: dict[bytes, Invitation],
    receipt_id: int,
    *,
    now: datetime,
) -> list[Invitation]:
    community = communities.get(session, actor.community_id)
    until = expiry(community, community.code_days, now=now)
    fresh = []
    renewed = []
    for contact in free:
        key = contact.key(services.keys)
        if old := lapsed.get(key):
            old.expires_at, old.receipt_id, old.leader_id = until, receipt_id, actor.leader_id
            renewed.append(old)
            continue
        fresh.append(
            Invitation(
                community_id=community.id,
                leader_id=actor.leader_id,
                receipt_id=receipt_id,
                medium=contact.medium,
                contact=contact.address,
                contact_key=key,
                created_at=now,
                expires_at=until,
            )
        )
    mint(session, services, fresh)
    return renewed + fresh


def mint(session: Session, services: Services, rows: Sequence[Invitation]) -> list[str]:
    """Store new invitations and give each its access code; the codes are returned, in order."""
    invitations.add_all(session, rows)  # the code derives from the id, which the database gives
    minted = []
    for row in rows:
        code, row.generation = codes.mint(services.keys, row.id)
        row.code_hash = codes.fingerprint(services.keys, code)
        minted.append(code)
    session.flush()
    return minted


def expiry(community: Community, days: int, *, now: datetime) -> datetime:
    """The midnight, in the community's time zone, at the end of the last day of so many."""
    zone = ZoneInfo(community.timezone)
    last = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(0), zone)


def _dispatch(
    session: Session,
    services: Services,
    rows: Sequence[Invitation],
    *,
    invited_by: str,
    now: datetime,
    attempts: dict[int, int] | None = None,
) -> list[Delivery]:
    """Write a delivery for each invitation and the job that carries it."""
    written = [
        letters.write(
            services,
            contacts.known(row.medium, row.contact or ""),
            event="invitation",
            community_id=row.community_id,
            facts=letters.invitation_facts(session, services, row, invited_by=invited_by),
            now=now,
            invitation_id=row.id,
            attempt=(attempts or {}).get(row.id, 1),
        )
        for row in rows
    ]
    deliveries.add_all(session, written)
    carry(session, written)
    return written


def carry(session: Session, written: Sequence[Delivery]) -> None:
    """Have the postman carry these letters."""
    enqueue(
        session,
        [
            NewJob(
                key=job_key(row),
                lane=row.medium,
                kind="deliver",
                args={"delivery": row.id},
                community_id=row.community_id,
            )
            for row in written
        ],
    )


# What a leader does with an invitation that is there


async def show(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """The card of one invitation. Raises: NoSuchInvitation."""

    def query(session: Session) -> Card:
        return receipts.of_one(session, _standing(session, actor, number), now=now)

    return await services.storage.read(query)


async def page(
    services: Services, actor: Actor, *, state: States = "all", number: int = 1, now: datetime
) -> Page:
    """A page of invitations, newest first. A number beyond the last gives the last."""

    def query(session: Session) -> Page:
        where = invitations.matching(state, now=now)
        total = invitations.count(session, actor.community_id, *where)
        pages = max(1, -(-total // PAGE))
        shown = min(max(1, number), pages)
        rows = invitations.standings(
            session, actor.community_id, *where, limit=PAGE, offset=(shown - 1) * PAGE
        )
        return Page(tuple(rows), state, shown, pages, total)

    return await services.storage.read(query)


async def resend(services: Services, actor: Actor, number: int, *, now: datetime) -> Contact:
    """Send the invitation again, with the same code and a new expiry.

    Raises: NoSuchInvitation, AlreadyJoined, IsVoid, NoAddress, AskedNotTo, MediumNotSetUp.
    """

    def change(session: Session) -> Contact:
        row = _usable(session, actor, number)
        if row.contact is None or row.medium == "pass":
            raise NoAddress(number=number)
        return _send_again(session, services, actor, row, now=now, action="invitation.resent")

    return await services.storage.write(change)


async def send_to(
    services: Services, actor: Actor, number: int, *, medium: Way, typed: str, now: datetime
) -> Contact:
    """Send the invitation to this address instead, by either medium, with the same code.

    Raises: BadContact, AddressTaken, and what `resend` raises.
    """
    previews.require(services, medium)

    def change(session: Session) -> Contact:
        row = _usable(session, actor, number)
        community = communities.get(session, actor.community_id)
        regions = frozenset(filter(None, services.settings.sms_regions.split(",")))
        contact = contacts.parse(medium, typed, region=community.region, regions=regions)
        key = contact.key(services.keys)
        other = invitations.open_by_contact(session, actor.community_id, [key]).get(key)
        if other is not None and other.id != row.id:
            raise AddressTaken(number=other.id)
        cancel(session, job_keys(deliveries.of_invitation(session, row.id)))
        row.medium, row.contact, row.contact_key = contact.medium, contact.address, key
        return _send_again(session, services, actor, row, now=now, action="invitation.readdressed")

    return await services.storage.write(change)


def _send_again(
    session: Session,
    services: Services,
    actor: Actor,
    row: Invitation,
    *,
    now: datetime,
    action: str,
) -> Contact:
    contact = contacts.known(row.medium, row.contact or "")
    previews.require(services, contact.medium)
    reason = deliveries.suppressed(session, [contact.key(services.keys)], now=now)
    if set(reason.values()) - {"bounced"}:  # a leader may insist on a mailbox that bounced once
        raise AskedNotTo
    if reason:
        deliveries.lift(session, contact.key(services.keys), reason="bounced", now=now)
    community = communities.get(session, row.community_id)
    row.expires_at = expiry(community, community.code_days, now=now)
    if row.receipt_id is None:
        row.receipt_id = receipts.open_receipt(
            session,
            row.community_id,
            leader_id=actor.leader_id,
            chat=actor.chat,
            channel=actor.channel,
            now=now,
        ).id
    session.flush()
    cancel(session, job_keys(deliveries.of_invitation(session, row.id)))
    before = len(deliveries.of_invitation(session, row.id))
    _dispatch(
        session, services, [row], invited_by=actor.name, now=now, attempts={row.id: before + 1}
    )
    receipts.refresh(session, row.receipt_id)
    _note(session, actor, action, row, now=now)
    return contact


async def void(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """Make the code worthless and take back letters that wait. It can be undone by `reopen`.

    Raises: NoSuchInvitation, AlreadyJoined, IsVoid.
    """

    def change(session: Session) -> Card:
        row = _usable(session, actor, number)
        if not invitations.set_void(session, row, voided_at=now):
            raise AlreadyJoined
        cancel(session, job_keys(deliveries.of_invitation(session, row.id)))
        return _changed(session, actor, row, "invitation.voided", now=now)

    return await services.storage.write(change)


async def reopen(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """Take back a void. Raises: NoSuchInvitation, NotVoid, AddressTaken."""

    def change(session: Session) -> Card:
        row = _row(session, actor, number)
        if row.voided_at is None:
            raise NotVoid
        if row.contact_key is not None:
            other = invitations.open_by_contact(session, row.community_id, [row.contact_key])
            if other:
                raise AddressTaken(number=other[row.contact_key].id)
        if not invitations.set_void(session, row, voided_at=None):
            raise NotVoid
        return _changed(session, actor, row, "invitation.reopened", now=now)

    return await services.storage.write(change)


def _changed(
    session: Session, actor: Actor, row: Invitation, action: str, *, now: datetime
) -> Card:
    _note(session, actor, action, row, now=now)
    session.expire(row)
    if row.receipt_id is not None:
        receipts.refresh(session, row.receipt_id)
    return receipts.of_one(session, _standing(session, actor, row.id), now=now)


def _row(session: Session, actor: Actor, number: int) -> Invitation:
    row = invitations.get(session, actor.community_id, number)
    if row is None:
        raise NoSuchInvitation(number=number)
    return row


def _usable(session: Session, actor: Actor, number: int) -> Invitation:
    row = _row(session, actor, number)
    if row.redeemed_at is not None:
        raise AlreadyJoined
    if row.voided_at is not None:
        raise IsVoid(number=number)
    return row


def _standing(session: Session, actor: Actor, number: int) -> Standing:
    rows = invitations.standings(session, actor.community_id, invitations.with_id(number), limit=1)
    if not rows:
        raise NoSuchInvitation(number=number)
    return rows[0]


def _note(session: Session, actor: Actor, action: str, row: Invitation, *, now: datetime) -> None:
    audits.note(
        session,
        actor.community_id,
        actor=actor.trace,
        action=action,
        subject=f"invitation:{row.id}",
        now=now,
    )
