"""All letters of many invitations at once."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from storage.tables import Delivery


def letters_of(session: Session, invitation_ids: Iterable[int]) -> dict[int, list[Delivery]]:
    """The letters of each of these invitations, reminders too, oldest first."""
    letters: dict[int, list[Delivery]] = {number: [] for number in invitation_ids}
    query = select(Delivery).where(col(Delivery.invitation_id).in_(list(letters)))
    for letter in session.exec(query.order_by(col(Delivery.id))):
        letters[letter.invitation_id or 0].append(letter)
    return letters
