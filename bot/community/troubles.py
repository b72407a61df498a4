"""Troubles: when letters do not go out, whoever waits for them is told once, and once when they do.

A lane is in trouble when nobody's letters would be taken; a community's share of it is when too
many of its own have failed, and goes on when a leader says so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot.community import receipts, trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.messages import Button, Carried
from bot.ports import Pace, Services
from storage import jobs
from storage import receipts as stored_receipts
from storage import troubles as stored
from storage.tables import Delivery, Trouble

_PATIENCE = timedelta(minutes=3)  # a server that restarts is no story
_ACT_AGAIN = 300.0  # seconds until one letter is tried again where only the operator can help
_LONGEST_REST = 300.0  # seconds: nobody should wait longer for a server that is back
_LONGEST_ASKED = 3600.0  # seconds: a server that asks for more is not believed

_OPERATOR = "operator"  # begins the code of what only the operator can mend

_NOUNS = {"email": "E-mails", "text": "Texts"}
_WINDOWS = {"email": 50, "text": 20}  # of a community's newest letters
_MOST_FAILED = {"email": 5, "text": 6}  # of these: more than 10 % bounced, 30 % failed
_FAILED = {
    "email": frozenset({"bounced"}),
    "text": frozenset({"failed", "undelivered", "bounced"}),
}
GO_ON = [Button("Go on", "/invites go-on"), Button("Show the failed ones", "/invites failed")]

log = structlog.get_logger()


class NothingHeld(Refusal):
    """Nothing of yours is held. `/invites` shows how all invitations fare."""

    status = 409


def of_community(medium: str, community_id: int) -> str:
    """How the trouble of a community's share of a lane is called."""
    return f"{medium}/{community_id}"


# Of a whole lane


def struck(session: Session, lane: str, carried: Carried, pace: Pace, *, now: datetime) -> float:
    """Nobody's letters were taken just now: keep that, and tell who waits when it is a story.

    Gives: seconds until one letter is tried again. Touches: storage; notices and receipts follow.
    """
    needs_operator = carried.outcome == "config"
    known = stored.among(session, [lane]).get(lane)
    if known is not None and needs_operator and not known.code.startswith(_OPERATOR):
        stored.end(session, lane)  # another story: the server is back, and refuses us
    code = f"{_OPERATOR} {carried.code}" if needs_operator else carried.code
    trouble = stored.begin(session, lane, code=code, words=carried.words, now=now)
    if trouble.told is None and (needs_operator or now - trouble.since >= _PATIENCE):
        say = log.error if needs_operator else log.warning
        say("troubles.lane_is_stuck", lane=lane, code=carried.code, words=carried.words)
        _tell_waiting(session, trouble)
    if carried.retry_after is not None:
        return min(carried.retry_after, _LONGEST_ASKED)
    age = (now - trouble.since).total_seconds()
    return _ACT_AGAIN if needs_operator else min(_LONGEST_REST, max(pace.delays[0], age / 2))


def over(session: Session, lane: str) -> None:
    """A letter of the lane was taken: tell those who were told of its trouble."""
    trouble = stored.end(session, lane)
    if trouble is None or trouble.told is None:
        return
    log.info("troubles.lane_goes_on", lane=lane)
    places = [(chat, channel) for chat, channel in trouble.told]
    _tell(session, trouble, places, f"{_NOUNS[lane]} go out again.", moment="over")
    receipts.follow(session, stored.receipts(session, lane))


def _tell_waiting(session: Session, trouble: Trouble) -> None:
    words = (
        f"{_NOUNS[trouble.lane]} are not going out at the moment. {trouble.words} "
        "Nothing is lost: they go out by themselves when that is over."
    )
    places = stored.places(session, trouble.lane)
    _tell(session, trouble, places, words, moment="begun")
    stored.note_told(session, trouble.lane, places)
    receipts.follow(session, stored.receipts(session, trouble.lane))


