"""Twilio calls: what it signed reaches the leader's card, whatever the order; the rest does not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.app import make_app
from bot.community.segments import count, plain
from bot.couriers.sms import SmsCourier, SmsSettings, hooks, replies
from bot.couriers.sms.meanings import reported
from bot.messages import News, Wish
from bot.ports import Services
from storage import deliveries as stored
from storage.database import Storage
from storage.tables import Delivery, DeliveryEvent, Suppression
from tests.community import rounds, scene
from tests.settings import settings_of
from tests.standins import twilio
from tests.standins.twilio import TOKEN, TwilioStandIn
from tests.standins.twilio_calls import SHARED, message_form, signed, status_form

pytestmark = [  # of Twilio's own client
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]
ADDRESS = "https://join.example.org"  # as the operator configured it, and Twilio calls it
SEEN_AS = "http://10.0.0.7:8080"  # as the proxy in front shows it to us
PHONE = "+12015550123"


@dataclass
class House:
    """A house whose texts go by Twilio, which has sent one."""

    services: Services
    app: Starlette
    twilio: TwilioStandIn

    async def call(
        self,
        path: str,
        form: Mapping[str, str],
        *,
        secret: str = TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Twilio calls a path of ours."""
        proof = signed(ADDRESS + path, form, secret=secret) if headers is None else headers
        async with self.outside() as web:
            return await web.post(path, data=dict(form), headers=proof)

    async def report(self, status: str, error: int | None = None, *, of: int = 0) -> httpx.Response:
        """Twilio says what became of the text."""
        text = self.twilio.texts[of]
        return await self.call(self.callback(of), status_form(text, status, error))

    def callback(self, of: int = 0) -> str:
        """Where Twilio was asked to report about the text."""
        return self.twilio.wishes[of]["StatusCallback"].removeprefix(ADDRESS)

    def outside(self) -> httpx.AsyncClient:
        """Somebody who found our address."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SEEN_AS)

    async def card(self) -> str:
        """What the leader reads of the one invitation."""
        return (await scene.say(self.services, "/invites 1")).text


@asynccontextmanager
async def opened(storage: Storage, **chosen: str) -> AsyncIterator[House]:
    """The house, with these settings."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TwilioStandIn())
        basics = {
            "twilio_account_sid": twilio.ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_from": twilio.NUMBER,
        }
        courier = SmsCourier(
            settings_of(
                SmsSettings,
                twilio_base_url=server.url,
                twilio_settle=0,
                twilio_rate=1000,
                **basics | chosen,
            )
        )
        stack.push_async_callback(courier.close)
        services = scene.unlimited(await rounds.house(storage, courier))
        yield House(services, make_app(services, list(services.chats.values())), server)


@pytest.fixture
async def house(sqlite_storage: Storage) -> AsyncIterator[House]:
    """A house that has texted Ana."""
    async with opened(sqlite_storage) as one:
        await rounds.invite(one.services, PHONE, medium="text")
        await rounds.round_made(one.services)
        yield one


async def test_what_twilio_reports_is_on_the_leaders_card(house: House) -> None:
    assert "has been sent" in await house.card()
    answer = await house.report("delivered")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "has been delivered. Not joined yet." in await house.card()


async def test_a_letter_is_named_by_a_tag_that_nobody_guesses(house: House) -> None:
    (letter,) = await scene.all_of(house.services, Delivery)
    path, _, tag = house.callback().partition("?d=")
    assert path == hooks.STATUS
    assert tag.startswith(f"{letter.id}-")
    assert (await house.call(f"{path}?d={letter.id}-aaaaaaaaaa", _delivered(house))).is_success
    assert (await house.call(path, _delivered(house))).is_success
    assert "has been sent" in await house.card(), "signed, but about no letter of ours"


def _delivered(house: House) -> dict[str, str]:
    return status_form(house.twilio.texts[0], "delivered")


