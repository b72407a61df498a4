"""Telling the chat: post and edit receipts, announce joins, pass on notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from bot.community import announcements, receipts
from bot.community.ledger import Record, Together
from bot.community.postman import GiveUp, Later
from bot.messages import Card
from bot.ports import Chat, ChatDown, ChatRefused, Services
from storage import deliveries, jobs, redemptions
from storage.jobs import Claimed
from storage.redemptions import Newcomer
from storage.tables import ChatLink, Receipt


async def show_receipt(services: Services, job: Claimed) -> Record:
    """Post the receipt, or edit it to the newest state; an equal edit is skipped."""
    receipt_id = int(job.args["receipt"])

    def query(session: Session) -> tuple[Receipt, Card]:
        row = deliveries.receipt(session, receipt_id)
        return row, receipts.compose(session, row, now=datetime.now(UTC))

    receipt, card = await services.storage.read(query)
    shown = receipts.fingerprint(card)
    message = receipt.message
    if shown != receipt.shown:
        chat = _chat(services, receipt.chat)
        if message is None:
            message = await _posted(chat, receipt.channel, card, key=job.key)
        else:
            await _edited(chat, receipt.channel, message, card)

    def record(session: Session) -> None:
        deliveries.mark_shown(session, receipt_id, message=message or "", shown=shown)
        jobs.finish(session, job, again_after=receipts.COALESCE)

    return record


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to say, and where."""

    chat: str
    channel: str
    card: Card


async def announce(services: Services, job: Claimed, *ready: Announcement | None) -> Record:
    """Say in the community's channel who joined."""
    (said,) = ready or (await services.storage.read(prepare, services, [job])).values()
    if said is not None:
        await _posted(_chat(services, said.chat), said.channel, said.card, key=job.key)
    return Together(jobs.finish_all, job)


def prepare(
    session: Session, services: Services, claimed: Sequence[Claimed]
) -> dict[int, Announcement | None]:
    """What to announce, by job; nothing about people who were removed since."""
    found = redemptions.newcomers(session, {int(job.args["member"]) for job in claimed})
    newcomers = {newcomer.member.id: newcomer for newcomer in found}
    return {job.id: _announcement(session, job, newcomers) for job in claimed}


def _announcement(
    session: Session, job: Claimed, newcomers: Mapping[int, Newcomer]
) -> Announcement | None:
    link = session.get(ChatLink, int(job.args["link"]))
    newcomer = newcomers.get(int(job.args["member"]))
    if link is None or link.announce_channel is None or newcomer is None:
        return None
    card = announcements.compose(session, newcomer, others=tuple(job.args["others"]))
    return Announcement(link.chat, link.announce_channel, card)


async def tell(services: Services, job: Claimed) -> Record:
    """Pass a notice on, in the chat where the receipt is."""
    receipt = await services.storage.read(deliveries.receipt, int(job.args["receipt"]))
    card = Card(str(job.args["words"]))
    await _posted(_chat(services, receipt.chat), receipt.channel, card, key=job.key)
    return Together(jobs.finish_all, job)


def _chat(services: Services, name: str) -> Chat:
    if name not in services.chats:
        raise Later(f"the chat {name} is not set up")
    return services.chats[name]


async def _posted(chat: Chat, channel: str, card: Card, *, key: str) -> str:
    try:
        return await chat.post(channel, card, key=key)
    except ChatDown as down:
        raise _later(down) from down
    except ChatRefused as refused:
        raise GiveUp(refused.words) from refused


async def _edited(chat: Chat, channel: str, message: str, card: Card) -> None:
    try:
        await chat.edit(channel, message, card)
    except ChatDown as down:
        raise _later(down) from down
    except ChatRefused as refused:
        raise GiveUp(refused.words) from refused


def _later(down: ChatDown) -> Later:
    return Later("the chat is down", after=down.retry_after, pause=down.retry_after is not None)
