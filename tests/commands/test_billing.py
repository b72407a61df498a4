"""`/billing`: households by month, in a leader's words and as a table."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.ports import Services
from storage import communities
from storage.tables import Audit
from tests.community import scene
from tests.community.scene import NOW, say, say_next_door


async def founded(services: Services, days: int) -> None:
    """Maple Court was founded so many days ago."""

    def change(session: Session) -> None:
        communities.get(session, 1).created_at = NOW - timedelta(days=days)

    await services.storage.write(change)


async def household(services: Services) -> None:
    """Two people join at one address."""
    (row,) = await scene.invite(services, await scene.actor(services), "rosa@ex.org")
    form = scene.sign_up("Rosa Delgado", "1 Elm Street", others=("Tom Delgado",))
    await scene.redeem(services, scene.code_of(services, row), form)


async def test_it_counts_households_and_members_but_no_invitations(services: Services) -> None:
    await household(services)
    await scene.invite(services, await scene.actor(services), "bo@ex.org cy@ex.org")
    reply = await say(services, "/billing")
    assert reply.text.splitlines() == [
        "1 registered household in Maple Court, with 2 members. Invitations and codes are free.",
        "A household counts in each month in which it had a member:",
        f"{NOW:%B %Y}: 1 household, 2 members, so far",
    ]
    assert [button.call for button in reply.buttons] == ["/billing export"]


async def test_a_year_is_shown_and_all_is_in_the_table(services: Services) -> None:
    await founded(services, 800)
    lines = (await say(services, "/billing")).text.splitlines()
    assert len(lines) == 2 + 12 + 1
    assert lines[-1] == "Earlier months are in the table."
    (file,) = (await say(services, "/billing export")).files
    assert (file.name, file.media_type) == ("maple-court-billing.csv", "text/csv")
    assert len(file.content.splitlines()) >= 1 + 26
    assert [row.action for row in await scene.all_of(services, Audit)] == ["billing.exported"]


@pytest.mark.parametrize("words", ["tomorrow", "export now", "2026-10"])
async def test_other_words_are_answered(services: Services, words: str) -> None:
    reply = await say(services, f"/billing {words}")
    assert reply.text.startswith("I can count the registered households")


async def test_another_communitys_households_are_not_counted(services: Services) -> None:
    await household(services)
    await scene.next_door(services)
    assert (await say_next_door(services, "/billing")).text.startswith(
        "0 registered households in Birch Row"
    )
