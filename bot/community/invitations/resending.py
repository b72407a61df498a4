"""Sending many again: all that a list shows, at one press, each with the code it has.

As with a paste, all doubts come before the first effect: a preview says who is left out and why,
and what it keeps is sent once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import contacts, drafts, labels, limits, receipts, sending
from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.community.deliveries import job_keys
from bot.community.errors import Refusal
from bot.community.invitations import inviting
from bot.community.invitations.lists import Wanted
from bot.community.limits import patience
from bot.messages import Medium
from bot.ports import Services
from storage import communities, invitations, members, suppressions
from storage import drafts as stored_drafts
from storage import receipts as stored_receipts
from storage.invitations import Standing
from storage.jobs import cancel
from storage.listing import matching
from storage.reminders import EVENT
from storage.resending import letters_of
from storage.tables import Community, Delivery, Draft, Invitation

LIMIT = contacts.LIMIT  # at a time, as with a paste
_MEDIA: tuple[Medium, ...] = ("email", "text")
_AGAIN = "again"  # the medium of its drafts
_IN = "member"
_REMINDED = timedelta(days=1)  # of a reminder: one more letter would be too much


@dataclass(frozen=True, slots=True)
class Kept:
    """An invitation that is not sent again, and why."""

    standing: Standing
    why: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """Which invitations are sent again, and which are not."""

    goes: tuple[Standing, ...]
    stays: tuple[Kept, ...]
    waits: str = ""  # which of them go later, and why

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """To whom the letters go, in order."""
        rows = (standing.invitation for standing in self.goes)
        return tuple(contacts.known(row.medium, row.contact or "") for row in rows)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a list. Nothing has happened yet."""

    sorted: Sorted
    more: int  # of the list, beyond the limit
    draft_id: int | None  # what *Send* refers to; none when nothing can be sent


async def preview(services: Services, actor: Actor, wanted: Wanted, *, now: datetime) -> Preview:
    """Judge the oldest of a list, as many as go at a time, and keep the good ones as a draft.

    Touches: storage.
    """
    return await services.storage.write(_preview, services, actor, wanted, now=now)


def _preview(
    session: Session, services: Services, actor: Actor, wanted: Wanted, *, now: datetime
) -> Preview:
    where = matching(wanted, now=now)
    total = invitations.count(session, actor.community_id, *where)
    oldest = invitations.standings(
        session, actor.community_id, *where, limit=LIMIT, oldest_first=True
    )
    found = _sorted(session, services, actor, oldest, now=now)
    more = total - len(oldest)
    if not found.goes:
        return Preview(found, more, None)
    community = communities.get(session, actor.community_id)
    by_medium = [[to for to in found.contacts if to.medium == medium] for medium in _MEDIA]
    waits = [
        limits.forecast(session, services, actor, community, to, now=now) for to in by_medium if to
    ]
    draft = Draft(
        community_id=actor.community_id,
        leader_id=actor.leader_id,
        medium=_AGAIN,
        contacts=[str(standing.invitation.id) for standing in found.goes],
        created_at=now,
    )
    found = replace(found, waits=" ".join(filter(None, waits)))
    return Preview(found, more, stored_drafts.add(session, draft).id)


async def send(services: Services, actor: Actor, *, draft_id: int, now: datetime) -> Sorted:
    """Send again what a preview kept, each with the code it has and a new expiry.

    Gives: what became of it; who joined or said no since the preview is left out.
    Raises: NoSuchDraft, when it was sent or cancelled already; LimitReached.
    Touches: storage; the letters, and one receipt for all of them, follow.
    """
    return await services.storage.write(_send, services, actor, draft_id=draft_id, now=now)


def _send(
    session: Session, services: Services, actor: Actor, *, draft_id: int, now: datetime
) -> Sorted:
    communities.lock(session, actor.community_id)  # two leaders, one list, one moment
    draft = drafts.take(session, actor, draft_id, media=[_AGAIN], now=now)
    these = invitations.with_ids(map(int, draft.contacts))
    kept = invitations.standings(session, actor.community_id, these, limit=LIMIT, oldest_first=True)
    found = _sorted(session, services, actor, kept, now=now)
    if not found.goes:
        return found
    rows = [standing.invitation for standing in found.goes]
    return replace(found, waits=_send_all(session, services, actor, rows, now=now))


