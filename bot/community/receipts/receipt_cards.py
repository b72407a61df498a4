"""Receipt cards: what a receipt shows, composed anew from what storage knows each time."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import labels
from bot.community.labels import Label
from bot.community.receipts import batch_cards, steps
from bot.community.requests import request_cards
from bot.community.rosters import roster_cards
from bot.messages import Button, Card
from storage import arriving, batches, communities, deliveries, invitations, members, suppressions
from storage import troubles as stored_troubles
from storage.invitations import Alike, Standing
from storage.reminders import reminded_at
from storage.tables import Invitation, Receipt

_UNREMINDED = timedelta(days=2)  # the first reminder comes later: new ones need no look
_SHOWN_TROUBLES = 5  # lines of a receipt of many
_FIXED_ONE_BY_ONE = 3  # beyond that a list is handier than buttons
_BY = {"email": "by e-mail", "text": "by text", "pass": "on a pass", "hand": "by hand"}
_ORDER: tuple[Label, ...] = (
    "joined", "delivered", "sent", "queued", "to send by hand", "waiting", "checking", "bounced",
    "failed", "opted out", "printed", "expired", "void",
)  # fmt: skip


def compose(session: Session, receipt: Receipt, *, now: datetime) -> Card:
    """What the receipt shows now."""
    if receipt.join_request_id is not None:
        return request_cards.of_receipt(session, receipt)
    if receipt.roster_draft_id is not None:
        return roster_cards.of_receipt(session, receipt)
    if why := taken_away(session, receipt):
        return Card(why)
    batch = batches.of_receipt(session, receipt.id)
    if batch is not None:
        return batch_cards.card(session, batch, now=now)
    groups = invitations.alike_of_receipt(session, receipt.id, now=now)
    total = sum(group.count for group in groups)
    if not total:
        return Card("Renewed since: a newer message shows how it goes.")
    if total == 1:
        return of_one(session, invitations.only_of_receipt(session, receipt.id), now=now)
    return _of_many(session, receipt.id, groups, total, now=now)


def taken_away(session: Session, receipt: Receipt) -> str:
    """Why its leader sees no more of it; empty while they do."""
    if receipt.handed_to_id is not None:
        heir = communities.leader_name(session, receipt.handed_to_id)
        return f"Handed over to {heir}, who is told from now on how it goes."
    if communities.leads_no_more(session, receipt.leader_id):
        return "You lead no more, so this no longer shows how it goes."
    return ""


def fingerprint(card: Card) -> str:
    """Two cards with the same fingerprint look the same."""
    return hashlib.sha256(json.dumps(asdict(card)).encode()).hexdigest()[:16]


def of_one(session: Session, standing: Standing, *, now: datetime) -> Card:
    """The card of one invitation: who, how it stands, what can be done."""
    row, delivery = standing.invitation, standing.delivery
    state = labels.label(standing, now=now)
    who = labels.who(standing)
    own = delivery.words if delivery is not None else ""
    why = own or (_why_nothing_leaves(session, {row.medium}) if state == "queued" else "")
    said = steps.sentence(standing, state, waits=bool(why), now=now)
    lines = [f"{labels.MARKS[state]} {who}: {said}"]
    if state == "joined" and (redemption := invitations.redemption(session, row.id)):
        name, address = members.name_and_address(session, redemption)
        day = labels.day(redemption.at)
        lines = [f"{labels.MARKS[state]} {who}: {name} joined at {address} on {day}."]
    elif why and state not in {"void", "expired"}:
        lines.append(why)
    if state not in {"joined", "void", "expired"} and row.expires_at is not None:
        community = communities.get(session, row.community_id)
        lines.append(f"The code works until {_until(row.expires_at, community.timezone)}.")
    if state != "joined":
        lines += labels.arriving(arriving.of_invitation(session, row.id))
    if state != "joined" and now - row.created_at > _UNREMINDED:
        lines += _reminded(session, row)
    return Card("\n".join(lines), _buttons(session, standing, state, now=now))


def _buttons(
    session: Session, standing: Standing, state: Label, *, now: datetime
) -> tuple[Button, ...]:
    key = standing.invitation.contact_key
    came_back = standing.delivery is not None and standing.delivery.state == "bounced"
    is_barred = came_back and key in suppressions.among(session, [key or b""], now=now)
    return steps.buttons(standing, state, is_barred=is_barred)


def _reminded(session: Session, row: Invitation) -> list[str]:
    days = [labels.day(moment) for moment in reminded_at(session, row.id)]
    said_no = ["They asked for no more reminders."] if row.unreminded_at else []
    return [*([f"Reminded on {' and '.join(days)}."] if days else []), *said_no]


def _of_many(
    session: Session, receipt_id: int, groups: Sequence[Alike], total: int, *, now: datetime
) -> Card:
    media = {group.medium for group in groups}
    how = _BY[media.pop()] if len(media) == 1 else "in several ways"
    gone = sum(group.count for group in groups if _went_out(group))
    count: Counter[Label] = Counter()
    for group in groups:
        count[labels.label_of_alike(group)] += group.count
    lines = [f"{total} invitations {how}: {', '.join(_parts(count, gone, total))}."]
    in_trouble = sum(count[state] for state in labels.TROUBLE)
    shown = (
        invitations.in_trouble(session, receipt_id, limit=_SHOWN_TROUBLES, now=now)
        if in_trouble
        else []
    )
    lines += [trouble(row, labels.label(row, now=now), now=now) for row in shown]
    if in_trouble > len(shown):
        lines.append(f"… and {in_trouble - len(shown)} more.")
    waiting = {group.medium for group in groups if not _went_out(group)}
    if gone < total and (
        words := invitations.held_up(session, receipt_id) or _why_nothing_leaves(session, waiting)
    ):
        lines.append(words)
    ways = _ways_on(receipt_id, shown, in_trouble)
    if count["to send by hand"]:
        ways = (Button("Send from my own phone", f"/invites hand all {receipt_id}"), *ways)
    return Card("\n".join(lines), ways)


def _why_nothing_leaves(session: Session, media: Iterable[str]) -> str:
    """Why nobody's letters by these media leave, where that has become a story."""
    troubles = stored_troubles.among(session, media).values()
    return " ".join(trouble.words for trouble in troubles if trouble.told is not None)


