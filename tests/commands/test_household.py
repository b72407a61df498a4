"""`/household`: members speak, each as who they are; nobody else's number or key is theirs."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot import dispatch
from bot.chats.playground import SPEAKER
from bot.community import letters
from bot.community.households import housemates, new_contacts, pairing
from bot.messages import Reply
from bot.ports import Services
from storage import chat_members
from storage.tables import Audit, ChatMember, Delivery, Invitation, Member, Pairing
from tests.community import scene
from tests.community.scene import NOW, on_both

ROSA, TOM = "rosa", "tom"  # as their chat knows them


@pytest.fixture
async def rosa(services: Services) -> int:
    """The head of Flat 4B, whom the chat knows."""
    await scene.say(services, "/passes 1")
    [row] = await scene.all_of(services, Invitation)
    member_id = (await scene.redeem(services, scene.code_of(services, row))).member_id
    await know(services, member_id, ROSA)
    return member_id


@pytest.fixture
async def tom(services: Services, rosa: int) -> int:
    """Tom, who lives with Rosa, and whom the chat knows, too."""
    added = await housemates.add(services, rosa, name="Tom", contact="tom@example.net", now=NOW)
    await know(services, added.member_id, TOM)
    return added.member_id


async def know(services: Services, member_id: int, user_id: str) -> None:
    """Have the member make a key on their page and say it in the chat."""
    key = await key_of(services, member_id)
    reply = await say(services, user_id, f"/household key {key}")
    assert "I know you here now" in reply.text


async def key_of(services: Services, member_id: int) -> str:
    """A new key of the member's page, which is good at this moment."""
    now = datetime.now(UTC)
    await pairing.offer(services, member_id, now=now)
    return (await pairing.offered(services, member_id, now=now)).key


async def say(services: Services, who: str, text: str, **fields: str) -> Reply:
    """Somebody says something in Maple Court's chat."""
    return await dispatch.answer(services, scene.call(text, speaker=who, **fields))


def calls(reply: Reply) -> dict[str, str]:
    """What the buttons say, by label."""
    return {button.label: button.call for button in reply.buttons}


async def members(services: Services) -> list[str]:
    """Who is in."""
    rows = await scene.all_of(services, Member)
    return [row.name for row in rows if row.removed_at is None]


async def test_a_member_sees_their_household(services: Services, rosa: int, tom: int) -> None:
    reply = await say(services, ROSA, "/household")
    assert "Flat 4B, in Maple Court" in reply.text
    assert "Rosa Delgado (you), head of household, r•••@example.net" in reply.text
    assert "• Tom, t•••@example.net" in reply.text
    assert {"Add somebody", "Make a link to share"} <= calls(reply).keys()
    theirs = await say(services, TOM, "/household")
    assert not {"Add somebody", "Make a link to share"} & calls(theirs).keys()
    for button in (*reply.buttons, *theirs.buttons):
        assert len(button.call.encode()) <= 56
        assert "@" not in button.call


@pytest.mark.parametrize(
    ("typed", "name", "contact"),
    [
        ("Luis luis@example.org", "Luis", "luis@example.org"),
        ("Ana María Ruiz +1 201 555 0123", "Ana María Ruiz", "+12015550123"),
        ("Mia (201) 555-0123", "Mia", "+12015550123"),
        ("Baby", "Baby", None),
    ],
)
async def test_the_head_adds_somebody(
    services: Services, rosa: int, typed: str, name: str, contact: str | None
) -> None:
    reply = await say(services, ROSA, f"/household add {typed}")
    assert f"{name} is now in your household" in reply.text
    row = (await scene.all_of(services, Member))[-1]
    assert (row.name, row.email or row.phone, row.added_by_id) == (name, contact, rosa)
    letters_ = [row for row in await scene.all_of(services, Delivery) if row.contact == contact]
    assert [row.event for row in letters_] == (["household_added"] if contact else [])


@pytest.mark.parametrize("typed", ["a" * 4000, "a@" * 2000, "a " * 2000, "(" * 4000, "é +" * 900])
async def test_nonsense_adds_nobody(services: Services, rosa: int, typed: str) -> None:
    reply = await say(services, ROSA, f"/household add {typed}")
    assert "too long" in reply.text or "Please" in reply.text
    assert await members(services) == ["Rosa Delgado"]


async def test_a_form_adds_and_keeps_what_was_wrong(services: Services, rosa: int) -> None:
    reply = await say(services, ROSA, "/household add")
    assert reply.form is not None
    assert [field.name for field in reply.form.fields] == ["name", "contact"]
    wrong = await say(services, ROSA, reply.form.call, name="Luis", contact="luis@")
    assert wrong.form is not None
    assert [bool(field.error) for field in wrong.form.fields] == [False, True]
    assert wrong.form.fields[0].value == "Luis"
    await say(services, ROSA, reply.form.call, name="Luis", contact="")
    assert "Luis" in await members(services)


