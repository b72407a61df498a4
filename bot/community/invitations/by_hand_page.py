"""The page from which a leader sends texts by hand, one by one, from the phone that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlmodel import Session

from bot.community import brands, contacts, letters, tokens
from bot.community.brands import Brand
from bot.community.errors import Refusal
from bot.community.invitations.by_hand import WAITS, is_theirs, label, mark, purpose
from bot.community.labels import Label
from bot.ports import Services
from storage import by_hand, communities, receipts, suppressions
from storage.tables import Leader, Receipt


class PageClosed(Refusal):
    """This page is open for a day only. Press *Send from my own phone* in your chat once more."""

    status = 410


@dataclass(frozen=True, slots=True)
class Text:
    """One text as the page shows it."""

    delivery_id: int
    number: str  # in E.164
    shown: str  # "+1 201-555-0123"
    words: str
    language: str  # of the words: "en"
    label: Label

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.label == WAITS

    @property
    def sms(self) -> str:
        """Opens the phone's own messages with all filled in.

        `?&` suits both kinds of phones: Android reads a query, and iOS what follows an `&`.
        Source: https://www.rfc-editor.org/rfc/rfc5724
        """
        return f"sms:{self.number}?&body={quote(self.words, safe='')}"

    @property
    def whatsapp(self) -> str:
        """Opens WhatsApp with all filled in.

        Source: https://faq.whatsapp.com/5913398998672934
        """
        return f"https://wa.me/{self.number.removeprefix('+')}?text={quote(self.words, safe='')}"


@dataclass(frozen=True, slots=True)
class ToSend:
    """All that a leader's page shows."""

    brand: Brand
    leader: str
    texts: tuple[Text, ...]

    @property
    def waiting(self) -> int:
        """How many are still to be sent."""
        return sum(text.waits for text in self.texts)

    @property
    def sent(self) -> int:
        """How many went, as far as the leader told us."""
        return sum(text.label in {"sent", "joined"} for text in self.texts)


async def look(services: Services, leader_id: int, link: str, *, now: datetime) -> ToSend:
    """What the page shows; changes nothing. Raises: PageClosed."""

    def query(session: Session) -> ToSend:
        leader, receipt = _opened(session, services, leader_id, link, now=now)
        community = communities.get(session, receipt.community_id)
        texts = _texts(session, services, leader, receipt, now=now)
        return ToSend(brands.of(community), leader.name, tuple(texts))

    return await services.storage.read(query)


async def mark_sent(
    services: Services, leader_id: int, link: str, *, delivery_id: int, now: datetime
) -> None:
    """The leader says on the page that a text went. Raises: PageClosed."""

    def change(session: Session) -> None:
        leader, receipt = _opened(session, services, leader_id, link, now=now)
        for _, delivery in by_hand.of_receipt(session, receipt.id):
            if delivery.id == delivery_id and is_theirs(delivery, leader_id):
                mark(session, delivery, leader_id, leader.name, now=now)

    await services.storage.write(change)


def _opened(
    session: Session, services: Services, leader_id: int, link: str, *, now: datetime
) -> tuple[Leader, Receipt]:
    """Whose page it is, and what it is about; somebody who leads no more has none."""
    receipt_id = tokens.read(services.keys, purpose(leader_id), link, now=now)
    if receipt_id is None:
        raise PageClosed
    receipt = receipts.get(session, receipt_id)
    leader = communities.leader(session, receipt.community_id, leader_id)
    if leader is None or leader.removed_at is not None:
        raise PageClosed
    return leader, receipt


def _texts(
    session: Session, services: Services, leader: Leader, receipt: Receipt, *, now: datetime
) -> Sequence[Text]:
    found = by_hand.of_receipt(session, receipt.id)
    theirs = [(row, text) for row, text in found if text.contact and is_theirs(text, leader.id)]
    keys = [text.contact_key for _, text in theirs]
    stopped = suppressions.among(session, keys, now=now)
    return [
        Text(
            delivery_id=text.id,
            number=text.contact or "",
            shown=contacts.known("hand", text.contact or "").shown,
            words=letters.words_of(session, services, text).text,
            language=str(text.facts["language"]),
            label=_shown(label(row, text, now=now), stopped.get(text.contact_key)),
        )
        for row, text in theirs
    ]


def _shown(found: Label, stopped: str | None) -> Label:
    return "opted out" if found == WAITS and stopped else found
