"""`/announce`: where joins are announced."""

from datetime import datetime

from bot.commands.base import Command, Misused, Said
from bot.community import communities
from bot.community.actors import Actor
from bot.messages import Reply, Usage
from bot.ports import ChatDown, ChatRefused, Services, TriesOut


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Announce joins here, or nowhere."""
    word, _ = said.split()
    match word:
        case "here":
            if why := await _why_not(services, actor):
                return Reply(why)
            await communities.announce_in(services, actor, actor.channel, now=now)
            return Reply("From now on I announce here who joins.")
        case "off":
            await communities.announce_in(services, actor, None, now=now)
            return Reply("Joins are no longer announced. `/announce here` starts it again.")
        case _:
            raise Misused("Say `/announce here` in the channel where joins should be announced.")


async def _why_not(services: Services, actor: Actor) -> str:
    """Why the chat would not take an announcement here; empty when it does, or cannot tell."""
    chat = services.chats.get(actor.chat)
    if isinstance(chat, TriesOut):
        try:
            await chat.try_out(actor.channel, private=actor.private)
        except ChatRefused as refused:
            return f"I cannot announce here yet. {refused.words}"
        except ChatDown:
            return ""
    return ""


ANNOUNCE = Command(
    name="announce",
    summary="Choose the channel where joins are announced",
    usages=(
        Usage("/announce here", "announces joins in the channel where you say it"),
        Usage("/announce off", "stops announcing joins"),
    ),
    run=handle,
)
