"""The stand-in for Telegram, driven with python-telegram-bot: what a bot can do."""

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChatMember,
    CopyTextButton,
    InlineKeyboardButton,
    InputMediaDocument,
    LinkPreviewOptions,
)
from telegram.error import Forbidden

from tests.standins.telegram import TelegramStandIn
from tests.standins.telegram_bots import keyboard, listening, picture, refused
from tests.standins.telegram_people import CannotJoin, CannotPress


async def test_a_command_a_button_and_an_edit_come_through(telegram: TelegramStandIn) -> None:
    ana = telegram.add_user("Ana Ruiz", username="anaruiz")
    async with listening(telegram):
        await telegram.start(ana)
        await telegram.say(ana, ana, "/invite email lena@resident.example")
        [shown] = await telegram.until(lambda: telegram.said(ana))
        assert (shown.text, shown.labels) == ("Queued for lena@resident.example", [["Resend"]])
        assert shown.parts("email") == ["lena@resident.example"]

        await telegram.press(ana, shown, "Resend")
        await telegram.until(lambda: shown.edits)
        assert (shown.text, shown.labels) == ("Sent (resend:17)", [])
        [toast] = telegram.toasts
        assert (toast.user, toast.text, toast.alert) == (ana, "On its way", False)
        with pytest.raises(LookupError):
            await telegram.press(ana, shown, "Resend")


