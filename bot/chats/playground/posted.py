"""What the page and scripts post, read and checked: JSON, and files in it as base64."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.chats.playground.chat import LEADER, PORCH, SPEAKER_NAME
from bot.messages import File

_BODY = 128 * 1024  # bytes: a paste of 1,000 addresses is 40 KB
_BODY_WITH_FILES = 7 * 1024**2  # bytes: 5 MB of files are 6.7 MB as base64
_LONGEST_NAME = 255  # characters of a file's
_PERSON = re.compile(r"[^\W_][\w-]{0,30}")  # who can be mentioned by an @
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}")


@dataclass(frozen=True, slots=True)
class Posted:
    """What somebody says by the API."""

    text: str
    fields: dict[str, str]
    channel: str
    files: tuple[File, ...]
    by: str


async def call(request: Request) -> Posted:
    """A call. Raises: HTTPException, with a sentence."""
    said = await json_object(request, most=_BODY_WITH_FILES)
    files = _files(said.pop("files", None) or [])
    if len(json.dumps(said).encode()) > _BODY:
        raise HTTPException(413, "That is too much at once. Please send it in parts.")
    text, fields = said.get("text", ""), said.get("fields") or {}
    if not isinstance(text, str) or not (text.strip() or files):
        raise HTTPException(422, 'Say something: {"text": "/help"}.')
    if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
        raise HTTPException(422, "The fields of a form are texts by name.")
    channel, by = said.get("channel", LEADER), said.get("as", SPEAKER_NAME)
    if channel not in (LEADER, PORCH):
        raise HTTPException(422, "The channel is leader or announcements.")
    if files and channel != LEADER:
        raise HTTPException(422, "Files go to the leader's own chat: everybody reads the channel.")
    if by != SPEAKER_NAME and not (isinstance(by, str) and _PERSON.fullmatch(by)):
        raise HTTPException(422, 'Somebody else has one word as a name: {"as": "Sam"}.')
    return Posted(text.strip(), fields, channel, files, by)


async def json_object(request: Request, *, most: int = _BODY) -> dict[str, Any]:
    """The body, of so many bytes at most. Raises: HTTPException."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, "That is too much at once. Please send it in parts.")
    try:
        said = json.loads(body)
        json.dumps(said, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise HTTPException(400, "That is not JSON.") from None
    if not isinstance(said, dict):
        raise HTTPException(400, "Please send a JSON object.")
    return said


def _files(given: object) -> tuple[File, ...]:
    if not isinstance(given, list):
        raise _no_file()
    return tuple(map(_file, given))


def _file(given: object) -> File:
    match given:
        case {"name": str(name), "content": str(content), **more} if name.strip():
            media_type = more.get("type")
        case _:
            raise _no_file()
    try:
        inside = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise _no_file() from None
    is_known = isinstance(media_type, str) and _TYPE.fullmatch(media_type)
    return File(
        name[:_LONGEST_NAME], str(media_type) if is_known else "application/octet-stream", inside
    )


def _no_file() -> HTTPException:
    shape = '{"name": "people.csv", "type": "text/csv", "content": "<base64>"}'
    return HTTPException(422, f"A file looks like this: {shape}.")
