"""Outcomes: what a try to carry a letter comes to, for the delivery, its job and its whole lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.community import receipts, troubles
from bot.community.deliveries import note, refresh
from bot.community.postman import asking
from bot.community.postman.failures import backoff, pause_lane
from bot.community.postman.ledger import Record, Together
from bot.messages import Carried, Event, Letter
from bot.ports import Courier, Services
from storage import deliveries, jobs
from storage.database import clock
from storage.lanes import Claimed
from storage.tables import Delivery, Receipt


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter to carry, and where its outcome goes."""

    letter: Letter
    delivery: Delivery
    receipt: Receipt | None
    lane_is_stuck: bool = False  # no letter was taken lately: this one finds out whether it can be
    sleeps: tuple[datetime, str] | None = None  # until when it may not leave, and why


@dataclass(frozen=True, slots=True)
class Accepted:
    """A letter that its courier's server has."""

    services: Services
    job: Claimed
    ready: Ready
    carried: Carried


@dataclass(frozen=True, slots=True)
class _Try:
    """A try that ended otherwise."""

    job: Claimed
    courier: Courier
    carried: Carried
    now: datetime


def of_try(services: Services, job: Claimed, ready: Ready, carried: Carried) -> Record:
    """What is to be written down about the try."""
    if carried.outcome == "accepted":
        return Together(_all_accepted, Accepted(services, job, ready, carried))
    courier = services.couriers[ready.letter.medium]

    def record(session: Session) -> None:
        delivery = deliveries.get(session, ready.delivery.id)
        assert delivery is not None
        if ready.lane_is_stuck:  # somebody answers again; if not, `_for_nobody` says so below
            pause_lane(session, job.lane, courier.pace, 0, exactly=True)
        _not_accepted(session, _Try(job, courier, carried, clock(session)), delivery)

    return record


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
    for item in items:
        if item.ready.delivery.join_request_id is not None:
            refresh(session, item.ready.delivery)
        if item.ready.lane_is_stuck:
            courier = item.services.couriers[item.ready.letter.medium]
            troubles.over(session, item.job.lane)
            pause_lane(session, item.job.lane, courier.pace, 0, exactly=True)


def _not_accepted(session: Session, tried: _Try, delivery: Delivery) -> None:
    carried = tried.carried
    asks_all_to_wait = carried.outcome == "retry" and carried.retry_after is not None
    if carried.outcome == "config" or carried.for_all or asks_all_to_wait:
        _for_nobody(session, tried, delivery)
    elif carried.outcome == "permanent":
        _permanent(session, tried, delivery)
    elif carried.outcome == "retry":
        _again(session, tried, delivery)
    else:
        _unclear(session, tried, delivery)


def _for_nobody(session: Session, tried: _Try, delivery: Delivery) -> None:
    """No letter would have been taken: all keep their places, and one is tried now and then."""
    job, carried = tried.job, tried.carried
    rest = troubles.struck(session, job.lane, carried, tried.courier.pace, now=tried.now)
    pause_lane(session, job.lane, tried.courier.pace, rest, exactly=True)
    deliveries.note_trouble(session, delivery, carried.words, now=tried.now)
    jobs.put_back(session, job, error=carried.code or "nobody's are taken")
    refresh(session, delivery)


def _permanent(session: Session, tried: _Try, delivery: Delivery) -> None:
    carried = tried.carried
    usual: Event = "bounced" if delivery.medium == "email" else "failed"
    event = carried.event or usual
    key = f"{delivery.id}:{event}"
    note(session, delivery, event, key=key, code=carried.code, words=carried.words, now=tried.now)
    jobs.finish(session, tried.job)


def _again(session: Session, tried: _Try, delivery: Delivery) -> None:
    job, carried, pace = tried.job, tried.carried, tried.courier.pace
    if tried.now - job.created_at > pace.give_up:
        words = f"{carried.words} We have stopped trying; you can resend it.".strip()
        key = f"{delivery.id}:failed"
        note(session, delivery, "failed", key=key, code=carried.code, words=words, now=tried.now)
        jobs.bury(session, job, error=carried.code)
        return
    deliveries.note_trouble(session, delivery, carried.words, now=tried.now)
    jobs.retry(session, job, after=backoff(pace.delays, job.attempts), error=carried.code)
    refresh(session, delivery)


def _unclear(session: Session, tried: _Try, delivery: Delivery) -> None:
    """It may have been taken: the next try looks first, where the courier can."""
    job, courier = tried.job, tried.courier
    note(session, delivery, "unknown", key=f"{delivery.id}:unknown", now=tried.now)
    after = backoff(courier.pace.delays, job.attempts)
    if courier.settle:
        after = timedelta(seconds=courier.settle)
    jobs.retry(session, job, after=after, error="unclear", unconfirmed=job.unconfirmed)


def put_off(job: Claimed, delivery_id: int, after: timedelta) -> Record:
    """It is too early to tell. Looking is no try, and is not counted as one."""

    def record(session: Session) -> None:
        delivery = deliveries.get(session, delivery_id)
        assert delivery is not None
        note(session, delivery, "unknown", key=f"{delivery.id}:unknown", now=clock(session))
        jobs.put_off(session, job, after=after, error="cannot be told yet")

    return record


def sleep(job: Claimed, ready: Ready) -> Record:
    """It is night where the recipient is: not even tried, and due in the morning."""
    assert ready.sleeps is not None
    until, words = ready.sleeps

    def record(session: Session) -> None:
        now = clock(session)
        deliveries.note_trouble(session, ready.delivery, words, now=now)
        jobs.put_off(session, job, after=until - now, error="quiet hours")
        refresh(session, ready.delivery)

    return record
