"""Asking: what became of a letter of which nobody told us is asked of the provider itself.

One job a letter looks after two minutes, ten, an hour and a day, until the end is known. Where
calls come back, the first look finds the end in storage and asks nobody.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community.deliveries import note, refresh
from bot.community.letters import medium_of
from bot.community.postman import asked_in
from bot.community.postman.ledger import Later, Record
from bot.messages import News
from bot.ports import CanBeAsked, Forgets, Services
from storage import deliveries, jobs
from storage.database import clock
from storage.lanes import Claimed
from storage.tables import Delivery

# After a text was taken: most ends are known within seconds, some when a phone is switched on.
LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))


def ask_later(session: Session, services: Services, taken: Iterable[Delivery]) -> None:
    """Have the providers of these letters asked about them, where they can be.

    Takes: taken, letters whose id at the provider is known.
    """
    lanes = {
        medium: asked_in(medium)
        for medium, courier in services.couriers.items()
        if isinstance(courier, CanBeAsked)
    }
    if asked := [delivery for delivery in taken if medium_of(delivery) in lanes]:
        first = clock(session) + LOOKS[0]
        jobs.enqueue(
            session, [_asking(each, lanes[medium_of(each)], run_at=first) for each in asked]
        )


def _asking(delivery: Delivery, lane: str, *, run_at: datetime) -> jobs.NewJob:
    return jobs.NewJob(
        key=f"ask:{delivery.id}",
        lane=lane,
        kind="ask",
        args={"delivery": delivery.id},
        community_id=delivery.community_id,
        run_at=run_at,
    )


async def ask(services: Services, job: Claimed) -> Record:
    """Ask about one letter, unless its end is known. Raises: Later, when nobody can tell now."""
    delivery_id = int(job.args["delivery"])
    delivery = await services.storage.read(deliveries.get, delivery_id)
    if delivery is None or delivery.provider_id is None:
        return lambda session: _done(session, job)
    courier = services.couriers[medium_of(delivery)]
    assert isinstance(courier, CanBeAsked), "or nobody would serve its lane"
    if _has_ended(delivery):
        await _have_forgotten(courier, delivery.provider_id)
        return lambda session: _done(session, job)
    news = await courier.ask(delivery.provider_id)
    if news is None:
        raise Later("the provider could not be asked")
    if news.event != "sent":
        keeps = isinstance(courier, Forgets) and courier.forgets
        return lambda session: _told(session, job, delivery_id, news, comes_again=keeps)
    age = datetime.now(UTC) - job.created_at
    following = next((look - age for look in LOOKS if look > age), None)
    if following is None:
        await _have_forgotten(courier, delivery.provider_id)
    return lambda session: _still_open(session, job, delivery_id, following)


async def _have_forgotten(courier: CanBeAsked, provider_id: str) -> None:
    if isinstance(courier, Forgets) and courier.forgets and not await courier.forget(provider_id):
        raise Later("the provider could not blank it")


def _has_ended(delivery: Delivery) -> bool:
    return delivery.rank > deliveries.RANK["sent"]


def _done(session: Session, job: Claimed) -> None:
    jobs.finish(session, job)


def _told(
    session: Session, job: Claimed, delivery_id: int, news: News, *, comes_again: bool
) -> None:
    delivery = deliveries.get(session, delivery_id)
    assert delivery is not None
    now = clock(session)
    note(session, delivery, news.event, key=news.key, code=news.code, words=news.words, now=now)
    if comes_again:  # what was learnt is kept first
        jobs.put_off(session, job, after=timedelta(0), error="not blanked yet")
    else:
        jobs.finish(session, job)


def _still_open(
    session: Session, job: Claimed, delivery_id: int, following: timedelta | None
) -> None:
    """Look again, or have the receipt say that no more will be heard: some carriers never tell."""
    if following is not None:
        jobs.put_off(session, job, after=following, error="not known yet")
        return
    delivery = deliveries.get(session, delivery_id)
    assert delivery is not None
    refresh(session, delivery)
    jobs.finish(session, job)
