"""Groups: named sets of members."""

from collections.abc import Collection, Iterable
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col, func

from storage.database import changed, insert_into, run
from storage.people import Person, persons
from storage.tables import Group, GroupMember, InvitationGroup, Member, Redemption


def every(session: Session, community_id: int) -> list[Group]:
    """The community's groups, by name."""
    query = select(Group).where(col(Group.community_id) == community_id)
    return list(session.scalars(query.order_by(col(Group.name_key))))


def get(session: Session, community_id: int, group_id: int) -> Group | None:
    """The group, if it belongs to this community."""
    row = session.get(Group, group_id)
    return row if row is not None and row.community_id == community_id else None


def kept(session: Session, community_id: int, group_ids: Iterable[int]) -> list[Group]:
    """Which of these are still the community's groups; they stay until this transaction ends."""
    query = (
        select(Group)
        .where(col(Group.community_id) == community_id, col(Group.id).in_(list(group_ids)))
        .order_by(col(Group.id))
        .with_for_update(read=True, key_share=True)
    )
    return list(session.scalars(query))


def member_counts(session: Session, group_ids: Iterable[int]) -> dict[int, int]:
    """How many members each of these groups has; one that has none is not there."""
    query = (
        select(col(GroupMember.group_id), func.count())
        .join(Member, col(Member.id) == col(GroupMember.member_id))
        .where(col(GroupMember.group_id).in_(list(group_ids)), col(Member.removed_at).is_(None))
        .group_by(col(GroupMember.group_id))
    )
    rows: Any = session.execute(query)
    return dict(rows.all())


def add(session: Session, row: Group) -> Group:
    """Store a new group."""
    session.add(row)
    session.flush()
    return row


def remove(session: Session, group_id: int) -> None:
    """Delete the group. Its members stay members; invitations lead into it no more."""
    session.execute(select(col(Group.id)).where(col(Group.id) == group_id).with_for_update())
    changed(session, delete(InvitationGroup).where(col(InvitationGroup.group_id) == group_id))
    changed(session, delete(GroupMember).where(col(GroupMember.group_id) == group_id))
    changed(session, delete(Group).where(col(Group.id) == group_id))


# Who is in


def people(
    session: Session, group_id: int, *, limit: int | None = None, offset: int = 0
) -> list[Person]:
    """The group's members by name, all or some."""
    query = (
        persons()
        .join(GroupMember, col(GroupMember.member_id) == col(Member.id))
        .where(col(GroupMember.group_id) == group_id)
        .order_by(func.lower(col(Member.name)), col(Member.id))
        .limit(limit)
        .offset(offset)
    )
    return [Person(*row) for row in session.execute(query)]


def among(session: Session, group_id: int, member_ids: Collection[int]) -> set[int]:
    """Which of these members are in the group."""
    query = select(col(GroupMember.member_id)).where(
        col(GroupMember.group_id) == group_id, col(GroupMember.member_id).in_(member_ids)
    )
    return set(session.scalars(query))


def enter(session: Session, group: Group, member_ids: Iterable[int]) -> None:
    """Put these members into the group; who is in it already stays."""
    rows = [
        {"group_id": group.id, "member_id": member_id, "community_id": group.community_id}
        for member_id in member_ids
    ]
    if rows:
        changed(session, insert_into(session, GroupMember).values(rows).on_conflict_do_nothing())


def leave(session: Session, group_id: int, member_ids: Collection[int]) -> None:
    """Take these members out of the group."""
    changed(
        session,
        delete(GroupMember).where(
            col(GroupMember.group_id) == group_id, col(GroupMember.member_id).in_(member_ids)
        ),
    )


def names_of(session: Session, member_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The names of the groups that these members are in; who is in none is not there.

    Whoever joined this very moment is in those of their invitation already.
    """
    rows: Any = run(session, _names(), {"ids": list(member_ids)})
    found: dict[int, list[str]] = {}
    for row in sorted(rows, key=attrgetter("name_key")):
        found.setdefault(row.member_id, []).append(row.name)
    return {member_id: tuple(names) for member_id, names in found.items()}


@cache
def _names() -> Any:
    ids: Any = bindparam("ids", expanding=True)
    names = (col(Group.name), col(Group.name_key))
    inside = (
        select(col(GroupMember.member_id), *names)
        .join(Group, col(Group.id) == col(GroupMember.group_id))
        .where(col(GroupMember.member_id).in_(ids))
    )
    arriving = (
        select(col(Redemption.member_id), *names)
        .join(InvitationGroup, col(InvitationGroup.invitation_id) == col(Redemption.invitation_id))
        .join(Group, col(Group.id) == col(InvitationGroup.group_id))
        .where(col(Redemption.member_id).in_(ids))
    )
    return inside.union(arriving)
