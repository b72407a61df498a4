"""Coverage: every address of the roster is counted once, as far as it has come."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.community import deliveries, invitations
from bot.community.actors import Actor
from bot.community.rosters import coverage
from bot.community.rosters.coverage import Coverage, Kind, Page
from bot.community.rosters.streets import NoSuchStreet
from bot.messages import Event
from bot.ports import Services
from storage import members
from storage.coverage import Came, Reach
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.rosters import given as rosters
from tests.community.scene import NOW, on_both

ELM = """
    1 Elm Street | Ana Ruiz | ana@ex.org
    1 Elm Street | Luis Ruiz | luis@ex.org
    2 Elm Street | Bo Lind | bo@ex.org
    3 Elm St. | Cy Ott | cy@ex.org
    4 Elm Street | Di Pan | di@ex.org
    5 Elm Street | Ed Fox | +12015550123
    10 Elm Street | Flo Gray
"""


async def counted(services: Services, who: Actor) -> Coverage:
    """The numbers now."""
    return await coverage.overview(services, who, now=NOW)


async def came(services: Services, who: Actor) -> dict[str, int]:
    """How many addresses have come how far."""
    tally = (await counted(services, who)).tally
    return {one.name: tally.came[one] for one in Came if tally.came[one]}


async def listed(services: Services, who: Actor, kind: Kind = "all", number: int = 1) -> Page:
    """A page of all addresses of one kind."""
    return await coverage.page(services, who, kind=kind, number=number, now=NOW)


async def happens(services: Services, row: Invitation, event: Event) -> None:
    """Something is heard of the first letter of an invitation."""
    letters = await scene.all_of(services, Delivery)
    letter = next(one for one in letters if one.invitation_id == row.id)
    await deliveries.happened(services, letter.id, event, key=f"{row.id}:{event}", now=NOW)


@on_both
async def test_an_address_is_counted_once_as_far_as_it_has_come(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ELM)
    assert await came(services, robin) == {"NEVER": 6}
    ana, luis, bo, cy, di = await scene.invite(
        services, robin, "ana@ex.org luis@ex.org bo@ex.org cy@ex.org di@ex.org"
    )
    assert await came(services, robin) == {"NEVER": 2, "OPEN": 4}
    await happens(services, ana, "bounced")
    await happens(services, bo, "bounced")
    assert await came(services, robin) == {"NEVER": 2, "OPEN": 3, "FAILED": 1}, "Luis may come"
    await invitations.void(services, robin, cy.id, now=NOW)
    at_home = scene.sign_up("Di Pan", "4 Elm street", email="di@ex.org")
    await scene.redeem(services, scene.code_of(services, di), at_home)
    elm = await counted(services, robin)
    assert elm.tally.came == {
        Came.NEVER: 2, Came.ENDED: 1, Came.FAILED: 1, Came.OPEN: 1, Came.JOINED: 1
    }  # fmt: skip
    assert elm.tally.never == {Reach.THERE: 1, Reach.NOWHERE: 1}
    (street,) = elm.streets
    assert (street.name, street.spellings) == ("Elm Street", ("Elm St.", "Elm Street"))
    assert street.tally == elm.tally
    assert elm.elsewhere == 0
    await happens(services, luis, "opted_out")
    assert (await came(services, robin))["FAILED"] == 2


@on_both
async def test_a_member_counts_by_address_contact_or_invitation(
    services: Services, robin: Actor
) -> None:
    _, _, _, cy, *_ = await rosters.put(services, robin, ELM)
    first, second, third, fourth = await scene.invite(
        services, robin, "a@ex.org b@ex.org c@ex.org d@ex.org"
    )
    await _given_for(services, third, cy.id)
    for row, address, email in (
        (first, "2 ELM STREET", "x1@ex.org"),
        (second, "somewhere else", "ana@ex.org"),
        (third, "the corner house", "x3@ex.org"),
        (fourth, "9 Far Road", "x4@ex.org"),
    ):
        form = scene.sign_up("Somebody", address, email=email)
        await scene.redeem(services, scene.code_of(services, row), form, source=email)
    found = await listed(services, robin, "joined")
    assert [home.place.address for home in found.homes] == [
        "1 Elm Street", "2 Elm Street", "3 Elm St."
    ]  # fmt: skip
    lives = [[one.household.address for one in home.residents] for home in found.homes]
    assert lives == [["somewhere else"], ["2 ELM STREET"], ["the corner house"]]
    assert (await counted(services, robin)).elsewhere == 1, "nothing leads to Far Road"


async def _given_for(services: Services, row: Invitation, entry_id: int) -> None:
    def change(session: Session) -> None:
        session.get_one(Invitation, row.id).roster_entry_id = entry_id

    await services.storage.write(change)


@on_both
async def test_who_has_left_no_longer_counts_but_was_invited(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ELM)
    (row,) = await scene.invite(services, robin, "bo@ex.org")
    admitted = await scene.redeem(
        services, scene.code_of(services, row), scene.sign_up("Bo", "2 Elm Street")
    )
    assert await came(services, robin) == {"NEVER": 5, "JOINED": 1}
    await services.storage.write(members.remove, admitted.member_id, now=NOW)
    assert await came(services, robin) == {"NEVER": 5, "ENDED": 1}


@on_both
async def test_an_invitation_ends_with_its_code(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, ELM)
    (row,) = await scene.invite(services, robin, "bo@ex.org")
    assert row.expires_at is not None
    for moment, expected in ((-timedelta(seconds=1), Came.OPEN), (timedelta(0), Came.ENDED)):
        then = await coverage.overview(services, robin, now=row.expires_at + moment)
        assert then.tally.came == {Came.NEVER: 5, expected: 1}


@on_both
async def test_who_cannot_be_written_to_is_counted_apart(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, ELM)
    noor = await scene.next_door(services)
    (bo,) = await scene.invite(services, noor, "bo@ex.org")  # it holds everywhere
    await happens(services, bo, "opted_out")
    await scene.invite(services, noor, "cy@ex.org")
    tally = (await counted(services, robin)).tally
    assert tally.came == {Came.NEVER: 6}, "what happens next door is nothing here"
    assert tally.never == {Reach.THERE: 4, Reach.BARRED: 1, Reach.NOWHERE: 1}


async def test_a_page_says_who_is_where_in_the_order_of_the_numbers(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ELM)
    (bo,) = await scene.invite(services, robin, "bo@ex.org")
    found = await listed(services, robin)
    assert [home.place.address for home in found.homes] == [
        "1 Elm Street", "2 Elm Street", "3 Elm St.", "4 Elm Street", "5 Elm Street",
        "10 Elm Street",
    ]  # fmt: skip
    first, second, *_ = found.homes
    assert [one.name for one in first.entries] == ["Ana Ruiz", "Luis Ruiz"]
    assert first.standing is None
    assert second.standing is not None
    assert second.standing.invitation.id == bo.id
    assert (await listed(services, robin, "never", 7)).total == 5


async def test_a_page_beyond_the_last_is_the_last(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, "\n".join(f"{n} Elm Street" for n in range(1, 24)))
    last = await listed(services, robin, number=99)
    assert (last.number, last.pages, last.total) == (3, 3, 23)
    assert [home.place.address for home in last.homes] == [f"{n} Elm Street" for n in (21, 22, 23)]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Elm Street", "Elm Street"),
        ("elm st.", "Elm Street"),
        ("elm stret", "Elm Street"),
        ("harbour", "Harbour House"),
        ("rio grande", "Río Grande Drive"),
        ("榆树街", "榆树街"),
    ],
)
async def test_a_street_is_known_by_a_name_that_is_near(
    services: Services, robin: Actor, typed: str, name: str
) -> None:
    lines = "1 Elm Street\n2 Oak Street\n3 Harbour House\n4 Río Grande Drive\n5 榆树街"
    await rosters.put(services, robin, lines)
    found = await coverage.street_like(services, robin, typed, now=NOW)
    assert found.name == name
    again = await coverage.street_at(services, robin, found.entry_id, now=NOW)
    assert again == found


async def test_a_street_that_may_be_several_is_asked_about(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, "1 Old Elm Street\n2 New Elm Street\n3 Oak Road")
    with pytest.raises(NoSuchStreet) as raised:
        await coverage.street_like(services, robin, "elm street", now=NOW)
    assert raised.value.words == (
        "There is no street or building like “elm street” on the roster. "
        "Did you mean New Elm Street, Old Elm Street?"
    )


async def test_another_communitys_roster_is_not_there(services: Services, robin: Actor) -> None:
    noor = await scene.next_door(services)
    (theirs,) = await rosters.put(services, noor, "1 Birch Row | Noor | noor@ex.org")
    assert (await counted(services, robin)).tally.total == 0
    with pytest.raises(coverage.StreetGone):
        await coverage.street_at(services, robin, theirs.id, now=NOW)
    with pytest.raises(NoSuchStreet, match="NoSuchStreet"):
        await coverage.street_like(services, robin, "Birch Row", now=NOW)
