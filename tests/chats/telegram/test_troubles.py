"""What goes wrong around Telegram: outages, limits, groups that move or vanish, hostile names."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from bot.app import open_house
from bot.chats.telegram.chat import TelegramChat
from bot.community import codes
from bot.community.leaders import claims
from bot.messages import Card
from bot.ports import ChatDown, ChatRefused
from bot.settings import Settings
from storage import communities as rows
from storage import invitations, jobs
from storage.tables import ChatLink
from tests.chats.serving import PATIENCE
from tests.chats.telegram.conftest import SECRET, Open, Scene
from tests.settings import settings_of
from tests.standins.telegram import TelegramStandIn
from tests.web.visitor import Page, Visitor

HOSTILE = '<b>@everyone</b> "/invite" https://evil.com'
NAMED = '<b>@everyone</b> "/invite" & co'  # no address: nobody can be called one


def telegram_of(scene: Scene) -> TelegramChat:
    """The chat that is under test."""
    chat = scene.house.services.chats["telegram"]
    assert isinstance(chat, TelegramChat)
    return chat


async def link_of(scene: Scene) -> ChatLink:
    """Where joins are announced."""
    place = str(scene.telegram.bot.id)
    link = await scene.house.services.storage.read(rows.link_of, 1, chat="telegram", place=place)
    assert link is not None
    return link


async def joins(scene: Scene, name: str, address: str) -> Page:
    """Somebody signs up with the code of the newest invitation. Gives the welcome."""
    newest = await scene.house.services.storage.read(invitations.newest)
    assert newest is not None
    code = codes.derive(scene.house.services.keys, newest.id, newest.generation)
    visitor = Visitor(scene.house.app, address=scene.address)
    page = await visitor.submit(
        await visitor.open(f"/j/{code}"), name=name, address=address, contact="rosa@example.org"
    )
    assert page.path == "/welcome", page.text
    return page


# Away


async def test_telegram_away_at_the_start_is_waited_for(
    telegram: TelegramStandIn, open_telegram: Open
) -> None:
    telegram.down = True
    async with open_telegram(led=False) as scene:
        await telegram.until(lambda: telegram.calls, seconds=PATIENCE)
        telegram.down = False
        await telegram.start(scene.ana)
        assert "/leaders claim" in await scene.next(0)


async def test_an_outage_loses_nothing_and_repeats_nothing(polled: Scene) -> None:
    telegram = polled.telegram
    telegram.down = True
    await telegram.say(polled.ana, polled.ana, "/invite email rosa@example.org")
    await asyncio.sleep(3)
    telegram.down = False
    await polled.sees("rosa@example.org: ")
    await polled.sees("Inviting rosa@example.org")
    assert len([m for m in polled.said() if m.text.startswith("Inviting")]) == 1
    assert len([m for m in polled.said() if "rosa@example.org: " in m.text]) == 1


async def test_an_outage_in_the_middle_of_an_answer_is_waited_out(polled: Scene) -> None:
    polled.telegram.fault("sendMessage", "drop_before", times=3)
    assert "There are no invitations." in await polled.say("/invites")
    assert len([m for m in polled.said() if "no invitations" in m.text]) == 1


async def test_too_many_requests_are_waited_out(polled: Scene) -> None:
    polled.telegram.fault("sendMessage", "429", times=1, retry_after=1)
    assert "There are no invitations." in await polled.say("/invites")


async def test_everything_arrives_within_telegrams_limits(polled: Scene) -> None:
    polled.telegram.enforce_rates = True
    for name in ("rosa", "mara", "lena", "nora"):
        await polled.telegram.say(polled.ana, polled.ana, f"/invite email {name}@example.org")
    for name in ("rosa", "mara", "lena", "nora"):
        await polled.sees(f"Inviting {name}@example.org")
        await polled.sees(f"{name}@example.org: the e-mail has been sent")


async def test_a_file_that_is_not_taken_is_told(polled: Scene) -> None:
    polled.telegram.fault("sendDocument", "Bad Request: file is too big", times=1)
    await polled.telegram.say(polled.ana, polled.ana, "/passes 2")
    await polled.sees("Telegram did not take the file just now.")


async def test_another_poller_is_told_of_and_outlived(
    polled: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    url, said = f"{polled.telegram.api_url}{polled.telegram.token}/getUpdates", ""
    async with httpx.AsyncClient() as other, asyncio.timeout(PATIENCE):
        while "another program listens" not in said:
            await other.post(url, data={"timeout": 0})
            captured = capsys.readouterr()
            said += captured.out + captured.err
    assert "There are no invitations." in await polled.say("/invites")
    assert polled.telegram.token not in said


async def test_a_wrong_token_is_told_and_never_printed(
    telegram: TelegramStandIn,
    open_telegram: Open,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = "123456789:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
    monkeypatch.setenv("TELEGRAM_TOKEN", wrong)
    async with open_telegram(led=False):
        await telegram.until(lambda: telegram.calls, seconds=PATIENCE)
        await asyncio.sleep(0.2)
    said = capsys.readouterr()
    assert "Telegram does not know TELEGRAM_TOKEN" in said.out + said.err
    assert wrong not in said.out + said.err + caplog.text


# Cards


async def test_a_worker_that_only_carries_speaks_as_well(
    telegram: TelegramStandIn, open_telegram: Open, sqlite_url: str
) -> None:
    async with open_telegram() as scene:
        ana = str(scene.ana.id)
    settings = settings_of(Settings, database_url=sqlite_url, secret_key=SECRET, playground=True)
    async with open_house(settings) as house:
        chat = house.services.chats["telegram"]
        message = await chat.post(ana, Card("One."), key="k")
        await chat.edit(ana, message, Card("Two."))
        await chat.edit(ana, message, Card("Two."))  # not modified, which is fine
        await chat.say_below(ana, message, Card("Three."), key="l")
    two, three = telegram.said(scene.ana)[-2:]
    assert (two.text, two.edits, three.text) == ("Two.", 1, "Three.")
    assert three.reply_to is two


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("Forbidden: bot was blocked by the user", "Unblock me"),
        ("Forbidden: bot was kicked from the supergroup chat", "/announce here"),
        ("Bad Request: chat not found", "/announce here"),
        ("Bad Request: not enough rights to send text messages to the chat", "may not write"),
        ("Bad Request: something new", "Telegram refused this message."),
    ],
)
async def test_a_refusal_says_what_to_do(polled: Scene, description: str, words: str) -> None:
    polled.telegram.fault("sendMessage", description, times=1)
    with pytest.raises(ChatRefused) as refused:
        await telegram_of(polled).post(str(polled.ana.id), Card("Hello."), key="k")
    assert words in refused.value.words


@pytest.mark.parametrize(
    ("kind", "after"), [("429", 7.0), ("502", None), ("drop_before", None), ("drop_after", None)]
)
async def test_what_may_work_later_is_tried_later(
    polled: Scene, kind: str, after: float | None
) -> None:
    polled.telegram.fault("sendMessage", kind, times=1, retry_after=7)
    with pytest.raises(ChatDown) as down:
        await telegram_of(polled).post(str(polled.ana.id), Card("Hello."), key="k")
    assert down.value.retry_after == after


async def test_a_card_of_any_length_is_shown(polled: Scene) -> None:
    message = await telegram_of(polled).post(str(polled.ana.id), Card("evil.com " * 900), key="k")
    await telegram_of(polled).edit("", message, Card("🏡" * 5000))
    assert polled.said()[-1].text.endswith("🏡…")


async def test_a_long_answer_comes_in_several_messages(polled: Scene) -> None:
    pasted = [f"{'x' * 15}{n:02}@{'y' * 9}.example.org" for n in range(99)]
    await polled.telegram.say(polled.ana, polled.ana, "/invite email " + "\n".join(pasted))
    last = await polled.sees("Nothing is sent until you press Send.")
    assert "Send 99" in {label for row in last.labels for label in row}
    shown = "\n".join(message.text for message in polled.said())
    assert all(address in shown for address in pasted)


async def test_what_telegram_cut_in_two_is_not_done_by_half(polled: Scene) -> None:
    pasted = "\n".join(f"{'x' * 40}{n:02}@example.org" for n in range(90))
    assert "Telegram cuts long messages" in await polled.say(f"/invite email {pasted}"[:4096])
    assert "There are no invitations." in await polled.say("/invites")


# Groups


async def test_a_join_is_announced_in_the_group(polled: Scene) -> None:
    await polled.say("/announce here", chat=polled.porch)
    await polled.say("/invite email rosa@example.org")
    await joins(polled, "Rosa Diaz", "12 Elm Street")
    message = await polled.sees("Rosa Diaz joined at 12 Elm Street", polled.porch)
    assert "invited by Ana Ruiz" in message.text
    await polled.sees("Rosa Diaz joined at 12 Elm Street")


async def test_a_group_that_becomes_a_supergroup_is_followed(polled: Scene) -> None:
    garden = polled.telegram.add_group("Garden", members=[polled.ana], supergroup=False)
    await polled.say("/announce here", chat=garden)
    new = await polled.telegram.migrate(garden)

    async def is_followed() -> bool:
        return (await link_of(polled)).announce_channel == str(new)

    async with asyncio.timeout(PATIENCE):
        while not await is_followed():
            await asyncio.sleep(0.02)


async def test_a_move_that_was_missed_is_noticed_by_the_next_message(polled: Scene) -> None:
    garden = polled.telegram.add_group("Garden", members=[polled.ana], supergroup=False)
    await polled.say("/announce here", chat=garden)
    polled.telegram.line.allowed = set()
    new = await polled.telegram.migrate(garden)
    message = await telegram_of(polled).post(str(garden.id), Card("Rosa joined."), key="k")
    assert message.startswith(f"{new}:")
    assert (await link_of(polled)).announce_channel == str(new)


async def test_removed_from_the_group_the_leaders_are_told(polled: Scene) -> None:
    await polled.telegram.rename(polled.porch, HOSTILE)
    await polled.say("/announce here", chat=polled.porch)
    await polled.telegram.remove_bot(polled.ana, polled.porch)
    told = await polled.sees("I was removed from")
    assert told.entities == [e for e in told.entities if e["type"] == "code"]
    assert (await link_of(polled)).announce_channel is None


async def test_a_topic_of_a_forum_is_a_place_of_its_own(polled: Scene) -> None:
    topic = polled.telegram.add_topic(polled.porch)
    await polled.telegram.say(polled.ana, polled.porch, "/announce here", thread=topic)
    answer = await polled.sees("announce here", polled.porch)
    assert answer.thread == topic
    channel = (await link_of(polled)).announce_channel
    assert channel == f"{polled.porch.id}/{topic}"
    await telegram_of(polled).post(channel, Card("Rosa joined."), key="k")
    assert polled.said(polled.porch)[-1].thread == topic


async def test_who_writes_as_the_group_leads_nothing(polled: Scene) -> None:
    last = await polled.telegram.say(polled.ana, polled.porch, "/help")
    await polled.sees("I invite people", polled.porch)
    update = dict(polled.telegram.line.sent[-1]["message"])
    update["message_id"] = last.id
    update["sender_chat"] = update["chat"]
    update["from"] = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    polled.telegram.line.tell("message", {**update, "text": "/announce here"})
    await polled.sees("You write as the group", polled.porch)
    assert (await link_of(polled)).announce_channel is None


async def test_the_bot_blocked_by_a_leader_is_no_error(polled: Scene) -> None:
    await polled.telegram.block(polled.ana)
    await polled.telegram.unblock(polled.ana)
    assert "There are no invitations." in await polled.say("/invites")


async def test_a_leader_who_comes_back_reads_what_they_missed(polled: Scene) -> None:
    await polled.say("/invite email rosa@example.org")
    await polled.sees("rosa@example.org: ")
    await polled.telegram.block(polled.ana)
    await joins(polled, "Rosa Diaz", "12 Elm Street")
    storage = polled.house.services.storage
    async with asyncio.timeout(PATIENCE):
        while not await storage.read(jobs.dead, 1):
            await asyncio.sleep(0.05)
    before = len(polled.said())
    await polled.telegram.unblock(polled.ana)
    await polled.telegram.start(polled.ana)
    await polled.sees("Rosa Diaz joined")
    assert len(polled.said()) > before
    assert await storage.read(jobs.dead, 1) == []


# Names


async def test_a_hostile_name_is_harmless_in_every_message(open_telegram: Open) -> None:
    async with open_telegram(led=False) as scene:
        scene.ana.name = NAMED
        code = await claims.claim_code(scene.house.services, "telegram", now=datetime.now(UTC))
        await scene.telegram.start(scene.ana, f"claim-{code}")
        assert "you are now a leader" in await scene.next(0)
        await scene.telegram.rename(scene.porch, HOSTILE)
        await scene.say("/announce here", chat=scene.porch)
        for said in ("/leaders", "/community", f"/invite {HOSTILE}", f"/invit {HOSTILE}",
                     "/invite email rosa@example.org"):  # fmt: skip
            await scene.say(said)
        await scene.sees("Inviting rosa@example.org")
        await scene.say("/help", user=scene.ben, chat=scene.porch)
        await joins(scene, "Rosa @everyone", "/invite 12 <Elm>")
        await scene.sees("joined", scene.porch)
        everything = scene.said() + scene.said(scene.porch)
    kinds = {entity["type"] for message in everything for entity in message.entities}
    assert kinds <= {"code", "email", "phone_number", "hashtag"}, kinds
    assert any("@\u2060everyone" in message.text for message in everything)


async def test_what_apps_may_send_instead_of_a_buttons_data_does_nothing(polled: Scene) -> None:
    message = await polled.sees("you are now a leader")
    before = len(polled.said())
    for data in ("~", "~:::", "@x:/announce here", "@:", "!", "\u0000"):
        pressed = polled.telegram._pressed("1", polled.ana, message, {"callback_data": data})
        polled.telegram.line.tell("callback_query", pressed)
    assert (
        "There are no invitations." in await polled.say("/invites") or len(polled.said()) > before
    )
    assert (await link_of(polled)).announce_channel is None
