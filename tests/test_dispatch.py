"""From a call to a reply: whatever goes wrong is put into words, and never raised."""

import dataclasses
import re

import structlog
from sqlmodel import Session

from bot import dispatch
from bot.messages import File
from bot.ports import CannotPrint, Chart, Picture, Sheet
from storage.database import Storage
from storage.tables import Audit, Batch, Invitation, Leader
from tests.community import scene
from tests.community.scene import call, say


class OutOfPaper:
    """A printer that cannot print just now."""

    async def print(self, sheet: Sheet) -> File:
        """Say why not."""
        raise CannotPrint("The words are too long for the paper.")

    async def draw(self, chart: Chart) -> Picture:
        """Say why not."""
        raise CannotPrint("The words are too long for the picture.")


class Broken:
    """A printer with a mistake in it."""

    async def print(self, sheet: Sheet) -> File:
        """Fail like a bug."""
        raise ZeroDivisionError("ana@example.org")

    async def draw(self, chart: Chart) -> Picture:
        """Fail like a bug."""
        raise ZeroDivisionError("ana@example.org")


async def test_a_printer_that_cannot_says_why_and_the_passes_are_kept(
    sqlite_storage: Storage,
) -> None:
    services = await scene.plugged(sqlite_storage)
    jammed = dataclasses.replace(services, printer=OutOfPaper())
    assert (await say(jammed, "/passes 2")).text == "The words are too long for the paper."
    assert len(await scene.all_of(services, Batch)) == 1
    assert (await say(services, "/passes again 1")).files


async def test_a_mistake_of_ours_has_a_reference_in_the_log(sqlite_storage: Storage) -> None:
    services = dataclasses.replace(await scene.plugged(sqlite_storage), printer=Broken())
    with structlog.testing.capture_logs() as lines:
        reply = await say(services, "/passes 2")
    (reference,) = re.findall(r"[0-9a-f]{8}", reply.text)
    assert "ana@example.org" not in reply.text
    (line,) = lines
    assert (line["event"], line["reference"]) == ("dispatch.failed", reference)
    assert line["command"] == "passes"


async def test_a_database_that_is_away_is_said_to_be(sqlite_storage: Storage) -> None:
    away = Storage.open("postgresql://127.0.0.1:1/nobody")
    services = dataclasses.replace(await scene.plugged(sqlite_storage), storage=away)
    reply = await say(services, "/invite ana@example.org")
    assert reply.text.startswith("The database does not answer just now. Nothing was done")
    await away.close()


async def test_every_leader_who_is_no_leader_any_more_is_a_stranger(
    sqlite_storage: Storage,
) -> None:
    services = await scene.plugged(sqlite_storage)
    await scene.second_leader(services)
    assert (
        "Maple Court" in (await dispatch.answer(services, call("/community", speaker="sam"))).text
    )

    def step_down(session: Session) -> None:
        session.get_one(Leader, 2).removed_at = scene.NOW

    await services.storage.write(step_down)
    reply = await dispatch.answer(services, call("/invite ana@example.org", speaker="sam"))
    assert reply.text.startswith("Only leaders of Maple Court may do that: Robin Vale.")
    for table in (Invitation, Audit):
        assert await scene.all_of(services, table) == []
