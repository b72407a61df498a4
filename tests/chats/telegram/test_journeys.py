"""What leaders do in Telegram, by long polling and by webhook alike."""

import io

import httpx
import pytest
from pypdf import PdfReader

from bot.community.codes import check_symbol
from tests.chats.serving import PATIENCE
from tests.chats.telegram.conftest import Open, Scene
from tests.standins.telegram_people import CannotPress


async def test_one_letter_and_its_receipt_in_the_leaders_own_chat(scene: Scene) -> None:
    said = await scene.say("/invite email rosa@example.org")
    assert said.startswith("Inviting rosa@example.org")
    receipt = await scene.sees("rosa@example.org: ")
    assert receipt.chat.user is scene.ana
    assert scene.said(scene.porch) == [], "nobody else reads the address"


async def test_a_command_may_name_the_bot(scene: Scene) -> None:
    said = await scene.say("/invite@PorchlightBot email rosa@example.org")
    assert said.startswith("Inviting rosa@example.org")


async def test_unknown_words_get_help(scene: Scene) -> None:
    assert "/passes" in await scene.say("hello?")
    assert "Did you mean" in await scene.say("/invit email rosa@example.org")


async def test_somebody_who_leads_nothing_is_told_who_does(scene: Scene) -> None:
    await scene.telegram.start(scene.ben)
    assert "Ana Ruiz" in await scene.next(0, scene.ben)
    said = await scene.say("/invite email rosa@example.org", user=scene.ben)
    assert "Ana Ruiz" in said
    assert len(scene.said(scene.ben)) == 2, "no receipt"


async def test_passes_come_as_a_picture_and_a_file(scene: Scene) -> None:
    await scene.telegram.say(scene.ana, scene.ana, "/passes 3 Elm Street")
    message = await scene.sees("3 access passes")
    assert message.document is not None
    assert len(PdfReader(io.BytesIO(message.document.content)).pages) >= 1
    photos = [each for each in scene.said() if each.photo]
    assert [photo.id < message.id for photo in photos] == [True]
    assert (message.chat, "upload_document") in scene.telegram.actions


async def test_a_slip_is_settled_by_a_button_and_its_buttons_go(scene: Scene) -> None:
    assert "Did you mean rosa@gmail.com?" in await scene.say("/invite email rosa@gmial.com")
    asked = scene.with_button("Cancel")
    assert "Cancelled" in await scene.press("Cancel")
    await scene.telegram.until(lambda: not asked.keyboard, seconds=PATIENCE)
    assert len(scene.telegram.toasts) == 1, "the button does not wait for ever"


async def test_joins_are_announced_in_the_group_that_was_chosen(scene: Scene) -> None:
    assert "announce here" in await scene.say("/announce here", chat=scene.porch)
    assert "in Front porch" in await scene.say("/settings")


# Private first


async def test_what_shows_addresses_is_answered_in_private(scene: Scene) -> None:
    said = await scene.say("/invites", chat=scene.porch)
    assert said == "I answered you in private."
    await scene.sees("There are no invitations.")


async def test_before_the_bot_may_write_nothing_is_done_or_shown(scene: Scene) -> None:
    said = await scene.say("/invite email rosa@example.org", user=scene.ben, chat=scene.porch)
    assert "rosa" not in said
    [message] = scene.said(scene.porch)
    [[button]] = message.keyboard
    assert button["url"].startswith("https://t.me/PorchlightBot?start=")
    with pytest.raises(CannotPress):
        await scene.telegram.press(scene.ben, message, button["text"])


async def test_help_is_for_everybody_but_without_buttons_anybody_could_press(scene: Scene) -> None:
    assert "`" not in await scene.say("/help", chat=scene.porch)
    [message] = scene.said(scene.porch)
    assert all("url" in button for row in message.keyboard for button in row)
    assert "/invite" in message.parts("code")


async def test_other_bots_commands_are_left_to_them(scene: Scene) -> None:
    await scene.telegram.say(scene.ana, scene.porch, "/play")
    await scene.telegram.say(scene.ana, scene.porch, "/help@SomeOtherBot")
    assert await scene.say("/announce off", chat=scene.porch)
    assert len(scene.said(scene.porch)) == 1


async def test_the_bot_put_into_a_group_asks_who_did_it(scene: Scene) -> None:
    garden = scene.telegram.add_group("Garden", members=[scene.ana], bot_is_member=False)
    await scene.telegram.add_bot(scene.ana, garden)
    await scene.sees("I am in “Garden” now.")
    assert "announce here" in await scene.press("Announce joins there")
    assert "Joins are announced in Garden." in await scene.say("/community")


async def test_the_button_works_while_the_title_cannot_be_told(polled: Scene) -> None:
    garden = polled.telegram.add_group("Garden", members=[polled.ana], bot_is_member=False)
    await polled.telegram.add_bot(polled.ana, garden)
    await polled.sees("I am in “Garden” now.")
    polled.telegram.fault("getChat", "502")
    await polled.press("Announce joins there")
    assert "Joins are announced in a channel of Telegram." in await polled.say("/community")


