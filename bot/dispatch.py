"""From a call to a reply: find the command, check the leader, run it, put errors into words."""

import difflib
import secrets
from collections.abc import Awaitable
from datetime import UTC, datetime

import structlog

from bot.commands import COMMANDS
from bot.commands.base import Command, Misused, Said, usages
from bot.community import actors, binding, using
from bot.community.errors import Refusal
from bot.messages import Button, Call, Reply
from bot.ports import CannotPrint, Services
from storage.database import DatabaseAway

_BY_NAME = {command.name: command for command in COMMANDS}

log = structlog.get_logger()


async def answer(services: Services, call: Call) -> Reply:
    """What to say back. Never raises: whatever goes wrong is put into words."""
    with services.door.answering():
        return await _answer(services, call)


async def _answer(services: Services, call: Call) -> Reply:
    text, meant = binding.read(call.text)
    name, rest = _split(text)
    said = Said(rest, call.fields, call.people, call.files)
    return await _in_words(_heard(services, call, name, said, meant), name)


async def _heard(services: Services, call: Call, name: str, said: Said, meant: int | None) -> Reply:
    """Do it if a leader says so. The one place where rights are checked, at every call."""
    now, command = datetime.now(UTC), _BY_NAME.get(name)
    try:
        actor = await actors.actor_of(services, call, meant=meant)
    except actors.Stranger as refusal:
        if command is None or command.stranger is None:
            raise
        return await command.stranger(services, call, said, refusal, now=now)
    if command is None:
        return binding.reply(_unknown(name), actor)
    reply = await _in_words(command.run(services, actor, said, now=now), name)
    # As the member they are, in whichever community: not as the leader of one.
    return reply if command.for_members else binding.reply(reply, actor)


async def _in_words(doing: Awaitable[Reply], name: str) -> Reply:
    """The reply, or why there is none."""
    try:
        return await doing
    except Misused as misused:
        return Reply(f"{misused.words}\n{usages(_BY_NAME[name])}")
    except actors.AskWhich as refusal:
        return Reply(refusal.words, using.ways(refusal.led))
    except Refusal as refusal:
        return Reply(refusal.words)
    except CannotPrint as problem:
        return Reply(problem.words)
    except DatabaseAway:
        log.warning("dispatch.database_away", command=name)
        return Reply("The database does not answer just now. Nothing was done; try again shortly.")
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("dispatch.failed", command=name, reference=reference)
        return Reply(f"Something went wrong on our side. Please tell your operator: {reference}.")


def _split(text: str) -> tuple[str, str]:
    first, *rest = text.strip().split(maxsplit=1)[:2] or [""]
    return first.removeprefix("/").lower(), rest[0] if rest else ""


def _unknown(name: str) -> Reply:
    near = difflib.get_close_matches(name, list(_BY_NAME), n=1)
    if near:
        command: Command = _BY_NAME[near[0]]
        return Reply(f"Did you mean `/{near[0]}`?\n{usages(command)}")
    return Reply(
        "I did not understand that. `/help` shows what you can say.",
        (Button("Help", "/help"), Button("Invite members", "/invite", "primary")),
    )
