"""Into which groups people are invited: as their leader says, in words and in forms."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.messages import Reply
from bot.ports import Services
from storage.tables import Batch, Draft, Group, GroupMember, Invitation, InvitationGroup, Member
from tests.community import scene
from tests.community.scene import on_both, redeem, say, sign_up


@pytest.fixture
async def grouped(services: Services) -> Services:
    """Maple Court with the groups #1 Board, #2 Pool committee, #3 Cooks in Training."""
    for name in ("Board", "Pool committee", "Cooks in Training"):
        await say(services, f"/groups create {name}")
    return services


async def press(services: Services, reply: Reply, label: str) -> Reply:
    """Robin presses the button."""
    (button,) = [button for button in reply.buttons if label in button.label]
    assert len(button.call.encode()) <= 56
    return await say(services, button.call)


async def leads(services: Services) -> dict[int, list[int]]:
    """The groups into which each invitation leads."""
    found: dict[int, list[int]] = {}
    for row in await scene.all_of(services, InvitationGroup):
        found.setdefault(row.invitation_id, []).append(row.group_id)
    return {number: sorted(groups) for number, groups in found.items()}


async def inside(services: Services) -> dict[str, list[int]]:
    """The groups that each member is in."""
    members = {row.id: row.name for row in await scene.all_of(services, Member)}
    found: dict[str, list[int]] = {}
    for row in await scene.all_of(services, GroupMember):
        found.setdefault(members[row.member_id], []).append(row.group_id)
    return {name: sorted(groups) for name, groups in found.items()}


async def join(services: Services, number: int, name: str, *others: str) -> int:
    """Somebody uses the invitation, and what follows has happened."""
    rows = {row.id: row for row in await scene.all_of(services, Invitation)}
    form = sign_up(name, f"{number} Elm", email=f"{name}@example.net", others=others)
    admitted = await redeem(services, scene.code_of(services, rows[number]), form)
    await scene.all_done(services)
    return admitted.member_id


@pytest.mark.parametrize(
    ("said", "groups", "language"),
    [
        ("in group board", [1], ""),
        ("in the group BOARD", [1], ""),
        ("into group 2", [2], ""),
        ("in group Pool", [2], ""),
        ("in group board.", [1], ""),
        ("in groups Board, in Spanish.", [1], "es"),
        ("in groups board, pool committee", [1, 2], ""),
        ("in groups board and pool committee", [1, 2], ""),
        ("in groups board, pool and cooks", [1, 2, 3], ""),
        ("in group board in Spanish", [1], "es"),
        ("in Spanish in group board", [1], "es"),
        ("in es in groups pool, board", [1, 2], "es"),
        ("in group Cooks in Training", [3], ""),
        ("in group Cooks in Training in French", [3], "fr"),
        ("in groups board, cooks in training in fr", [1, 3], "fr"),
    ],
)
async def test_groups_and_language_are_said_in_any_order(
    grouped: Services, said: str, groups: list[int], language: str
) -> None:
    reply = await say(grouped, f"/invite email ana@example.org {said}")
    assert reply.text.startswith("Inviting ana@example.org. They arrive in ")
    assert await leads(grouped) == {1: groups}
    assert [row.language for row in await scene.all_of(grouped, Invitation)] == [language]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("in group bord", "There is no group “bord” here."),
        ("in groups board, bord", "There is no group “bord” here."),
        ("in group board in Klingon", "I cannot write in “Klingon”"),
        ("in Klingon in group board", "I cannot write in “Klingon”"),
        ("in group", "In which group?"),
        ("in groups ", "In which group?"),
        ("in groups , ", "In which group?"),
    ],
)
async def test_a_group_that_is_not_there_invites_nobody(
    grouped: Services, said: str, words: str
) -> None:
    reply = await say(grouped, f"/invite email ana@example.org {said}")
    assert reply.text.startswith(words)
    assert await scene.all_of(grouped, Draft) == []
    assert await scene.all_of(grouped, Invitation) == []


@pytest.mark.parametrize("said", ["2 in group bord", "2 Elm in group", "Elm in group board"])
async def test_no_pass_is_printed_for_a_group_that_is_not_there(
    grouped: Services, said: str
) -> None:
    assert not (await say(grouped, f"/passes {said}")).files
    assert await scene.all_of(grouped, Invitation) == []


async def test_the_group_comes_last_or_nobody_is_invited(grouped: Services) -> None:
    reply = await say(grouped, "/invite email in group board ana@example.org")
    assert "cannot be invited" in reply.text
    assert await scene.all_of(grouped, Invitation) == []


@on_both
async def test_who_is_invited_arrives_in_the_groups_and_their_housemates_do_not(
    grouped: Services,
) -> None:
    await say(grouped, "/invite email ana@example.org in groups board, pool")
    card = await say(grouped, "/invites 1")
    assert "They arrive in Board and Pool committee." in card.text.splitlines()
    await join(grouped, 1, "Ana", "Luis")
    assert await inside(grouped) == {"Ana": [1, 2]}
    assert "They arrive" not in (await say(grouped, "/invites 1")).text


