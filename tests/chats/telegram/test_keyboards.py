"""A button that opens a page of ours does so, or copies the address where Telegram opens none."""

import pytest

from bot.chats.telegram.keyboards import keys, markup
from bot.messages import Button
from tests.standins.telegram_keyboards import checked

PAGES = {"url": "https://join.example.org/s/1/x", "copy_text": "http://127.0.0.1:8080/s/1/x"}


@pytest.mark.parametrize("how", PAGES)
def test_a_page_is_opened_or_its_address_is_copied(how: str) -> None:
    shown = markup(keys([Button("Send from my own phone", "", url=PAGES[how])]))
    assert shown is not None
    sent = shown.to_dict()
    assert checked(sent, inline=True) == sent
    [[button]] = sent["inline_keyboard"]
    assert PAGES[how] in str(button[how])
    assert "callback_data" not in button
