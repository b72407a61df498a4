"""Erasing: what is forgotten of members who are none any more."""

from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from storage.database import changed
from storage.tables import Delivery, Member


def erase_members(session: Session, *, before: datetime) -> None:
    """Forget how to reach members whose membership ended before this moment.

    Their names stay, where the story of an invitation or a household needs them.
    """
    gone = select(Member.id).where(col(Member.removed_at) < before)
    changed(
        session,
        update(Delivery)
        .where(col(Delivery.member_id).in_(gone), col(Delivery.contact).is_not(None))
        .values(contact=None),
    )
    reachable = or_(col(Member.email_key).is_not(None), col(Member.phone_key).is_not(None))
    nothing = dict.fromkeys(("email", "email_key", "phone", "phone_key"))
    changed(
        session,
        update(Member).where(col(Member.removed_at) < before, reachable).values(**nothing),
    )
