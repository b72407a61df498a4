"""Arriving: the groups into which an invitation leads whoever uses it."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from storage.database import changed, dialect_of, insert_by, run, table_of
from storage.tables import Group, GroupMember, Invitation, InvitationGroup, Redemption


def lead_into(
    session: Session, community_id: int, invitation_ids: Sequence[int], group_ids: Sequence[int]
) -> None:
    """Have whoever uses one of these invitations arrive in these groups, and in no others."""
    changed(
        session,
        delete(InvitationGroup).where(col(InvitationGroup.invitation_id).in_(invitation_ids)),
    )
    rows = [
        InvitationGroup(invitation_id=number, group_id=group_id, community_id=community_id)
        for number in invitation_ids
        for group_id in group_ids
    ]
    session.add_all(rows)
    session.flush()


def of_invitation(session: Session, invitation_id: int) -> list[str]:
    """The names of the groups into which the invitation leads."""
    return list(run(session, _of_invitation(), {"the_invitation": invitation_id}).scalars())


@cache
def _of_invitation() -> Any:
    return (
        select(col(Group.name))
        .join(InvitationGroup, col(InvitationGroup.group_id) == col(Group.id))
        .where(col(InvitationGroup.invitation_id) == bindparam("the_invitation"))
        .order_by(col(Group.name_key))
    )


def of_batch(session: Session, batch_id: int) -> list[str]:
    """The names of the groups into which the passes of a batch lead that were not used yet."""
    query = (
        select(col(Group.name), col(Group.name_key))
        .join(InvitationGroup, col(InvitationGroup.group_id) == col(Group.id))
        .join(Invitation, col(Invitation.id) == col(InvitationGroup.invitation_id))
        .where(col(Invitation.batch_id) == batch_id)
        .distinct()
        .order_by(col(Group.name_key))
    )
    return [name for name, _ in session.execute(query)]


def arrive(session: Session, member_ids: Collection[int]) -> None:
    """Put these newcomers into the groups of the invitations that they used, once."""
    values = {"ids": list(member_ids)}
    rows = run(session, _arriving(), values).all()
    if not rows:
        return
    run(
        session,
        _enter(dialect_of(session)),
        [
            {"group_id": row.group_id, "member_id": row.member_id, "community_id": row.community_id}
            for row in rows
        ],
    )
    # They lead nowhere any more: done again, this brings nobody back who was taken out since.
    used = sorted({row.invitation_id for row in rows})
    run(session, _used(), {"used": used})


@cache
def _arriving() -> Any:
    """Locked, so that nobody deletes one of the groups at this very moment."""
    return (
        select(
            col(Redemption.member_id),
            col(InvitationGroup.invitation_id),
            col(InvitationGroup.group_id),
            col(InvitationGroup.community_id),
        )
        .join(InvitationGroup, col(InvitationGroup.invitation_id) == col(Redemption.invitation_id))
        .join(Group, col(Group.id) == col(InvitationGroup.group_id))
        .where(col(Redemption.member_id).in_(bindparam("ids", expanding=True)))
        .order_by(col(InvitationGroup.group_id), col(Redemption.member_id))
        .with_for_update(read=True, key_share=True, of=Group)
    )


@cache
def _enter(dialect: str) -> Any:
    return insert_by(dialect, GroupMember).on_conflict_do_nothing()


@cache
def _used() -> Any:
    leads = table_of(InvitationGroup)
    return delete(leads).where(leads.c.invitation_id.in_(bindparam("used", expanding=True)))
