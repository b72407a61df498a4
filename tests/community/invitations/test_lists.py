"""Lists: each gives what its name says, page by page, of this community alone."""

from datetime import timedelta

from bot.community import deliveries, invitations, passes
from bot.community.actors import Actor
from bot.community.invitations import lists
from bot.community.invitations.lists import Wanted
from bot.messages import Event
from bot.ports import Services
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.scene import NOW, on_both

FIVE = "a@ex.org b@ex.org c@ex.org d@ex.org e@ex.org"


async def listed(services: Services, who: Actor, wanted: Wanted, *, days: float = 0) -> list[int]:
    """The numbers on the first page, so many days from now."""
    page = await lists.page(services, who, wanted, now=NOW + timedelta(days=days))
    assert page.total == len(page.standings)
    return [row.invitation.id for row in page.standings]


async def happens(services: Services, events: dict[str, Event]) -> None:
    """What is heard of the letters to these."""
    letters = {row.contact: row.id for row in await scene.all_of(services, Delivery)}
    for contact, event in events.items():
        key = f"{letters[contact]}:{event}"
        await deliveries.happened(services, letters[contact], event, key=key, now=NOW)


async def test_a_list_has_ten_a_page_newest_first(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "\n".join(f"n{number}@example.org" for number in range(23)))
    pages = [await lists.page(services, robin, number=n, now=NOW) for n in (1, 2, 3, 99, 0)]
    assert [page.number for page in pages] == [1, 2, 3, 3, 1]
    assert {(page.pages, page.total) for page in pages} == {(3, 23)}
    numbers = [row.invitation.id for page in pages[:3] for row in page.standings]
    assert numbers == list(range(23, 0, -1))
    assert {row.leader for row in pages[0].standings} == {"Robin Vale"}


@on_both
async def test_each_state_gives_its_own(services: Services, robin: Actor) -> None:
    rows = await scene.invite(services, robin, FIVE)
    await scene.redeem(services, scene.code_of(services, rows[0]))
    await invitations.void(services, robin, rows[1].id, now=NOW)
    await happens(services, {"c@ex.org": "bounced", "d@ex.org": "delivered"})
    await passes.mint(services, robin, count=1, now=NOW)
    of = {state: await listed(services, robin, Wanted(state)) for state in ("all", "open", "failed",
          "waiting", "joined", "void", "expired", "older")}  # fmt: skip
    assert of == {
        "all": [6, 5, 4, 3, 2, 1],
        "open": [6, 5, 4, 3],
        "failed": [3],
        "waiting": [5],
        "joined": [1],
        "void": [2],
        "expired": [],
        "older": [],
    }
    assert await listed(services, robin, Wanted("open"), days=40) == [6]
    assert await listed(services, robin, Wanted("expired"), days=40) == [5, 4, 3]
    assert await listed(services, robin, Wanted("failed"), days=40) == []


@on_both
async def test_older_counts_from_the_newest_letter(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "a@ex.org b@ex.org c@ex.org d@ex.org")
    await happens(services, {"a@ex.org": "sent", "b@ex.org": "delivered", "c@ex.org": "bounced"})
    week = Wanted("older", days=7)
    assert await listed(services, robin, week, days=7) == []
    assert await listed(services, robin, week, days=7.1) == [2, 1]
    await invitations.resend(services, robin, 1, now=NOW + timedelta(days=5))
    assert await listed(services, robin, week, days=7.1) == [2]  # the new one has not left
    await happens(services, {"a@ex.org": "sent"})
    assert await listed(services, robin, Wanted("older", days=14), days=7.1) == []
    assert await listed(services, robin, week, days=12.1) == [2, 1]


@on_both
async def test_a_list_can_be_one_leaders_or_one_messages(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    (ana,) = await scene.invite(services, robin, "ana@ex.org")
    (bo,) = await scene.invite(services, sam, "bo@ex.org")
    (cy,) = await scene.invite(services, robin, "cy@ex.org")
    assert await listed(services, sam, Wanted("open")) == [cy.id, bo.id, ana.id]
    assert await listed(services, sam, Wanted("open", leader_id=sam.leader_id)) == [bo.id]
    assert await listed(services, sam, Wanted("open", receipt_id=ana.receipt_id)) == [ana.id]


async def test_the_neighbours_lists_are_their_own(services: Services, robin: Actor) -> None:
    (ana,) = await scene.invite(services, robin, "ana@ex.org")
    noor = await scene.next_door(services)
    for wanted in (lists.ALL, Wanted(receipt_id=ana.receipt_id), Wanted(leader_id=robin.leader_id)):
        assert await listed(services, noor, wanted) == []
    assert [row.id for row in await scene.all_of(services, Invitation)] == [ana.id]
