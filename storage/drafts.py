"""Drafts: what a leader pasted and has not yet said Send to."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col

from storage.database import changed
from storage.tables import Draft


def add(session: Session, draft: Draft) -> Draft:
    """Keep what a leader pasted until they say Send."""
    session.add(draft)
    session.flush()
    return draft


def take(
    session: Session,
    community_id: int,
    leader_id: int,
    draft_id: int,
    *,
    media: Collection[str] | None = None,
    now: datetime,
) -> Draft | None:
    """The leader's own draft, once: None when it was sent, cancelled or never there.

    Takes: media, of which of these it must be; none for any.
    """
    where = (
        col(Draft.id) == draft_id,
        col(Draft.community_id) == community_id,
        col(Draft.leader_id) == leader_id,
        col(Draft.taken_at).is_(None),
        *([] if media is None else [col(Draft.medium).in_(list(media))]),
    )
    taken = changed(session, update(Draft).where(*where).values(taken_at=now))
    return session.get_one(Draft, draft_id) if taken else None


def forget(session: Session, *, before: datetime) -> None:
    """Delete drafts that are older than this moment."""
    changed(session, delete(Draft).where(col(Draft.created_at) < before))