def _send_all(
    session: Session, services: Services, actor: Actor, rows: Sequence[Invitation], *, now: datetime
) -> str:
    letters = letters_of(session, (row.id for row in rows))
    cancel(session, job_keys([letter for each in letters.values() for letter in each]))
    _renew(session, actor, rows, now=now)
    attempts = {number: len(before) + 1 for number, before in letters.items()}
    waits = sending.dispatch(session, services, actor, rows, now=now, attempts=attempts)
    for row in rows:
        inviting.note(session, actor, "invitation.resent", row, now=now)
    return waits


def _renew(session: Session, actor: Actor, rows: Sequence[Invitation], *, now: datetime) -> None:
    """Let the codes work as long as new ones, and show the actor's own in one new receipt.

    Those that another leader's message shows stay there: that leader goes on reading of them.
    """
    community = communities.get(session, actor.community_id)
    until = sending.expiry(community, community.code_days, now=now)
    before = stored_receipts.among(session, {row.receipt_id for row in rows if row.receipt_id})
    elsewhere = {receipt.id for receipt in before if receipt.leader_id != actor.leader_id}
    own = [row for row in rows if row.receipt_id not in elsewhere]
    receipt_id = receipts.open_for(session, actor, now=now).id if own else None
    for row in rows:
        row.expires_at = until
    for row in own:
        row.receipt_id = receipt_id
    session.flush()
    receipts.follow(session, before)


def _sorted(
    session: Session, services: Services, actor: Actor, standings: Sequence[Standing], *,
    now: datetime,
) -> Sorted:  # fmt: skip
    community = communities.get(session, actor.community_id)
    keys = {key for one in standings if (key := one.invitation.contact_key)}
    barred = suppressions.among(session, keys, now=now)
    barred |= dict.fromkeys(members.contacts_among(session, keys, community_id=community.id), _IN)
    letters = letters_of(session, (one.invitation.id for one in standings))
    goes, stays = [], []
    for standing in standings:
        row = standing.invitation
        why = _why_not(services, row, barred.get(row.contact_key or b"", ""))
        if not why and labels.label(standing, now=now) in labels.ON_THE_WAY:
            why = "is still on its way."
        why = why or _too_soon(services, community, row, letters[row.id], now=now)
        if why:
            stays.append(Kept(standing, why))
        else:
            goes.append(standing)
    return Sorted(tuple(goes), tuple(stays))


def _why_not(services: Services, row: Invitation, reason: str) -> str:
    """Why an invitation is not sent again, and what to do instead; empty when it may go."""
    if row.redeemed_at is not None or reason == _IN:
        return "joined already."
    if row.voided_at is not None:
        return f"is void; `/invites reopen {row.id}` takes that back."
    if row.contact is None or row.medium == "pass":
        return f"has no address; `/invites pass {row.id}` prints it."
    if row.medium == "hand":
        return f"goes from your own phone: `/invites hand {row.id}`."
    if reason == "bounced":
        return f"came back; mend the address first, with `/invites fix {row.id}`."
    if reason:
        return f"asked not to be written to; `/invites pass {row.id}` prints a pass to hand over."
    medium: Medium = "email" if row.medium == "email" else "text"
    return "" if medium in services.couriers else services.missing.get(medium, "cannot leave now.")


def _too_soon(
    services: Services,
    community: Community,
    row: Invitation,
    letters: Sequence[Delivery],
    *,
    now: datetime,
) -> str:
    if letters and letters[-1].event == EVENT and now - letters[-1].created_at < _REMINDED:
        return "was reminded within the last day."
    try:
        patience.require(services, community, row, letters, now=now)
    except Refusal as refusal:
        return refusal.words
    return ""
