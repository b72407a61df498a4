"""Carrying a letter: from a claimed job to a try, or to the reason why there is none.

E-mail is carried at least once, with the same Message-ID; a text is looked up at the provider
before it is sent again, because nothing there notices a repetition. While a lane is stuck one
letter is tried at a time; what its try comes to is in `outcomes.py`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from bot.community import letters, troubles
from bot.community.deliveries import note, refresh
from bot.community.limits import quiet
from bot.community.limits.slots import Slot
from bot.community.limits.suspicions import block_of
from bot.community.postman import outcomes
from bot.community.postman.failures import backoff, pause_lane
from bot.community.postman.ledger import Record
from bot.community.postman.outcomes import Ready
from bot.messages import Carried, Letter
from bot.ports import Courier, Services
from storage import communities, deliveries, jobs, suppressions
from storage import troubles as stored_troubles
from storage.database import clock
from storage.deliveries import ToCarry
from storage.lanes import Claimed
from storage.tables import Delivery, Invitation, Receipt, Trouble

_MOST_UNCONFIRMED = 10  # tries whose end nobody knows: then no more, lest it become a loop
_NEVER_KNOWN = Carried(
    "permanent",
    "We could not find out whether this went out. Ask them, or resend it.",
    "unconfirmed",
    event="failed",
)
_CAME_BACK = "Another message to this address came back since. Give the right one."
_ASKED_FOR = frozenset({"household_link"})  # by its recipient, this very minute

log = structlog.get_logger()

Settle = Callable[[Session, Claimed, Delivery], object]  # instead of a try


async def deliver(services: Services, job: Claimed, *read: Ready | Settle) -> Record:
    """Carry the letter of a delivery, unless that has become pointless or must wait."""
    delivery_id = int(job.args["delivery"])
    now = datetime.now(UTC)
    (ready,) = read or (await services.storage.read(prepare, services, [job])).values()
    if not isinstance(ready, Ready):
        return _settled(job, delivery_id, ready)
    letter, courier = ready.letter, services.couriers[ready.letter.medium]
    looked = await _look(courier, letter, job, now=now)
    if isinstance(looked, timedelta):
        return outcomes.put_off(job, delivery_id, looked)
    if looked is None and ready.sleeps is not None:
        return outcomes.sleep(job, ready)
    carried = looked or await _carry(services, job, ready, now=now)
    log.info(
        "postman.carried",
        delivery=delivery_id,
        medium=letter.medium,
        outcome=carried.outcome,
        code=carried.code,
    )
    return outcomes.of_try(services, job, ready, carried)


async def _carry(services: Services, job: Claimed, ready: Ready, *, now: datetime) -> Carried:
    letter, courier = ready.letter, services.couriers[ready.letter.medium]
    if now - letter.date > letters.STALE:
        await services.storage.write(_redate, ready.delivery.id, now=now)
        letter = dataclasses.replace(letter, date=now)
    if ready.lane_is_stuck:  # the others wait for what becomes of this one
        pace = courier.pace
        await services.storage.write(pause_lane, job.lane, pace, pace.lease, exactly=True)
    return await courier.carry(letter)


def prepare(
    session: Session, services: Services, claimed: Sequence[Claimed]
) -> dict[int, Ready | Settle]:
    """The letters to carry, or what to note instead, by job."""
    now = datetime.now(UTC)
    wanted = {int(job.args["delivery"]): job.id for job in claimed}
    found = deliveries.to_carry(session, wanted)
    keys = [one.delivery.contact_key for one in found]
    suppressed = suppressions.among(session, keys, now=now)
    stuck = stored_troubles.among(session, {lane for one in found for lane in _lanes(one.delivery)})
    ready: dict[int, Ready | Settle] = dict.fromkeys(wanted.values(), _nothing)
    for one in found:
        delivery = one.delivery
        ready[wanted[delivery.id]] = (
            _pointless(one, suppressed.get(delivery.contact_key), now=now)
            or _held(delivery, stuck)
            or _ready(session, services, delivery, one.receipt, stuck, now=now)
        )
    return ready


def _lanes(delivery: Delivery) -> tuple[str, ...]:
    """Whose troubles are this letter's own: everybody's, its community's, its block of numbers'."""
    own = troubles.of_community(delivery.medium, delivery.community_id)
    block = block_of(delivery.contact or "", delivery.community_id)
    return (delivery.medium, own, block) if delivery.medium == "text" else (delivery.medium, own)


def _pointless(one: ToCarry, reason: str | None, *, now: datetime) -> Settle | None:
    """What to note when the letter need not or must not go; None when it is to be carried."""
    delivery, row = one.delivery, one.invitation
    if delivery.contact is None or one.is_kept_out:
        return _nothing
    if delivery.rank >= deliveries.RANK["sent"]:
        return _nothing  # its outcome was recorded by somebody who lost the fence
    if row is not None and (row.redeemed_at or row.voided_at or _is_expired(row, now)):
        return _nothing
    if row is not None and row.unreminded_at and delivery.event == "reminder":
        return _nothing
    if reason == "bounced":
        return _came_back
    return _asked_not_to if reason else None


def _is_expired(row: Invitation, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _held(delivery: Delivery, stuck: dict[str, Trouble]) -> Settle | None:
    """What to note when the community's letters are held; a resident's own affairs are not."""
    if delivery.invitation_id is None:
        return None
    trouble = next((stuck[lane] for lane in _lanes(delivery)[1:] if lane in stuck), None)
    if trouble is None:
        return None

    def hold(session: Session, job: Claimed, delivery: Delivery) -> None:
        deliveries.note_trouble(session, delivery, trouble.words, now=clock(session))
        jobs.hold(session, job, error=trouble.code)
        refresh(session, delivery)

    return hold


def _ready(
    session: Session,
    services: Services,
    delivery: Delivery,
    receipt: Receipt | None,
    stuck: dict[str, Trouble],
    *,
    now: datetime,
) -> Ready:
    sleeps = None
    hours = quiet.hours_of(services, delivery.medium)
    if hours is not None and delivery.event not in _ASKED_FOR:
        community = communities.get(session, delivery.community_id)
        morning = quiet.opens(delivery.contact or "", now, zone=community.timezone, hours=hours)
        if morning > now:
            sleeps = (morning, Slot(morning, quiet.at_night(hours)).words(community.timezone))
    letter = letters.render(session, services, delivery)
    return Ready(letter, delivery, receipt, delivery.medium in stuck, sleeps)


def _nothing(session: Session, job: Claimed, delivery: Delivery) -> None:
    """The letter has become pointless."""
    jobs.finish(session, job)


def _asked_not_to(session: Session, job: Claimed, delivery: Delivery) -> None:
    note(session, delivery, "opted_out", key=f"{delivery.id}:held", now=clock(session))
    jobs.finish(session, job)


def _came_back(session: Session, job: Claimed, delivery: Delivery) -> None:
    now = clock(session)
    key = f"{delivery.id}:held"  # as a failure: it is no further bounce, and suppresses nobody
    note(session, delivery, "failed", key=key, words=_CAME_BACK, now=now)
    jobs.finish(session, job)


def _redate(session: Session, delivery_id: int, *, now: datetime) -> None:
    delivery = deliveries.get(session, delivery_id)
    assert delivery is not None
    delivery.dated_at = now


def _settled(job: Claimed, delivery_id: int, settle: Settle) -> Record:
    def record(session: Session) -> None:
        delivery = deliveries.get(session, delivery_id)
        if delivery is None:
            jobs.finish(session, job)
        else:
            settle(session, job, delivery)

    return record


async def _look(
    courier: Courier, letter: Letter, job: Claimed, *, now: datetime
) -> Carried | timedelta | None:
    """What became of a try whose end nobody knows, or how long until that can be told.

    Gives: None when the letter is to be carried, for the first time or again.
    """
    if job.unconfirmed <= 1:
        return None
    settle = timedelta(seconds=courier.settle)
    since = now - job.tried_at if job.tried_at else settle
    if since < settle:
        return settle - since + timedelta(seconds=1)
    found = await courier.find(letter)
    if found is not None and found.outcome == "unclear":
        is_hopeless = now - job.created_at > courier.pace.give_up
        return _NEVER_KNOWN if is_hopeless else settle + backoff(courier.pace.delays, 0)
    if found is not None and found.outcome != "retry":
        return found
    return _NEVER_KNOWN if job.unconfirmed > _MOST_UNCONFIRMED else None


def gave_up(session: Session, job: Claimed, error: str) -> None:
    """A fault of ours ended the job: the leader must not read "queued" for ever."""
    delivery = deliveries.get(session, int(job.args["delivery"]))
    if delivery is not None:
        words = (
            f"Something went wrong on our side ({error}). Tell your administrator, or resend it."
        )
        key = f"{delivery.id}:failed"
        note(session, delivery, "failed", key=key, words=words, now=clock(session))
