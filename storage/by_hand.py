"""Which texts a leader sends by hand."""

from sqlmodel import Session, col, func, select

from storage.tables import Delivery, Invitation


def of_receipt(session: Session, receipt_id: int) -> list[tuple[Invitation, Delivery]]:
    """The invitations of a receipt whose newest letter goes by hand, with that, oldest first."""
    newest = (
        select(func.max(Delivery.id))
        .where(Delivery.invitation_id == Invitation.id)
        .correlate(Invitation)
        .scalar_subquery()
    )
    query = (
        select(Invitation, Delivery)
        .join(Delivery, col(Delivery.id) == newest)
        .where(Invitation.receipt_id == receipt_id, Delivery.medium == "hand")
        .order_by(col(Invitation.id))
    )
    return [(row, delivery) for row, delivery in session.exec(query)]
