"""How long Slack waits for acknowledgements, and fifty leaders there for answers, with letters out.

All of the leaders are in the database; their commands come over HTTP, rightly signed.
"""

import asyncio
import itertools
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from storage import communities
from storage.database import Storage
from storage.tables import ChatLink, Leader
from tests.bench import figures, letters, programs, replies, stock
from tests.bench.crowd import SIGNING_SECRET
from tests.bench.figures import Row
from tests.bench.letters import PASTE, Sink
from tests.bench.programs import HERE, PYTHON, Crowd, Program
from tests.bench.replies import LEADERS, WAYS
from tests.bench.workspace import TEAM

_LAST = 0.99


@dataclass(frozen=True, slots=True)
class Heard:
    """How a crowd of leaders fared."""

    acknowledged: Crowd
    answered: Sequence[float]  # seconds until each answer, ascending


class Workspace:
    """The Slack that they are in."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [PYTHON, HERE / "workspace.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{int(self._line())}"

    def answers(self, count: int) -> dict[str, float]:
        """Wait for the next so many answers; give the moment of each, by whose it is."""
        return self._moments("answer", count)

    def arrivals(self, count: int) -> dict[str, float]:
        """Wait until so many receipts say that a letter was delivered; the moments, by to whom."""
        return self._moments("delivered", count)

    def _moments(self, kind: str, count: int) -> dict[str, float]:
        found: dict[str, float] = {}
        while len(found) < count:
            moment, said, whose = self._line().split()
            if said == kind:
                found.setdefault(whose, float(moment))
        return found

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("Slack ended")
        return line


def measure(*, letters_out: int, rounds: int) -> list[Row]:
    """Measure both ways of asking in turn, each while so many letters go out."""
    with house_in_slack() as (house, sink, slack, _):
        numbers = itertools.count()

        def ask(starts: Sequence[float], letters_out: int) -> Heard:
            number = next(numbers)
            said = [invitation(slack, number, n) for n in range(len(starts))]
            letters.invite(house, f"round.{number}", letters_out)
            crowd = programs.crowd(house, "slack", said, clients=LEADERS, starts=starts)
            answers = slack.answers(len(said))
            sink.until(letters_out + len(said))
            waited = (answers[f"{number}.{n}"] - crowd.began - at for n, at in enumerate(starts))
            return Heard(crowd, sorted(waited))

        ask([0.0] * 20, 20)  # warms up
        ways = {
            name: partial(ask, replies.starts(spread), letters_out) for name, spread in WAYS.items()
        }
        taken = figures.rounds(rounds, ways)
    return [_row(name, letters_out, heard) for name, heard in taken.items()]


@contextmanager
def house_in_slack(**settings: object) -> Iterator[tuple[Program, Sink, Workspace, Path]]:
    """Porchlight with mail and Slack; the playground is where the many letters are asked for.

    Gives the file of its database, too.
    """
    slack = Workspace()
    try:
        with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
            database = Path(folder, "porchlight.db")
            url = f"sqlite:///{database}"
            asyncio.run(_found(url))
            with letters.house_with_mail(
                log_level="WARNING",
                playground="on",
                database_url=url,
                secret_key=stock.SECRET,
                slack_bot_token="xoxb-bench",
                slack_signing_secret=SIGNING_SECRET,
                slack_api_url=f"{slack.url}/api/",
                **settings,
            ) as (house, sink):
                yield house, sink, slack, database
    finally:
        slack.close()


async def _found(url: str) -> None:
    await stock.found(url)
    storage = Storage.open(url)
    await storage.write(_lead)
    await storage.close()


def _lead(session: Session) -> None:
    """The workspace belongs to the community, and so many of it are its leaders."""
    of: dict[str, Any] = {"community_id": communities.first(session).id, "chat": "slack"}
    session.add(ChatLink(**of, place=TEAM))
    now = datetime.now(UTC)
    for leader in range(LEADERS):
        session.add(
            Leader(**of, place=TEAM, user_id=_user(leader), name=f"Leader {leader}", added_at=now)
        )


def _user(leader: int) -> str:
    return f"U0LEADER{leader:02d}"


def invitation(slack: Workspace, number: int, n: int) -> str:
    """A leader's command that invites somebody, as Slack writes it."""
    leader = n % LEADERS
    return urlencode(
        {
            "team_id": TEAM,
            "team_domain": "maple-court",
            "channel_id": "C0PORCH00",
            "channel_name": "front-porch",
            "user_id": _user(leader),
            "user_name": f"leader.{leader}",
            "command": "/porchlight",
            "text": f"invite email {whom(number, n)}",
            "api_app_id": "A0PORCH00",
            "is_enterprise_install": "false",
            "response_url": f"{slack.url}/answers/{number}.{n}",
            "trigger_id": f"{number}.{n}.bench",
        }
    )


def whom(number: int, n: int) -> str:
    """Who is invited by the command of that number in a round."""
    return f"leader.{number}.{n}@example.org"


def _row(name: str, letters_out: int, heard: list[Heard]) -> Row:
    acknowledged = [median(each.acknowledged.percentile(x) for each in heard) for x in (0.5, _LAST)]
    answered = [
        median(programs.percentile(each.answered, x) for each in heard) for x in (0.5, _LAST)
    ]
    return Row(
        f"{LEADERS} leaders in Slack say `/porchlight invite email …` {name} while {letters_out} "
        f"letters go out (pastes of {PASTE}): time to the acknowledgement",
        f"{_shown(acknowledged)}; to the answer {_shown(answered)}",
        aim="p99 at most 150 ms",
    )


def _shown(times: Sequence[float]) -> str:
    middle, last = (time * 1000 for time in times)
    return f"p50 {middle:.0f} ms, p99 {last:.0f} ms"
