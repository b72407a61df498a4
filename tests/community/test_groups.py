"""Groups: names are one however they are typed, members are the ones that are meant, once."""

import asyncio

import pytest
from sqlmodel import Session

from bot.community import groups, names
from bot.community.actors import Actor
from bot.community.groups import GroupThere, TooManyGroups
from bot.community.names import BadWords
from bot.community.which_group import NoSuchGroup, SeveralGroups
from bot.community.whom import NobodyNamed, NoSuchMember, SeveralMeant, TooManyMeant
from bot.ports import Services
from storage import groups as stored
from storage import household_words, members
from storage.tables import Audit, Group, GroupMember, Household, Member
from tests.community import scene
from tests.community.scene import NOW, on_both


async def live(services: Services, *homes: tuple[str, list[str]], community_id: int = 1) -> None:
    """Households where these people live; numbers grow in order, from 1."""

    def change(session: Session) -> None:
        for address, people in homes:
            home = Household(
                community_id=community_id, address=address, address_key=names.address_key(address),
                created_at=NOW,
            )  # fmt: skip
            session.add(home)
            session.flush()
            for name in people:
                session.add(
                    Member(
                        community_id=community_id, household_id=home.id, name=name, joined_at=NOW
                    )
                )
                session.flush()
            household_words.reindex(session, [home.id])

    await services.storage.write(change)


async def make(services: Services, who: Actor, *names: str) -> list[int]:
    """Groups of these names; gives their numbers."""
    return [(await groups.create(services, who, name, now=NOW)).id for name in names]


async def inside(services: Services, who: Actor, typed: str) -> list[str]:
    """The names of those in the group."""
    return [one.name for one in (await groups.everybody(services, who, typed))[1]]


@on_both
async def test_two_spellings_of_a_name_are_one_group(services: Services, robin: Actor) -> None:
    await make(services, robin, "Café Committee")
    for again in ("cafe committee", "CAFÉ  COMMITTEE", "Cafe\u0301 Committee", " café committee "):
        with pytest.raises(GroupThere) as refusal:
            await groups.create(services, robin, again, now=NOW)
        assert refusal.value.words == "There is a group “Café Committee” already."
        assert (await groups.look(services, robin, again)).group.name == "Café Committee"


