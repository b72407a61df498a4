"""The ledger: what became of jobs, written down by the handful.

One transaction for all outcomes that wait together costs a fraction of one for each; an outcome
that cannot be written does not take its neighbours with it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from storage.database import Storage, brief

T = TypeVar("T")
Record = Callable[[Session], None]  # writes an outcome and settles its job, in one commit


class Later(Exception):
    """The job cannot be done just now."""

    def __init__(self, error: str, *, after: float | None = None, pause: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.after = after  # seconds; None: by the lane's back-off
        self.pause = pause  # the whole lane waits, in every worker


class GiveUp(Exception):
    """The job can never be done."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """An outcome of a kind that is written down for many jobs at once."""

    write: Callable[[Session, Sequence[T]], None]
    item: T

    def __call__(self, session: Session) -> None:
        self.write(session, [self.item])


class Ledger:
    """Writes outcomes down: those that wait together in one commit, each alone if that fails."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._waiting: list[tuple[Record, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, record: Record) -> None:
        """Write one outcome down. Raises: what writing it alone raises."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await written

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._storage.write(_record_all, [record for record, _ in batch])
            except Exception:  # noqa: BLE001 - whose fault it was, shows when each is alone
                await self._write_each(batch)
            else:
                for _, written in batch:
                    written.set_result(None)
        self._writing = None

    async def _write_each(self, batch: Sequence[tuple[Record, asyncio.Future[None]]]) -> None:
        for record, written in batch:
            try:
                await self._storage.write(record)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for this one
                written.set_exception(error)
            else:
                written.set_result(None)


@brief
def _record_all(session: Session, records: Sequence[Record]) -> None:
    alike: dict[Callable[[Session, Sequence[Any]], None], list[Any]] = {}
    for record in records:
        if isinstance(record, Together):
            alike.setdefault(record.write, []).append(record.item)
        else:
            record(session)
    for write, items in alike.items():
        write(session, items)
