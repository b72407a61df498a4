"""What became of a letter: facts are kept once, folded to a state, and told to the leader.

Facts come from couriers, from providers' callbacks and from the outbox's buttons; all this way.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import receipts, troubles
from bot.messages import Event
from bot.ports import Services
from storage import deliveries, requests, suppressions
from storage import receipts as stored_receipts
from storage.tables import Delivery

_FOR_EVER = frozenset({"complained", "opted_out"})
_BOUNCE_RESTS = {  # how long who cannot be reached is left alone
    "email": timedelta(days=30),  # a dead mailbox may be revived; Postal's figure
    "text": timedelta(days=90),  # a landline stays one; carriers give numbers out again after 90
}
_WORDS = {
    ("email", "bounced"): "There is no mailbox with that address. Check the spelling.",
    ("email", "complained"): "They marked it as spam. We will not write to them again.",
    ("text", "undelivered"): "The phone could not be reached. You can resend tomorrow.",
    ("text", "failed"): "It could not be sent. You can resend it, or send it another way.",
    ("text", "bounced"): "That number is not in use. Check it.",
    ("text", "opted_out"): "This person replied STOP, so we may not text them. "
    "Invite them by e-mail, or hand them a pass.",
    ("hand", "opted_out"): "This person asked not to be written to. Please respect that.",
    ("email", "opted_out"): "This person asked not to be written to. Please respect that.",
}


async def happened(
    services: Services,
    delivery_id: int,
    event: Event,
    *,
    key: str,
    code: str = "",
    words: str = "",
    now: datetime,
) -> bool:
    """Take note of a fact about a delivery.

    Takes: key, the provider's id of the event; the same key twice is one fact.
    Gives: whether the delivery is known.
    Touches: storage; the receipt follows.
    """

    def change(session: Session) -> bool:
        delivery = deliveries.get(session, delivery_id)
        if delivery is None:
            return False
        note(session, delivery, event, key=key, code=code, words=words, now=now)
        return True

    return await services.storage.write(change)


def note(
    session: Session,
    delivery: Delivery,
    event: Event,
    *,
    key: str,
    code: str = "",
    words: str = "",
    now: datetime,
) -> None:
    """Keep the fact, suppress the contact when it says so, and have the receipt follow."""
    words = words or _WORDS.get((delivery.medium, event), "")
    new = deliveries.record(session, delivery, event, key=key, code=code, words=words, now=now)
    if new:
        _suppress(session, delivery, event, code=code, now=now)
        troubles.weigh(session, delivery, event, now=now)
    refresh(session, delivery)


def _suppress(
    session: Session, delivery: Delivery, event: Event, *, code: str, now: datetime
) -> None:
    """Do not write to the contact again, for as long as the fact says something about it."""
    bounced = event == "bounced" and (
        delivery.medium == "text" or _says_no_such_mailbox(code)  # couriers know numbers' codes
    )
    if bounced or event in _FOR_EVER:
        suppressions.add(
            session,
            delivery.community_id,
            delivery.contact_key,
            reason=event,
            until=now + _BOUNCE_RESTS[delivery.medium] if bounced else None,
            now=now,
        )


def _says_no_such_mailbox(code: str) -> bool:
    """Whether a bounce is about the mailbox, and not about us, the letter or a full disk.

    Source: RFC 3463, sections 3.2 to 3.5; a bare 550, 551 or 553 is what older servers say.
    """
    enhanced = re.search(r"\b5\.\d+\.\d+\b", code)
    if enhanced is None:
        return code == "" or code[:3] in {"550", "551", "553"}
    return enhanced[0].startswith("5.1.") or enhanced[0] in {"5.2.1", "5.4.4"}


def refresh(session: Session, delivery: Delivery) -> None:
    """Have the receipts that show this delivery follow."""
    if delivery.invitation_id is not None:
        receipt = stored_receipts.of_invitation(session, delivery.invitation_id)
        if receipt is not None:
            receipts.follow(session, [receipt])
    if delivery.join_request_id is not None:
        receipts.follow(session, requests.cards(session, delivery.join_request_id))


def job_key(delivery: Delivery) -> str:
    """The key of the job that carries this delivery."""
    return f"deliver:{delivery.id}"


def job_keys(rows: Sequence[Delivery]) -> list[str]:
    """The keys of the jobs that carry these deliveries."""
    return [job_key(row) for row in rows]
