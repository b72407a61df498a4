"""The audit trail: who did what, with ids only."""

from datetime import datetime

from sqlmodel import Session

from storage.tables import Audit


def note(
    session: Session, community_id: int, *, actor: str, action: str, subject: str, now: datetime
) -> None:
    """Write one line of the trail."""
    session.add(
        Audit(community_id=community_id, at=now, actor=actor, action=action, subject=subject)
    )
