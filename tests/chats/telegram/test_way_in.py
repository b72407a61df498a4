"""Each new member gets their own invite link into the group, good once."""

import asyncio
from datetime import UTC, datetime

import pytest
from telegram import Bot

from bot.community import ways_in
from storage.tables import WayIn
from tests.chats.serving import PATIENCE
from tests.chats.telegram.conftest import Scene
from tests.chats.telegram.test_troubles import joins
from tests.community import scene
from tests.standins.telegram_people import CannotJoin
from tests.standins.telegram_world import INSIDE
from tests.web.visitor import Page

TITLE = "Front porch"


def links(page: Page) -> list[str]:
    """Where the buttons of the welcome lead in Telegram."""
    found = [given["href"] for tag, given in page.elements if tag == "a"]
    return [href for href in found if href.startswith("https://t.me/")]


async def welcomed(scene: Scene) -> Page:
    """Rosa joins, invited by e-mail, while joins are announced in the group."""
    await scene.say("/announce here", chat=scene.porch)
    await scene.say("/invite email rosa@example.org")
    await scene.sees("Inviting rosa@example.org")
    return await joins(scene, "Rosa Diaz", "12 Elm Street")


async def test_the_welcome_has_a_link_that_works_once(polled: Scene) -> None:
    telegram = polled.telegram
    await telegram.promote_bot(polled.ana, polled.porch)
    page = await welcomed(polled)
    assert TITLE in page.text
    [url] = links(page)
    rosa, sam = telegram.add_user("Rosa Diaz"), telegram.add_user("Sam")
    await telegram.join(rosa, url)
    with pytest.raises(CannotJoin):
        await telegram.join(sam, url)
    [link] = telegram.links.values()
    assert link.name == "member 1", "no person's name"


async def test_where_the_bot_may_not_invite_the_welcome_is_whole_without_it(polled: Scene) -> None:
    page = await welcomed(polled)
    assert "Welcome, Rosa Diaz" in page.text
    assert links(page) == []


async def test_a_way_in_does_not_wait_for_what_is_written_in_the_group(polled: Scene) -> None:
    await polled.telegram.promote_bot(polled.ana, polled.porch)
    for _ in range(6):  # as much as the bot writes there in 20 seconds, and one more
        await polled.say("/announce here", chat=polled.porch)
    await polled.say("/invite email rosa@example.org")
    assert links(await joins(polled, "Rosa Diaz", "12 Elm Street"))


async def test_telegram_away_takes_nothing_from_the_newcomer(polled: Scene) -> None:
    await polled.telegram.promote_bot(polled.ana, polled.porch)
    polled.telegram.fault("createChatInviteLink", "502")
    page = await welcomed(polled)
    assert "Welcome, Rosa Diaz" in page.text
    assert links(page) == []


async def test_a_member_who_left_is_let_in_again_and_strangers_are_not(polled: Scene) -> None:
    telegram, porch = polled.telegram, polled.porch
    await telegram.promote_bot(polled.ana, porch)
    [url] = links(await welcomed(polled))
    rosa, sam = telegram.add_user("Rosa Diaz"), telegram.add_user("Sam")
    await telegram.join(rosa, url)
    await telegram.leave(rosa, porch)
    public = await _request_link(polled)
    await telegram.ask_to_join(sam, porch, public)
    await telegram.ask_to_join(rosa, porch, public)
    await telegram.until(lambda: porch.members.get(rosa.id) in INSIDE, seconds=PATIENCE)
    assert porch.members.get(sam.id) not in INSIDE


@pytest.mark.parametrize("verb", ["suspend", "remove"])
async def test_whoever_is_kept_out_does_not_come_in_by_a_link_they_have_not_used(
    polled: Scene, verb: str
) -> None:
    telegram = polled.telegram
    await telegram.promote_bot(polled.ana, polled.porch)
    [url] = links(await welcomed(polled))
    telegram.fault("revokeChatInviteLink", "502", times=1)
    await polled.say(f"/members {verb} 1 yes")
    await telegram.until(lambda: telegram.links[url].revoked, seconds=PATIENCE)
    with pytest.raises(CannotJoin):
        await telegram.join(telegram.add_user("Rosa Diaz"), url)
    assert await scene.all_of(polled.house.services, WayIn) == []


async def test_of_who_is_in_already_the_reply_says_who_can_take_them_out(polled: Scene) -> None:
    telegram = polled.telegram
    await telegram.promote_bot(polled.ana, polled.porch)
    [url] = links(await welcomed(polled))
    await telegram.join(telegram.add_user("Rosa Diaz"), url)
    async with asyncio.timeout(PATIENCE):
        while not (await scene.all_of(polled.house.services, WayIn))[0].user_id:
            await asyncio.sleep(0.05)
    said = await polled.say("/members remove 1 yes")
    assert "Whoever administers “Front porch” can take them out there, too" in said


async def test_whoever_is_let_back_gets_a_new_link(polled: Scene) -> None:
    telegram = polled.telegram
    await telegram.promote_bot(polled.ana, polled.porch)
    [url] = links(await welcomed(polled))
    await polled.say("/members suspend 1")
    await telegram.until(lambda: telegram.links[url].revoked, seconds=PATIENCE)
    await polled.say("/members back 1")
    [(title, another)] = await ways_in.of(polled.house.services, 1, now=datetime.now(UTC))
    assert (title, another == url) == (TITLE, False)
    await telegram.join(telegram.add_user("Rosa Diaz"), another)


async def test_leaders_read_of_a_link_that_cannot_be_revoked(polled: Scene) -> None:
    telegram = polled.telegram
    await telegram.promote_bot(polled.ana, polled.porch)
    await welcomed(polled)
    telegram.fault("revokeChatInviteLink", "Bad Request: not enough rights to manage links")
    await polled.say("/members remove 1 yes")
    await polled.sees("I may not take back links there.")


async def _request_link(polled: Scene) -> str:
    """A link by which anybody may ask to come in."""
    async with Bot(polled.telegram.token, base_url=polled.telegram.api_url) as bot:
        link = await bot.create_chat_invite_link(polled.porch.id, creates_join_request=True)
    return link.invite_link
