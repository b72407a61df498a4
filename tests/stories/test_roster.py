"""A leader brings the neighbourhood's list: it is seen before it is added, added once, and mended
when it is broken; and a long one survives whoever reads it.
"""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Locator, expect

from bot.community.rosters import applying, importing, sheets
from bot.messages import File
from bot.ports import Services
from storage.database import Storage
from storage.roster_drafts import Standing
from storage.tables import PlaygroundMessage, RosterEntry
from tests.community import scene
from tests.stories.people import Leader
from tests.stories.workers import Workers

ROSTER = Path(__file__).parents[1] / "data" / "roster.csv"
BROKEN = range(10, 130, 10)  # rows of it, from 0 for the titles
LEASE = 8.0  # seconds: a piece takes less, on a busy machine, too
KILLS = 5
ROWS = 8_000
PATIENCE = 240.0  # seconds; every kill may cost a lease


def broken() -> bytes:
    """The list, with something missing in a dozen of its rows."""
    lines = ROSTER.read_text().splitlines()
    for number in BROKEN:
        lines[number] = "," + lines[number].partition(",")[2]
    return "\n".join(lines).encode()


async def give(leader: Leader, name: str, content: bytes) -> None:
    """Attach a file to a message without words, and send it."""
    packed = FilePayload(name=name, mimeType="text/csv", buffer=content)
    await leader.page.locator("#files").set_input_files(packed)
    await leader.say("")


async def on_the_roster(leader: Leader) -> Locator:
    await leader.say("/roster")
    return await leader.hears("on the roster")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_a_list_is_seen_then_added_then_known(leader: Leader) -> None:
    await give(leader, "broken.csv", broken())
    refused = await leader.hears("12 rows cannot be used, so nothing was added")
    await expect(refused).to_contain_text("✗ Row 11: it has no address.")
    await leader.press("The 12 rows as a file", of=refused)
    mended = sheets.read(await leader.download(await leader.hears("These rows are to be mended")))
    assert [row.cells[0] for row in mended] == ["Row", *(str(number + 1) for number in BROKEN)]
    await leader.say("/roster")
    await leader.hears("The roster is empty.")

    await leader.say("/roster import")
    form = (await leader.hears("send me the CSV itself")).get_by_role("group")
    await form.get_by_label("CSV file").set_input_files(ROSTER)
    await form.get_by_role("button", name="Read it").click()
    preview = await leader.hears("180 new, 0 changed, 0 the same.")
    await expect(preview).to_contain_text("roster.csv, 180 rows, read as: address “address”")
    await preview.get_by_role("button", name="Add 180", exact=True).dblclick()
    await leader.hears("roster.csv is on the roster: 180 new")
    await expect(preview.get_by_role("button")).to_have_count(0)
    await expect(await on_the_roster(leader)).to_contain_text("180 entries on the roster")

    await give(leader, "roster.csv", ROSTER.read_bytes())
    again = await leader.hears("Nothing would change: all of it is on the roster already.")
    await expect(again.get_by_role("button")).to_have_count(0)
    await expect(await on_the_roster(leader)).to_contain_text("180 entries on the roster")


@pytest.mark.slow
@pytest.mark.parametrize(
    "database", [pytest.param("postgres_url", marks=pytest.mark.postgres), "sqlite_url"]
)
async def test_a_long_list_survives_workers_that_are_killed(
    request: pytest.FixtureRequest, database: str
) -> None:
    url: str = request.getfixturevalue(database)
    storage = Storage.open(url)
    try:
        await _import_with_kills(await scene.plugged(storage), url)
    finally:
        await storage.close()


async def _import_with_kills(services: Services, url: str) -> None:
    rows = "".join(f"{n} Elm Street,Ana {n},a{n}@example.org,\n" for n in range(ROWS))
    file = File("list.csv", "text/csv", f"Address,Name,E-mail,Phone\n{rows}".encode())
    robin = await scene.actor(services)
    draft = await importing.take(services, robin, file, now=datetime.now(UTC))
    moments = sorted(random.sample(range(ROWS), KILLS))
    with Workers({"DATABASE_URL": url, "SECRET_KEY": "x" * 40}, lease=LEASE) as workers:
        workers.start()
        async with asyncio.timeout(PATIENCE):
            while (standing := await _standing(services, draft)).state != "applied":
                if standing.state == "ready":
                    await applying.apply(services, robin, draft_id=draft.id, now=datetime.now(UTC))
                    moments.insert(0, 0)  # one more, while it is applied
                if moments and standing.done_count >= moments[0] and workers.alive[0].is_ready:
                    moments.pop(0)
                    workers.kill(workers.alive[0])
                    workers.start()
                await asyncio.sleep(0.02)
    assert not moments, "every kill met work"
    entries = await scene.all_of(services, RosterEntry)
    assert sorted(row.address for row in entries) == sorted(f"{n} Elm Street" for n in range(ROWS))
    await scene.all_done(services)
    (card,) = await scene.all_of(services, PlaygroundMessage)
    assert card.body["text"] == f"✓ list.csv is on the roster: {ROWS:,} new, 0 changed, 0 the same."


async def _standing(services: Services, draft: Standing) -> Standing:
    return await services.storage.read(importing.known, draft.id)