async def test_only_the_head_adds_shares_and_nobody_is_told_otherwise(
    services: Services, rosa: int, tom: int
) -> None:
    for text in ("/household add Eve", "/household link"):
        assert "Only the head of the household" in (await say(services, TOM, text)).text
    assert await members(services) == ["Rosa Delgado", "Tom"]


async def test_own_name_and_contact(services: Services, rosa: int) -> None:
    assert "now Rosa D." in (await say(services, ROSA, "/household name Rosa D.")).text
    reply = await say(services, ROSA, "/household contact new@example.org")
    assert "n•••@example.org" in reply.text
    [member] = await scene.all_of(services, Member)
    assert (member.name, member.email) == ("Rosa D.", "rosa@example.net"), "not before it is proved"
    letter = (await scene.all_of(services, Delivery))[-1]
    assert (letter.event, letter.contact) == ("new_contact", "new@example.org")
    token = (await services.storage.read(letters.words_of, services, letter)).link.rpartition("/")
    now = datetime.now(UTC)
    await new_contacts.confirm(services, token[2], now=now)
    [member] = await scene.all_of(services, Member)
    assert member.email == "new@example.org"


async def test_hidden_from_housemates_and_not_from_leaders(
    services: Services, rosa: int, tom: int
) -> None:
    reply = await say(services, TOM, "/household hide")
    assert "Show my contact" in calls(reply)
    seen = (await say(services, ROSA, "/household")).text
    assert "Tom, contact hidden" in seen
    assert "t•••" not in seen
    assert "t•••" in (await say(services, TOM, "/household")).text
    await say(services, TOM, calls(reply)["Show my contact"])
    assert "t•••" in (await say(services, ROSA, "/household")).text


async def test_the_data_is_a_file_about_nobody_else(
    services: Services, rosa: int, tom: int
) -> None:
    reply = await say(services, TOM, "/household data")
    [file] = reply.files
    found = json.loads(file.content)
    assert found["you"]["email"] == "tom@example.net"
    assert found["household"]["others"] == ["Rosa Delgado"]
    assert "rosa@" not in file.content.decode()


async def test_leaving_asks_once_and_ends_what_the_chat_knows(
    services: Services, rosa: int, tom: int
) -> None:
    reply = await say(services, ROSA, "/household leave")
    assert "one of them becomes the head" in reply.text
    assert "Rosa Delgado" in await members(services)
    left = await say(services, ROSA, calls(reply)["Yes, leave"])
    assert "no longer a member" in left.text
    assert await members(services) == ["Tom"]
    for text in ("/household", "/household leave yes", "/household data"):
        assert "which member you are" in (await say(services, ROSA, text)).text
    assert "Add somebody" in calls(await say(services, TOM, "/household")), "Tom is the head now"
    assert "member.left" in [row.action for row in await scene.all_of(services, Audit)]


async def test_it_answers_in_the_members_language(services: Services, rosa: int) -> None:
    def speak(session: Session) -> None:
        session.get_one(Member, rosa).language = "es"

    await services.storage.write(speak)
    reply = await say(services, ROSA, "/household")
    assert "Flat 4B, en Maple Court" in reply.text
    assert "Ocultar mi contacto" in calls(reply)
    refused = await say(services, ROSA, "/household name https://x.org")
    assert "Aquí no cabe una dirección de internet" in refused.text


# Several memberships


async def test_with_several_households_the_number_decides(services: Services, rosa: int) -> None:
    await scene.say(services, "/passes 1")
    row = (await scene.all_of(services, Invitation))[-1]
    form = scene.sign_up(address="9 Elm Street")
    other = (await scene.redeem(services, scene.code_of(services, row), form)).member_id
    await know(services, other, ROSA)
    reply = await say(services, ROSA, "/household hide")
    assert "more than once" in reply.text
    assert not any(row.is_hidden for row in await scene.all_of(services, Member))
    assert len(reply.buttons) == 2
    await say(services, ROSA, f"/household #{other} hide")
    hidden = {row.id: row.is_hidden for row in await scene.all_of(services, Member)}
    assert hidden == {rosa: False, other: True}
    assert "9 Elm Street" in (await say(services, ROSA, f"/household {other}")).text


# Who is who


async def test_who_is_not_known_learns_nothing(services: Services, rosa: int) -> None:
    for text in ("/household", "/household data", f"/household #{rosa}", "/household leave yes"):
        for who in ("mallory", SPEAKER):  # a leader is no member
            reply = await say(services, who, text)
            assert "which member you are" in reply.text
            assert not reply.files
    assert await members(services) == ["Rosa Delgado"]


async def test_the_number_of_somebody_else_is_no_household_of_yours(
    services: Services, rosa: int, tom: int
) -> None:
    before = [row.model_dump() for row in await scene.all_of(services, Member)]
    for word in ("", "hide", "data", "leave yes", "name Eve", "contact eve@example.org", "add Eve"):
        for number in (rosa, 999, 999_999_999):
            reply = await say(services, TOM, f"/household #{number} {word}")
            assert "no household of yours" in reply.text
            assert not reply.files
    assert [row.model_dump() for row in await scene.all_of(services, Member)] == before