@on_both
async def test_two_leaders_who_create_one_name_at_once_make_one_group(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    outcomes = await asyncio.gather(
        *(groups.create(services, who, "Pool", now=NOW) for who in (robin, sam)),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [GroupThere]
    assert [row.name for row in await groups.every(services, robin)] == ["Pool"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "\u202e",
        "12",
        "#3",
        "Pool: deep",
        "Pool, deep",
        "a;b",
        "`x`",
        "x" * 61,
        "go to a.com",
    ],
)
async def test_a_name_that_could_not_be_said_is_refused(
    services: Services, robin: Actor, name: str
) -> None:
    with pytest.raises(BadWords):
        await groups.create(services, robin, name, now=NOW)
    assert await groups.every(services, robin) == []


async def test_as_many_groups_as_anybody_can_look_through_and_no_more(
    services: Services, robin: Actor
) -> None:
    def fill(session: Session) -> None:
        for number in range(groups.LIMIT):
            name = f"Team {number:03}"
            stored.add(session, Group(community_id=1, name=name, name_key=name.lower()))

    await services.storage.write(fill)
    with pytest.raises(TooManyGroups):
        await groups.create(services, robin, "One more", now=NOW)
    shelf = await groups.shelf(services, robin, number=99)
    assert (shelf.number, shelf.pages, shelf.total) == (20, 20, 200)
    assert [row.name for row, _ in shelf.rows][-1] == "Team 199"
    await groups.delete(services, robin, "Team 000", now=NOW)
    await groups.create(services, robin, "One more", now=NOW)


async def test_a_group_is_meant_by_number_name_or_the_beginning_of_its_name(
    services: Services, robin: Actor
) -> None:
    pool, poolside, board = await make(services, robin, "Pool", "Poolside bar", "The board")
    for typed, number in (
        ("pool", pool), (f"#{poolside}", poolside), (f"{board}", board), ("the BOARD", board),
        ("poolside", poolside), ("The", board),
    ):  # fmt: skip
        assert (await groups.look(services, robin, typed)).group.id == number, typed
    for typed in ("pools", "board", "99", "", "#", "%"):
        with pytest.raises(NoSuchGroup):
            await groups.look(services, robin, typed)
    await make(services, robin, "The garden")
    with pytest.raises(SeveralGroups) as refusal:
        await groups.look(services, robin, "the")
    assert f"#{board} The board" in refusal.value.words


async def test_a_renamed_group_is_the_same_group(services: Services, robin: Actor) -> None:
    await live(services, ("1 Elm", ["Ana Ruiz"]))
    (pool, _) = await make(services, robin, "Pool", "Board")
    await groups.add(services, robin, "Pool", who="1", now=NOW)
    with pytest.raises(GroupThere):
        await groups.rename(services, robin, "Pool", name="BOARD", now=NOW)
    before, group = await groups.rename(services, robin, "Pool", name="POOL", now=NOW)
    assert (before, group.name, group.id) == ("Pool", "POOL", pool)
    assert await inside(services, robin, "pool") == ["Ana Ruiz"]


@on_both
async def test_members_are_put_in_by_number_name_and_household(
    services: Services, robin: Actor
) -> None:
    await live(
        services,
        ("1 Elm Street", ["Ana Ruiz", "Luis Ruiz"]),
        ("2 Elm Street", ["Zoë Ångström", "Mia Stone"]),
        ("3 Elm Street", ["Ed Lane"]),
    )
    await make(services, robin, "Pool")
    moved = await groups.add(
        services, robin, "Pool", who="member #1, zoe angstrom; household 3,Zoë Ångström", now=NOW
    )
    assert [one.name for one in moved.people] == ["Ana Ruiz", "Zoë Ångström", "Ed Lane"]
    again = await groups.add(services, robin, "Pool", who="Household #1", now=NOW)
    assert [one.name for one in again.people] == ["Luis Ruiz"]
    assert [one.name for one in again.already] == ["Ana Ruiz"]
    by_address = await groups.add(services, robin, "Pool", who="household 2 elm street", now=NOW)
    assert [one.name for one in by_address.people] == ["Mia Stone"]
    assert await inside(services, robin, "Pool") == [
        "Ana Ruiz", "Ed Lane", "Luis Ruiz", "Mia Stone", "Zoë Ångström",
    ]  # fmt: skip
    left = await groups.remove(services, robin, "Pool", who="Ruiz Luis, mia", now=NOW)
    assert [one.name for one in left.people] == ["Luis Ruiz", "Mia Stone"]
    assert await inside(services, robin, "Pool") == ["Ana Ruiz", "Ed Lane", "Zoë Ångström"]


@on_both
async def test_of_several_with_one_name_nobody_is_taken_for_the_other(
    services: Services, robin: Actor
) -> None:
    await live(
        services, ("1 Elm", ["Ana Ruiz"]), ("2 Elm", ["Ana Ruiz Soto"]), ("3 Elm", ["Ana Ruiz"])
    )
    await make(services, robin, "Pool")
    with pytest.raises(SeveralMeant) as refusal:
        await groups.add(services, robin, "Pool", who="Ana Ruiz", now=NOW)
    assert [one.id for one in refusal.value.people] == [1, 3], "whose name is just that"
    with pytest.raises(SeveralMeant) as refusal:
        await groups.add(services, robin, "Pool", who="ruiz", now=NOW)
    assert [one.id for one in refusal.value.people] == [1, 2, 3]
    with pytest.raises(SeveralMeant):
        await groups.add(services, robin, "Pool", who="3, Ana Ruiz", now=NOW)
    assert await inside(services, robin, "Pool") == [], "or all, or nothing"
    await groups.add(services, robin, "Pool", who="Soto", now=NOW)
    left = await groups.remove(services, robin, "Pool", who="Ana Ruiz", now=NOW)
    assert [one.id for one in left.people] == [2], "in the group there is one alone"


async def test_where_very_many_are_alike_nobody_is_picked_out(
    services: Services, robin: Actor
) -> None:
    crowd = [f"Ana {number}" for number in range(499)]
    await live(services, ("1 Elm", ["Ana"]), *((f"{n} Oak", [who]) for n, who in enumerate(crowd)))
    await make(services, robin, "Pool")
    with pytest.raises(SeveralMeant) as refusal:
        await groups.add(services, robin, "Pool", who="Ana", now=NOW)
    assert refusal.value.words.startswith("More than 500 members are like “Ana”.")
    assert len(refusal.value.people) == 10
    with pytest.raises(NoSuchMember):
        await groups.add(services, robin, "Pool", who="Oak", now=NOW)
    await groups.add(services, robin, "Pool", who="Ana 498", now=NOW)
    left = await groups.remove(services, robin, "Pool", who="Ana", now=NOW)
    assert [one.name for one in left.people] == ["Ana 498"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", NobodyNamed), (" , ;", NobodyNamed), ("99", NoSuchMember), ("Nobody", NoSuchMember),
        ("household 99", NoSuchMember), ("household Nowhere", NoSuchMember), ("%", NoSuchMember),
        ("Ana Ruiz, Nobody", NoSuchMember), (",".join(map(str, range(1, 42))), TooManyMeant),
    ],
)  # fmt: skip
async def test_who_cannot_be_found_moves_nobody(
    services: Services, robin: Actor, typed: str, error: type[Exception]
) -> None:
    await live(services, ("1 Elm", ["Ana Ruiz"]))
    await make(services, robin, "Pool")
    with pytest.raises(error):
        await groups.add(services, robin, "Pool", who=typed, now=NOW)
    assert await scene.all_of(services, GroupMember) == []


