"""The truth about a delivery: whatever happens in whatever order, the chat never takes back a state
for a lesser one, and never calls sent what has not left.

Tries end in every way, workers are killed between the server's answer and our note of it, and news
comes before, during and after all that, repeated and out of order.
"""

import asyncio
import dataclasses
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from bot.community import invitations, tokens
from bot.community.postman import carrying, returns
from bot.messages import Carried, Event, Letter, Medium, News, Outcome
from bot.ports import Pace, Services
from storage import lanes
from storage.database import Storage
from storage.deliveries import RANK
from storage.tables import Delivery, DeliveryEvent
from tests.community import rounds, scene
from tests.provision import postgres

Carries = Literal["email", "text"]

TO = {"email": "ana@example.org", "text": "+12015550123"}
EVENTS: tuple[Event, ...] = get_args(Event)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
AFTER_DELIVERED = {"delivered", "bounced", "complained", "opted_out"}
# Who says so has the letter, or had it.
PROOF = {"sent", "deferred", "undelivered", "delivered", "bounced", "complained"}
_LEASE = timedelta(seconds=60)
CLAIMS = re.compile(r"\b(has been|was) (sent|delivered)\b")


@dataclass(frozen=True)
class Told:
    """What a provider says became of the letter."""

    event: Event
    key: int  # the same again is the same fact

    def news(self, tag: str) -> News:
        """As a courier hands it on."""
        code = "5.1.1" if self.event == "bounced" else ""
        return News(self.event, f"{self.event}:{self.key}", tag=tag, code=code)


@dataclass(frozen=True)
class Try:
    """One try to carry the letter."""

    outcome: Outcome
    is_taken: bool = False  # by the server, when the outcome leaves that open
    meanwhile: tuple[Told, ...] = ()  # is said before the server's own answer is noted
    is_killed: bool = False  # the worker, before it notes the answer


# What outranks all else comes seldom, or most histories would end early.
told = st.builds(Told, st.sampled_from(EVENTS[:-3] * 3 + EVENTS), st.integers(0, 1))
tries = st.builds(
    Try,
    st.sampled_from(OUTCOMES),
    st.booleans(),
    st.lists(told, max_size=2).map(tuple),
    st.sampled_from([False, False, True]),
)
histories = st.lists(told | tries, max_size=7)


@dataclass
class Server:
    """A courier to a server that does as it is bidden, and knows what it has taken."""

    medium: Medium
    hear: Callable[[Told], Awaitable[None]] | None = None
    pace: Pace = field(default_factory=lambda: Pace(delays=(0,)))
    settle: float = 0
    wakes: bool = False
    bidden: Try = Try("retry")
    has_taken: bool = False
    answers: list[Carried] = field(default_factory=list)

    async def carry(self, letter: Letter) -> Carried:
        """Take the letter, or not; others may be faster to say what became of it."""
        for fact in self.bidden.meanwhile:
            assert self.hear is not None
            await self.hear(fact)
        is_open = self.bidden.outcome == "unclear" or self.bidden.is_killed
        self.has_taken |= self.bidden.outcome == "accepted" or (is_open and self.bidden.is_taken)
        return self._answer(Carried(self.bidden.outcome, "Because.", provider_id="SM1"))

    async def find(self, letter: Letter) -> Carried | None:
        """A text can be looked up; a mail server tells nothing."""
        if self.medium == "email":
            return None
        return self._answer(Carried("accepted" if self.has_taken else "retry", provider_id="SM1"))

    def _answer(self, answer: Carried) -> Carried:
        self.answers.append(answer)
        return answer

    async def close(self) -> None:
        """Nothing was opened."""


