"""Anything at all may come, proven or not: it is answered in a word, and is never an error."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.couriers.email.services import Service
from bot.couriers.email.services.ses import Ses
from bot.messages import News, Wish
from tests.couriers.services import mailgun, postmark, sendgrid, ses
from tests.couriers.services.amazon import TOPIC, Amazon
from tests.couriers.services.desk import ADDRESS, call, chosen

PATIENT = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Strangers:
    """Every service, each with who calls it and says anything at all."""

    def __init__(self, amazon: Amazon) -> None:
        self.told: list[News | Wish] = []
        amazons = Ses(chosen(ses_topic_arn=TOPIC), fetch=amazon.fetch)
        services: list[Service] = [amazons, mailgun.SERVICE, postmark.SERVICE, sendgrid.SERVICE]

        async def hear(told: Sequence[News | Wish]) -> None:
            self.told += told

        routes = [route for each in services for route in each.routes(hear, address=ADDRESS)]
        self.app = Starlette(routes=routes)
        self._amazon = amazon

    async def unproven(self, content: bytes) -> set[int]:
        """How all answer somebody with no proof."""
        names = ("ses", "mailgun", "postmark", "sendgrid")
        return {(await call(self.app, f"/hooks/{name}", content)).status_code for name in names}

    async def proven(self, said: Any) -> set[int]:
        """How all answer what is signed, whatever it says."""
        text = json.dumps(said)
        sns = json.dumps(self._amazon.signed(self._amazon.notification(text)))
        posted = json.dumps({"signature": mailgun.signature(), "event-data": said})
        batch = json.dumps([said]).encode()
        answers = [
            await call(self.app, "/hooks/ses", sns.encode()),
            await call(self.app, "/hooks/mailgun", posted.encode()),
            await call(self.app, "/hooks/postmark", text.encode(), postmark.login()),
            await call(self.app, "/hooks/sendgrid", batch, sendgrid.proof(batch)),
        ]
        return {answer.status_code for answer in answers}


@PATIENT
@given(content=st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
async def test_garbage_is_refused_and_never_an_error(amazon: Amazon, content: bytes) -> None:
    strangers = Strangers(amazon)
    assert await strangers.unproven(content) <= {400, 403}
    assert strangers.told == []


@PATIENT
@given(said=JSON)
async def test_signed_garbage_is_no_news_and_never_an_error(amazon: Amazon, said: Any) -> None:
    strangers = Strangers(amazon)
    assert await strangers.proven(said) <= {200, 400}
    assert strangers.told == []


TABLES = (
    ("ses", ses.TABLE, {"mail": {"tags": {"delivery": ["1-aaaaaaaaaa"]}}}),
    ("mailgun", mailgun.TABLE, {"user-variables": {"delivery": "1-aaaaaaaaaa"}}),
    ("postmark", postmark.TABLE, {"Metadata": {"delivery": "1-aaaaaaaaaa"}, "MessageID": "1"}),
    ("sendgrid", sendgrid.TABLE, {"delivery": "1-aaaaaaaaaa", "timestamp": 1513299569}),
)
EVENTS = [more | told.event for _, table, more in TABLES for told in table]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """An event of any service, with one thing in it of another value or shape."""
    event: Any = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    place = event
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            place[key] = draw(JSON)
            return event
        place = place[key]


@PATIENT
@given(said=damaged())
async def test_what_is_damaged_is_never_an_error_and_can_always_be_kept(
    amazon: Amazon, said: Any
) -> None:
    """Whatever comes of it is short and printable: there are texts that no database takes."""
    strangers = Strangers(amazon)
    assert await strangers.proven(said) <= {200, 400}
    for news in strangers.told:
        assert isinstance(news, News)
        assert news.tag or news.message_id
        assert (news.key + news.tag + news.message_id + news.code).isprintable()
        assert len(news.code) < 40


async def test_undamaged_it_is_news(amazon: Amazon) -> None:
    strangers = Strangers(amazon)
    for event in EVENTS:
        await strangers.proven(event)
    heard = {news.key.partition(":")[0] for news in strangers.told if isinstance(news, News)}
    assert heard == {"ses", "mailgun", "postmark", "sendgrid"}