async def test_the_same_user_elsewhere_is_somebody_else(services: Services, rosa: int) -> None:
    await scene.next_door(services)
    call = scene.call("/household data", scene.OTHER_PLACE, ROSA)
    reply = await dispatch.answer(services, call)
    assert "which member you are" in reply.text
    assert not reply.files


async def test_a_member_who_was_removed_or_suspended_is_refused(
    services: Services, rosa: int, tom: int
) -> None:
    def suspend(session: Session) -> None:
        session.get_one(Member, rosa).suspended_at = NOW

    await services.storage.write(suspend)
    for text in ("/household", "/household hide", "/household name Eve", "/household add Eve"):
        assert "paused" in (await say(services, ROSA, text)).text
    assert (await say(services, ROSA, "/household data")).files, "the data stay theirs"

    def restore(session: Session) -> None:
        session.get_one(Member, rosa).suspended_at = None

    await services.storage.write(restore)
    await housemates.remove(services, rosa, housemate_id=tom, now=NOW)
    assert "which member you are" in (await say(services, TOM, "/household")).text


async def test_forget_me(services: Services, rosa: int, tom: int) -> None:
    assert "forgotten" in (await say(services, ROSA, "/household forget me")).text
    assert "which member you are" in (await say(services, ROSA, "/household")).text
    assert "Flat 4B" in (await say(services, TOM, "/household")).text


# Keys


async def test_a_key_is_good_once_and_for_whoever_says_it_first(
    services: Services, rosa: int
) -> None:
    key = await key_of(services, rosa)
    typed = key.lower().replace("-", " ")
    replies = await asyncio.gather(
        *(say(services, f"user{n}", f"/household key {typed}") for n in range(6))
    )
    assert sum("I know you here now" in reply.text for reply in replies) == 1
    assert sum("wrong, used or too old" in reply.text for reply in replies) == 5


async def test_an_old_key_is_worthless(services: Services, rosa: int) -> None:
    now = datetime.now(UTC)
    await pairing.offer(services, rosa, now=now - timedelta(minutes=16))
    row = await services.storage.read(chat_members.offered, rosa)
    assert row is not None
    key = pairing._key(services.keys, rosa, row.until)  # as the page showed it then
    assert "too old" in (await say(services, "late", f"/household key {key}")).text
    assert not (await pairing.offered(services, rosa, now=now)).key


@on_both
async def test_keys_cannot_be_guessed_for_long(services: Services, rosa: int) -> None:
    key = await key_of(services, rosa)
    for number in range(5):
        reply = await say(services, "mallory", f"/household key 0000-000{number}")
        assert "wrong" in reply.text
    assert "Too many keys" in (await say(services, "mallory", f"/household key {key}")).text
    assert "I know you here now" in (await say(services, "other", f"/household key {key}")).text
    audit = [row.action for row in await scene.all_of(services, Audit)]
    assert audit.count("member.paired") == 2


async def test_a_key_is_lost_where_the_community_is_not_at_home(
    services: Services, rosa: int
) -> None:
    await scene.next_door(services)
    call = scene.call(f"/household key {await key_of(services, rosa)}", scene.OTHER_PLACE, ROSA)
    for _ in range(2):
        assert "wrong, used or too old" in (await dispatch.answer(services, call)).text
    assert len(await scene.all_of(services, ChatMember)) == 1


async def test_no_key_is_kept_as_it_is_said(services: Services, rosa: int) -> None:
    key = await key_of(services, rosa)
    [row] = await scene.all_of(services, Pairing)
    assert key.replace("-", "").encode() not in row.key_hash
    assert len(row.key_hash) == 16


@pytest.mark.parametrize("typed", ["", "x", "💡" * 300, "7KQM-4TXP; DROP TABLE", "0" * 5000])
async def test_nonsense_is_no_key(services: Services, rosa: int, typed: str) -> None:
    reply = await say(services, "mallory", f"/household key {typed}")
    assert "key" in reply.text
    known = {row.user_id for row in await scene.all_of(services, ChatMember)}
    assert known == {ROSA}


async def test_the_page_forgets_a_chat(services: Services, rosa: int) -> None:
    await pairing.part(services, rosa, chat="playground", now=NOW)
    assert "which member you are" in (await say(services, ROSA, "/household")).text


@pytest.mark.parametrize("word", ["dance", "#", "#x", "17x hide", "forget", "forget you"])
async def test_what_is_not_understood_is_explained(
    services: Services, rosa: int, word: str
) -> None:
    reply = await say(services, ROSA, f"/household {word}")
    assert "`/household hide`" in reply.text, "what can be said"


async def test_a_member_reads_what_they_can_say(services: Services, rosa: int) -> None:
    reply = await say(services, ROSA, "/help")
    assert "/household" in reply.text
    assert "Only leaders" not in reply.text
    assert "Only leaders" in (await say(services, "mallory", "/help")).text
