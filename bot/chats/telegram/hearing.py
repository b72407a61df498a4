"""Hearing in Telegram: what people write and press becomes a `Call`; its `Reply` is shown.

Everything is heard once however often Telegram repeats it. In a group nothing is shown that is not
everybody's: the answer goes to the speaker in private, and the group reads where it went.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from telegram import CallbackQuery, Message, Update, User
from telegram.constants import ChatType
from telegram.ext import ExtBot

from bot.chats.dropped import Dropped, answered, meant
from bot.chats.handed import not_taken
from bot.chats.telegram import files, forms, keyboards, links, people
from bot.chats.telegram.calls import (
    NAME,
    Spoken,
    call,
    channel_of,
    completed,
    spoken,
    text_of,
)
from bot.chats.telegram.files import Told
from bot.chats.telegram.keyboards import Key, keys
from bot.chats.telegram.memberships import Memberships
from bot.chats.telegram.menus import Menus
from bot.chats.telegram.speaking import Speaker, quietly
from bot.chats.telegram.talking import Talking
from bot.community import channels
from bot.messages import Call, Reply
from bot.ports import Answer, ChatDown, ChatRefused, Services
from storage import heard
from storage.database import DatabaseAway

_OURS = {"start", "settings", "cancel"}  # commands that are Telegram's custom, and ours here
_PUBLIC = {"announce", "help", "start"}  # answered in a group: nobody's address can be in it
_DRAWS = {"passes"}  # commands that may take a while and give a file

_FULL = 4000  # UTF-16 units: apps cut what is longer than 4,096, at a line's end near that
_IN_PRIVATE = "I answered you in private."
_START_FIRST = "That is not for everybody's eyes. Press the button, then say it there."
_ANONYMOUS = "You write as the group, so I cannot tell who you are. Write as yourself, please."
_AWAY = "The database does not answer just now. Please try again shortly."
_CUT = "Telegram cuts long messages, so a part may be missing. Nothing was done: send less at once."
_OVER = "That question is over."
_NOT_IN_GROUPS = (
    "Everybody in a group can read its files, so I take none there. Send it to me here, please."
)
_NOTHING_ASKED = "There is nothing to cancel."
_STOPPED = "Cancelled."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hearing:
    """The ear of one bot."""

    services: Services
    answer: Answer
    bot: ExtBot[int]
    speaker: Speaker
    talking: Talking
    memberships: Memberships
    menus: Menus
    bot_id: str
    commands: frozenset[str]  # all that leaders can say, by name

    async def hear(self, update: Update) -> None:
        """Take one update, unless it was taken before. Raises: DatabaseAway, before anything."""
        key = f"{NAME}:{self.bot_id}:{update.update_id}"
        if not await self.services.storage.write(heard.once, key, now=datetime.now(UTC)):
            return
        try:
            with self.services.door.answering():  # so that the answer stands above its receipt
                await self._take(update)
        except DatabaseAway:  # only the place in a conversation was to be read or kept
            log.warning("telegram.database_away")
            await self._sorry(update)
        except (ChatDown, ChatRefused) as error:
            log.warning("telegram.not_answered", error=type(error).__name__)

    async def _sorry(self, update: Update) -> None:
        """Tell who spoke that it was in vain."""
        if update.effective_user is not None:
            try:
                await self.speaker.say(str(update.effective_user.id), _AWAY)
            except (ChatDown, ChatRefused) as error:
                log.warning("telegram.not_answered", error=type(error).__name__)

    async def _take(self, update: Update) -> None:
        if update.callback_query is not None:
            await self._pressed(update.callback_query)
        elif update.my_chat_member is not None:
            await self.memberships.changed(update.my_chat_member)
        elif update.chat_member is not None:
            await self.memberships.came_in(update.chat_member)
        elif update.chat_join_request is not None:
            await self.memberships.asked_to_come_in(update.chat_join_request)
        elif update.message is not None:
            await self._said(update.message)

    # Messages

    async def _said(self, message: Message) -> None:
        if message.migrate_to_chat_id is not None:
            await self.memberships.moved(str(message.chat_id), str(message.migrate_to_chat_id))
        user = message.from_user
        if user is None or (user.is_bot and message.sender_chat is None):
            return
        if message.chat.type == ChatType.PRIVATE:
            await self._in_private(message, user)
        elif message.text is not None or message.caption is not None:
            await self._in_group(message, user)

    async def _in_private(self, message: Message, user: User) -> None:
        own, (text, named) = str(user.id), text_of(message)
        language = await people.language_of(self.services, user)
        if not text and message.effective_attachment is None:
            return  # a service message: pinned, a call, a theme
        if len((message.text or "").encode("utf-16-le")) >= 2 * _FULL:
            await self.speaker.say(own, _CUT)
            return
        if (file := files.told(message)) is not None:
            await self._brought(user, file, text, named)
            return
        command = spoken(text)
        if command is not None and command.name == "cancel":
            was_asked = await self.talking.end(own)
            await self.speaker.say(own, _STOPPED if was_asked else _NOTHING_ASKED)
            return
        if command is None:
            await self._without_command(user, text)
            return
        await self.talking.end(own)  # a command goes before a question
        if command.name == "start" and (page := links.sign_up_page(self.services, command.rest)):
            await self.speaker.say(own, *links.way_in(self.services, page, language))
            return
        said, named = completed(command.text, named, message)
        more = (links.to_group(self.bot),) if command.name == "start" else ()
        await self._do(call(self.bot_id, user, said, channel=own, people=named), more)
        if command.name == "start":  # they may have blocked the bot, and be back
            where = {"chat": NAME, "place": self.bot_id, "user_id": own, "channel": own}
            await channels.opened_again(self.services, **where)

    async def _without_command(self, user: User, text: str) -> None:
        own = str(user.id)
        talk = await self.talking.now(own)
        if talk is None:
            await self._do(call(self.bot_id, user, "/help", channel=own))
        else:
            await self._go_on(user, talk.form.call, forms.typed(talk, text))

    async def _brought(self, user: User, file: Told, text: str, named: dict[str, str]) -> None:
        """Somebody sent a file: the answer to a question, or a command of its own."""
        own, command = str(user.id), spoken(text)
        talk = await self.talking.now(own)
        if talk is not None and talk.field.kind == "file" and command is None:
            await self._go_on(user, talk.form.call, forms.brought(talk, file))
            return
        await self.talking.end(own)
        lying = (files.dropped(self.bot, file),)
        said = meant(command.text if command is not None else text, lying)
        asked = call(self.bot_id, user, said, channel=own, people=named)
        await self._do(asked, lying=lying)

    async def _in_group(self, message: Message, user: User) -> None:
        text, named = text_of(message)
        command = spoken(text)
        if command is None or not self._is_for_us(command):
            return
        channel, below = channel_of(message), f"{message.chat_id}:{message.message_id}"
        if message.sender_chat is not None:
            await self._tell_group(channel, _ANONYMOUS, below, link=False)
            return
        if files.told(message) is not None:
            await self._not_here(str(user.id), channel, below)
            return
        said, named = completed(command.text, named, message)
        asked = call(self.bot_id, user, said, channel=channel, people=named)
        asked = replace(asked, channel_name=message.chat.title or "")
        if _is_public(command, said):
            reply = await self.answer(asked)
            await self._tell_group(channel, reply.text, below, link=bool(reply.buttons))
            await self.menus.follow(said)
        elif await self.speaker.reaches(str(user.id)):
            await self.talking.end(str(user.id))
            await self._do(asked)
            await self._tell_group(channel, _IN_PRIVATE, below, link=False)
        else:
            await self._tell_group(channel, _START_FIRST, below, link=True)

    async def _not_here(self, own: str, channel: str, below: str) -> None:
        """Everybody in a group can read its files, so a roster is safe in private only."""
        if not await self.speaker.reaches(own):
            await self._tell_group(channel, _START_FIRST, below, link=True)
            return
        await self.speaker.say(own, _NOT_IN_GROUPS)
        await self._tell_group(channel, _IN_PRIVATE, below, link=False)

    def _is_for_us(self, command: Spoken) -> bool:
        """Other bots are told the same commands; a name that is ours is answered."""
        if command.bot:
            return command.bot == self.bot.username.lower()
        return command.name in self.commands | _OURS

    async def _tell_group(self, channel: str, text: str, below: str, *, link: bool) -> None:
        shown = (links.to_private(self.bot),) if link else ()
        await self.speaker.say(channel, text, shown, below=below)

    # Buttons

    async def _pressed(self, query: CallbackQuery) -> None:
        data, user, own = query.data or "", query.from_user, str(query.from_user.id)
        if data.startswith(keyboards.FORM):
            await self._answered(query, data)
            return
        where, text = keyboards.unpacked(data)
        is_open = query.message is not None and query.message.chat.type != ChatType.PRIVATE
        if is_open and not await self.speaker.reaches(own):
            await quietly(query.answer(_START_FIRST, show_alert=True))
            return
        await quietly(query.answer())
        asked = call(self.bot_id, user, text, channel=where or own)
        if where:
            asked = replace(asked, channel_name=await self.speaker.title_of(where))
        await self._do(asked)
        if data.startswith(keyboards.SETTLES):
            await quietly(query.edit_message_reply_markup(None))

    async def _answered(self, query: CallbackQuery, data: str) -> None:
        """Somebody answered a form's question by a button."""
        own = str(query.from_user.id)
        talk = await self.talking.now(own)
        said = forms.pressed(talk, data) if talk is not None else None
        is_stop = talk is not None and forms.is_stop(talk, data)
        await quietly(query.answer(_OVER if said is None and not is_stop else None))
        await quietly(query.edit_message_reply_markup(None))
        if is_stop:
            await self.talking.end(own)
            await self.speaker.say(own, _STOPPED)
        elif talk is not None and said is not None:
            await self._go_on(query.from_user, talk.form.call, said)

    async def _go_on(self, user: User, form_call: str, said: forms.Said) -> None:
        fields = await self.talking.go_on(str(user.id), said)
        if fields is not None:
            brought = forms.files_of(said.talk.form, fields)
            names = {name: file.name for name, file in brought.items()}
            asked = call(self.bot_id, user, form_call, channel=str(user.id))
            lying = [files.dropped(self.bot, file) for file in brought.values()]
            await self._do(replace(asked, fields=fields | names), lying=lying)

    # Answers

    async def _do(
        self, asked: Call, more: tuple[Key, ...] = (), *, lying: Sequence[Dropped] = ()
    ) -> None:
        """Do what was asked, and show the speaker alone what came of it.

        Takes: more, buttons to add to those of the answer, if it has any; lying, the files that
        came with the call.
        """
        if asked.text.partition(" ")[0].removeprefix("/") in _DRAWS:
            await self.speaker.is_uploading(asked.private)
        reply = await answered(self.services, self.answer, asked, lying)
        await self._show(asked.private, reply, more)
        await self.menus.follow(asked.text)

    async def _show(self, own: str, reply: Reply, more: tuple[Key, ...]) -> None:
        shown = (*keys(reply.buttons), *(more if reply.buttons else ()))
        if reply.files:
            try:
                await self.speaker.hand_over(own, reply.files, reply.text, shown)
            except (ChatDown, ChatRefused) as error:
                log.warning("telegram.file_not_taken", error=type(error).__name__)
                words = not_taken("Telegram", reply.files)
                await self.speaker.say(own, f"{reply.text}\n{words}", shown)
        elif reply.form is None:
            await self.speaker.say(own, reply.text, shown)
        elif shown:
            await self.speaker.say(own, reply.text, shown)
            await self.talking.begin(own, reply.form, reply.form.title)
        else:
            await self.talking.begin(own, reply.form, reply.text)


def _is_public(command: Spoken, text: str) -> bool:
    return command.name in _PUBLIC or text.split()[:2] == ["/leaders", "claim"]
