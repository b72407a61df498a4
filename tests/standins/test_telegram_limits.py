"""The stand-in for Telegram: what it refuses, and in which words."""

import asyncio

import pytest
from telegram import Bot, ForceReply, InlineKeyboardButton
from telegram.error import ChatMigrated, Forbidden

from tests.standins.telegram import TelegramStandIn
from tests.standins.telegram_bots import asked, keyboard, refused
from tests.standins.telegram_world import Json


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("é <b>x", 'end tag corresponding to start tag "b"'),
        ("é <b>x</i>", 'offset 7, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", "Unsupported start tag"),
        ("Ana & Lena", 'Unescaped "&" at byte offset 4'),
        ("&nbsp;", "Unsupported entity"),
        ("<b>a <code>b</code></b>", "cannot be combined"),
        ('<a href="http://localhost:8080/x">x</a>', "leads nowhere"),
        ('<b class="x">x</b>', "Unsupported attributes"),
        ('<a href="tg://user?id=5">x</a>', "nobody has this user_id"),
    ],
)
async def test_html_that_telegram_does_not_know_is_refused(
    bot: Bot, telegram: TelegramStandIn, source: str, words: str
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    with refused(words):
        await bot.send_message(ana.id, source, parse_mode="HTML")
    assert telegram.said(ana) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"text": " \n "}, "Message text is empty"),
        ({"text": "😀" * 2049}, "Message is too long"),
        ({"parse_mode": "MarkdownV2"}, "Unsupported parse_mode"),
        ({"message_effect_id": "5"}, "Unknown parameter message_effect_id"),
        ({"message_thread_id": 9}, "Message thread not found"),
        ({"reply_to_message_id": 99}, "Message to be replied not found"),
        ({"chat_id": 5}, "Chat not found"),
        ({"chat_id": "@nobody"}, "Chat not found"),
    ],
)
async def test_a_message_beyond_the_limits_is_refused(
    bot: Bot, telegram: TelegramStandIn, facts: Json, words: str
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    with refused(words):
        given: Json = {"chat_id": ana.id, "text": "x"} | facts
        await bot.send_message(**given)
    assert telegram.said(ana) == []
    await bot.send_message(ana.id, "<b>" + "😀" * 2048 + "</b>", parse_mode="HTML")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[{"text": "x", "callback_data": "é" * 33}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": ""}]], "BUTTON_DATA_INVALID"),
        ([[{"text": " ", "callback_data": "x"}]], "must be non-empty"),
        ([[{"text": "x"}]], "Text buttons are unallowed"),
        ([[{"text": "x", "url": "http://localhost/x"}]], "Wrong HTTP URL"),
        ([[{"text": "x", "copy_text": {"text": "x" * 257}}]], "BUTTON_COPY_TEXT_INVALID"),
        ([[{"text": "x", "url": "https://a.example", "callback_data": "x"}]], "Exactly one"),
        ([[{"text": "x", "callback_data": "x", "colour": "red"}]], "unknown field colour"),
        ([[{"text": "x", "callback_data": "x"}] * 9], "reply markup is too long"),
        ([[{"text": "x", "callback_data": "x"}] * 8] * 13, "reply markup is too long"),
    ],
)
async def test_a_keyboard_beyond_the_limits_is_refused(
    telegram: TelegramStandIn, rows: list[list[Json]], words: str
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    facts = {"chat_id": ana.id, "text": "x", "reply_markup": {"inline_keyboard": rows}}
    answer = await asked(telegram, "sendMessage", facts)
    assert (answer["ok"], answer["error_code"]) == (False, 400)
    assert words in answer["description"]
    assert telegram.said(ana) == []


async def test_a_message_is_edited_only_to_something_else(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    theirs = await telegram.start(ana)
    row = keyboard(InlineKeyboardButton("Void", callback_data="v:1"))
    sent = await bot.send_message(ana.id, "<b>Queued</b>", parse_mode="HTML", reply_markup=row)
    same: Json = {"parse_mode": "HTML", "reply_markup": row}
    with refused("Message is not modified: specified new message content"):
        await sent.edit_text("<b>Queued</b>", **same)
    await sent.edit_text("Joined")
    [shown] = telegram.said(ana)
    assert (shown.text, shown.labels, shown.entities, shown.edits) == ("Joined", [], [], 1)
    await sent.edit_reply_markup(row)
    assert (shown.labels, shown.edits) == ([["Void"]], 2)
    with refused("can't be edited"):
        await bot.edit_message_text("x", ana.id, theirs.id)
    asked = await bot.send_message(ana.id, "Note?", reply_markup=ForceReply())
    with refused("can't be edited"):
        await asked.edit_text("x")
    await sent.delete()
    with refused("Message to edit not found"):
        await sent.edit_text("x")
    with refused("Message to delete not found"):
        await sent.delete()
    assert [message.text for message in telegram.deleted] == ["Joined"]


async def test_nobody_is_written_to_who_does_not_want_it(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(ana.id, "x")
    await telegram.start(ana)
    await bot.send_message(ana.id, "x")
    await telegram.block(ana)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ana.id, "x")
    await telegram.unblock(ana)
    await bot.send_message(ana.id, "x")
    ana.deactivated = True
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(ana.id, "x")
    changes = [update.my_chat_member for update in await bot.get_updates()]
    statuses = [change.new_chat_member.status for change in changes if change]
    assert statuses == ["kicked", "member"]


async def test_a_group_that_grew_answers_with_its_new_id(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    porch = telegram.add_group("Front porch", members=[ana], supergroup=False)
    await bot.send_message(porch.id, "x")
    new = await telegram.migrate(porch)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(porch.id, "x")
    assert moved.value.new_chat_id == new
    await bot.send_message(new, "y")
    assert [message.text for message in telegram.said(telegram.chats[new])] == ["y"]
    told = [update.message for update in await bot.get_updates() if update.message]
    assert [(each.chat.id, each.migrate_to_chat_id) for each in told[:1]] == [(porch.id, new)]
    assert [(each.chat.id, each.migrate_from_chat_id) for each in told[1:]] == [(new, porch.id)]


async def test_a_pressed_button_is_answered_once_and_soon(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    row = keyboard(InlineKeyboardButton("Void", callback_data="v:1"))
    await bot.send_message(ana.id, "x", reply_markup=row)
    [shown] = telegram.said(ana)
    first = await telegram.press(ana, shown, "Void")
    with refused("message_too_long"):
        await bot.answer_callback_query(first, "x" * 201)
    await bot.answer_callback_query(first, "Voided", show_alert=True)
    with refused("Query is too old"):
        await bot.answer_callback_query(first)
    late = await telegram.press(ana, shown, "Void")
    await asyncio.sleep(0.6)
    with refused("Query is too old"):
        await bot.answer_callback_query(late)
    assert [(toast.text, toast.alert) for toast in telegram.toasts] == [("Voided", True)]
