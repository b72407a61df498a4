"""Carrying a letter: from a claimed job to what the leader is told.

E-mail is carried at least once, with the same Message-ID; a text is looked up at the provider
before it is sent again, because nothing there notices a repetition.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from bot.community import asking, letters, receipts
from bot.community.deliveries import note, refresh
from bot.community.ledger import Record, Together
from bot.community.postman import backoff, pause_lane
from bot.messages import Carried, Event, Letter
from bot.ports import Courier, Services
from storage import deliveries, jobs
from storage.database import clock
from storage.lanes import Claimed
from storage.tables import Delivery, Invitation, Receipt

_MOST_UNCONFIRMED = 10  # tries whose end nobody knows: then no more, lest it become a loop
_CONFIG_PAUSE = 300.0  # seconds a lane rests when only the operator can help
_LONGEST_ASKED = 3600.0  # seconds: a server that asks for more is not believed
_NEVER_KNOWN = Carried(
    "permanent",
    "We could not find out whether this went out. Ask them, or resend it.",
    "unconfirmed",
    event="failed",
)

log = structlog.get_logger()


Settle = Callable[[Session, Delivery], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter to carry, and where its outcome goes."""

    letter: Letter
    delivery: Delivery
    receipt: Receipt | None


async def deliver(services: Services, job: Claimed, *read: Ready | Settle) -> Record:
    """Carry the letter of a delivery, unless that has become pointless."""
    delivery_id = int(job.args["delivery"])
    now = datetime.now(UTC)
    (ready,) = read or (await services.storage.read(prepare, services, [job])).values()
    if not isinstance(ready, Ready):
        return _settled(job, delivery_id, ready)
    letter = ready.letter
    if now - letter.date > letters.STALE:
        await services.storage.write(_redate, delivery_id, now=now)
        letter = dataclasses.replace(letter, date=now)
    courier = services.couriers[letter.medium]
    looked = await _look(courier, letter, job, now=now)
    if isinstance(looked, timedelta):
        return _put_off(job, delivery_id, looked)
    carried = looked or await courier.carry(letter)
    log.info(
        "postman.carried",
        delivery=delivery_id,
        medium=letter.medium,
        outcome=carried.outcome,
        code=carried.code,
    )
    if carried.outcome == "accepted":
        return Together(_all_accepted, Accepted(services, job, ready, carried))
    return _not_accepted(job, courier, delivery_id, carried)


def prepare(
    session: Session, services: Services, claimed: Sequence[Claimed]
) -> dict[int, Ready | Settle]:
    """The letters to carry, or what to note instead, by job."""
    wanted = {int(job.args["delivery"]): job.id for job in claimed}
    found = deliveries.to_carry(session, wanted)
    keys = [delivery.contact_key for delivery, _, _ in found]
    suppressed = deliveries.suppressed(session, keys, now=datetime.now(UTC))
    ready: dict[int, Ready | Settle] = dict.fromkeys(wanted.values(), _nothing)
    for delivery, row, receipt in found:
        ready[wanted[delivery.id]] = _pointless(
            delivery, row, suppressed.get(delivery.contact_key)
        ) or Ready(letters.render(session, services, delivery), delivery, receipt)
    return ready


def _pointless(delivery: Delivery, row: Invitation | None, reason: str | None) -> Settle | None:
    """What to note when the letter need not or must not go; None when it is to be carried."""
    if delivery.contact is None:
        return _nothing
    if delivery.rank >= deliveries.RANK["sent"]:
        return _nothing  # its outcome was recorded by somebody who lost the fence
    if row is not None and (row.redeemed_at or row.voided_at):
        return _nothing
    if delivery.event == "invitation" and reason not in {None, "bounced"}:
        return _asked_not_to
    return None


def _nothing(session: Session, delivery: Delivery) -> None:
    """The letter has become pointless."""


def _asked_not_to(session: Session, delivery: Delivery) -> None:
    note(session, delivery, "opted_out", key=f"{delivery.id}:held", now=clock(session))


def _redate(session: Session, delivery_id: int, *, now: datetime) -> None:
    delivery = deliveries.get(session, delivery_id)
    assert delivery is not None
    delivery.dated_at = now


def _settled(job: Claimed, delivery_id: int, settle: Settle) -> Record:
    def record(session: Session) -> None:
        delivery = deliveries.get(session, delivery_id)
        if delivery is not None:
            settle(session, delivery)
        jobs.finish(session, job)

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


def _put_off(job: Claimed, delivery_id: int, after: timedelta) -> Record:
    """It is too early to tell. Looking is no try, and is not counted as one."""

    def record(session: Session) -> None:
        delivery = deliveries.get(session, delivery_id)
        assert delivery is not None
        note(session, delivery, "unknown", key=f"{delivery.id}:unknown", now=clock(session))
        jobs.put_off(session, job, after=after, error="cannot be told yet")

    return record