async def test_who_was_removed_is_in_no_group_until_they_are_back(
    services: Services, robin: Actor
) -> None:
    await live(services, ("1 Elm", ["Ana Ruiz", "Ed Lane"]))
    await make(services, robin, "Pool")
    await groups.add(services, robin, "Pool", who="1, 2", now=NOW)
    await services.storage.write(members.remove, 1, now=NOW)
    assert await inside(services, robin, "Pool") == ["Ed Lane"]
    assert [count for _, count in (await groups.shelf(services, robin)).rows] == [1]
    with pytest.raises(NoSuchMember):
        await groups.add(services, robin, "Pool", who="1", now=NOW)


@on_both
async def test_a_deleted_group_is_gone_and_its_members_stay(
    services: Services, robin: Actor
) -> None:
    await live(services, ("1 Elm", ["Ana Ruiz"]))
    pool, _ = await make(services, robin, "Pool", "Board")
    await groups.add(services, robin, "Pool", who="1", now=NOW)
    await groups.add(services, robin, "Board", who="1", now=NOW)
    assert await services.storage.read(stored.names_of, [1]) == {1: ("Board", "Pool")}
    assert await groups.delete(services, robin, str(pool), now=NOW) == "Pool"
    with pytest.raises(NoSuchGroup):
        await groups.delete(services, robin, str(pool), now=NOW)
    assert await services.storage.read(stored.names_of, [1]) == {1: ("Board",)}
    assert [row.id for row in await scene.all_of(services, Member)] == [1]
    (again,) = await make(services, robin, "Pool")
    assert await inside(services, robin, str(again)) == []


async def test_the_neighbours_groups_and_members_are_nobodys_here(
    services: Services, robin: Actor
) -> None:
    noor = await scene.next_door(services)
    await live(services, ("1 Birch", ["Bo Birch"]), community_id=noor.community_id)
    await live(services, ("1 Elm", ["Ana Ruiz"]))
    (theirs,) = await make(services, noor, "Pool")
    (ours,) = await make(services, robin, "Pool")
    await groups.add(services, noor, "Pool", who="Bo", now=NOW)
    for attempt in (
        groups.look(services, robin, str(theirs)),
        groups.rename(services, robin, str(theirs), name="Ours", now=NOW),
        groups.delete(services, robin, str(theirs), now=NOW),
        groups.add(services, robin, str(theirs), who="Ana", now=NOW),
        groups.remove(services, robin, str(theirs), who="Bo", now=NOW),
    ):
        with pytest.raises(NoSuchGroup):
            await attempt
    for who in ("1", "Bo Birch", "household 1", "household 1 birch"):
        with pytest.raises(NoSuchMember):
            await groups.add(services, robin, str(ours), who=who, now=NOW)
    assert await inside(services, noor, "Pool") == ["Bo Birch"]


async def test_every_change_is_in_the_trail(services: Services, robin: Actor) -> None:
    await live(services, ("1 Elm", ["Ana Ruiz", "Ed Lane"]))
    await make(services, robin, "Pool")
    await groups.add(services, robin, "Pool", who="household 1", now=NOW)
    await groups.add(services, robin, "Pool", who="1", now=NOW)
    await groups.remove(services, robin, "Pool", who="2", now=NOW)
    await groups.rename(services, robin, "Pool", name="Swimmers", now=NOW)
    await groups.delete(services, robin, "Swimmers", now=NOW)
    trail = [(row.action, row.subject) for row in await scene.all_of(services, Audit)]
    assert trail == [
        ("group.created", "group:1"),
        ("group.joined", "group:1,member:1"),
        ("group.joined", "group:1,member:2"),
        ("group.left", "group:1,member:2"),
        ("group.renamed", "group:1"),
        ("group.deleted", "group:1"),
    ]
