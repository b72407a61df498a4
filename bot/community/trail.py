"""The trail: what leaders did, told by ids alone."""

from datetime import datetime

from sqlmodel import Session

from bot.community.actors import Actor
from storage import audits


def note(session: Session, actor: Actor, action: str, subject: str, *, now: datetime) -> None:
    """Keep that a leader did this.

    Takes: action, "batch.minted"; subject, "batch:7".
    """
    audits.note(
        session, actor.community_id, actor=actor.trace, action=action, subject=subject, now=now
    )
