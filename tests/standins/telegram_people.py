"""What people do on Telegram: they write, press, come, go, and ask to come in."""

import io
import mimetypes
import secrets
import time
from typing import Any

from PIL import Image

from tests.standins.telegram_hearing import pieces, rewrite, write
from tests.standins.telegram_payloads import (
    changed_json,
    chat_json,
    link_json,
    message_json,
    user_json,
)
from tests.standins.telegram_places import admit, change_member, menu
from tests.standins.telegram_world import (
    INSIDE,
    Chat,
    InviteLink,
    Json,
    Message,
    Query,
    Status,
    User,
    World,
)

_REACHABLE = 300.0  # seconds in which a bot may write to somebody who asks to join


class CannotPress(Exception):
    """The button does not ask the bot anything: it opens or copies something."""


class CannotJoin(Exception):
    """The invite link lets nobody in."""


class People(World):
    """The people, and what they can do."""

    # Writing

    async def say(
        self,
        user: User,
        chat: Chat | User,
        text: str,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
        hidden: bool = False,
    ) -> Message:
        """Write a message, in a group or in the private chat with the bot. Gives it.

        A long text goes in several, as the apps do it, and the first is given. `hidden`: by an
        administrator who appears as the group.
        """
        place = self._joined(user, chat)
        author = self.anonymous if hidden else user
        facts: Json = {"thread": thread, "for_group": hidden}
        first, *more = pieces(text)
        message = write(self, place, author, first, reply_to=reply_to, **facts)
        for piece in more:
            write(self, place, author, piece, **facts)
        return message

    async def edit(self, user: User, message: Message, text: str) -> None:
        """Change what one has written."""
        assert message.author is user
        rewrite(self, message, text)

    async def start(self, user: User, payload: str = "") -> Message:
        """Open the chat with the bot and press Start, perhaps by a link with a payload."""
        if user.blocked:
            await self.unblock(user)
        user.started = True
        return write(self, self.private(user), user, f"/start {payload}".strip())

    async def send_file(
        self, user: User, chat: Chat | User, name: str, content: bytes, *, caption: str = ""
    ) -> Message:
        """Send a document."""
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = self.keep(name, content, media_type)
        return write(self, self._joined(user, chat), user, caption, document=file)

    async def send_photo(
        self, user: User, chat: Chat | User, content: bytes, *, caption: str = ""
    ) -> Message:
        """Send a picture, of which Telegram makes a JPEG without a name."""
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
        photo = self.keep("", content, "image/jpeg", width=width, height=height)
        return write(self, self._joined(user, chat), user, caption, photo=photo)

    async def press(self, user: User, message: Message, label: str) -> str:
        """Press a button by its words. Gives the id of the callback query.

        Raises: LookupError when there is no such button now; CannotPress when it is a link or
        copies something.
        """
        self._joined(user, message.chat)
        buttons = [each for row in message.keyboard for each in row if each["text"] == label]
        if not buttons or message not in self.messages:
            raise LookupError(f"no button {label!r} in {message.labels}")
        if "callback_data" not in buttons[0]:
            raise CannotPress(label)
        name = str(secrets.randbits(62))
        self.queries[name] = Query(user, time.monotonic() + self.query_lifetime)
        self.tell("callback_query", self._pressed(name, user, message, buttons[0]))
        return name

    def menu(self, user: User, chat: Chat | User) -> dict[str, str]:
        """The commands that somebody is offered after typing "/" somewhere."""
        return menu(self, user, self.private(chat) if isinstance(chat, User) else chat)

    def _pressed(self, name: str, user: User, message: Message, button: Json) -> Json:
        return {
            "id": name,
            "from": user_json(user),
            "message": message_json(message),
            "chat_instance": str(message.chat.id),
            "data": button["callback_data"],
        }

    def _joined(self, user: User, chat: Chat | User) -> Chat:
        """Where somebody is, or their private chat, where they must have started the bot."""
        place = self.private(chat) if isinstance(chat, User) else chat
        if place.private:
            assert place.user is user, "a private chat is of one person alone"
            assert user.started, "they must start the bot first"
            assert not user.blocked, "they have blocked the bot"
        else:
            assert place.members.get(user.id) in INSIDE, "they are not in this group"
        assert place.migrated_to is None, "this group is a supergroup now"
        return place

    # The bot comes and goes

    async def add_bot(
        self, user: User, group: Chat, *, admin: bool = False, payload: str = ""
    ) -> None:
        """Add the bot to a group, perhaps by a `startgroup` link with a payload."""
        change_member(self, group, user, self.bot, "administrator" if admin else "member")
        self._happened(group, user, new_chat_members=[user_json(self.bot)])
        if payload:
            write(self, group, user, f"/start@{self.bot.username} {payload}")

    async def remove_bot(self, user: User, group: Chat) -> None:
        """Throw the bot out of a group."""
        change_member(self, group, user, self.bot, "kicked")

    async def promote_bot(self, user: User, group: Chat, *, admin: bool = True) -> None:
        """Make the bot an administrator, or no longer."""
        change_member(self, group, user, self.bot, "administrator" if admin else "member")

    async def block(self, user: User) -> None:
        """Stop and block the bot."""
        user.blocked = True
        self._private_status(user, "member", "kicked")

    async def unblock(self, user: User) -> None:
        """Let the bot write again."""
        user.blocked = False
        self._private_status(user, "kicked", "member")

    def _private_status(self, user: User, old: Status, new: Status) -> None:
        date = int(time.time())
        told = changed_json(self.private(user), user, self.bot, old, new, date=date)
        self.tell("my_chat_member", told)

    # People come and go

    async def join(self, user: User, url: str) -> None:
        """Come into a group by an invite link. Raises CannotJoin."""
        link = self._open_link(user, url)
        if link.creates_join_request:
            raise CannotJoin("an administrator must agree first")
        admit(self, link, user)

    async def ask_to_join(self, user: User, group: Chat, url: str) -> None:
        """Ask to be let into a group, by an invite link that wants that. Raises CannotJoin."""
        link = self._open_link(user, url)
        assert link.chat is group
        if not link.creates_join_request:
            raise CannotJoin("this link asks nobody")
        self.requests[group.id, user.id] = link
        user.reachable_until = time.monotonic() + _REACHABLE
        if group.members.get(self.bot.id) == "administrator":
            asked = {"from": user_json(user), "user_chat_id": user.id, "date": int(time.time())}
            told = {"chat": chat_json(group), "invite_link": link_json(self, link), **asked}
            self.tell("chat_join_request", told)

    async def leave(self, user: User, group: Chat) -> None:
        """Leave a group."""
        change_member(self, group, user, user, "left")
        self._happened(group, user, left_chat_member=user_json(user))

    def _open_link(self, user: User, url: str) -> InviteLink:
        link = self.links[url]
        expired = link.expire_date is not None and link.expire_date <= time.time()
        full = link.member_limit is not None and link.used >= link.member_limit
        if link.revoked or expired or full:
            raise CannotJoin("this invite link has expired")
        if link.chat.members.get(user.id) in INSIDE | {"kicked"}:
            raise CannotJoin("they are in the group already, or banned from it")
        return link

    # Groups change

    async def rename(self, group: Chat, title: str) -> None:
        """Give a group a new title."""
        group.title = title
        self._happened(group, self._owner(group), new_chat_title=title)

    async def migrate(self, group: Chat) -> int:
        """The group becomes a supergroup. Gives its new id; the old one only points there."""
        assert group.kind == "group"
        assert group.migrated_to is None
        new = Chat(self.new_chat_id(supergroup=True), "supergroup", group.title)
        new.members, new.migrated_from = dict(group.members), group.id
        self.chats[new.id] = new
        owner = self._owner(group)
        self._happened(group, owner, migrate_to_chat_id=new.id)
        self._happened(new, owner, migrate_from_chat_id=group.id)
        group.migrated_to = new.id
        return new.id

    def _owner(self, group: Chat) -> User:
        for user_id, status in group.members.items():
            if status == "creator":
                return self.users[user_id]
        raise LookupError(f"nobody owns {group.title}: give it members")

    def _happened(self, group: Chat, by: User, **service: Any) -> None:
        write(self, group, by, service=service)
