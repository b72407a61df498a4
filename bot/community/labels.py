"""One label for people, out of the two axes: what became of the letter and of the invitation."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from bot.community import contacts
from bot.community.people import listed
from storage.invitations import Alike, Standing

Label = Literal[
    "joined", "void", "expired", "opted out", "bounced", "failed", "delivered", "sent", "queued",
    "checking", "waiting", "printed", "to send by hand",
]  # fmt: skip

_OF_STATE: dict[str, Label] = {
    "queued": "queued",
    "sending": "queued",
    "unknown": "checking",
    "sent": "sent",
    "deferred": "waiting",
    "failed": "failed",
    "undelivered": "failed",
    "delivered": "delivered",
    "bounced": "bounced",
    "complained": "opted out",
    "opted_out": "opted out",
}
TROUBLE: frozenset[Label] = frozenset({"opted out", "bounced", "failed"})
ON_THE_WAY: frozenset[Label] = frozenset({"queued", "checking", "waiting"})
MARKS: dict[Label, str] = {  # in every font, unlike emoji
    "joined": "★",
    "void": "–",
    "expired": "–",
    "opted out": "✗",
    "bounced": "✗",
    "failed": "✗",
    "delivered": "✓✓",
    "sent": "✓",
    "queued": "…",
    "checking": "…",
    "waiting": "…",
    "printed": "▫",
    "to send by hand": "…",
}


def label(standing: Standing, *, now: datetime) -> Label:
    """How an invitation stands, by precedence: what is final beats what is under way."""
    row = standing.invitation
    return _by_precedence(
        row.medium,
        is_used=row.redeemed_at is not None,
        is_void=row.voided_at is not None,
        is_expired=row.expires_at is not None and row.expires_at <= now,
        state=standing.delivery.state if standing.delivery else None,
    )


def label_of_alike(alike: Alike) -> Label:
    """The same, for invitations that stand alike."""
    return _by_precedence(
        alike.medium,
        is_used=alike.is_used,
        is_void=alike.is_void,
        is_expired=alike.is_expired,
        state=alike.state,
    )


def _by_precedence(
    medium: str, *, is_used: bool, is_void: bool, is_expired: bool, state: str | None
) -> Label:
    if is_used:
        return "joined"
    if is_void:
        return "void"
    if is_expired:
        return "expired"
    if medium == "pass":
        return "printed"
    found = of_state(state or "queued")
    return "to send by hand" if medium == "hand" and found == "queued" else found


def of_state(state: str) -> Label:
    """The label of a delivery's state."""
    return _OF_STATE[state]


def who(standing: Standing) -> str:
    """How a leader knows whom the invitation is for."""
    row = standing.invitation
    if row.batch_id is not None and row.medium == "pass":
        return f"Pass {row.serial} of batch {row.batch_id}"
    if row.contact is None:
        return "Somebody whose address was erased"
    return contacts.known(row.medium, row.contact).shown


def arriving(groups: Sequence[str]) -> list[str]:
    """In which groups whoever is invited arrives, as a line of a card; none where there is none."""
    return [f"They arrive in {listed(groups)}."] if groups else []


def day(moment: datetime | date) -> str:
    """3 Nov 2026: short and the same in every country."""
    return f"{moment.day} {moment:%b %Y}"
