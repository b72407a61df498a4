"""Files that people drop into a chat: which are taken, from whom, and what one means without words.

A file is fetched from its platform only for somebody who leads, and only into memory.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from bot.community import actors
from bot.community.errors import Refusal
from bot.messages import Call, File, Reply
from bot.ports import Answer, Services
from storage.database import DatabaseAway

MOST = 5 * 1024**2  # bytes of all files of a call: 50,000 lines of a roster have 3 MB
WHAT_FOR = (
    "I can read two kinds of files: a table with addresses as CSV, which `/roster import` takes, "
    "and a picture for your logo as PNG or JPEG, which `/community logo` takes. Send the file once "
    "more, with these words. A spreadsheet must be saved as CSV before."
)
_ROSTER = "/roster import"  # what a table means by itself
_FOR_FILES = (_ROSTER, "/community logo")
_TABLE_NAMES = {".csv", ".tsv", ".txt"}
_TABLE_TYPES = {"text/csv", "text/tab-separated-values", "text/plain"}


class NotFetched(Exception):
    """The platform did not give a file."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words  # for who dropped it


def too_big(name: str) -> NotFetched:
    """Why a file is not taken that is larger than `MOST`."""
    return NotFetched(f"“{name}” is too big: I take files up to 5 MB. Nothing was done.")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as its platform tells of it."""

    name: str
    media_type: str
    size: int  # bytes; 0: not told
    fetch: Callable[[], Awaitable[bytes]]  # at most `MOST`. Raises: NotFetched


def held(file: File) -> Dropped:
    """A file that came with its content."""

    async def fetch() -> bytes:
        return file.content

    return Dropped(file.name, file.media_type, len(file.content), fetch)


def meant(words: str, dropped: Sequence[Dropped]) -> str:
    """The command that is meant by files with these words; empty when it cannot be told.

    What is no command says nothing, so that a file may come with a friendly word.
    """
    said = words.strip()
    if said.startswith("/"):
        return said
    if any(_begins(f"/{said}", command) for command in _FOR_FILES):
        return f"/{said}"
    return _ROSTER if any(map(_is_table, dropped)) else ""


def _begins(said: str, command: str) -> bool:
    return f"{said} ".lower().startswith(f"{command} ")


def _is_table(dropped: Dropped) -> bool:
    media_type = dropped.media_type.partition(";")[0].strip().lower()
    return PurePath(dropped.name).suffix.lower() in _TABLE_NAMES or media_type in _TABLE_TYPES


async def answered(
    services: Services, answer: Answer, call: Call, dropped: Sequence[Dropped]
) -> Reply:
    """The answer to a call that came with files.

    Takes: call, whose text is empty when nobody knows what is meant.
    Touches: storage, reading; the network, for somebody who leads.
    """
    if not dropped:
        return await answer(call)
    if not await _leads(services, call):
        return await answer(replace(call, text=call.text or "/help"))
    if not call.text:
        return Reply(WHAT_FOR)
    try:
        return await answer(replace(call, files=await _fetched(dropped)))
    except NotFetched as trouble:
        return Reply(trouble.words)


async def _leads(services: Services, call: Call) -> bool:
    try:
        await actors.actor_of(services, call)
    except (Refusal, DatabaseAway):  # the answer says it
        return False
    return True


async def _fetched(dropped: Sequence[Dropped]) -> tuple[File, ...]:
    """All of them. Raises: NotFetched, also for too much."""
    files: list[File] = []
    left = MOST
    for one in dropped:
        content = await one.fetch() if one.size <= left else b""
        if max(one.size, len(content)) > left:
            raise too_big(one.name)
        left -= len(content)
        files.append(File(one.name, one.media_type, content))
    return tuple(files)
