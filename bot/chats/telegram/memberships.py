"""Where the bot is: put into a group, thrown out of one, and groups that get another id."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from telegram import Chat, ChatJoinRequest, ChatMember, ChatMemberUpdated
from telegram.constants import ChatType

from bot.chats.telegram.calls import NAME
from bot.chats.telegram.keyboards import ELSEWHERE, Key
from bot.chats.telegram.speaking import Speaker, quietly
from bot.community import channels, ways_in
from bot.community.actors import label
from bot.community.binding import mark
from bot.ports import Services
from storage import communities

_INSIDE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER, ChatMember.RESTRICTED}
_HELLO = "Hello. Say `/announce here` and I announce here who joins."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Memberships:
    """The places of one bot."""

    services: Services
    speaker: Speaker
    bot_id: str

    async def changed(self, change: ChatMemberUpdated) -> None:
        """The bot came into a group or channel, or went."""
        was = change.old_chat_member.status in _INSIDE
        is_in = change.new_chat_member.status in _INSIDE
        if change.chat.type == ChatType.PRIVATE or was == is_in:
            return
        if is_in:
            await self._greet(change.chat, str(change.from_user.id))
        else:
            await self._gone(change.chat)

    async def _greet(self, chat: Chat, user: str) -> None:
        """Offer in private what can be said there, too; nobody can speak in a channel."""
        if await self.speaker.reaches(user):
            words = f"I am in “{chat.title}” now. Should joins be announced there?"
            await self.speaker.say(user, words, await self._offers(chat.id, user))
        elif chat.type != ChatType.CHANNEL:
            await self.speaker.say(str(chat.id), _HELLO)

    async def _offers(self, chat_id: int, user: str) -> tuple[Key, ...]:
        """A button to announce joins there; for who leads several communities, one for each."""
        where = {"chat": NAME, "place": self.bot_id, "user_id": user}
        led = await self.services.storage.read(communities.led, **where)
        call = f"{ELSEWHERE}{chat_id}:/announce here"
        if len(led) < 2:
            return (Key("Announce joins there", call),)
        return tuple(
            Key(f"Announce joins of {label(one, led)} there", mark(call, one.community_id))
            for one in led
        )

    async def _gone(self, chat: Chat) -> None:
        was_announcing = await channels.lost(
            self.services,
            chat=NAME,
            place=self.bot_id,
            channel=str(chat.id),
            words=f"I was removed from “{chat.title}”, where joins were announced. They are "
            "announced nowhere now: say `/announce here` where they should be.",
            now=datetime.now(UTC),
        )
        log.info("telegram.removed", was_announcing=was_announcing)

    async def came_in(self, change: ChatMemberUpdated) -> None:
        """Somebody came into a group; by a member's own link, they are that member."""
        was = change.old_chat_member.status in _INSIDE
        if change.new_chat_member.status in _INSIDE and not was and change.invite_link:
            user = str(change.new_chat_member.user.id)
            url, now = change.invite_link.invite_link, datetime.now(UTC)
            await ways_in.used(self.services, url, user, now=now)

    async def asked_to_come_in(self, request: ChatJoinRequest) -> None:
        """Let in who was in by a member's link; of anybody else the group's own people decide."""
        is_known = await ways_in.is_known(
            self.services,
            chat=NAME,
            place=self.bot_id,
            channel=str(request.chat.id),
            user_id=str(request.from_user.id),
        )
        if is_known:
            await quietly(request.approve())

    async def moved(self, old: str, new: str) -> None:
        """A group became a supergroup, which has another id."""
        followed = await channels.moved(
            self.services, chat=NAME, place=self.bot_id, old=old, new=new, now=datetime.now(UTC)
        )
        log.info("telegram.moved", was_announcing=followed)
