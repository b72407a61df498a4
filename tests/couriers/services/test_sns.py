"""Amazon SNS: only what Amazon signed, of our topic, in our time, gets in."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.couriers.email.services.refusals import NotNow, NotProven, Refused, Unreadable
from bot.couriers.email.services.sns import Topic
from tests.couriers.services.amazon import CERTIFICATE, DAY, HOST, TOPIC, Amazon

EVENT = '{"eventType": "Delivery"}'


async def opened(
    topic: Topic, message: Mapping[str, Any], *, later: timedelta = timedelta()
) -> tuple[str, str] | None:
    """What the topic makes of a message."""
    return await topic.open(json.dumps(message).encode(), now=datetime.now(UTC) + later)


async def refused(topic: Topic, message: dict[str, str], **moment: timedelta) -> Refused:
    """Why the topic refuses it."""
    with pytest.raises(Refused) as refusal:
        await opened(topic, message, **moment)
    return refusal.value


@pytest.fixture
def topic(amazon: Amazon) -> Topic:
    return Topic(TOPIC, amazon.fetch)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_both_signatures_of_amazon_hold(amazon: Amazon, topic: Topic, version: str) -> None:
    with_subject = amazon.notification(EVENT)
    without = {name: value for name, value in with_subject.items() if name != "Subject"}
    odd = amazon.notification('{"said": "two\nlines, ünd \\u2028 more"}')
    for message in (with_subject, without, odd):
        found = await opened(topic, amazon.signed(message, version))
        assert found == (message["MessageId"], message["Message"])


async def test_a_change_to_any_signed_field_is_noticed(amazon: Amazon, topic: Topic) -> None:
    for message in (amazon.notification(EVENT), amazon.confirmation()):
        signed = amazon.signed(message)
        names = message.keys() - {"UnsubscribeURL"}  # which is not signed, and never read
        for name in names | {"Signature", "SignatureVersion"}:
            for forged in (f"{signed[name]}x", "", None, 7, ["x"]):
                with pytest.raises(Refused) as refusal:
                    await opened(topic, signed | {name: forged})
                assert isinstance(refusal.value, NotProven | Unreadable), (name, forged)
    assert {path.partition("?")[0] for path in amazon.asked} == {CERTIFICATE.removeprefix(HOST)}


async def test_another_topic_is_refused_before_anything_is_fetched(
    amazon: Amazon, topic: Topic
) -> None:
    """Anybody may have a topic, and have it call us."""
    for other in (TOPIC[:-1], TOPIC + "2", TOPIC.replace("1234", "4321")):
        for message in (amazon.notification(EVENT), amazon.confirmation()):
            assert (
                await refused(topic, amazon.signed(message | {"TopicArn": other}))
            ).status == 403
    assert amazon.asked == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        CERTIFICATE.replace("https:", "http:"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("sns.", "sns.evil.example/sns."),
        CERTIFICATE.replace("sns.eu-west-1", "sns.s3-us-west-2"),  # a bucket called "sns"
        CERTIFICATE.replace("sns.eu-west-1", "bucket.eu-west-1"),
        CERTIFICATE.replace("sns.", "user:secret@sns."),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace(".com/", ".com/../"),
        CERTIFICATE.replace("sns.eu-west-1.amazonaws", "sns.eu-west-1xamazonaws"),
        CERTIFICATE + "?more",
        CERTIFICATE + "\n",
        CERTIFICATE.replace(".pem", ".txt"),
        "https://127.0.0.1/SimpleNotificationService-1.pem",
        "",
    ],
)
async def test_a_certificate_from_elsewhere_is_not_even_fetched(
    amazon: Amazon, topic: Topic, elsewhere: str
) -> None:
    message = amazon.signed(amazon.notification(EVENT, SigningCertURL=elsewhere))
    assert (await refused(topic, message)).status == 403
    assert amazon.asked == []


async def test_a_certificate_must_be_amazons_and_of_today(amazon: Amazon) -> None:
    message = amazon.signed(amazon.notification(EVENT))
    for name in (
        "sns.evil.example",
        "amazonaws.com",
        "www.sns.amazonaws.com",
        "sns.amazonaws.comx",
    ):
        amazon.certify(name)
        assert (await refused(Topic(TOPIC, amazon.fetch), message)).status == 403
    for begins, ends in ((-2 * DAY, -DAY), (DAY, 2 * DAY)):
        amazon.certify(begins=begins, ends=ends)
        assert (await refused(Topic(TOPIC, amazon.fetch), message)).status == 403
    amazon.certificate = b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"
    assert (await refused(Topic(TOPIC, amazon.fetch), message)).status == 403
    amazon.certify("sns-signing.eu-south-1.amazonaws.com")
    assert await opened(Topic(TOPIC, amazon.fetch), message)


async def test_a_kept_certificate_ends_when_it_says(amazon: Amazon, topic: Topic) -> None:
    amazon.certify(ends=timedelta(hours=6))
    message = amazon.signed(amazon.notification(EVENT))
    assert await opened(topic, message)
    assert isinstance(await refused(topic, message, later=timedelta(hours=7)), NotProven)


async def test_another_key_is_refused(amazon: Amazon, topic: Topic) -> None:
    message = Amazon().signed(amazon.notification(EVENT))
    assert isinstance(await refused(topic, message), NotProven)


async def test_what_comes_late_is_opened_for_a_day(amazon: Amazon, topic: Topic) -> None:
    message = amazon.signed(amazon.notification(EVENT))
    assert await opened(topic, message, later=timedelta(hours=1, minutes=1))
    assert isinstance(await refused(topic, message, later=timedelta(hours=25)), NotProven)
    assert isinstance(await refused(topic, message, later=-timedelta(hours=1)), NotProven)
    for moment in ("2012-05-02T00:54:06", "yesterday"):
        forged = amazon.signed(amazon.notification(EVENT, Timestamp=moment))
        assert isinstance(await refused(topic, forged), NotProven)


async def test_many_at_once_fetch_the_certificate_once(amazon: Amazon, topic: Topic) -> None:
    messages = [amazon.signed(amazon.notification(EVENT, number)) for number in range(20)]
    found = await asyncio.gather(*(opened(topic, message) for message in messages))
    assert len(set(found)) == 20
    assert len(amazon.asked) == 1


async def test_a_subscription_to_our_topic_is_confirmed(amazon: Amazon, topic: Topic) -> None:
    message = amazon.confirmation()
    assert await opened(topic, amazon.signed(message)) is None
    assert amazon.asked[1:] == [message["SubscribeURL"].removeprefix(HOST)]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/?Action=ConfirmSubscription&Token=1",
        f"{HOST}@evil.example/?Action=ConfirmSubscription&Token=1",
        f"{HOST}/?Action=DeleteTopic&TopicArn={TOPIC}",
        f"{HOST}/?Action=ConfirmSubscription& ",
        "http://127.0.0.1/?Action=ConfirmSubscription&Token=1",
    ],
)
async def test_a_subscription_is_confirmed_nowhere_else(
    amazon: Amazon, topic: Topic, elsewhere: str
) -> None:
    message = amazon.signed(amazon.confirmation(SubscribeURL=elsewhere))
    assert (await refused(topic, message)).status == 403
    assert amazon.asked[1:] == []


async def test_the_end_of_a_subscription_is_let_be(amazon: Amazon, topic: Topic) -> None:
    """Its link would begin it again."""
    message = amazon.confirmation("UnsubscribeConfirmation")
    assert await opened(topic, amazon.signed(message)) is None
    assert amazon.asked[1:] == []


async def test_while_amazon_is_in_trouble_it_shall_come_again(amazon: Amazon, topic: Topic) -> None:
    message = amazon.signed(amazon.confirmation())
    for trouble in (500, 404, 302):
        amazon.trouble = trouble
        assert isinstance(await refused(topic, message), NotNow)
    amazon.trouble = 0
    assert await opened(topic, amazon.signed(amazon.notification(EVENT)))
    amazon.trouble = 503
    assert isinstance(await refused(topic, message), NotNow), "not confirmed, so not said to be"
    assert await opened(topic, amazon.signed(amazon.notification(EVENT)))


async def test_a_message_of_another_kind_is_not_understood(amazon: Amazon, topic: Topic) -> None:
    for kind in ("Other", "", "notification"):
        message = amazon.signed(amazon.notification(EVENT, Type=kind))
        assert isinstance(await refused(topic, message), Unreadable)