def gave_up(session: Session, job: Claimed, error: str) -> None:
    """A fault of ours ended the job: the leader must not read "queued" for ever."""
    delivery = deliveries.get(session, int(job.args["delivery"]))
    if delivery is not None:
        words = (
            f"Something went wrong on our side ({error}). Tell your administrator, or resend it."
        )
        key = f"{delivery.id}:failed"
        note(session, delivery, "failed", key=key, words=words, now=clock(session))


def _not_accepted(job: Claimed, courier: Courier, delivery_id: int, carried: Carried) -> Record:
    def record(session: Session) -> None:
        delivery = deliveries.get(session, delivery_id)
        assert delivery is not None
        now = clock(session)
        match carried.outcome:
            case "permanent":
                _permanent(session, job, delivery, carried, now=now)
            case "retry":
                _again(session, job, courier, delivery, carried, now=now)
            case "config":
                _held(session, job, courier, delivery, carried, now=now)
            case "unclear":
                _unclear(session, job, courier, delivery, carried, now=now)

    return record


@dataclass(frozen=True, slots=True)
class Accepted:
    """A letter that its courier's server has."""

    services: Services
    job: Claimed
    ready: Ready
    carried: Carried


def _all_accepted(session: Session, items: Sequence[Accepted]) -> None:
    now = clock(session)
    taken = {item.ready.delivery.id: item.carried for item in items}
    deliveries.record_sent(
        session,
        [item.ready.delivery for item in items],
        codes={delivery_id: carried.code for delivery_id, carried in taken.items()},
        provider_ids={delivery_id: carried.provider_id for delivery_id, carried in taken.items()},
        now=now,
    )
    asking.ask_later(
        session,
        items[0].services,
        [item.ready.delivery for item in items if item.carried.provider_id],
    )
    receipts.follow(session, [r for item in items if (r := item.ready.receipt) is not None])
    jobs.finish_all(session, [item.job for item in items])


def _permanent(
    session: Session, job: Claimed, delivery: Delivery, carried: Carried, *, now: datetime
) -> None:
    usual: Event = "bounced" if delivery.medium == "email" else "failed"
    event = carried.event or usual
    key = f"{delivery.id}:{event}"
    note(session, delivery, event, key=key, code=carried.code, words=carried.words, now=now)
    jobs.finish(session, job)


def _again(
    session: Session,
    job: Claimed,
    courier: Courier,
    delivery: Delivery,
    carried: Carried,
    *,
    now: datetime,
) -> None:
    if now - job.created_at > courier.pace.give_up:
        words = f"{carried.words} We have stopped trying; you can resend it.".strip()
        key = f"{delivery.id}:failed"
        note(session, delivery, "failed", key=key, code=carried.code, words=words, now=now)
        jobs.bury(session, job, error=carried.code)
        return
    after = backoff(courier.pace.delays, job.attempts)
    if carried.retry_after is not None:  # the server said how long: that holds for its whole lane
        after = timedelta(seconds=min(carried.retry_after, _LONGEST_ASKED))
        pause_lane(session, job.lane, courier.pace, after.total_seconds())
    deliveries.note_trouble(session, delivery, carried.words, now=now)
    jobs.retry(session, job, after=after, error=carried.code)
    refresh(session, delivery)


def _held(
    session: Session,
    job: Claimed,
    courier: Courier,
    delivery: Delivery,
    carried: Carried,
    *,
    now: datetime,
) -> None:
    """Nobody can be sent anything until the operator acts: keep all, try one now and then."""
    log.error("postman.needs_operator", lane=job.lane, code=carried.code, words=carried.words)
    pause_lane(session, job.lane, courier.pace, _CONFIG_PAUSE)
    deliveries.note_trouble(session, delivery, carried.words, now=now)
    after = timedelta(seconds=_CONFIG_PAUSE)
    jobs.retry(session, job, after=after, error=carried.code, counts=False)
    refresh(session, delivery)


def _unclear(
    session: Session,
    job: Claimed,
    courier: Courier,
    delivery: Delivery,
    carried: Carried,
    *,
    now: datetime,
) -> None:
    """It may have been taken: the next try looks first, where the courier can."""
    note(session, delivery, "unknown", key=f"{delivery.id}:unknown", now=now)
    after = backoff(courier.pace.delays, job.attempts)
    if courier.settle:
        after = timedelta(seconds=courier.settle)
    jobs.retry(session, job, after=after, error="unclear", unconfirmed=job.unconfirmed)
