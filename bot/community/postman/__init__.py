"""The postman: does what happens after a commit, job by job, until told to stop.

Each lane has a loop that claims what is due and starts it; network happens outside transactions,
and the outcome, its event and the end of the job are one commit. Any number of postmen may work on
one PostgreSQL database. What a job means is in `carrying.py`, `asking.py`, `telling.py` and
`sweeping.py` here, and where what it is about is, as in `joining.py`; which one a job's kind names
is said in `bot/app.py`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import structlog
from sqlmodel import Session

from bot.community.postman import failures, sweeping
from bot.community.postman.failures import GaveUp
from bot.community.postman.ledger import Ledger, Record
from bot.messages import Medium
from bot.ports import CanBeAsked, Pace, Services
from storage import lanes, troubles
from storage.database import DatabaseAway, Work
from storage.lanes import TIMER, Claimed

Doing = Callable[..., Awaitable[Record]]  # (services, job), and what was read together, if so
Prepare = Callable[[Session, Services, Sequence[Claimed]], Mapping[int, Any]]  # by job id

POLL = 1.0  # seconds: the safety net under wake-ups that were missed
_POLITE = 0.25  # seconds to let people go first who wait for an answer
_MUST_END = 0.8  # of the lease: nobody else may have the job yet
_UNRECORDED = "done, but what came of it could not be recorded"

log = structlog.get_logger()


@dataclass(slots=True)
class _Lane:
    """One lane's loop: when it must look next, and what it has under way."""

    name: str
    pace: Pace
    look_at: float = 0.0  # monotonic seconds
    wake: asyncio.Event | None = None

    def free(self, busy: int) -> int:
        """How many jobs to claim: none until half the hands are free, as few claims cost less."""
        free = self.pace.at_once - busy
        return free if 2 * free >= self.pace.at_once else 0

    def look_within(self, seconds: float) -> None:
        """Look again no later than in so many seconds."""
        at = time.monotonic() + seconds
        if at < self.look_at:
            self.look_at = at
            if self.wake is not None:
                self.wake.set()