async def test_words_are_shown_with_their_links_mentions_and_code(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    source = (
        " <b>Join 😀 <i>us</i></b> &lt;3 @anaruiz /invite https://porch.example/x. "
        '<code>@nobody /no a@b.org</code> <a href="https://a.example/?a=1&amp;b=2">here</a> '
        f'<a href="tg://user?id={ana.id}">Ana</a> <pre><code class="language-sh">ls</code></pre> '
    )
    sent = await bot.send_message(ana.id, source, parse_mode="HTML", protect_content=True)
    [shown] = telegram.said(ana)
    assert shown.text == sent.text
    assert shown.text.startswith("Join 😀 us <3 @anaruiz /invite")
    assert shown.protected
    found = {kind: shown.parts(kind) for kind in ("bold", "italic", "mention", "bot_command")}
    assert found == {
        "bold": ["Join 😀 us"],
        "italic": ["us"],
        "mention": ["@anaruiz"],
        "bot_command": ["/invite"],
    }
    assert (shown.parts("url"), shown.parts("email")) == (["https://porch.example/x"], [])
    assert (shown.parts("text_link"), shown.parts("text_mention")) == (["here"], ["Ana"])
    assert (shown.parts("code"), shown.parts("pre")) == (["@nobody /no a@b.org"], ["ls"])
    entities = {entity.type: entity for entity in sent.entities}
    assert entities["text_link"].url == "https://a.example/?a=1&b=2"
    assert entities["pre"].language == "sh"
    assert entities["text_mention"].user is not None
    assert sent.parse_entity(entities["text_mention"]) == "Ana"


async def test_buttons_that_link_or_copy_ask_the_bot_nothing(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    row = keyboard(
        InlineKeyboardButton("Open", url="https://porch.example"),
        InlineKeyboardButton("Copy", copy_text=CopyTextButton("7KQM-4TXP-2WNF")),
        InlineKeyboardButton("Void", callback_data="é" * 32, style="danger"),
    )
    await bot.send_message(ana.id, "x", reply_markup=row)
    [shown] = telegram.said(ana)
    for label in ("Open", "Copy"):
        with pytest.raises(CannotPress):
            await telegram.press(ana, shown, label)
    await telegram.press(ana, shown, "Void")
    [_, pressed] = await bot.get_updates()
    assert pressed.callback_query is not None
    assert pressed.callback_query.data == "é" * 32


async def test_files_go_both_ways(bot: Bot, telegram: TelegramStandIn) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    pdf, png = b"%PDF\0", picture(40, 30)
    sent = await bot.send_document(ana.id, pdf, "<b>40</b> passes", filename="passes.pdf",
                                   parse_mode="HTML")  # fmt: skip
    assert sent.document is not None
    await bot.send_photo(ana.id, png)
    again = [InputMediaDocument(sent.document.file_id, "one"),
             InputMediaDocument(pdf, filename="two.pdf")]  # fmt: skip
    await bot.send_media_group(ana.id, again)
    document, photo, one, two = telegram.said(ana)
    assert document.document is not None
    assert (document.document.name, document.document.content) == ("passes.pdf", pdf)
    assert (document.text, document.parts("bold")) == ("40 passes", ["40"])
    assert photo.photo is not None
    assert (photo.photo.content, photo.photo.width) == (png, 40)
    assert one.album == two.album != ""
    assert two.document is not None
    assert (one.text, one.document, two.document.name) == ("one", document.document, "two.pdf")

    with refused("image_process_failed"):
        await bot.send_photo(ana.id, pdf)
    with refused("Message caption is too long"):
        await bot.send_document(ana.id, pdf, "x" * 1025)
    with refused("no text in the message to edit"):
        await sent.edit_text("x")
    await sent.edit_caption("All handed out")
    assert (document.text, document.edits) == ("All handed out", 1)

    await telegram.send_file(ana, ana, "people.csv", b"a@b.example")
    heard = (await bot.get_updates())[-1].message
    assert heard is not None
    assert heard.document is not None
    file = await heard.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"a@b.example"


async def test_replies_previews_and_topics_are_kept(bot: Bot, telegram: TelegramStandIn) -> None:
    ana = telegram.add_user("Ana Ruiz")
    porch = telegram.add_group("Front porch", members=[ana])
    topic = telegram.add_topic(porch)
    asked = await telegram.say(ana, porch, "/invites", thread=topic)
    await bot.send_message(
        porch.id,
        "None",
        message_thread_id=topic,
        reply_to_message_id=asked.id,
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    [shown] = telegram.said(porch)
    assert (shown.thread, shown.reply_to, shown.silent) == (topic, asked, True)
    assert shown.preview == {"is_disabled": True}
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.message_thread_id == topic
    assert update.message.chat.is_forum


async def test_a_group_is_heard_only_while_the_bot_is_in_it_and_only_what_is_for_it(
    bot: Bot, telegram: TelegramStandIn
) -> None:
    ana = telegram.add_user("Ana Ruiz")
    porch = telegram.add_group("Front porch", members=[ana], bot_is_member=False)
    with refused("Chat not found"):
        await bot.send_message(porch.id, "x")
    await telegram.say(ana, porch, "/invite before")
    await telegram.add_bot(ana, porch)
    await bot.send_message(porch.id, "Hello")
    hello = telegram.said(porch)[0]
    for text in ("/invite a", "/invite@PorchlightBot b", "/invite@OtherBot c", "just talk"):
        await telegram.say(ana, porch, text)
    await telegram.say(ana, porch, "thanks", reply_to=hello)
    await telegram.rename(porch, "Back porch")
    await telegram.remove_bot(ana, porch)
    await telegram.say(ana, porch, "/invite after")
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(porch.id, "x")

    updates = await bot.get_updates()
    texts = [update.message.text for update in updates if update.message and update.message.text]
    assert texts == ["/invite a", "/invite@PorchlightBot b", "thanks"]
    titles = [update.message.new_chat_title for update in updates if update.message]
    assert titles[-1] == "Back porch"
    changes = [update.my_chat_member for update in updates if update.my_chat_member]
    assert [change.new_chat_member.status for change in changes] == ["member", "kicked"]


async def test_people_come_in_by_links_and_by_asking(bot: Bot, telegram: TelegramStandIn) -> None:
    ana, lena, marc = (telegram.add_user(name) for name in ("Ana Ruiz", "Lena", "Marc"))
    porch = telegram.add_group("Front porch", members=[ana])
    with refused("Not enough rights to manage chat invite link"):
        await bot.create_chat_invite_link(porch.id)
    await telegram.promote_bot(ana, porch)
    await bot.get_updates(allowed_updates=["chat_member", "chat_join_request"])
    once = await bot.create_chat_invite_link(porch.id, member_limit=1, name="invitation 17")
    await telegram.join(lena, once.invite_link)
    with pytest.raises(CannotJoin, match="expired"):
        await telegram.join(marc, once.invite_link)

    with refused("requiring administrator approval"):
        await bot.create_chat_invite_link(porch.id, member_limit=1, creates_join_request=True)
    asking = await bot.create_chat_invite_link(porch.id, creates_join_request=True)
    with pytest.raises(CannotJoin):
        await telegram.join(marc, asking.invite_link)
    await telegram.ask_to_join(marc, porch, asking.invite_link)
    await bot.send_message(marc.id, "Your code, please")  # asking opens the door for this
    await bot.approve_chat_join_request(porch.id, marc.id)
    with refused("user_already_participant"):
        await bot.approve_chat_join_request(porch.id, marc.id)
    assert (await bot.get_chat_member(porch.id, marc.id)).status == "member"

    joined, asked, approved = (await bot.get_updates())[-3:]
    assert joined.chat_member is not None
    assert joined.chat_member.invite_link == once
    assert joined.chat_member.new_chat_member.user.id == lena.id
    assert asked.chat_join_request is not None
    assert asked.chat_join_request.user_chat_id == marc.id
    assert approved.chat_member is not None
    assert approved.chat_member.via_join_request
    await bot.revoke_chat_invite_link(porch.id, asking.invite_link)
    with pytest.raises(CannotJoin, match="expired"):
        await telegram.ask_to_join(telegram.add_user("Tom"), porch, asking.invite_link)


async def test_everybody_is_offered_the_narrowest_menu(bot: Bot, telegram: TelegramStandIn) -> None:
    ana, lena = telegram.add_user("Ana Ruiz", language="es-MX"), telegram.add_user("Lena")
    porch = telegram.add_group("Front porch", members=[ana, lena])
    await bot.set_my_commands([BotCommand("help", "Help")])
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("start", "Empezar")], private, language_code="es")
    member = BotCommandScopeChatMember(porch.id, ana.id)
    await bot.set_my_commands([BotCommand("invite", "Invite somebody")], member)
    assert telegram.menu(ana, ana) == {"start": "Empezar"}
    assert telegram.menu(lena, lena) == telegram.menu(lena, porch) == {"help": "Help"}
    assert telegram.menu(ana, porch) == {"invite": "Invite somebody"}
    assert await bot.get_my_commands(member) == (BotCommand("invite", "Invite somebody"),)
    await bot.delete_my_commands(member)
    assert telegram.menu(ana, porch) == {"help": "Help"}
    with refused("bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Invite", "x")])
    with refused("bot_commands_too_much"):
        await bot.set_my_commands([BotCommand("x", "x")] * 101)


async def test_people_paste_a_lot_edit_and_hide(bot: Bot, telegram: TelegramStandIn) -> None:
    ana = telegram.add_user("Ana Ruiz")
    await telegram.start(ana)
    porch = telegram.add_group("Front porch", members=[ana], bot_is_member=False)
    await telegram.add_bot(ana, porch, payload="maple")
    lines = [f"resident{n}@maple.example" for n in range(300)]
    said = await telegram.say(ana, ana, "/invite email\n" + "\n".join(lines))
    await telegram.edit(ana, said, "/help")
    await telegram.say(ana, porch, "/invites", hidden=True)
    updates = await bot.get_updates()
    heard = [update.message for update in updates if update.message and update.message.text]
    linked, first, second, hidden = heard[1:]
    assert linked.text == "/start@PorchlightBot maple"
    assert f"{first.text}\n{second.text}".split("\n")[1:] == lines
    assert len(first.text or "") < 4096
    assert hidden.from_user is not None
    assert (hidden.from_user.username, hidden.sender_chat) == ("GroupAnonymousBot", hidden.chat)
    [edited] = [update.edited_message for update in updates if update.edited_message]
    assert (edited.text, edited.id) == ("/help", first.id)