ENDS = [
    ("undelivered", 30003, "undelivered", "could not be reached"),
    ("undelivered", 30004, "undelivered", "blocked by their carrier"),
    ("undelivered", 30005, "bounced", "not in use"),
    ("undelivered", 30006, "bounced", "landline"),
    ("undelivered", 30007, "undelivered", "filtered the text as unwanted"),
    ("undelivered", 30008, "undelivered", "gave no reason"),
    ("undelivered", 30034, "undelivered", "not registered"),
    ("failed", 30036, "failed", "waited too long"),
    ("failed", 30450, "failed", "safety check"),
    ("failed", 21610, "opted_out", "replied STOP"),
    ("failed", 30001, "failed", "You can resend it"),
    ("undelivered", 39999, "undelivered", "did not arrive. Try e-mail"),
    ("undelivered", None, "undelivered", "You can resend"),
    ("failed", None, "failed", "did not arrive"),
    ("canceled", None, "failed", "did not arrive"),
    ("read", None, "delivered", "has been delivered"),
]


async def test_every_end_has_its_words(sqlite_storage: Storage) -> None:
    async with opened(sqlite_storage) as house:
        phones = [f"+1201555{number:04}" for number in range(100, 100 + len(ENDS))]
        await rounds.invite(house.services, *phones, medium="text")
        await rounds.round_made(house.services)
        to = [text["to"] for text in house.twilio.texts]
        for number, (phone, end) in enumerate(zip(phones, ENDS, strict=True), start=1):
            status, error, state, words = end
            await house.report("sent", of=to.index(phone))
            assert (await house.report(status, error, of=to.index(phone))).status_code == 204
            letter = (await scene.all_of(house.services, Delivery))[number - 1]
            assert (letter.contact, letter.state) == (phone, state)
            assert words in (await scene.say(house.services, f"/invites {number}")).text


@pytest.mark.parametrize(("error", "rests"), [(30005, True), (30006, True), (30003, False)])
async def test_a_number_that_cannot_get_texts_is_left_alone(
    house: House, error: int, rests: bool
) -> None:
    await house.report("undelivered", error)
    said = await scene.say(house.services, f"/invite text {PHONE}")
    assert len(await scene.all_of(house.services, Suppression)) == rests
    assert len(await scene.all_of(house.services, Delivery)) == 1, said.text


async def test_a_status_of_tomorrow_changes_nothing(house: House) -> None:
    assert (await house.report("teleported")).status_code == 204
    assert "has been sent" in await house.card()


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
async def test_a_report_without_its_fields_changes_nothing(house: House, missing: str) -> None:
    form = _delivered(house)
    del form[missing]
    assert (await house.call(house.callback(), form)).status_code == 204
    assert "has been sent" in await house.card()


STATUSES = ("accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed")
REPORTS = st.builds(  # a text that fails, fails for one reason
    lambda statuses, reasons: [(status, reasons.get(status)) for status in statuses],
    st.lists(st.sampled_from(STATUSES), max_size=9),
    st.fixed_dictionaries(
        {"undelivered": st.sampled_from([30003, 30005]), "failed": st.sampled_from([30036, 21610])}
    ),
)


