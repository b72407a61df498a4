"""Own data: all rows about one member, as plain values."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, SQLModel, col, select

from storage.members import get, of_household
from storage.tables import (
    Audit,
    ChatMember,
    Community,
    Delivery,
    DeliveryEvent,
    Group,
    GroupMember,
    Household,
    Invitation,
    JoinRequest,
    Leader,
    Member,
    NewContact,
    Redemption,
    RosterEntry,
    Stay,
    Suppression,
    WayIn,
)

Facts = dict[str, Any]


def of(session: Session, member_id: int, *, proved: bytes | None) -> Facts | None:
    """Everything about the member; None when there is none.

    Takes: proved, the key of a contact that they have shown to be theirs; what is kept under a
    contact that somebody merely typed may be about somebody else.
    """
    member = get(session, member_id)
    if member is None:
        return None
    keys = [key for key in (member.email_key, member.phone_key) if key and key == proved]
    return {
        "community": _only(session.get_one(Community, member.community_id), "name", "slug"),
        "you": _you(session, member),
        "household": _household(session, member),
        "groups": _groups(session, member.id),
        "invitations": _invitations(session, member, keys),
        "requests_to_join": _requests(session, member, keys),
        "letters": _letters(session, member, keys),
        "chats": _chats(session, member),
        "leaders_list": _roster(session, member, keys),
        "not_to_be_written_to": _suppressions(session, keys),
        "what_was_done": _trail(session, member),
    }


def _you(session: Session, member: Member) -> Facts:
    waiting = _all(session, NewContact, col(NewContact.member_id) == member.id)
    return {
        "number": member.id,
        "added_by": _name(session, Member, member.added_by_id),
        "new_contact_to_prove": [_only(row, "medium", "contact", "until") for row in waiting],
    } | _only(
        member, "name", "email", "phone", "language", "is_head", "is_hidden", "joined_at",
        "moved_at", "suspended_at",
    )  # fmt: skip


def _household(session: Session, member: Member) -> Facts:
    home = session.get_one(Household, member.household_id)
    earlier = _all(session, Stay, col(Stay.member_id) == member.id)
    return {
        "address": home.address,
        "others": [row.name for row in of_household(session, home.id) if row.id != member.id],
        "earlier": [
            {"address": _name(session, Household, row.household_id, "address")}
            | _only(row, "since", "until")
            for row in earlier
        ],
    }


def _groups(session: Session, member_id: int) -> list[str]:
    query = select(Group.name).join(GroupMember, col(GroupMember.group_id) == col(Group.id))
    return list(session.exec(query.where(GroupMember.member_id == member_id).order_by(Group.name)))


def _invitations(session: Session, member: Member, keys: list[bytes]) -> list[Facts]:
    """The one they used, and those that were sent to their contact."""
    used = select(Redemption.invitation_id).where(Redemption.member_id == member.id)
    rows = _all(
        session,
        Invitation,
        col(Invitation.community_id) == member.community_id,
        or_(col(Invitation.id).in_(used), col(Invitation.contact_key).in_(keys)),
    )
    return [
        {
            "number": row.id,
            "given_by": _name(session, Leader, row.leader_id),
            # A code may be passed on: where it was first sent is not always the member's own.
            "contact": row.contact if row.contact_key in keys else None,
        }
        | _only(row, "medium", "created_at", "expires_at", "redeemed_at", "voided_at")
        for row in rows
    ]


def _asked(member: Member) -> Any:
    """The requests that were answered with the invitation they used."""
    return (
        select(Invitation.join_request_id)
        .join(Redemption, col(Redemption.invitation_id) == col(Invitation.id))
        .where(Redemption.member_id == member.id, col(Invitation.join_request_id).is_not(None))
    )


def _requests(session: Session, member: Member, keys: list[bytes]) -> list[Facts]:
    """What they asked of the leaders before they were in."""
    rows = _all(
        session,
        JoinRequest,
        col(JoinRequest.community_id) == member.community_id,
        or_(col(JoinRequest.contact_key).in_(keys), col(JoinRequest.id).in_(_asked(member))),
    )
    names = ("name", "address", "contact", "words", "created_at", "decision", "decided_at")
    return [_only(row, *names) for row in rows]


def _chats(session: Session, member: Member) -> list[Facts]:
    """Where they are known, and their own ways in."""
    known = _all(session, ChatMember, col(ChatMember.member_id) == member.id)
    ways = _all(session, WayIn, col(WayIn.member_id) == member.id)
    return [
        *(_only(row, "chat", "user_id", "at") for row in known),
        *(_only(row, "title", "url", "until", "user_id") for row in ways),
    ]


def _suppressions(session: Session, keys: list[bytes]) -> list[Facts]:
    """Why and since when nothing is sent to their contact."""
    rows = _all(session, Suppression, col(Suppression.contact_key).in_(keys))
    return [_only(row, "reason", "created_at", "until") for row in rows]


def _trail(session: Session, member: Member) -> list[Facts]:
    """What they did, and what was done to them; it tells nothing of anybody else."""
    me = f"member:{member.id}"
    is_about = or_(col(Audit.subject) == me, col(Audit.actor) == me)
    rows = _all(session, Audit, col(Audit.community_id) == member.community_id, is_about)
    return [_only(row, "at", "action") for row in rows]


def _letters(session: Session, member: Member, keys: list[bytes]) -> list[Facts]:
    """What was written to them, and what became of it."""
    rows = _all(
        session,
        Delivery,
        col(Delivery.community_id) == member.community_id,
        or_(
            col(Delivery.member_id) == member.id,
            col(Delivery.member_id).is_(None) & col(Delivery.contact_key).in_(keys),
        ),
    )
    events: dict[int, list[Facts]] = {row.id: [] for row in rows}
    for event in _all(session, DeliveryEvent, col(DeliveryEvent.delivery_id).in_(events)):
        events[event.delivery_id].append(_only(event, "event", "at"))
    return [
        {"letter": row.event}
        | _only(row, "medium", "contact", "state", "created_at")
        | {"facts": _known(row.facts), "what_became_of_it": events[row.id]}
        for row in rows
    ]


def _known(facts: Facts) -> Facts:
    """What the letter was filled in with about its reader; the rest is the community's."""
    return {key: facts[key] for key in ("name", "household", "language") if key in facts}


def _roster(session: Session, member: Member, keys: list[bytes]) -> list[Facts]:
    """What the leaders' own list says under their contact."""
    rows = _all(
        session,
        RosterEntry,
        col(RosterEntry.community_id) == member.community_id,
        or_(col(RosterEntry.email_key).in_(keys), col(RosterEntry.phone_key).in_(keys)),
    )
    return [_only(row, "address", "name", "email", "phone", "language") for row in rows]


def _all(session: Session, table: type[Any], *where: Any) -> list[Any]:
    """All rows that match, oldest first."""
    order: Iterable[Any] = table.__table__.primary_key
    return list(session.exec(select(table).where(*where).order_by(*order)))


def _only(row: SQLModel, *names: str) -> Facts:
    """These columns of a row."""
    return {name: getattr(row, name) for name in names}


def _name(
    session: Session, table: type[Any], row_id: int | None, column: str = "name"
) -> str | None:
    """How the row with this id is called."""
    return None if row_id is None else str(getattr(session.get_one(table, row_id), column))
