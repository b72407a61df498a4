"""Inviting from the roster: from a draft to invitations for its addresses, with one receipt."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.community import drafts, receipts, sending
from bot.community.actors import Actor
from bot.community.invitations import inviting, minting
from bot.community.invitations.inviting import Invited, Spelling
from bot.community.rosters.choosing import Choice, Chooser, ways_of
from bot.community.rosters.roster_previews import DRAFTS, FREE
from bot.ports import Services
from storage import addresses, communities
from storage import coverage as stored
from storage.coverage import Came
from storage.tables import Community, Invitation


async def send(
    services: Services,
    actor: Actor,
    *,
    draft_id: int,
    spelling: Spelling = "good",
    now: datetime,
) -> Invited:
    """Send what a preview kept, with one receipt for all.

    Takes: spelling, what becomes of doubtful addresses, as with a paste.
    Gives: what came of it; where somebody was invited or joined since, nobody is.
    Raises: NoSuchDraft, when it was sent or cancelled already; LimitReached.
    Touches: storage; the letters and the receipt follow.
    """
    return await services.storage.write(
        _send, services, actor, draft_id=draft_id, spelling=spelling, now=now
    )


def _send(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    draft_id: int,
    spelling: Spelling,
    now: datetime,
) -> Invited:
    community = communities.lock(session, actor.community_id)  # two leaders, one address
    draft = drafts.take(session, actor, draft_id, media=[DRAFTS], now=now)
    slips = [line for (line,) in draft.slips] if spelling != "good" else []
    kept = {*draft.contacts, *slips}
    goes = _still_never(session, services, actor, kept, correct=spelling == "corrected", now=now)
    if not goes:
        return Invited((), len(kept), None)
    rows, receipt_id = _mint(session, services, actor, community, goes, now=now)
    waits = sending.dispatch(session, services, actor, rows, now=now)
    for row in rows:
        inviting.note(session, actor, "invitation.sent", row, now=now)
    sent = tuple(one.contact for one in goes)
    return Invited(sent, len(kept) - len(sent), receipt_id, waits=waits)


def _still_never(
    session: Session,
    services: Services,
    actor: Actor,
    kept: set[str],
    *,
    correct: bool,
    now: datetime,
) -> list[Choice]:
    """What a preview kept, as far as nothing has come between; to one contact one letter."""
    community_id = actor.community_id
    never = stored.places(session, community_id, came=[Came.NEVER], now=now)
    keys = {place.key for place in never}
    entries = addresses.entries(session, community_id, {int(line.split()[0]) for line in kept})
    ways = [way for entry in entries if entry.address_key in keys for way in ways_of(entry)]
    found = Chooser(session, services, community_id, now=now).judge(ways, correct=correct)
    free = (one for one in found if one.line in kept and one.row.verdict in FREE)
    return list({one.contact.address: one for one in free}.values())


def _mint(
    session: Session,
    services: Services,
    actor: Actor,
    community: Community,
    goes: Sequence[Choice],
    *,
    now: datetime,
) -> tuple[list[Invitation], int]:
    """Invitations with their codes, and the receipt that shows them all."""
    receipt = receipts.open_for(session, actor, now=now)
    ours = services.templates.languages
    until = sending.expiry(community, community.code_days, now=now)
    rows = [
        Invitation(
            community_id=community.id,
            leader_id=actor.leader_id,
            receipt_id=receipt.id,
            roster_entry_id=one.entry.id,
            medium=one.contact.medium,
            contact=one.contact.address,
            contact_key=one.contact.key(services.keys),
            language=spoken.tag if (spoken := ours.closest(one.entry.language)) else "",
            created_at=now,
            expires_at=until,
        )
        for one in goes
    ]
    minting.mint(session, services, rows)
    return rows, receipt.id
