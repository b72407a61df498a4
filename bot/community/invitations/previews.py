"""All doubts before the first effect: what would become of each address a leader pasted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from bot.community import contacts, labels, limits
from bot.community.actors import Actor
from bot.community.contacts import BadContact, Contact, Way
from bot.community.errors import Refusal
from bot.ports import Services
from storage import communities, drafts, invitations, members, suppressions
from storage.tables import Community, Draft

_NO_TEXTS = "could not get texts lately: a landline, or not in use. Check the number."

Verdict = Literal[
    "good", "slip", "repeat", "invited", "member", "enough", "opted out", "bounced", "bad"
]
_LONGEST_PASTE = 40_000  # characters: 100 addresses of the longest kind


class TooManyAtOnce(Refusal):
    """That is {count} at once; {limit} are the most. Please send them in parts."""

    status = 422


class TooMuchText(Refusal):
    """That is too much text at once. Please paste the addresses alone, in parts."""

    status = 422


class NothingToSend(Refusal):
    """There is no address in that. Put one or more after the command, in any shape."""

    status = 422


class MediumNotSetUp(Refusal):
    """{why} {others}"""

    status = 409


@dataclass(frozen=True, slots=True)
class Row:
    """One pasted entry and what would become of it."""

    typed: str
    verdict: Verdict
    words: str = ""  # why it would not be sent, or what is odd
    contact: Contact | None = None
    invitation_id: int | None = None  # the open one, when invited already


@dataclass(frozen=True, slots=True)
class Preview:
    """All rows of a paste, in order. Nothing has happened yet."""

    medium: Way
    rows: tuple[Row, ...]
    draft_id: int | None = None  # what *Send* refers to; none when nothing can be sent
    waits: str = ""  # which of the good ones would wait for what, in words

    @property
    def corrected(self) -> int:
        """How many people *Send* reaches with the spelling corrected; a slip may hide a repeat."""
        good = {row.contact.address for row in self.of("good") if row.contact}
        return len(good | {row.contact.suggestion for row in self.of("slip") if row.contact})

    def of(self, verdict: Verdict) -> tuple[Row, ...]:
        """The rows with this verdict."""
        return tuple(row for row in self.rows if row.verdict == verdict)


def require(services: Services, medium: Way) -> None:
    """Raise MediumNotSetUp when letters of this kind cannot leave."""
    if medium == "hand" or medium in services.couriers:
        return
    ways = {"email": "`/invite email`", "text": "`/invite text`"}
    others = [words for name, words in ways.items() if name in services.couriers]
    raise MediumNotSetUp(
        why=services.missing.get(medium, "That way of sending is not set up."),
        others=f"You can use {' or '.join([*others, '`/passes`'])}.",
    )


async def preview(
    services: Services,
    actor: Actor,
    *,
    medium: Way,
    pasted: str,
    group_ids: Sequence[int] = (),
    now: datetime,
) -> Preview:
    """Judge every entry of a paste and keep the good ones as a draft.

    Takes: pasted, one or up to 100 addresses or numbers in any shape; group_ids, of the groups in
    which they will arrive.
    Raises: MediumNotSetUp, NothingToSend, TooManyAtOnce, TooMuchText.
    Touches: storage.
    """
    require(services, medium)
    if len(pasted) > _LONGEST_PASTE:
        raise TooMuchText
    entries = list(contacts.pieces(pasted, medium))
    if not entries:
        raise NothingToSend
    if len(entries) > contacts.LIMIT:
        raise TooManyAtOnce(count=len(entries), limit=contacts.LIMIT)
    return await services.storage.write(
        _judge_all,
        services,
        actor,
        medium=medium,
        entries=entries,
        group_ids=group_ids,
        now=now,
    )


def _judge_all(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    medium: Way,
    entries: Sequence[str],
    group_ids: Sequence[int],
    now: datetime,
) -> Preview:
    community = communities.get(session, actor.community_id)
    spelt = [parsed(services, entry, medium, community) for entry in entries]
    rows = judged(session, services, community, _without_repeats(spelt), now=now)
    good = [row.contact.address for row in rows if row.verdict == "good" and row.contact]
    slips = [[r.contact.address, r.contact.suggestion] for r in rows if _is_slip(r) and r.contact]
    if not good and not slips:
        return Preview(medium, tuple(rows))
    draft = Draft(
        community_id=community.id,
        leader_id=actor.leader_id,
        medium=medium,
        contacts=good,
        slips=slips,
        group_ids=list(group_ids),
        created_at=now,
    )
    to = [row.contact for row in rows if row.verdict == "good" and row.contact]
    ahead = limits.days_ahead(medium)
    waits = limits.forecast(session, services, actor, community, to, now=now, most_days=ahead)
    return Preview(medium, tuple(rows), drafts.add(session, draft).id, waits)


def _is_slip(row: Row) -> bool:
    return row.verdict == "slip"


def parsed(services: Services, entry: str, medium: Way, community: Community) -> Row:
    """One entry as it is spelt: good, bad or a slip of the pen."""
    try:
        contact = contacts.parse_invitee(services, medium, entry, region=community.region)
    except BadContact as bad:
        return Row(entry, "bad", f"{bad.why}.")
    if contact.suggestion:
        return Row(entry, "slip", f"did you mean {contact.suggestion}?", contact)
    return Row(entry, "good", "", contact)


def _without_repeats(rows: Sequence[Row]) -> list[Row]:
    seen: Counter[str] = Counter()
    result = []
    for row in rows:
        address = row.contact.address if row.contact else ""
        seen[address] += bool(address)
        repeated = row.contact is not None and seen[address] > 1
        result.append(
            Row(row.typed, "repeat", "it stands here twice.", row.contact) if repeated else row
        )
    return result


def judged(
    session: Session, services: Services, community: Community, rows: list[Row], *, now: datetime
) -> list[Row]:
    """The same rows, none of them twice, with what storage knows against inviting them."""
    keys = {
        row.contact.key(services.keys): row
        for row in rows
        if row.contact is not None and row.verdict in {"good", "slip"}
    }
    suppressed = suppressions.among(session, keys, now=now)
    joined = members.contacts_among(session, keys, community_id=community.id)
    open_ones = invitations.open_by_contact(session, community.id, keys)
    enough = limits.invited_enough(session, services, keys, now=now)
    judged: dict[int, Row] = {}
    for key, row in keys.items():
        if key in suppressed:
            judged[id(row)] = _suppressed(row, suppressed[key])
        elif key in joined:
            judged[id(row)] = Row(row.typed, "member", "is a member already.", row.contact)
        elif (known := open_ones.get(key)) and not _lapsed(known.expires_at, now):
            words = f"was invited on {labels.day(known.created_at)}."
            judged[id(row)] = Row(row.typed, "invited", words, row.contact, known.id)
        elif key in enough:
            judged[id(row)] = Row(row.typed, "enough", _enough(services), row.contact)
    return [judged.get(id(row), row) for row in rows]


def _enough(services: Services) -> str:
    most, days = services.settings.limit_contact, limits.CONTACT_SPAN.days
    return f"was invited {most} times in the last {days} days, here or elsewhere. Let them be."


def _lapsed(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now


def _suppressed(row: Row, reason: str) -> Row:
    if reason == "bounced":
        is_number = row.contact is not None and row.contact.medium == "text"
        words = _NO_TEXTS if is_number else "bounced within the last 30 days. Check the spelling."
        return Row(row.typed, "bounced", words, row.contact)
    return Row(row.typed, "opted out", "asked not to be written to.", row.contact)
