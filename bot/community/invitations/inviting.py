"""Inviting: from a draft to invitations with codes, and letters on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from sqlmodel import Session

from bot.community import contacts, drafts, limits, receipts, sending, trail
from bot.community.actors import Actor
from bot.community.contacts import BadContact, Contact, Way
from bot.community.invitations import minting, previews
from bot.ports import Services
from storage import communities, invitations, members, suppressions
from storage.database import brief
from storage.tables import Invitation

Spelling = Literal["good", "corrected", "typed"]


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting."""

    sent: tuple[Contact, ...]  # on their way now
    skipped: int  # became invited, members or opted out since the preview
    receipt_id: int | None
    by_hand: bool = False  # not on their way: the leader sends them from the own phone
    waits: str = ""  # which of them wait for what, in words
    into: tuple[str, ...] = ()  # the groups in which they will arrive


async def invite(
    services: Services,
    actor: Actor,
    *,
    draft_id: int,
    spelling: Spelling = "good",
    language: str = "",
    now: datetime,
) -> Invited:
    """Send what a preview kept.

    Takes: spelling, whether doubtful addresses stay out ("good"), go as they were probably meant
    ("corrected") or as they were typed ("typed"); language, BCP 47, empty for the community's.
    Raises: NoSuchDraft, when it was sent or cancelled already; MediumNotSetUp.
    Touches: storage; the letters, and the receipt in the leader's chat, follow.
    """
    return await services.storage.write(
        _invite,
        services,
        actor,
        draft_id=draft_id,
        spelling=spelling,
        language=language,
        now=now,
    )


async def invite_one(
    services: Services,
    actor: Actor,
    *,
    medium: Way,
    typed: str,
    language: str = "",
    group_ids: Sequence[int] = (),
    now: datetime,
) -> Invited:
    """Invite one address that leaves no doubt; otherwise nothing happens, and a preview tells why.

    Takes: group_ids, of the groups in which they will arrive.
    Raises: MediumNotSetUp. Touches: storage; the letter and the receipt follow.
    """
    previews.require(services, medium)
    return await services.storage.write(
        _invite_one,
        services,
        actor,
        medium=medium,
        typed=typed,
        language=language,
        group_ids=group_ids,
        now=now,
    )


@brief
def _invite_one(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    medium: Way,
    typed: str,
    language: str,
    group_ids: Sequence[int],
    now: datetime,
) -> Invited:
    community = communities.get(session, actor.community_id)
    try:
        contact = contacts.parse_invitee(services, medium, typed, region=community.region)
    except BadContact:
        return Invited((), 1, None)
    if contact.suggestion:
        return Invited((), 1, None)
    return invite_all(
        session,
        services,
        actor,
        [contact],
        medium=medium,
        language=language,
        group_ids=group_ids,
        now=now,
    )


def _invite(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    draft_id: int,
    spelling: Spelling,
    language: str,
    now: datetime,
) -> Invited:
    draft = drafts.take(session, actor, draft_id, media=get_args(Way), now=now)
    medium = cast("Way", draft.medium)  # as a preview kept it
    previews.require(services, medium)
    column = {"corrected": 1, "typed": 0}.get(spelling)
    wanted = [*draft.contacts, *(slip[column] for slip in draft.slips if column is not None)]
    asked = [contacts.known(medium, address) for address in dict.fromkeys(wanted)]
    return invite_all(
        session,
        services,
        actor,
        asked,
        medium=medium,
        language=language,
        group_ids=draft.group_ids,
        now=now,
    )


def invite_all(
    session: Session,
    services: Services,
    actor: Actor,
    asked: Sequence[Contact],
    *,
    medium: Way,
    language: str,
    group_ids: Sequence[int] = (),
    now: datetime,
) -> Invited:
    """Invite those who may be invited, in a transaction that is under way; the others are left out.

    Takes: group_ids, of the groups in which they will arrive, as far as they are still there.
    Raises: LimitReached.
    """
    communities.lock(session, actor.community_id)  # two leaders, one address, one moment
    free, lapsed = _still_free(session, services, actor.community_id, asked, now=now)
    if not free:
        return Invited((), len(asked), None)
    receipt = receipts.open_for(session, actor, now=now)
    rows = minting.renew_or_mint(session, services, actor, free, lapsed, receipt.id, now=now)
    for row in rows:
        row.medium, row.language = medium, language or row.language
    into = minting.lead_into(session, rows, group_ids)
    waits = sending.dispatch(session, services, actor, rows, now=now)
    for row in rows:
        note(session, actor, "invitation.sent", row, now=now)
    left_out, by_hand = len(asked) - len(free), medium == "hand"
    return Invited(tuple(free), left_out, receipt.id, by_hand=by_hand, waits=waits, into=into)


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
    barred = set(suppressions.among(session, keys, now=now))
    known = invitations.open_by_contact(session, community_id, keys)
    lapsed = {key: row for key, row in known.items() if row.expires_at and row.expires_at <= now}
    barred |= known.keys() - lapsed.keys()
    barred |= members.contacts_among(session, keys, community_id=community_id)
    barred |= limits.invited_enough(session, services, keys.keys() - barred, now=now)
    return [contact for key, contact in keys.items() if key not in barred], lapsed


def note(session: Session, actor: Actor, action: str, row: Invitation, *, now: datetime) -> None:
    """Write to the audit trail what a leader did with an invitation."""
    trail.note(session, actor, action, f"invitation:{row.id}", now=now)
