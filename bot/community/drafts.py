"""Drafts: what a preview keeps until its leader says Send; each is sent or cancelled, once."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.ports import Services
from storage import drafts
from storage.tables import Draft


class NoSuchDraft(Refusal):
    """That has been sent or cancelled already. Nothing was sent twice."""

    status = 409


async def cancel(services: Services, actor: Actor, *, draft_id: int, now: datetime) -> None:
    """Throw the leader's own draft away, whatever it keeps. Raises: NoSuchDraft."""
    await services.storage.write(take, actor, draft_id, now=now)


def take(
    session: Session,
    actor: Actor,
    draft_id: int,
    *,
    media: Collection[str] | None = None,
    now: datetime,
) -> Draft:
    """The leader's own draft, for whoever takes it first.

    Takes: media, of which of these it must be, as `Draft.medium`; none for any.
    Raises: NoSuchDraft, when it was sent or cancelled already, is another's, or of another medium.
    """
    draft = drafts.take(
        session, actor.community_id, actor.leader_id, draft_id, media=media, now=now
    )
    if draft is None:
        raise NoSuchDraft
    return draft