class Postman:
    """One worker."""

    def __init__(
        self,
        services: Services,
        kinds: Mapping[str, Doing],
        *,
        prepare: Mapping[str, Prepare] | None = None,
        gave_up: Mapping[str, GaveUp] | None = None,
        lease: float | None = None,
    ) -> None:
        """Make a worker.

        Takes: kinds, what each kind of job means; prepare, the kinds whose jobs are read together
        and get what was read as a third argument; gave_up, who is told that a job will not be
        done; lease, seconds, instead of the lanes' own.
        """
        self._services = services
        self._kinds = {**kinds, "sweep": sweeping.sweep}
        self._prepare = prepare or {}
        self._gave_up = gave_up or {}
        self._ledger = Ledger(services.storage)
        self._lanes = {
            name: _Lane(name, pace if lease is None else replace(pace, lease=lease))
            for name, pace in _paces(services).items()
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish what is under way."""
        loop = asyncio.get_running_loop()

        def told(work: Work) -> None:
            loop.call_soon_threadsafe(self._told, work)

        self._services.storage.on_work(told)
        await sweeping.ask_for_sweep(self._services)
        await self._services.storage.write(_open_stuck, self._lanes)
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(self._serve(lane, stop))

    def _told(self, work: Work) -> None:
        for name, due_in in work.items():
            if name in self._lanes:
                self._lanes[name].look_within(due_in)

    async def _serve(self, lane: _Lane, stop: asyncio.Event) -> None:
        lane.wake = asyncio.Event()
        under_way: set[asyncio.Task[None]] = set()
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            lane.look_at = time.monotonic() + POLL
            if free := lane.free(len(under_way)):
                await self._services.door.clear(within=_POLITE)
                deadline = asyncio.get_running_loop().time() + _MUST_END * lane.pace.lease
                claimed = await self._claim(lane, free)
                ready = await self._read_together(claimed)
                for job in claimed:
                    doing = self._do(job, lane, deadline, *ready.get(job.id, ()))
                    under_way.add(asyncio.create_task(doing, name=job.key))
            under_way = await self._rest(lane, under_way, stopping)
        if under_way:
            await asyncio.wait(under_way)
        stopping.cancel()

    async def _claim(self, lane: _Lane, free: int) -> tuple[Claimed, ...]:
        try:
            claims = await self._services.storage.write(
                lanes.claim,
                lane.name,
                limit=free,
                lease=timedelta(seconds=lane.pace.lease),
                per_second=lane.pace.per_second,
                burst=lane.pace.burst,
            )
        except DatabaseAway:
            log.warning("postman.database_away", lane=lane.name)
            return ()
        if claims.wait is not None:
            lane.look_within(claims.wait)
        return claims.jobs

    async def _read_together(self, claimed: Sequence[Claimed]) -> dict[int, tuple[Any]]:
        """What jobs of one kind need to know, by one read; without it each reads for itself."""
        ready: dict[int, tuple[Any]] = {}
        for kind, prepare in self._prepare.items():
            alike = [job for job in claimed if job.kind == kind]
            if len(alike) > 1:
                try:
                    read = await self._services.storage.read(prepare, self._services, alike)
                except Exception as error:  # noqa: BLE001 - it shows whose it is, when alone
                    log.warning(
                        "postman.read_together_failed", kind=kind, error=type(error).__name__
                    )
                else:
                    ready |= {job_id: (found,) for job_id, found in read.items()}
        return ready

    async def _rest(
        self,
        lane: _Lane,
        under_way: set[asyncio.Task[None]],
        stopping: asyncio.Task[Literal[True]],
    ) -> set[asyncio.Task[None]]:
        """Until there may be something to start: a job is due and a hand is free."""
        assert lane.wake is not None
        full = not lane.free(len(under_way))
        while not stopping.done():
            wait = None if full else lane.look_at - time.monotonic()
            if wait is not None and wait <= 0:
                break
            lane.wake.clear()
            woken = asyncio.create_task(lane.wake.wait())
            anything: set[asyncio.Task[Any]] = {*under_way, woken, stopping}
            done, _ = await asyncio.wait(
                anything,
                timeout=wait,
                return_when=asyncio.FIRST_COMPLETED,
            )
            woken.cancel()
            if done & under_way:
                under_way = under_way - done
                break
        return under_way

    async def _do(self, job: Claimed, lane: _Lane, deadline: float, *ready: Any) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                record = await self._kinds[job.kind](self._services, job, *ready)
        except Exception as error:  # noqa: BLE001 - a job must not take its lane down
            tell = self._gave_up.get(job.kind, failures.tell_nobody)
            record = failures.outcome(job, lane.pace, error, tell)
        await self._record(job, record)

    async def _record(self, job: Claimed, record: Record) -> None:
        """Keep the outcome, through an absence of the database: what was done was done."""
        nobody = failures.tell_nobody
        tell = self._gave_up.get(job.kind, nobody)
        ways = [*(failures.buried(job, _UNRECORDED, to) for to in (nobody, tell)), record]
        while ways:
            try:
                await self._ledger.write(ways[-1])
            except DatabaseAway:
                await asyncio.sleep(POLL)
            except Exception:
                log.exception("postman.record_failed", job=job.id, kind=job.kind)
                ways.pop()
            else:
                return


def _open_stuck(session: Session, lanes: Mapping[str, _Lane]) -> None:
    """Whoever starts a worker may have mended what was wrong: one letter finds out at once."""
    for name in troubles.among(session, lanes):
        failures.pause_lane(session, name, lanes[name].pace, 0, exactly=True)


def _paces(services: Services) -> dict[str, Pace]:
    lanes: dict[str, Pace] = {medium: row.pace for medium, row in services.couriers.items()}
    lanes |= {
        asked_in(medium): courier.asking
        for medium, courier in services.couriers.items()
        if isinstance(courier, CanBeAsked)
    }
    lanes |= {f"chat:{name}": chat.pace for name, chat in services.chats.items()}
    return {**lanes, TIMER: Pace(at_once=32)}


def asked_in(medium: Medium) -> str:
    """The lane in which a courier is asked what became of letters; its rate is not sending's."""
    return f"{medium}:ask"
