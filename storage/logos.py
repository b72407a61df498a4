"""Logos: the communities' pictures, each known by the digest of its content."""

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.database import changed
from storage.tables import Logo


def put(session: Session, logo: Logo) -> None:
    """Keep the community's picture, in place of the one before."""
    session.merge(logo)


def remove(session: Session, community_id: int) -> bool:
    """Forget the community's picture. Gives whether there was one."""
    return changed(session, delete(Logo).where(col(Logo.community_id) == community_id)) > 0


def content(session: Session, digest: str) -> bytes | None:
    """The PNG that has this digest."""
    return session.exec(select(Logo.content).where(Logo.digest == digest).limit(1)).first()


def of(session: Session, community_id: int) -> bytes | None:
    """The community's PNG, if it has one."""
    found = select(Logo.content).where(Logo.community_id == community_id)
    return session.exec(found).first()
