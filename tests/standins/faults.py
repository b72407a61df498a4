"""How any stand-in that speaks HTTP misbehaves: what is asked of it, and how the line is cut."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from aiohttp import web


@dataclass(slots=True)
class Fault:
    """How to misbehave."""

    method: str  # "*" is all
    kind: str
    times: int
    retry_after: int = 1  # seconds
    seconds: float = 0  # of "slow"


class Faulty(ABC):
    """A stand-in that misbehaves when it is told to."""

    down: bool  # 50x to everything
    _faults: list[Fault]

    @abstractmethod
    def can_be_told(self, method: str, kind: str) -> bool:
        """Whether there is such a method and such a fault; a slip would test nothing."""

    def fault(
        self,
        method: str,
        kind: str,
        *,
        times: int = 1_000_000,
        retry_after: int = 1,
        seconds: float = 5,
    ) -> None:
        """Misbehave over the next `times` requests of a method ("*": any).

        Takes: kind, "503" or so, "drop_before" and "drop_after" (the line is cut, without or with
        the thing done), "slow" (done, and answered after `seconds`), or what the platform calls an
        error: `can_be_told` knows them.
        """
        assert self.can_be_told(method, kind), (method, kind)
        self._faults.append(Fault(method, kind, times, retry_after, seconds))

    def recover(self) -> None:
        """Behave again."""
        self._faults.clear()
        self.down = False

    def _due(self, method: str) -> Fault | None:
        for fault in self._faults:
            if fault.method in {method, "*"} and fault.times > 0:
                fault.times -= 1
                return fault
        return None


def dropped(request: web.Request) -> web.StreamResponse:
    """No answer: the line is cut."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
