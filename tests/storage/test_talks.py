"""A conversation keeps its place, on both databases, until it ends or is forgotten."""

from datetime import UTC, datetime, timedelta

from storage import talks
from storage.database import Storage

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
FORM = {"title": "Invite", "fields": [{"name": "to", "value": "“é”"}]}


async def ask(storage: Storage, speaker: str, step: int, *, now: datetime = NOW) -> None:
    """Ask somebody for a field."""
    await storage.write(
        talks.put,
        "telegram",
        speaker,
        key=f"k{step}",
        form=FORM,
        filled={"to": "x"} if step else {},
        step=step,
        now=now,
    )


async def test_a_talk_moves_on_and_is_one_for_each_person(storage: Storage) -> None:
    await ask(storage, "7", 0)
    await ask(storage, "8", 0)
    await ask(storage, "7", 1)
    mine = await storage.read(talks.get, "telegram", "7")
    other = await storage.read(talks.get, "telegram", "8")
    assert mine is not None
    assert other is not None
    assert (mine.key, mine.step, mine.form, mine.filled, mine.at) == (
        "k1", 1, FORM, {"to": "x"}, NOW,
    )  # fmt: skip
    assert (other.key, other.step, other.filled) == ("k0", 0, {})
    assert await storage.read(talks.get, "slack", "7") is None


async def test_a_talk_ends_once(storage: Storage) -> None:
    await ask(storage, "7", 0)
    assert await storage.write(talks.end, "telegram", "7")
    assert not await storage.write(talks.end, "telegram", "7")
    assert await storage.read(talks.get, "telegram", "7") is None


async def test_what_nobody_finished_is_forgotten(storage: Storage) -> None:
    await ask(storage, "7", 0, now=NOW - timedelta(days=2))
    await ask(storage, "8", 0)
    await storage.write(talks.forget, before=NOW - timedelta(days=1))
    assert await storage.read(talks.get, "telegram", "7") is None
    assert await storage.read(talks.get, "telegram", "8") is not None