def _went_out(group: Alike) -> bool:
    """Whether these have left the house; a letter that nobody took, or was held back, has not."""
    return deliveries.has_left(group.state) and group.state not in {"failed", "opted_out"}


def _parts(count: Counter[Label], gone: int, total: int) -> list[str]:
    """How they stand; the numbers after the first add up to all."""
    more_is_known = set(count) - {"sent"} - labels.ON_THE_WAY
    told = [state for state in _ORDER if count[state] and (state != "sent" or more_is_known)]
    words = {"sent": "without word yet"}
    return [f"{gone} of {total} sent", *(f"{count[one]} {words.get(one, one)}" for one in told)]


def trouble(row: Standing, state: Label, *, now: datetime) -> str:
    """A line about a letter that did not arrive."""
    why = row.delivery.words if row.delivery else ""
    return f"{labels.MARKS[state]} {labels.who(row)}: {why or steps.sentence(row, state, now=now)}"


def _ways_on(receipt_id: int, shown: Sequence[Standing], in_trouble: int) -> tuple[Button, ...]:
    """One button each for a few in trouble, one for all of many; at most five together."""
    ways = [_way_on(row) for row in shown if in_trouble <= _FIXED_ONE_BY_ONE]
    if in_trouble > 1:
        all_of_them = f"/invites failed receipt {receipt_id}"
        ways.append(Button("Fix or resend the failed ones", all_of_them, "primary"))
    return (*ways, Button("Show all", f"/invites all receipt {receipt_id}"))


def _way_on(row: Standing) -> Button:
    said_no = row.delivery is not None and labels.of_state(row.delivery.state) == "opted out"
    word = "Show" if said_no else "Fix"
    return Button(f"{word} {_short(labels.who(row))}", f"/invites {row.invitation.id}")


def _short(who: str) -> str:
    return who if len(who) <= 30 else f"{who[:29]}…"


def _until(expires_at: datetime, timezone: str) -> str:
    return labels.day(expires_at.astimezone(ZoneInfo(timezone)) - timedelta(seconds=1))
