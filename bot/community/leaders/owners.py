"""Owners: leaders who may also add and remove leaders.

Nobody but themselves ends that, so no two people lock each other out, and a community is never
without one. Only leaders in chats that are set up count: nobody can ask the others; where no owner
is among them, every leader counts as one. Whatever changes who leads holds the community's row, so
that two changes of one moment see each other.
"""

from collections.abc import Sequence

from sqlmodel import Session

from bot.community.actors import Actor, not_a_leader
from bot.community.errors import Refusal
from bot.ports import Services
from storage import communities
from storage.tables import Leader


class NoSuchLeader(Refusal):
    """There is no leader #{number}. `/leaders` lists them all."""

    status = 404


class OwnersOnly(Refusal):
    """Only owners may do that: {owners}. Please ask one of them."""

    status = 403


class OwnerStays(Refusal):
    """{name} is an owner. Only they themselves can give that up."""

    status = 403


class LastLeader(Refusal):
    """You are the last leader. Nobody could invite, or make anybody a leader, after you: add
    somebody first with `/leaders add`."""

    status = 409


class LastOwner(Refusal):
    """You are the only owner. Nobody could add or remove leaders after you: make another leader an
    owner first, with `/leaders owner {number}` for {name}."""

    status = 409


def held(session: Session, services: Services, actor: Actor) -> list[Leader]:
    """Who leads, unchanged until this transaction ends.

    Raises: NotALeader, when somebody removed the actor a moment ago.
    """
    communities.lock(session, actor.community_id)
    rows = communities.leaders(session, actor.community_id, chats=services.chats)
    if actor.leader_id not in {row.id for row in rows}:
        raise not_a_leader(session, actor.community_id, services.chats)
    return rows


def row_of(rows: Sequence[Leader], leader_id: int) -> Leader:
    """The one of them with this number. Raises: NoSuchLeader."""
    for row in rows:
        if row.id == leader_id:
            return row
    raise NoSuchLeader(number=leader_id)


def known(session: Session, actor: Actor, leader_id: int) -> Leader:
    """Who leads the actor's community by this number, or did. Raises: NoSuchLeader."""
    row = communities.leader(session, actor.community_id, leader_id)
    if row is None:
        raise NoSuchLeader(number=leader_id)
    return row


def owning(rows: Sequence[Leader]) -> Sequence[Leader]:
    """Those of them who own; all of them, where none does."""
    return [row for row in rows if row.role == "owner"] or rows


def require_owner(rows: Sequence[Leader], actor: Actor) -> None:
    """Raise OwnersOnly unless the actor is an owner."""
    owners = owning(rows)
    if actor.leader_id not in {row.id for row in owners}:
        raise OwnersOnly(owners=", ".join(row.name for row in owners))


def require_another(rows: Sequence[Leader], row: Leader) -> None:
    """Raise LastLeader or LastOwner unless somebody else can do what this one may."""
    others = [other for other in rows if other.id != row.id]
    if not others:
        raise LastLeader
    if row.role == "owner" and not any(other.role == "owner" for other in others):
        raise LastOwner(number=others[0].id, name=others[0].name)


def require_removable(rows: Sequence[Leader], actor: Actor, row: Leader) -> None:
    """Raise OwnersOnly, OwnerStays, LastLeader or LastOwner when the actor cannot remove them."""
    if row.id == actor.leader_id:
        require_another(rows, row)
        return
    require_owner(rows, actor)
    if row.role == "owner":
        raise OwnerStays(name=row.name)
