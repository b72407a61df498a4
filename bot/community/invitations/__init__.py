"""Invitations that are there: show one, send it again, void it, mend the address, another way.

Whatever happens to an invitation, its access code stays the same and earlier messages still work.
"""

from datetime import datetime

from sqlmodel import Session

from bot.community import contacts, receipts, sending
from bot.community.actors import Actor
from bot.community.contacts import Contact, Way
from bot.community.deliveries import job_keys
from bot.community.errors import Refusal
from bot.community.invitations import inviting, previews
from bot.community.limits import patience
from bot.community.limits.patience import HasBounced
from bot.community.receipts import receipt_cards
from bot.messages import Card
from bot.ports import Services
from storage import communities, deliveries, invitations, members, suppressions
from storage.invitations import Standing
from storage.jobs import cancel
from storage.tables import Invitation


class NoSuchInvitation(Refusal):
    """There is no invitation #{number} here. `/invites` lists them."""

    status = 404


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


class GoesByHand(Refusal):
    """This one goes from your own phone: `/invites hand {number}` opens it there again."""

    status = 409


class AddressTaken(Refusal):
    """There is another open invitation to that address: #{number}."""

    status = 409


class IsAMember(Refusal):
    """{who} is a member already. Nothing was sent."""

    status = 409


class AskedNotTo(Refusal):
    """This person asked not to be written to. You can hand them a pass instead."""

    status = 409


async def show(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """The card of one invitation. Raises: NoSuchInvitation."""

    def query(session: Session) -> Card:
        return receipt_cards.of_one(session, _standing(session, actor, number), now=now)

    return await services.storage.read(query)


async def resend(services: Services, actor: Actor, number: int, *, now: datetime) -> Contact:
    """Send the invitation again, with the same code and a new expiry.

    Raises: NoSuchInvitation, AlreadyJoined, IsVoid, NoAddress, AskedNotTo, HasBounced,
    LimitReached, MediumNotSetUp, StillWaiting, TooOften, TooSoon.
    """

    def change(session: Session) -> Contact:
        communities.lock(session, actor.community_id)  # two leaders, one invitation, one moment
        row = usable(session, actor, number)
        if row.contact is None or row.medium == "pass":
            raise NoAddress(number=number)
        if row.medium == "hand":
            raise GoesByHand(number=number)
        return _send_again(session, services, actor, row, now=now, action="invitation.resent")

    return await services.storage.write(change)


async def send_to(
    services: Services,
    actor: Actor,
    number: int,
    *,
    medium: Way | None = None,
    typed: str,
    now: datetime,
) -> Contact:
    """Send the invitation to this address instead, with the same code.

    Takes: medium, how; None: as it goes now, as far as the address allows it.

    Raises: BadContact, AddressTaken, IsAMember, and what `resend` raises.
    """

    def change(session: Session) -> Contact:
        community = communities.lock(session, actor.community_id)
        row = usable(session, actor, number)
        way = medium or _fitting(services, row, typed)
        previews.require(services, way)
        contact = contacts.parse_invitee(services, way, typed, region=community.region)
        key = contact.key(services.keys)
        other = invitations.open_by_contact(session, actor.community_id, [key]).get(key)
        if other is not None and other.id != row.id:
            raise AddressTaken(number=other.id)
        if members.by_contact(session, [key], community_id=actor.community_id):
            raise IsAMember(who=contact.shown)
        cancel(session, job_keys(deliveries.of_invitation(session, row.id)))
        row.medium, row.contact, row.contact_key = way, contact.address, key
        return _send_again(session, services, actor, row, now=now, action="invitation.readdressed")

    return await services.storage.write(change)


def _fitting(services: Services, row: Invitation, typed: str) -> Way:
    if "@" in typed:
        return "email"
    return "hand" if row.medium == "hand" or "text" not in services.couriers else "text"


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
    if row.medium != "hand":
        previews.require(services, contact.medium)
    key = contact.key(services.keys)
    community = communities.get(session, row.community_id)
    letters = deliveries.of_invitation(session, row.id)
    match suppressions.among(session, [key], now=now).get(key):
        case None:
            patience.require(services, community, row, letters, now=now)
        case "bounced":
            raise HasBounced(number=row.id)
        case _:
            raise AskedNotTo
    row.expires_at = sending.expiry(community, community.code_days, now=now)
    if row.receipt_id is None:
        row.receipt_id = receipts.open_for(session, actor, now=now).id
    session.flush()
    cancel(session, job_keys(letters))
    sending.dispatch(session, services, actor, [row], now=now, attempts={row.id: len(letters) + 1})
    receipts.refresh(session, row.receipt_id)
    inviting.note(session, actor, action, row, now=now)
    return contact


async def void(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """Make the code worthless and take back letters that wait. It can be undone by `reopen`.

    Raises: NoSuchInvitation, AlreadyJoined, IsVoid.
    """

    def change(session: Session) -> Card:
        row = usable(session, actor, number)
        if not invitations.set_void(session, row, voided_at=now):
            raise AlreadyJoined
        cancel(session, job_keys(deliveries.of_invitation(session, row.id)))
        return _changed(session, actor, row, "invitation.voided", now=now)

    return await services.storage.write(change)


async def reopen(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """Take back a void; a letter that was taken back with it goes out after all.

    Raises: NoSuchInvitation, NotVoid, AddressTaken.
    """

    def change(session: Session) -> Card:
        communities.lock(session, actor.community_id)
        row = _row(session, actor, number)
        if row.voided_at is None:
            raise NotVoid
        if row.contact_key is not None:
            other = invitations.open_by_contact(session, row.community_id, [row.contact_key])
            if other:
                raise AddressTaken(number=other[row.contact_key].id)
        if not invitations.set_void(session, row, voided_at=None):
            raise NotVoid
        letters = deliveries.of_invitation(session, row.id)
        for letter in [letter for letter in letters if letter.event == "invitation"][-1:]:
            sending.carry_after_all(session, letter)
        return _changed(session, actor, row, "invitation.reopened", now=now)

    return await services.storage.write(change)


def _changed(
    session: Session, actor: Actor, row: Invitation, action: str, *, now: datetime
) -> Card:
    inviting.note(session, actor, action, row, now=now)
    session.expire(row)
    if row.receipt_id is not None:
        receipts.refresh(session, row.receipt_id)
    return receipt_cards.of_one(session, _standing(session, actor, row.id), now=now)


def _row(session: Session, actor: Actor, number: int) -> Invitation:
    row = invitations.get(session, actor.community_id, number)
    if row is None:
        raise NoSuchInvitation(number=number)
    return row


def usable(session: Session, actor: Actor, number: int) -> Invitation:
    """The invitation, if it can still be used. Raises: NoSuchInvitation, AlreadyJoined, IsVoid."""
    row = _row(session, actor, number)
    if row.redeemed_at is not None:
        raise AlreadyJoined
    if row.voided_at is not None:
        raise IsVoid(number=number)
    return row


def _standing(session: Session, actor: Actor, number: int) -> Standing:
    this = invitations.with_ids([number])
    rows = invitations.standings(session, actor.community_id, this, limit=1)
    if not rows:
        raise NoSuchInvitation(number=number)
    return rows[0]