# Who leads


@pytest.mark.parametrize("by", ["polling", "webhook"])
async def test_before_anybody_leads_the_claim_code_is_asked_for(
    open_telegram: Open, by: str
) -> None:
    async with open_telegram(by=by, led=False) as scene:
        await scene.telegram.start(scene.ana)
        assert "/leaders claim" in await scene.next(0)


async def test_a_new_leader_is_offered_to_add_the_bot_to_a_group(scene: Scene) -> None:
    urls = [button.get("url", "") for row in scene.said()[0].keyboard for button in row]
    assert "https://t.me/PorchlightBot?startgroup=here" in urls
    await scene.telegram.start(scene.ben)
    await scene.next(0, scene.ben)
    assert scene.said(scene.ben)[0].keyboard == [], "nobody else has a use for it"


async def test_a_leader_is_made_by_answering_their_message(scene: Scene) -> None:
    garden = scene.porch
    theirs = await scene.telegram.say(scene.ben, garden, "/help")
    await scene.sees("I invite people", garden)
    await scene.telegram.say(scene.ana, garden, "/leaders add", reply_to=theirs)
    await scene.sees("Ben Okafor is now a leader")


async def test_the_menu_follows_who_leads(scene: Scene) -> None:
    await scene.telegram.until(
        lambda: "invite" in scene.telegram.menu(scene.ana, scene.ana), seconds=PATIENCE
    )
    assert set(scene.telegram.menu(scene.ben, scene.ben)) == {"help", "household"}
    assert set(scene.telegram.menu(scene.ana, scene.porch)) == {"announce", "help"}


# The way in


async def test_an_access_code_in_a_deep_link_opens_the_page_and_redeems_nothing(
    scene: Scene,
) -> None:
    code = "7KQM4TXP2WN" + check_symbol("7KQM4TXP2WN")
    await scene.telegram.start(scene.ben, code)
    assert f"{scene.address}/j/{code}" in await scene.next(0, scene.ben)
    [message] = scene.said(scene.ben)
    buttons = [button for row in message.keyboard for button in row]
    assert buttons[-1]["copy_text"]["text"] == f"{scene.address}/j/{code}"
    if scene.address.startswith("https"):
        assert buttons[0]["url"] == f"{scene.address}/j/{code}"
    assert not message.parts("url"), "the address is to be copied or opened by a button"


async def test_the_way_in_is_in_the_language_of_the_app(scene: Scene) -> None:
    code = "7KQM4TXP2WN" + check_symbol("7KQM4TXP2WN")
    lena = scene.telegram.add_user("Lena Díaz", language="es-419")
    await scene.telegram.start(lena, code)
    assert (await scene.next(0, lena)).startswith("Por aquí se entra.")
    buttons = [button for row in scene.said(lena)[0].keyboard for button in row]
    assert buttons[-1]["text"] == "Copiar la dirección"
    assert buttons[-1]["copy_text"]["text"] == f"{scene.address}/j/{code}?lang=es"
    lena.language = ""  # as some apps leave it out
    await scene.telegram.start(lena, code)
    assert (await scene.next(1, lena)).startswith("Por aquí se entra.")


async def test_a_language_that_we_lack_is_left_to_the_page(polled: Scene) -> None:
    code = "7KQM4TXP2WN" + check_symbol("7KQM4TXP2WN")
    kim = polled.telegram.add_user("Kim", language="ko")
    await polled.telegram.start(kim, code)
    assert (await polled.next(0, kim)).startswith("Here is your way in.")
    assert "?lang" not in polled.said(kim)[0].text


async def test_what_leaders_read_is_english_whatever_their_app_speaks(polled: Scene) -> None:
    polled.ana.language = "fr"
    assert "There are no invitations." in await polled.say("/invites")


async def test_the_same_update_twice_is_heard_once(scene: Scene) -> None:
    await scene.say("/passes 2")
    await scene.sees("batch 1")
    await scene.telegram.repeat()
    assert "Batch 1:" in await scene.say("/passes")
    assert not any("Batch 2" in message.text for message in scene.said())


async def test_a_forged_update_is_refused(open_telegram: Open) -> None:
    async with open_telegram(by="webhook") as scene:
        update = scene.telegram.line.sent[-1] | {"update_id": 999}
        before = len(scene.said())
        for secret in ("", "wrong"):
            assert await scene.telegram.deliver(update, secret=secret) == 403
        async with httpx.AsyncClient() as somebody:
            url = f"http://127.0.0.1:{scene.port}/telegram/events"
            headers = {"X-Telegram-Bot-Api-Secret-Token": scene.telegram.line.webhook_secret}
            assert (await somebody.post(url, content=b"{", headers=headers)).status_code == 400
            huge = b" " * (2 * 1024 * 1024)
            assert (await somebody.post(url, content=huge, headers=headers)).status_code == 413
        assert len(scene.said()) == before