async def test_any_order_and_repetition_of_reports_ends_alike(sqlite_storage: Storage) -> None:
    async with opened(sqlite_storage) as house:
        numbers = [f"+1201555{number:04}" for number in range(100, 200)]
        await rounds.invite(house.services, *numbers, medium="text")
        await rounds.round_made(house.services)
        texts = iter(range(len(house.twilio.texts)))

        async def end_of(told: list[tuple[str, int | None]]) -> str:
            which = next(texts)
            for status, error in told:
                assert (await house.report(status, error, of=which)).status_code == 204
            sid = house.twilio.texts[which]["sid"]
            rows = await scene.all_of(house.services, Delivery)
            (state,) = [row.state for row in rows if row.provider_id == sid]
            return state

        loop = asyncio.get_running_loop()

        @given(REPORTS)
        @settings(max_examples=len(numbers) // 2, phases=[Phase.generate])  # one text for each
        def check(told: list[tuple[str, int | None]]) -> None:
            facts = [reported("SM1", status, str(error or "")) for status, error in told]
            known = {"sent", *(fact.event for fact in facts if fact)}
            end = asyncio.run_coroutine_threadsafe(end_of(told), loop).result()
            assert end == max(known, key=stored.RANK.__getitem__), told

        await asyncio.to_thread(check)


async def test_a_report_told_twice_is_one_fact(house: House) -> None:
    for _ in range(3):
        await house.report("delivered")
    events = [row.event for row in await scene.all_of(house.services, DeliveryEvent)]
    assert events == ["sent", "delivered"]


async def test_a_report_that_outruns_the_answer_names_the_text(storage: Storage) -> None:
    async with opened(storage) as house:
        house.twilio.fail("drop_after", times=1)
        await rounds.invite(house.services, PHONE, medium="text")
        await rounds.round_made(house.services)
        assert "checking whether it went out" in await house.card()
        await house.report("queued")
        assert "has been sent" in await house.card(), "Twilio has it, so it left us"
        (letter,) = await scene.all_of(house.services, Delivery)
        assert letter.provider_id == house.twilio.texts[0]["sid"]
        assert await scene.jobs(house.services, "ask"), "and it can be asked about, too"
        await rounds.hurry(house.services)
        await rounds.round_made(house.services)
        assert len(house.twilio.texts) == 1


# Proof


async def test_a_shared_key_signs_as_well_as_the_token(sqlite_storage: Storage) -> None:
    async with opened(sqlite_storage, twilio_webhook_secret=SHARED) as house:
        await rounds.invite(house.services, PHONE, medium="text")
        await rounds.round_made(house.services)
        form = status_form(house.twilio.texts[0], "sent")
        assert (await house.call(house.callback(), form)).status_code == 204
        form = status_form(house.twilio.texts[0], "delivered")
        assert (await house.call(house.callback(), form, secret=SHARED)).status_code == 204
    assert "has been delivered" in await house.card()


@dataclass(frozen=True)
class Forgery:
    """How a call differs from the one that was signed."""

    form: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


FORGERIES = {
    "another status": Forgery(form={"MessageStatus": "failed"}),
    "another text": Forgery(form={"MessageSid": "SM" + "f" * 32}),
    "another number": Forgery(form={"To": "+12015550199"}),
    "one field more": Forgery(form={"ErrorCode": "30005"}),
    "a trailing space": Forgery(form={"MessageStatus": "delivered "}),
    "another letter": Forgery(query="&d=1-aaaaaaaaaa"),
    "no signature": Forgery(headers={"X-Twilio-Signature": ""}),
    "a signature that is none": Forgery(headers={"X-Twilio-Signature": "Ünsinn"}),
    "an unknown algorithm": Forgery(
        headers={"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=NONE"}
    ),
    "the other algorithm": Forgery(
        headers={"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}
    ),
}


async def test_what_twilio_did_not_sign_is_not_heard(house: House) -> None:
    form, path = _delivered(house), house.callback()
    for what, forged in FORGERIES.items():
        proof: Any = {**signed(ADDRESS + path, form), **forged.headers}
        proof = {name: value.encode() for name, value in proof.items()}
        answer = await house.call(path + forged.query, {**form, **forged.form}, headers=proof)
        assert answer.status_code == 403, what
    assert "has been sent" in await house.card()


async def test_the_address_that_counts_is_the_configured_one(house: House) -> None:
    form = _delivered(house)
    proof = signed(SEEN_AS + house.callback(), form)
    assert (await house.call(house.callback(), form, headers=proof)).status_code == 403
    forwarded = {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
    proof = signed(ADDRESS + house.callback(), form) | forwarded
    assert (await house.call(house.callback(), form, headers=proof)).status_code == 204


async def test_another_secret_proves_nothing(house: House) -> None:
    for secret in ("", "another-token", SHARED):
        answer = await house.call(house.callback(), _delivered(house), secret=secret)
        assert answer.status_code == 403


async def test_without_a_secret_nothing_is_asked_for_and_nothing_heard(
    sqlite_storage: Storage,
) -> None:
    key = {"twilio_api_key": twilio.KEY, "twilio_api_secret": twilio.SECRET}
    async with opened(sqlite_storage, twilio_auth_token="", **key) as house:
        await rounds.invite(house.services, PHONE, medium="text")
        await rounds.round_made(house.services)
        assert "StatusCallback" not in house.twilio.wishes[0]
        for secret in (TOKEN, ""):
            answer = await house.call(hooks.INBOUND, message_form(PHONE, "STOP"), secret=secret)
            assert answer.status_code == 403
        assert await scene.all_of(house.services, Suppression) == []


@pytest.mark.parametrize(
    ("address", "is_asked"),
    [
        ("https://join.example.org", True),
        ("http://join.example.org", False),
        ("http://127.0.0.1:8080", False),
        ("https://localhost", False),
        ("https://[::1]:8443", False),
    ],
)
async def test_reports_are_asked_for_where_twilio_can_reach_us(
    sqlite_storage: Storage, address: str, is_asked: bool
) -> None:
    async with opened(sqlite_storage) as house:
        courier = house.services.couriers["text"]
        assert isinstance(courier, SmsCourier)
        courier.plug(_deaf, address=address)
        await rounds.invite(house.services, PHONE, medium="text")
        await rounds.round_made(house.services)
        assert ("StatusCallback" in house.twilio.wishes[0]) == is_asked


async def _deaf(told: object) -> None:
    """Hears nothing."""


async def test_nonsense_is_turned_away_in_a_word(house: House) -> None:
    nonsense = {
        b"x=" + b"a" * 65_536: 413,
        b"&".join(b"f%d=1" % number for number in range(300)): 400,
        b"\xff\xfe=1": 400,
        b"": 403,
        b"{}": 403,
    }
    async with house.outside() as web:
        for body, status in nonsense.items():
            for path in (hooks.STATUS, hooks.INBOUND):
                assert (await web.post(path, content=body)).status_code == status
        assert (await web.get(hooks.STATUS)).status_code in {404, 405}


async def test_a_body_that_goes_on_and_on_is_cut_short(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"a" * 1024

    async with house.outside() as web:
        assert (await web.post(hooks.INBOUND, content=endless())).status_code == 413


async def test_while_the_database_is_away_twilio_is_told_so(house: House) -> None:
    await house.services.storage.close()
    assert (await house.report("delivered")).status_code == 503
    answer = await house.call(hooks.INBOUND, message_form(PHONE, "STOP"))
    assert answer.status_code == 503


# Answers of residents


@pytest.mark.parametrize("body", ["STOP", "“Arrêt, svp”"])
async def test_stop_ends_it_in_every_community(house: House, body: str) -> None:
    answer = await house.call(hooks.INBOUND, message_form(PHONE, body))
    assert answer.status_code == 200
    assert "does not want to be written to" in await house.card()
    said = await scene.say(house.services, f"/invite text {PHONE}")
    assert "asked not to be written to" in said.text
    await house.call(hooks.INBOUND, message_form(PHONE, "Start!"))
    (row,) = await scene.all_of(house.services, Suppression)
    assert row.until is not None


SPELLINGS = {
    "stop": ["STOP", "stop", " Stop \n", "Stop.", "“STOP”", "S T O P", "stop all", "opt-out",
             "Arrêt", "ARRET!", "¡Alto!", "parar", "stop, please", "UNSUBSCRIBE", "ＳＴＯＰ"],
    "start": ["START", " unstop ", "Yes", "Comenzar", "début"],
    "": ["", "HELP", "stop by on Sunday?", "no", "never stop", "🛑", "Stopp"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "wish"), [(body, wish) for wish, bodies in SPELLINGS.items() for body in bodies]
)
def test_a_wish_is_understood_in_any_spelling(body: str, wish: Any) -> None:
    form = message_form(PHONE, body)
    heard = Wish("text", PHONE, wish, f"twilio:{form['MessageSid']}") if wish else None
    assert replies.wish_of(form) == heard


async def test_twilios_word_for_it_beats_ours(house: House) -> None:
    form = message_form(PHONE, "no quiero más", OptOutType="STOP")
    answer = await house.call(hooks.INBOUND, form)
    assert answer.text.endswith("<Response></Response>"), "Twilio answers itself"
    assert "does not want to be written to" in await house.card()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("STOP", ""),
        ("start ", ""),
        ("stop, please", "You will get no more texts from us."),
        ("ALTO", "No le enviaremos otro mensaje."),
        ("arrêt", "ne recevrez plus"),
        ("HELP", "This number sends invitations for join.example.org."),
        ("ayuda", "join.example.org"),
        ("Aide", "join.example.org"),
        ("Who is this <b>?", "Nobody reads the answers. Reply STOP to opt out."),
        ("stop by on Sunday?", "Reply STOP to opt out."),
        ("", "Reply STOP to opt out."),
    ],
)
def test_everybody_is_told_who_we_are_and_how_to_end_it(body: str, words: str) -> None:
    said = replies.answer_to({"Body": body}, house="join.example.org")
    assert words in said
    assert bool(words) == bool(said)
    assert count(said).segments <= 1


async def test_an_answer_is_in_twilios_markup(house: House) -> None:
    answer = await house.call(hooks.INBOUND, message_form(PHONE, "<Who> & what?"))
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<Message>This number sends invitations for join.example.org." in answer.text
    assert replies.twiml("a < b & c").count("<Message>a &lt; b &amp; c</Message>") == 1


async def test_another_machine_is_not_answered_for_ever(house: House) -> None:
    said = [await house.call(hooks.INBOUND, message_form(PHONE, "Out of office")) for _ in range(9)]
    assert [("<Message>" in each.text) for each in said] == [True] * 5 + [False] * 4
    other = await house.call(hooks.INBOUND, message_form("+12015550199", "Who is this?"))
    assert "<Message>" in other.text
    stopped = await house.call(hooks.INBOUND, message_form(PHONE, "stop, please"))
    assert "<Message>" not in stopped.text
    assert "does not want to be written to" in await house.card(), "heard it is all the same"


@pytest.mark.parametrize("answer", replies.ANSWERS.values())
def test_an_answer_loses_no_accents_on_the_way(answer: str) -> None:
    assert plain(answer) == answer


async def test_a_fault_of_ours_is_logged_and_not_shown(
    sqlite_storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(told: object) -> None:
        raise RuntimeError("broken")

    async with opened(sqlite_storage) as house:
        courier = house.services.couriers["text"]
        assert isinstance(courier, SmsCourier)
        courier.plug(broken, address=ADDRESS)
        house.app = Starlette(routes=courier.routes())
        answer = await house.call(hooks.INBOUND, message_form(PHONE, "STOP"))
        assert (answer.status_code, "broken" in answer.text) == (500, False)
        assert "sms.call_failed" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["a.io", "x" * 60 + ".example.org", "bücher.example"])
@pytest.mark.parametrize("body", ["help", "ayuda", "aide", "alto", "arret", "comenzar", "debut"])
def test_no_answer_costs_more_than_one_segment(body: str, host: str) -> None:
    cost = count(replies.answer_to({"Body": body}, house=host))
    assert (cost.segments, cost.encoding) == (1, "GSM-7")


@pytest.mark.parametrize("sender", ["40404", "MapleCourt", "+1", "whatsapp:+12015550123", ""])
def test_who_has_no_number_has_no_wish(sender: str) -> None:
    assert replies.wish_of(message_form(sender, "STOP")) is None


async def test_a_number_of_no_country_is_heard_all_the_same(house: House) -> None:
    answer = await house.call(hooks.INBOUND, message_form("+99912345678", "STOP"))
    assert answer.status_code == 200


@given(st.text(), st.sampled_from(["", "STOP", "HELP", "?"]))
def test_whatever_is_written_has_an_answer(body: str, named: str) -> None:
    form = {"From": PHONE, "MessageSid": "SM1", "Body": body, "OptOutType": named}
    wish = replies.wish_of(form)
    assert wish is None or isinstance(wish, Wish)
    assert count(replies.answer_to(form, house="join.example.org")).segments <= 1


@given(st.text(), st.text())
def test_whatever_twilio_reports_is_news_or_nothing(status: str, code: str) -> None:
    news = reported("SM1", status, code)
    assert news is None or isinstance(news, News)
