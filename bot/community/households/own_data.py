"""Own data: everything we hold about a member, in one file that they can take with them.

Of others it holds no more than the names of their household.
Source: https://eur-lex.europa.eu/eli/reg/2016/679/oj (articles 15 and 20).
"""

import json
from datetime import datetime
from typing import Any

from bot.community.households import NotAMember
from bot.messages import File
from bot.ports import Services
from storage import own_data

_ABOUT = (
    "Everything {community} keeps about you here. Moments are in UTC. "
    "To have it erased, leave your household on its page, or ask a leader."
)
_WITHOUT_PROOF = (
    " What is kept under your e-mail address or number alone, such as earlier invitations, is left "
    "out: for that, open your household page by a link that we send there, then ask again."
)


async def file(
    services: Services, member_id: int, *, proved: bytes | None = None, now: datetime
) -> File:
    """The file, also for a member who is suspended.

    Takes: proved, the key of the contact that whoever asks has shown to be theirs.
    Raises: NotAMember.
    """
    found = await services.storage.read(own_data.of, member_id, proved=proved)
    if found is None:
        raise NotAMember
    about = _ABOUT.format(community=found["community"]["name"])
    if proved is None:
        about += _WITHOUT_PROOF
    content = {"about": about, "made_at": now, **found}
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
    name = f"my-data-{found['community'].pop('slug')}-{now:%Y-%m-%d}.json"
    return File(name, "application/json", text.encode())


def _plain(value: Any) -> str:
    """A moment, as people and programs read it."""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