@on_both
async def test_a_group_that_was_deleted_since_is_nothing(grouped: Services) -> None:
    await say(grouped, "/invite email ana@example.org, bo@example.org in groups board, pool")
    (draft,) = await scene.all_of(grouped, Draft)
    await say(grouped, "/groups delete 1 yes")
    sent = await say(grouped, f"/invite send {draft.id}")
    assert "They arrive in Pool committee." in sent.text
    assert await leads(grouped) == {1: [2], 2: [2]}
    await say(grouped, "/groups delete 2 yes")
    await join(grouped, 1, "Ana")
    assert await inside(grouped) == {}


async def test_who_was_taken_out_is_not_put_in_again(grouped: Services) -> None:
    await say(grouped, "/invite email ana@example.org in group board")
    ana = await join(grouped, 1, "Ana")
    await say(grouped, f"/groups remove board: {ana}")
    await say(grouped, "/invite email bo@example.org in group board")
    await join(grouped, 2, "Bo")
    assert await inside(grouped) == {"Bo": [1]}


async def test_a_paste_and_a_slip_keep_their_groups(grouped: Services) -> None:
    reply = await say(
        grouped, "/invite email ana@example.org, bo@gmial.com in Spanish in groups pool, board"
    )
    assert "They arrive in Pool committee and Board." in reply.text.splitlines()
    await press(grouped, reply, "spelling corrected")
    assert await leads(grouped) == {1: [1, 2], 2: [1, 2]}
    reply = await say(grouped, "/invite email cy@gmial.com in group 3")
    await press(grouped, reply, "Send to cy@gmail.com")
    assert (await leads(grouped))[3] == [3]


async def test_what_is_sent_again_keeps_its_groups_and_what_is_renewed_gets_others(
    grouped: Services,
) -> None:
    await say(grouped, "/invite email ana@example.org in group board")
    await say(grouped, "/invites resend 1")
    await say(grouped, "/invites fix 1 anna@example.org")
    assert await leads(grouped) == {1: [1]}

    def lapse(session: Session) -> None:
        session.get_one(Invitation, 1).expires_at = scene.NOW - timedelta(days=1)

    await grouped.storage.write(lapse)
    await say(grouped, "/invite email anna@example.org in group pool")
    assert await leads(grouped) == {1: [2]}
    await grouped.storage.write(lapse)
    await say(grouped, "/invite email anna@example.org")
    assert await leads(grouped) == {}


async def test_passes_lead_into_groups_and_their_card_says_so(grouped: Services) -> None:
    reply = await say(grouped, "/passes 2 Elm Street in group board")
    assert "2 access passes “Elm Street”" in reply.text
    assert reply.text.endswith("They arrive in Board.")
    (batch,) = await scene.all_of(grouped, Batch)
    assert batch.label == "Elm Street"
    card = await say(grouped, "/passes handed-out 1")
    assert card.text.endswith("They arrive in Board.")
    await join(grouped, 2, "Bo")
    assert await inside(grouped) == {"Bo": [1]}
    await say(grouped, "/invite pass 1 in group pool")
    assert (await leads(grouped))[3] == [2]


async def test_the_form_offers_the_groups_where_there_are_some(services: Services) -> None:
    form = (await say(services, "/invite")).form
    assert form is not None
    assert "group" not in {field.name for field in form.fields}
    await say(services, "/groups create Board")
    for command in ("/invite", "/passes"):
        form = (await say(services, command)).form
        assert form is not None
        (field,) = [field for field in form.fields if field.name == "group"]
        assert field.options == (("none", "None"), ("1", "Board"))
    await say(services, "/invite", way="email", to="ana@example.org", group="1")
    await say(services, "/invite", way="email", to="bo@example.org", group="none")
    await say(services, "/invite", way="pass", count="1", label="Elm", group="1")
    await say(services, "/passes", count="1", label="in group pool", group="1")
    assert await leads(services) == {1: [1], 3: [1], 4: [1]}
    assert [row.label for row in await scene.all_of(services, Batch)] == ["Elm", "in group pool"]
    await say(services, "/groups delete 1 yes")
    refused = await say(services, "/invite", way="email", to="cy@example.org", group="1")
    assert "There is no group “1” here." in refused.text
    assert len(await scene.all_of(services, Invitation)) == 4


async def test_of_very_many_groups_the_name_is_typed(services: Services) -> None:
    def fill(session: Session) -> None:
        for number in range(41):
            name = f"Team {number}"
            session.add(Group(community_id=1, name=name, name_key=name.lower()))

    await services.storage.write(fill)
    form = (await say(services, "/invite")).form
    assert form is not None
    assert [(field.kind, field.required) for field in form.fields if field.name == "group"] == [
        ("line", False)
    ]
    await say(services, "/invite", way="email", to="ana@example.org", group="team 7, Team 40")
    assert await leads(services) == {1: [8, 41]}


async def test_the_neighbours_groups_are_not_ours_to_invite_into(grouped: Services) -> None:
    await scene.next_door(grouped)
    reply = await scene.say_next_door(grouped, "/invite email ana@example.org in group board")
    assert reply.text.startswith("There is no group “board” here.")
    reply = await scene.say_next_door(
        grouped, "/invite", way="email", to="ana@example.org", group="1"
    )
    assert "There is no group “1” here." in reply.text
    assert await scene.all_of(grouped, Invitation) == []
