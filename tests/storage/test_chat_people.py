"""Which language somebody speaks is remembered, on both databases, until they stay away."""

from datetime import UTC, datetime, timedelta

from storage import chat_people
from storage.database import Storage

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


async def meet(storage: Storage, who: str, language: str, *, now: datetime = NOW) -> None:
    """Somebody speaks, in an app of that language."""
    await storage.write(chat_people.met, "telegram", who, language=language, now=now)


async def test_the_latest_language_of_each_person_counts(storage: Storage) -> None:
    await meet(storage, "7", "es")
    await meet(storage, "8", "fr")
    await meet(storage, "7", "pt-br", now=NOW + timedelta(days=1))
    for who, language in (("7", "pt-br"), ("8", "fr"), ("9", "")):
        assert await storage.read(chat_people.language_of, "telegram", who) == language
    assert await storage.read(chat_people.language_of, "slack", "7") == ""


async def test_who_stays_away_is_forgotten(storage: Storage) -> None:
    await meet(storage, "7", "es")
    await meet(storage, "8", "fr", now=NOW + timedelta(days=2))
    await storage.write(chat_people.forget, before=NOW + timedelta(days=1))
    assert await storage.read(chat_people.language_of, "telegram", "7") == ""
    assert await storage.read(chat_people.language_of, "telegram", "8") == "fr"
