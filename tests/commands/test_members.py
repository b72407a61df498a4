"""`/members`: who is in, by household, whatever is searched for."""

import pytest

from bot.messages import Reply
from bot.ports import Services
from storage.tables import Invitation
from tests.community import scene
from tests.community.scene import on_both, say, sign_up

PEOPLE = [
    ("Ángel Ruiz", "1 Elm Street", ("Zoë",)),
    ("ÉMILE Zola", "2 Elm Street", ()),
    ("Ana 100%", "3_3 Oak Lane", ()),
    ("O'Neil", "4 Oak Lane", ("Bob \\ Bob",)),
]


async def join(services: Services, people: list[tuple[str, str, tuple[str, ...]]]) -> None:
    """All of these sign up with passes."""
    await say(services, f"/passes {len(people)}")
    rows = await scene.all_of(services, Invitation)
    for row, (name, address, others) in zip(rows[-len(people) :], people, strict=True):
        form = sign_up(name, address, others=others)
        await scene.redeem(services, scene.code_of(services, row), form)


def addresses(reply: Reply) -> list[str]:
    """The households that the reply lists."""
    return [line.partition(":")[0] for line in reply.text.splitlines()[1:]]


async def test_nobody_has_joined_yet(services: Services) -> None:
    reply = await say(services, "/members")
    assert reply.text == "Nobody has joined yet."
    assert [button.call for button in reply.buttons] == ["/invite"]


@on_both
async def test_members_are_found_by_any_part_of_name_or_address(services: Services) -> None:
    await join(services, PEOPLE)
    everybody = [address for _, address, _ in PEOPLE]
    searches = {
        "": everybody,
        "elm": everybody[:2],
        "ELM Street": everybody[:2],
        "Ángel": everybody[:1],
        "ángel": everybody[:1],
        "zoë": everybody[:1],
        "ZOË": everybody[:1],
        "Émile": everybody[1:2],
        "o'neil": everybody[3:],
        "%": everybody[2:3],
        "_": everybody[2:3],
        "100%": everybody[2:3],
        "\\": everybody[3:],
        "a_a": [],
        "'; DROP TABLE member; --": [],
        "\x00": everybody,
    }
    found = {search: addresses(await say(services, f"/members {search}")) for search in searches}
    assert found == searches


async def test_a_page_has_ten_households_and_buttons_to_the_next(services: Services) -> None:
    await join(services, [(f"N{n}", f"{n:02} Elm Street", ()) for n in range(23)])
    first = await say(services, "/members")
    assert first.text.startswith("23 households with 23 members, page 1 of 3:")
    assert [(button.label, button.call) for button in first.buttons] == [
        ("More", "/members page 2")
    ]
    pages = [first]
    while more := [button for button in pages[-1].buttons if button.label == "More"]:
        pages.append(await say(services, more[0].call))
    listed = [address for page in pages for address in addresses(page)]
    assert listed == [f"{n:02} Elm Street" for n in range(23)]
    searched = await say(services, "/members elm page 9")
    assert "page 3 of 3" in searched.text
    assert [button.call for button in searched.buttons] == ["/members elm page 2"]


@pytest.mark.parametrize("search", ["e", "elm street " * 8])
async def test_pages_of_a_search_can_be_turned_however_long_it_is(
    services: Services, search: str
) -> None:
    await join(services, [(f"N{n}", f"{'Elm Street ' * 8} {n:02}", ()) for n in range(11)])
    reply = await say(services, f"/members {search.strip()}")
    assert "page 1 of 2" in reply.text
    assert all(len(button.call.encode()) <= 64 for button in reply.buttons)
    turned = await say(services, f"/members {search.strip()} page 2")
    assert "page 2 of 2" in turned.text


async def test_the_neighbours_members_are_not_listed(services: Services) -> None:
    await scene.next_door(services)
    await join(services, PEOPLE[:1])
    assert (await scene.say_next_door(services, "/members")).text == "Nobody has joined yet."
    reply = await scene.say_next_door(services, "/members ruiz")
    assert reply.text == "No household or member is like “ruiz”."