@dataclass
class Case:
    """One letter, its server, and all that is known of it."""

    services: Services
    server: Server
    heard: set[Event] = field(default_factory=set)
    noted: set[Event] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)

    async def goes_on(self, step: Told | Try) -> None:
        """Let one thing happen."""
        if isinstance(step, Told):
            await self.hear(step)
            return
        self.server.bidden, self.server.answers = step, []
        await rounds.hurry(self.services)
        claims = await self.services.storage.write(
            lanes.claim, self.server.medium, limit=1, lease=_LEASE, per_second=None, burst=1
        )
        for job in claims.jobs:
            record = await carrying.deliver(self.services, job)
            if step.is_killed:
                continue
            await self.services.storage.write(record)
            self.note(self.server.answers[-1:])

    async def hear(self, fact: Told) -> None:
        """News of the letter."""
        self.heard.add(fact.event)
        (letter,) = await scene.all_of(self.services, Delivery)
        news = fact.news(tokens.tag(self.services.keys, letter.id))
        await returns.hear(self.services, [news], now=datetime.now(UTC))

    def note(self, answers: list[Carried]) -> None:
        """What the house must have learnt of the server's last word."""
        refused: Event = "bounced" if self.server.medium == "email" else "failed"
        means: dict[Outcome, Event] = {
            "accepted": "sent", "unclear": "unknown", "permanent": refused,
        }  # fmt: skip
        self.noted |= {means[last.outcome] for last in answers if last.outcome in means}

    async def is_true(self) -> None:
        """What is shown now is the most that is known, no less than before, and no lie."""
        (letter,) = await scene.all_of(self.services, Delivery)
        known = self.heard | self.noted
        assert letter.state == max(known, key=RANK.__getitem__, default="queued")
        assert letter.rank == RANK[letter.state]
        facts = await scene.all_of(self.services, DeliveryEvent)
        assert {fact.event for fact in facts} == known
        assert len({fact.key for fact in facts}) == len(facts)
        if self.shown:
            assert RANK[letter.state] >= RANK[self.shown[-1]]
        assert "delivered" not in self.shown or letter.state in AFTER_DELIVERED
        self.shown.append(letter.state)
        await self._nothing_is_called_sent_that_has_not_left()

    async def _nothing_is_called_sent_that_has_not_left(self) -> None:
        robin = await scene.actor(self.services)
        card = await invitations.show(self.services, robin, 1, now=datetime.now(UTC))
        has_left = self.server.has_taken or self.heard & PROOF
        assert has_left or not CLAIMS.search(card.text), card.text


async def lives_through(url: str, medium: Carries, history: list[Told | Try]) -> None:
    """One letter's life, from the leader's command on."""
    storage = Storage.open(url)
    try:
        server = Server(medium)
        services = await scene.plugged(storage)
        services = dataclasses.replace(services, couriers={medium: server})
        case = Case(services, server)
        server.hear = case.hear
        robin = await scene.actor(services)
        await scene.invite(services, robin, TO[medium], medium=medium, now=datetime.now(UTC))
        await case.is_true()
        for step in history:
            await case.goes_on(step)
            await case.is_true()
        event(f"ends as {case.shown[-1]}")
    finally:
        await storage.close()


ACCEPTED = Try("accepted")
TAKEN_UNKNOWN = Try("unclear", is_taken=True)
KILLED = Try("accepted", is_killed=True)
DELIVERED, BOUNCED = Told("delivered", 0), Told("bounced", 0)


@given(medium=st.sampled_from(get_args(Carries)), history=histories)
@example("email", [ACCEPTED, DELIVERED, BOUNCED, DELIVERED])
@example("text", [KILLED, Try("retry"), Told("failed", 0)])
@example("text", [TAKEN_UNKNOWN, Try("retry"), DELIVERED, Told("sent", 0)])
@example("text", [Try("accepted", meanwhile=(DELIVERED,)), Told("undelivered", 0)])
@example("email", [Try("config"), Try("retry"), Try("permanent"), Told("deferred", 1)])
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_shown_is_the_most_that_is_known(
    sqlite_template: Path, medium: Carries, history: list[Told | Try]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(sqlite_template, folder)
        asyncio.run(lives_through(f"sqlite:///{copy}", medium, history))


@pytest.mark.postgres
@given(medium=st.sampled_from(get_args(Carries)), history=histories)
@example("text", [KILLED, Try("retry"), Try("accepted", meanwhile=(DELIVERED,)), BOUNCED])
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_holds_on_postgresql(
    postgres_server: str, postgres_template: str, medium: Carries, history: list[Told | Try]
) -> None:
    with postgres.fresh_database(postgres_server, template=postgres_template) as url:
        asyncio.run(lives_through(url, medium, history))
