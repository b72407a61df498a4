"""Telling the chat: post and edit receipts, announce joins, pass on notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlmodel import Session

from bot.community import announcements, binding, receipts
from bot.community.postman.ledger import GiveUp, Later, Record, Together
from bot.community.receipts import receipt_cards, receipt_news
from bot.messages import Button, Card
from bot.ports import Chat, ChatDown, ChatRefused, MessageGone, Services
from storage import jobs, redemptions
from storage import receipts as stored_receipts
from storage.database import brief
from storage.lanes import Claimed
from storage.redemptions import Newcomer
from storage.tables import ChatLink, Receipt

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a receipt should show."""

    receipt: Receipt
    card: Card
    news: Card | None  # what is said below it, too, where an edit goes unnoticed
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt that shows what it should."""

    job: Claimed
    receipt_id: int
    message: str
    fingerprint: str
    at: datetime


async def show_receipt(services: Services, job: Claimed, *read: Drawn) -> Record:
    """Post the receipt, or edit it to the newest state; an equal edit is skipped."""
    (drawn,) = read or (await services.storage.read(draw, services, [job])).values()
    receipt, shown = drawn.receipt, receipt_cards.fingerprint(drawn.card)
    message = receipt.message
    if shown != receipt.shown:
        chat = _chat(services, receipt.chat)
        if message is None:
            message = await _posted(chat, receipt.channel, drawn.card, key=job.key)
        else:
            edited = message
            message = await _edited(chat, receipt.channel, edited, drawn.card, key=job.key)
            if drawn.news is not None and message == edited:  # a new message is seen anyway
                key = f"news:{receipt.id}:{drawn.at.isoformat()}"
                await _said_below(chat, receipt.channel, message, drawn.news, key=key)
    return Together(_all_shown, Shown(job, receipt.id, message or "", shown, drawn.at))


@brief
def draw(session: Session, services: Services, claimed: Sequence[Claimed]) -> dict[int, Drawn]:
    """What the receipts show now, by job."""
    now = datetime.now(UTC)
    wanted = {int(job.args["receipt"]): job.id for job in claimed}
    drawn: dict[int, Drawn] = {}
    found = stored_receipts.among(session, wanted)
    leaders = {receipt.leader_id for receipt in found}
    labels = {leader_id: binding.label_for(session, leader_id) for leader_id in leaders}
    for receipt in found:
        chat = services.chats.get(receipt.chat)
        unseen = chat is not None and chat.edits_unseen and receipt.told_at is not None
        news = receipt_news.of(session, receipt, now=now) if unseen else None
        card = receipt_cards.compose(session, receipt, now=now)
        label, whose = labels[receipt.leader_id], receipt.community_id
        bound = binding.card(card, label, whose)
        below = news and binding.card(news, label, whose)
        drawn[wanted[receipt.id]] = Drawn(receipt, bound, below, now)
    return drawn


def _all_shown(session: Session, items: Sequence[Shown]) -> None:
    stored_receipts.mark_shown(
        session,
        {item.receipt_id: (item.message, item.fingerprint, item.at) for item in items},
    )
    jobs.finish_all(session, [item.job for item in items], again_after=receipts.COALESCE)


@dataclass(frozen=True, slots=True)
class Post:
    """What to say, and where."""

    chat: str
    channel: str
    card: Card


async def announce(services: Services, job: Claimed, *read: Post | None) -> Record:
    """Say in the community's channel who joined."""
    (said,) = read or (await services.storage.read(prepare, services, [job])).values()
    if said is not None:
        await _posted(_chat(services, said.chat), said.channel, said.card, key=job.key)
    return Together(jobs.finish_all, job)


@brief
def prepare(
    session: Session, services: Services, claimed: Sequence[Claimed]
) -> dict[int, Post | None]:
    """What to announce, by job; nothing about people who were removed since."""
    ids = {member_id for job in claimed for member_id, _ in job.args["members"]}
    newcomers = {one.member.id: one for one in redemptions.newcomers(session, ids)}
    return {job.id: _announced(session, job, newcomers) for job in claimed}


def _announced(session: Session, job: Claimed, newcomers: Mapping[int, Newcomer]) -> Post | None:
    link = session.get(ChatLink, int(job.args["link"]))
    others: dict[int, Sequence[str]] = dict(job.args["members"])
    still_here = [newcomers[member_id] for member_id in others if member_id in newcomers]
    if link is None or link.announce_channel is None or not still_here:
        return None
    card = announcements.compose(session, still_here, others=others)
    return Post(link.chat, link.announce_channel, card)


async def tell(services: Services, job: Claimed) -> Record:
    """Pass a notice on, in the chat where its receipt is, or where it names."""
    notice = await services.storage.read(_notice, services, job)
    chat = _chat(services, notice.chat)
    await _posted(chat, notice.channel, notice.card, key=job.key)
    return Together(jobs.finish_all, job)


@brief
def _notice(session: Session, services: Services, job: Claimed) -> Post:
    """What to pass on, and where."""
    chat, channel = job.args.get("chat", ""), job.args.get("channel", "")
    if "receipt" in job.args:
        receipt = stored_receipts.get(session, int(job.args["receipt"]))
        chat, channel = receipt.chat, receipt.channel
    buttons = tuple(Button(label, said) for label, said in job.args.get("buttons", ()))
    card = Card(str(job.args["words"]), buttons)
    if job.community_id is not None:  # one of all communities is of none in particular
        whose = {"chat": chat, "channel": channel}
        label = binding.label_at(session, services, job.community_id, **whose)
        card = binding.card(card, label, job.community_id)
    return Post(chat, channel, card)


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


async def _edited(chat: Chat, channel: str, message: str, card: Card, *, key: str) -> str:
    """Gives the message that shows the card: a new one when somebody deleted the old."""
    try:
        await chat.edit(channel, message, card)
    except MessageGone:  # rules of retention delete, too, and the leader still wants to know
        return await _posted(chat, channel, card, key=f"{key}:{message}")
    except ChatDown as down:
        raise _later(down) from down
    except ChatRefused as refused:
        raise GiveUp(refused.words) from refused
    return message


async def _said_below(chat: Chat, channel: str, message: str, card: Card, *, key: str) -> None:
    """The receipt is right already: a thread that takes nothing more is no reason to give up."""
    try:
        await chat.say_below(channel, message, card, key=key)
    except ChatDown as down:
        raise _later(down) from down
    except ChatRefused as refused:
        log.warning("telling.thread_refused", chat=chat.name, error=refused.words)


def _later(down: ChatDown) -> Later:
    return Later("the chat is down", after=down.retry_after, pause=down.retry_after is not None)
