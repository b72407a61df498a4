"""One conversation, held in every chat: the same words come back and the same things happen."""

from datetime import UTC, datetime

from bot.community import codes, redemptions
from bot.community.sign_ups import SignUp
from storage.tables import Invitation
from tests.chats.contract.people import Person, coded, read
from tests.community import scene

JOINED = "Rosa Delgado joined at Flat 4B, invited by {leader}."


async def test_the_conversation_is_the_same_in_every_chat(leader: Person) -> None:
    assert "/invite" in await leader.say("/help")
    # One clear address is invited at once, and never twice.
    said = await leader.say("/invite email rosa@example.org")
    assert said == "Inviting rosa@example.org. I keep you posted how it goes."
    assert "Nothing was sent" in await leader.say("/invite email rosa@example.org")
    # A slip is asked about, and a button decides.
    assert "Did you mean mara@gmail.com?" in await leader.say("/invite email mara@gmial.com")
    assert "Inviting mara@gmail.com." in await leader.press("Send to mara@gmail.com")
    # A paste is previewed.
    await leader.say("/invite")
    said = await leader.fill(way="email", to="lena@example.org\nli@example.org\n@@")
    assert "can be invited" in said
    assert "Inviting 2 people" in await leader.press("Send 2")
    # What cannot be is said in words.
    assert "How many passes?" in await leader.say("/passes many")
    assert "Did you mean `/invites`?" in coded(await leader.say("/invitess"))
    # Receipts follow.
    await read(leader.shown, "rosa@example.org: the e-mail has been sent")
    await read(leader.shown, "2 of 2 sent")
    # An invitation is looked at, and taken back.
    assert "rosa@example.org" in await leader.say("/invites 1")
    assert "void" in await leader.say("/invites void 1")
    rows = await scene.all_of(leader.house.services, Invitation)
    assert [(row.contact, row.voided_at is not None) for row in rows] == [
        ("rosa@example.org", True),
        ("mara@gmail.com", False),
        ("lena@example.org", False),
        ("li@example.org", False),
    ]


async def test_paper_and_a_join_are_the_same_in_every_chat(leader: Person) -> None:
    assert "announce here" in await leader.say_in_channel("/announce here")
    assert "2 access passes" in await leader.say("/passes 2 Elm Street")
    await read(leader.shown, "2 passes printed")
    [pdf] = [file for file in await leader.files() if file.name.endswith(".pdf")]
    assert pdf.content.startswith(b"%PDF-")
    services = leader.house.services
    [row, _] = await scene.all_of(services, Invitation)
    form = SignUp("Rosa Delgado", "Flat 4B", "rosa@example.net", "", ())
    code = codes.derive(services.keys, row.id, row.generation)
    await redemptions.redeem(
        services, code, form, source="203.0.113.9", browser="", now=datetime.now(UTC)
    )
    await read(leader.announced, JOINED.format(leader=leader.name))
    await read(leader.shown, "1 joined")
    assert "Flat 4B: Rosa Delgado (head)" in await leader.say("/members")


async def test_others_have_their_own_conversation(
    leader: Person, stranger: Person, second_leader: Person
) -> None:
    assert leader.name in await stranger.say("/members")
    assert "Nobody has joined yet" in await second_leader.say("/members")
    await second_leader.say("/invite email rosa@gmial.com")
    assert "Inviting rosa@gmail.com" in await second_leader.press("Send to rosa@gmail.com")
    await read(second_leader.shown, "rosa@gmail.com: the e-mail has been sent")
    assert "Ben" in await leader.say_about("/leaders add", stranger)
    assert "rosa@gmail.com" in await stranger.say("/invites open")
