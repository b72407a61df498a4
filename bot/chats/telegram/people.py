"""In which language somebody in Telegram is spoken to: as their app is, which it mostly tells.

Leaders, and who would be one, read English. This is for residents: whoever opens the link of an
access pass in Telegram is led to the sign-up page, and reads both in their own language.
"""

from datetime import UTC, datetime

from telegram import User

from bot.chats.telegram.calls import NAME
from bot.ports import Services
from storage import chat_people


async def language_of(services: Services, user: User) -> str:
    """Their language (BCP 47), kept for when the app does not tell; empty when it never did."""
    if not user.language_code:
        return await services.storage.read(chat_people.language_of, NAME, str(user.id))
    await services.storage.write(
        chat_people.met, NAME, str(user.id), language=user.language_code, now=datetime.now(UTC)
    )
    return user.language_code