def _tell(
    session: Session,
    trouble: Trouble,
    places: Iterable[tuple[str, str]],
    words: str,
    *,
    moment: str,
    buttons: Iterable[Button] = (),
    community_id: int | None = None,
) -> None:
    story = f"trouble:{trouble.lane}:{trouble.since.isoformat()}:{moment}"
    calls = [[button.label, button.call] for button in buttons]
    jobs.enqueue(
        session,
        [
            jobs.NewJob(
                key=f"{story}:{chat}:{channel}",
                lane=f"chat:{chat}",
                kind="notice",
                args={"chat": chat, "channel": channel, "words": words, "buttons": calls},
                community_id=community_id,
            )
            for chat, channel in sorted(places)
        ],
    )


# Of a community's share


def weigh(session: Session, delivery: Delivery, event: str, *, now: datetime) -> None:
    """Pause a community's letters when too many of the newest came to nothing; tell it once."""
    medium = delivery.medium
    if event not in _FAILED.get(medium, ()):
        return
    lane = of_community(medium, delivery.community_id)
    fates = stored.fates(
        session,
        delivery.community_id,
        medium,
        since=stored.went_on_at(session, lane),
        limit=_WINDOWS[medium],
    )
    failed = sum(fate in _FAILED[medium] for fate in fates)
    if failed > _MOST_FAILED[medium]:
        _pause(session, delivery, lane, failed, len(fates), now=now)


def _pause(
    session: Session, delivery: Delivery, lane: str, failed: int, of: int, *, now: datetime
) -> None:
    noun = _NOUNS[delivery.medium]
    words = (
        f"{noun} are paused, as {failed} of the last {of} did not arrive. "
        "To go on, say `/invites go-on`."
    )
    trouble = stored.begin(session, lane, code="failures", words=words, now=now)
    if trouble.told is not None:
        return
    log.error(
        "troubles.community_paused", community=delivery.community_id, lane=lane, failed=failed
    )
    places = stored.places(session, delivery.medium, community_id=delivery.community_id)
    if delivery.invitation_id is not None:
        receipt = stored_receipts.of_invitation(session, delivery.invitation_id)
        places |= {(receipt.chat, receipt.channel)} if receipt is not None else set()
    told = (
        f"{noun} are paused, as {failed} of the last {of} did not arrive: to go on would spoil the "
        "good name of your letters. Mend or void the wrong ones first, then press Go on."
    )
    whose = delivery.community_id
    _tell(session, trouble, places, told, moment="begun", buttons=GO_ON, community_id=whose)
    stored.note_told(session, lane, places)


def held(session: Session, community_id: int) -> str:
    """What of the community's own is held, and why; empty when nothing is."""
    whys = pauses(session, community_id)
    count = jobs.held(session, community_id) if whys else 0
    if not count:
        return ""
    head = "1 letter is held." if count == 1 else f"{count} letters are held."
    return " ".join([head, *whys])


def pauses(session: Session, community_id: int) -> list[str]:
    """Why letters of the community's own are held until a leader decides; each reason once."""
    found = stored.of_community(session, community_id)
    return list(dict.fromkeys(row.words for row in found))


async def go_on(services: Services, actor: Actor, *, now: datetime) -> int:
    """Let go what was held of the leader's community. Gives how many letters that were.

    Raises: NothingHeld. Touches: storage; the letters and their receipts follow.
    """

    def change(session: Session) -> int:
        ended = stored.end_of_community(session, actor.community_id, now=now)
        if not ended:
            raise NothingHeld
        count = 0
        for medium in _NOUNS:
            count += jobs.release(session, actor.community_id, medium)
            waiting = stored.receipts(session, medium, community_id=actor.community_id)
            receipts.follow(session, waiting)
        log.warning("troubles.went_on", community=actor.community_id, leader=actor.leader_id)
        trail.note(session, actor, "letters.went_on", f"community:{actor.community_id}", now=now)
        return count

    return await services.storage.write(change)
