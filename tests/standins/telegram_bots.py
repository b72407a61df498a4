"""Small bots, and what the tests of the stand-in for Telegram ask of them."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes

from tests.standins.serving import serving
from tests.standins.telegram import TelegramStandIn
from tests.standins.telegram_world import Json

Context = ContextTypes.DEFAULT_TYPE


@asynccontextmanager
async def listening(telegram: TelegramStandIn) -> AsyncIterator[Any]:
    """A small bot that polls: a command with a button, which edits the message."""
    builder = Application.builder().token(telegram.token)
    app = builder.base_url(telegram.api_url).base_file_url(telegram.file_url).build()
    app.add_handler(CommandHandler("invite", _invite))
    app.add_handler(CallbackQueryHandler(_resend))
    assert app.updater is not None
    async with app:
        await app.start()
        await app.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        try:
            yield app
        finally:
            await app.updater.stop()
            await app.stop()


async def _invite(update: Update, context: Context) -> None:
    assert isinstance(update.message, Message)
    row = keyboard(InlineKeyboardButton("Resend", callback_data="resend:17"))
    await update.message.reply_text(f"Queued for {(context.args or ['?'])[-1]}", reply_markup=row)


async def _resend(update: Update, context: Context) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("On its way")
    await update.callback_query.edit_message_text(f"Sent ({update.callback_query.data})")


@asynccontextmanager
async def hooked(told: list[Json], secrets: list[str], answers: list[int]) -> AsyncIterator[str]:
    """A webhook that keeps what it is told and answers as it should, then with 200."""

    async def hear(request: web.Request) -> web.Response:
        told.append(await request.json())
        secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""))
        return web.Response(status=answers.pop(0) if answers else 200)

    app = web.Application()
    app.router.add_post("/telegram", hear)
    async with serving(app) as url:
        yield f"{url}/telegram"


def refused(words: str) -> Any:
    """Telegram must refuse this; the client changes the case of what it says."""
    return pytest.raises(BadRequest, match=re.compile(re.escape(words), re.IGNORECASE))


async def asked(telegram: TelegramStandIn, method: str, facts: Json) -> Json:
    """What Telegram answers to something that the client would never send."""
    address = f"{telegram.api_url}{telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(address, json=facts) as answer:
        return dict(await answer.json())


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    """One row of buttons."""
    return InlineKeyboardMarkup([list(buttons)])


def picture(width: int, height: int) -> bytes:
    """A black PNG of so many pixels."""
    kept = io.BytesIO()
    Image.new("1", (width, height)).save(kept, "PNG")
    return kept.getvalue()
