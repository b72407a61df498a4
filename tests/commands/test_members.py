"""`/members`: who is in, by household, whatever is searched for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot.community import members
from bot.messages import Reply
from bot.ports import Services
from storage import household_words
from storage.tables import Household, Invitation, Member
from tests.community import scene
from tests.community.scene import NOW, on_both, say, sign_up

PEOPLE = [
    ("Ángel Ruiz", "1 Elm Street", ("Zoë",)),
    ("ÉMILE Zola", "2 Elm Street", ()),
    ("Ana 100%", "3 Oak Lane", ()),
    ("O'Neil", "4 Oak Lane", ("Bob \\ Bob",)),
    ("李小龙", "५ भवन मार्ग", ("สมชาย ใจดี",)),
]


async def join(
    services: Services, people: list[tuple[str, str, tuple[str, ...]]], *, email: str = ""
) -> None:
    """All of these sign up with passes, and what follows has been done.

    Takes: email, of all of them; none: each has their own.
    """
    await say(services, f"/passes {len(people)}")
    rows = await scene.all_of(services, Invitation)
    for row, (name, address, others) in zip(rows[-len(people) :], people, strict=True):
        own = email or f"n{row.id}@example.net"
        form = sign_up(name, address, others=others, email=own)
        await scene.redeem(services, scene.code_of(services, row), form)
    await scene.all_done(services)


async def settle(services: Services, count: int) -> None:
    """So many households live in Elm Street, each with one member, made at once."""

    today = datetime.now(UTC) + timedelta(hours=1)  # the newest has joined 23 hours ago

    def change(session: Session) -> None:
        for number in range(1, count + 1):
            order = f"elm st {number:08}"
            home = Household(
                community_id=1,
                created_at=NOW,
                address=f"{number} Elm St",
                address_key=f"{number} elm st",
                address_order=order,
            )
            session.add(home)
            session.flush()
            session.add(
                Member(
                    community_id=1,
                    household_id=home.id,
                    name=f"Maria {number}",
                    is_head=True,
                    joined_at=today - timedelta(days=number),
                )
            )
        household_words.reindex(session, range(1, count + 1))

    await services.storage.write(change)


def addresses(reply: Reply) -> list[str]:
    """The households that the reply lists."""
    listed = [line for line in reply.text.splitlines() if line.startswith("#")]
    return [line.partition(" ")[2].partition(":")[0] for line in listed]


def turn(reply: Reply, label: str) -> str:
    """What a button of the reply says."""
    [call] = [button.call for button in reply.buttons if button.label == label]
    return call


def turns(reply: Reply) -> list[str]:
    """The buttons that turn the page."""
    return [button.label for button in reply.buttons if button.label in {"Back", "More"}]


async def test_nobody_has_joined_yet(services: Services) -> None:
    reply = await say(services, "/members")
    assert reply.text == "Nobody has joined yet."
    assert [button.call for button in reply.buttons] == ["/invite"]


@on_both
async def test_households_are_found_by_all_words_of_a_search(services: Services) -> None:
    await join(services, PEOPLE)
    elm, oak, far = (
        [one for _, one, _ in PEOPLE[:2]],
        [one for _, one, _ in PEOPLE[2:4]],
        [PEOPLE[4][1]],
    )
    searches = {
        "": [*elm, *oak, *far],
        "elm": elm,
        "ELM Stree": elm,
        "street": elm,
        "stre elm": elm,
        "elm oak": [],
        "elm zoë": elm[:1],
        "Ángel": elm[:1],
        "angel": elm[:1],
        "ZOË": elm[:1],
        "Émile": elm[1:],
        "o'neil": oak[1:],
        "oneil": [],
        "100%": oak[:1],
        "%": [],
        "_": [],
        "\\": [],
        "lm": [],  # a word is found by how it begins
        "小龙": far,
        "龙": far,
        "सङ्ग": [],
        "भवन": far,
        "ใจดี": far,
        "ชาย": far,
        "'; DROP TABLE member; --": [],
        "\x00": [*elm, *oak, *far],
    }
    found = {search: addresses(await say(services, f"/members {search}")) for search in searches}
    assert found == searches


@on_both
async def test_pages_are_turned_forth_and_back(services: Services) -> None:
    await settle(services, 23)
    first = await say(services, "/members")
    assert first.text.startswith("23 households with 23 members, page 1 of 3:")
    assert turns(first) == ["More"]
    pages = [first]
    while "More" in turns(pages[-1]):
        pages.append(await say(services, turn(pages[-1], "More")))
    listed = [address for page in pages for address in addresses(page)]
    assert listed == [f"{number} Elm St" for number in range(1, 24)]  # 2 comes before 10
    assert "page 3 of 3" in pages[-1].text
    back = [pages[-1]]
    while "Back" in turns(back[-1]):
        back.append(await say(services, turn(back[-1], "Back")))
    assert [page.text for page in back] == [page.text for page in pages[::-1]]


@on_both
async def test_pages_of_a_search_are_turned_and_typed(services: Services) -> None:
    await settle(services, 23)
    typed = await say(services, "/members st elm page 2")
    assert typed.text.startswith("23 households like “st elm”, page 2 of 3:")
    assert (await say(services, turn(typed, "Back"))).text.startswith(
        "23 households like “st elm”, page 1"
    )
    last = await say(services, "/members elm page 99")
    assert "page 3 of 3" in last.text
    assert turns(last) == ["Back"]
    assert addresses(last) == ["21 Elm St", "22 Elm St", "23 Elm St"]


@on_both
async def test_a_search_with_too_many_answers_asks_for_one_more_word(services: Services) -> None:
    await settle(services, members.FOUND + 1)
    reply = await say(services, "/members elm")
    assert reply.text.startswith(
        "More than 200 households are like “elm”. Add a word to see fewer; 10 of them are here:"
    )
    assert len(addresses(reply)) == 10
    assert turns(reply) == []
    assert addresses(await say(services, "/members elm 201")) == ["201 Elm St"]


@on_both
async def test_pages_go_on_beyond_what_is_counted(services: Services) -> None:
    await settle(services, members.COUNTED + 15)
    reply = await say(services, "/members page 50")
    assert reply.text.startswith("More than 500 households with more than 500 members, page 50:")
    listed = addresses(reply)
    while "More" in turns(reply):
        reply = await say(services, turn(reply, "More"))
        assert "further on" in reply.text
        listed += addresses(reply)
    assert listed == [f"{number} Elm St" for number in range(491, 516)]
    reply = await say(services, turn(reply, "Back"))
    assert addresses(reply) == [f"{number} Elm St" for number in range(501, 511)]
    reply = await say(services, turn(reply, "Back"))
    assert addresses(reply)[-1] == "500 Elm St"


@pytest.mark.parametrize("search", ["e", "elm street " * 8])
async def test_pages_of_a_search_can_be_turned_however_long_it_is(
    services: Services, search: str
) -> None:
    await join(services, [(f"N{n}", f"{'Elm Street ' * 8} {n:02}", ()) for n in range(11)])
    reply = await say(services, f"/members {search.strip()}")
    assert "page 1 of 2" in reply.text
    assert all(len(button.call.encode()) <= 56 for button in reply.buttons)
    assert ("More" in turns(reply)) != ("say the same again with `page 2`" in reply.text)
    turned = await say(services, f"/members {search.strip()} page 2")
    assert "page 2 of 2" in turned.text


async def test_a_button_never_holds_an_address_of_a_mailbox(services: Services) -> None:
    await settle(services, 12)
    reply = await say(services, "/members Maria@elm")
    assert turns(reply) == ["More"]
    assert turn(reply, "More").startswith("/members maria elm after ")


async def test_a_page_beside_a_household_that_is_gone_is_the_first(services: Services) -> None:
    await settle(services, 12)
    for call in ("after 999", "elm after 999", "page 0"):
        assert addresses(await say(services, f"/members {call}"))[0] == "1 Elm St"


@on_both
async def test_who_gave_a_contact_is_found_by_it(services: Services) -> None:
    await join(services, PEOPLE[:2])
    first = (await scene.all_of(services, Member))[0]
    for typed in (first.email, f" {first.email.upper()} " if first.email else ""):
        assert addresses(await say(services, f"/members {typed}")) == ["1 Elm Street"]
    for typed in ("stranger@example.net", "+1 201 555 0199"):
        assert "No household or member" in (await say(services, f"/members {typed}")).text


async def test_who_joined_lately_is_listed(services: Services) -> None:
    await settle(services, 12)
    reply = await say(services, "/members new 3d")
    assert reply.text.startswith("3 households that somebody joined in the last 3 days:")
    assert addresses(reply) == ["1 Elm St", "2 Elm St", "3 Elm St"]
    assert "in the last 14 days, page 1 of 2" in (await say(services, "/members new 2w")).text
    more = await say(services, turn(await say(services, "/members new 2w"), "More"))
    assert addresses(more) == ["11 Elm St", "12 Elm St"]
    assert "Say `/members new 7d`" in (await say(services, "/members new 0d")).text
    assert (await say(services, "/members suspended")).text == "Nobody is suspended."


async def test_the_neighbours_members_are_not_listed(services: Services) -> None:
    await scene.next_door(services)
    await join(services, PEOPLE[:1])
    assert (await scene.say_next_door(services, "/members")).text == "Nobody has joined yet."
    for search in ("ruiz", "elm"):
        reply = await scene.say_next_door(services, f"/members {search}")
        assert reply.text == f"No household or member is like “{search}”."
    for call in ("1", "after 1", "before 1", "household 1", "member 1", "move 1 9 Oak", "undo 1"):
        reply = await scene.say_next_door(services, f"/members {call}")
        assert "Elm" not in reply.text
        assert "Ruiz" not in reply.text
