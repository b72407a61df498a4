"""Files that people drop into their messages with the app, or put into a form, fetched from Slack.

A file is fetched with the bot's token, so only from Slack itself, and no redirect is followed.
Source: https://docs.slack.dev/reference/objects/file-object
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats.dropped import MOST, Dropped, NotFetched, too_big
from bot.chats.slack.speaking import TROUBLES, reason

_PATIENCE = aiohttp.ClientTimeout(total=30)  # seconds for 5 MB
_CHUNK = 64 * 1024  # bytes
_MAY_NOT = {302, 401, 403}  # 302: to Slack's own login page
_NO_RIGHT = (
    "I may not read files in this workspace yet. Whoever runs Porchlight has to paste the new "
    "manifest (“porchlight slack-manifest”) and install the app again."
)
_ELSEWHERE = "“{name}” does not lie at Slack, so I cannot read it. Drop the file itself here."
_AWAY = "Slack did not give me “{name}” just now. Nothing was done; please drop it once more."

log = structlog.get_logger()
Json = Mapping[str, Any]


async def lying(client: AsyncWebClient, files: Sequence[Json]) -> list[Dropped]:
    """The files that came with a message or a form; those that were deleted are none."""
    known = [await _known(client, file) for file in files]
    return [_dropped(client, file) for file in known if file.get("mode") != "tombstone"]


async def _known(client: AsyncWebClient, file: Json) -> Json:
    """What Slack says of a file; of one from another organisation it does so only when asked."""
    if file.get("file_access") != "check_file_info":
        return file
    try:
        found: Json = (await client.files_info(file=file["id"]))["file"]
    except TROUBLES as error:
        log.warning("slack.file_not_given", error=reason(error))
        return file
    return found


def _dropped(client: AsyncWebClient, file: Json) -> Dropped:
    name = str(file.get("name") or "file")

    async def fetch() -> bytes:
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        if not _is_slacks(url, client.base_url):
            raise NotFetched((_ELSEWHERE if url else _AWAY).format(name=name))
        try:
            return await _read(client, url, name)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("slack.file_not_given", error=type(error).__name__)
            raise NotFetched(_AWAY.format(name=name)) from None

    return Dropped(name, str(file.get("mimetype") or ""), int(file.get("size") or 0), fetch)


def _is_slacks(url: str, api: str) -> bool:
    """Whether the address is of the house that the API is of: files.slack.com for slack.com."""
    try:
        there, ours = urlsplit(url), urlsplit(api)
        is_same = _door(there) == _door(ours)
    except ValueError:
        return False
    host, home = there.hostname or "", ours.hostname or ""
    return is_same and (host == home or host.endswith(f".{home}"))


def _door(address: SplitResult) -> tuple[str, int | None]:
    return address.scheme, address.port


async def _read(client: AsyncWebClient, url: str, name: str) -> bytes:
    """The content, as far as it is not too much. Raises: NotFetched, ClientError, TimeoutError."""
    headers = {"Authorization": f"Bearer {client.token}"}
    assert client.session is not None  # ours, which `SlackChat` gave it
    async with client.session.get(
        url, headers=headers, allow_redirects=False, timeout=_PATIENCE
    ) as answer:
        if answer.status != 200:
            log.warning("slack.file_not_given", status=answer.status)
            words = _NO_RIGHT if answer.status in _MAY_NOT else _AWAY.format(name=name)
            raise NotFetched(words)
        content = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > MOST:
                raise too_big(name)
        return bytes(content)
