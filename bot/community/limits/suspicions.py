"""Suspicions: what costs money or a good name is held until a leader says that it is right.

Texts to a row of numbers abroad are how strangers earn on other people's telephone bills; letters
that fail one after the other spoil the name of who sends them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import phonenumbers
import structlog
from sqlmodel import Session

from bot.community.actors import Actor
from bot.community.contacts import Contact
from storage import quotas, troubles
from storage.tables import Community

_BLOCK = 4  # last digits of a number: those before them are a block's own
_ALIKE = 4  # numbers of one block
_WITHIN = timedelta(hours=1)
_FRAUD = (
    "Held: several numbers that differ in the last digits alone, abroad, look like a fraud on the "
    "telephone bill. If you know these people, say `/invites go-on`."
)

log = structlog.get_logger()


def block_of(number: str, community_id: int) -> str:
    """How the trouble of a block of numbers is called."""
    return f"text/{community_id}/{number[:-_BLOCK]}"


def look(
    session: Session, actor: Actor, community: Community, to: Sequence[Contact], *, now: datetime
) -> None:
    """Hold texts to a row of numbers abroad, unless a leader has just let such ones go.

    Touches: storage, the trouble of each such block.
    """
    abroad = {contact.address for contact in to if _is_abroad(contact.address, community.region)}
    if not abroad:
        return
    asked = quotas.numbers_asked(session, community.id, since=now - _WITHIN) | abroad
    alike = Counter(number[:-_BLOCK] for number in asked)
    for block in sorted({number[:-_BLOCK] for number in abroad}):
        lane = f"text/{community.id}/{block}"
        looked_at = troubles.went_on_at(session, lane)
        is_known = looked_at is not None and now - looked_at < _WITHIN
        if alike[block] >= _ALIKE and not is_known:
            troubles.begin(session, lane, code="fraud", words=_FRAUD, now=now)
            log.error(
                "suspicions.numbers_in_a_row", community=community.id, leader=actor.leader_id,
                count=alike[block],
            )  # fmt: skip


def _is_abroad(number: str, region: str) -> bool:
    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) != region
