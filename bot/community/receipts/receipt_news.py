"""News of receipts: what is said below one where nobody notices that it was edited."""

from datetime import datetime

from sqlmodel import Session

from bot.community import labels
from bot.community.receipts import receipt_cards
from bot.community.rosters import roster_cards
from bot.messages import Card
from storage import invitations
from storage.tables import Receipt

_SHOWN = 10


def of(session: Session, receipt: Receipt, *, now: datetime) -> Card | None:
    """Who joined, and whose letter did not arrive, since it was said below the receipt."""
    if receipt.roster_draft_id is not None:
        return roster_cards.news_of(session, receipt)
    if receipt_cards.taken_away(session, receipt):
        return None
    since = receipt.told_at
    assert since is not None
    lines = [
        f"{labels.MARKS['joined']} {name} joined at {address}."
        for name, address in invitations.joined_since(session, receipt.id, since=since)
    ]
    for row in invitations.failed_since(session, receipt.id, since=since):
        state = labels.of_state(row.delivery.state if row.delivery else "failed")
        lines.append(receipt_cards.trouble(row, state, now=now))
    if not lines:
        return None
    more = len(lines) - _SHOWN
    return Card("\n".join([*lines[:_SHOWN], *([f"… and {more} more."] if more > 0 else [])]))
