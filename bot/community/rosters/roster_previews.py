"""All doubts before the first effect: where nobody was ever invited, who would be written to.

One person an address, of all addresses at one press; a preview says who is left out and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from bot.community import limits
from bot.community.actors import Actor
from bot.community.invitations.previews import Verdict
from bot.community.rosters import coverage
from bot.community.rosters.choosing import Choice, Chooser
from bot.community.rosters.streets import Street
from bot.messages import Medium
from bot.ports import Services
from storage import communities, drafts
from storage import coverage as stored
from storage.coverage import Came, Place, Reach
from storage.tables import Draft

LIMIT = 500  # addresses at a time, or a few more: one transaction of a second
DRAFTS = "roster"  # the medium of its drafts: they keep lines of the roster, as in `Choice.line`
_MEDIA: tuple[Medium, ...] = ("email", "text")
FREE: frozenset[Verdict] = frozenset({"good", "slip"})
_LOOKED_AT = 250  # addresses at once: their contacts are values of one statement


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would be written to. Nothing has happened yet."""

    language: str  # BCP 47, in which most are written to: the community's
    goes: tuple[Choice, ...]
    slips: tuple[Choice, ...]  # perhaps misspelt
    stays: tuple[Choice, ...]  # of each address that is left out, somebody, and why
    nowhere: int  # addresses with neither e-mail nor number
    more: int  # addresses beyond what goes at a time
    waits: str = ""  # which of them go later, and why; or why nothing can be sent
    draft_id: int | None = None  # what *Send* refers to; none when nothing can be sent


async def preview(
    services: Services, actor: Actor, *, street: Street | None = None, now: datetime
) -> Preview:
    """Judge the addresses where nobody was invited, up to the limit, and keep the good ones.

    Takes: street, in which alone; None: of the whole roster.
    Touches: storage.
    """
    found = await services.storage.read(_look, services, actor, street, now=now)
    if not found.goes and not found.slips:
        return found
    return await services.storage.write(_keep, services, actor, found, now=now)


def _look(
    session: Session, services: Services, actor: Actor, street: Street | None, *, now: datetime
) -> Preview:
    spellings = street.spellings if street else ()
    never = stored.places(
        session, actor.community_id, came=[Came.NEVER], streets=spellings, now=now
    )
    reached = sorted(
        (place for place in never if place.reach is not Reach.NOWHERE),
        key=coverage.along_the_street,
    )
    chosen = _chosen(session, services, actor, reached, now=now)
    return Preview(
        language=communities.get(session, actor.community_id).language,
        goes=_with(chosen, "good"),
        slips=_with(chosen, "slip"),
        stays=tuple(one for one in chosen if one.row.verdict not in FREE),
        nowhere=len(never) - len(reached),
        more=len(reached) - len(chosen),
    )


def _chosen(
    session: Session,
    services: Services,
    actor: Actor,
    places: Sequence[Place],
    *,
    now: datetime,
) -> list[Choice]:
    """Somebody at each address, in their order, until there are enough who can be written to."""
    chooser = Chooser(session, services, actor.community_id, now=now)
    chosen: list[Choice] = []
    while these := places[len(chosen) : len(chosen) + _LOOKED_AT]:
        chosen += chooser.choose(these)
        if sum(one.row.verdict in FREE for one in chosen) >= LIMIT:
            break
    return chosen


def _with(choices: Sequence[Choice], verdict: Verdict) -> tuple[Choice, ...]:
    return tuple(one for one in choices if one.row.verdict == verdict)


def _keep(
    session: Session, services: Services, actor: Actor, found: Preview, *, now: datetime
) -> Preview:
    community = communities.get(session, actor.community_id)
    fit: set[str] = set()
    waits = []
    for medium in _MEDIA:
        ways = [one for one in (*found.goes, *found.slips) if one.medium == medium]
        to = [one.contact for one in ways]
        count = limits.fitting(session, services, actor, community, to, now=now)
        fit |= {one.line for one in ways[:count]}
        shown = [one.contact for one in ways[:count] if one.row.verdict == "good"] or to[:1]
        if to:
            waits.append(limits.forecast(session, services, actor, community, shown, now=now))
    goes, slips = _among(found.goes, fit), _among(found.slips, fit)
    left = len(found.goes) + len(found.slips) - len(fit)
    kept = replace(
        found, goes=goes, slips=slips, more=found.more + left, waits=" ".join(filter(None, waits))
    )
    return replace(kept, draft_id=_draft(session, actor, kept, now=now)) if fit else kept


def _among(choices: Sequence[Choice], lines: set[str]) -> tuple[Choice, ...]:
    return tuple(one for one in choices if one.line in lines)


def _draft(session: Session, actor: Actor, kept: Preview, *, now: datetime) -> int:
    draft = Draft(
        community_id=actor.community_id,
        leader_id=actor.leader_id,
        medium=DRAFTS,
        contacts=[one.line for one in kept.goes],
        slips=[[one.line] for one in kept.slips],
        created_at=now,
    )
    return drafts.add(session, draft).id
