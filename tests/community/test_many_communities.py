"""Many communities on one server: whoever leads several is understood, and never misunderstood."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot import dispatch
from bot.chats.playground import LEADER, PLACE, PORCH, SPEAKER
from bot.chats.slack import home
from bot.community import actors, binding, deliveries, digests
from bot.community.actors import AskWhich, MeantAnother, NotALeader, Stranger
from bot.community.communities import founding
from bot.community.leaders import claims
from bot.community.leaders.claims import ClaimedAlready
from bot.messages import Call, Reply
from bot.ports import Services
from storage import communities
from storage import playground as memory
from storage.tables import ChatLink, Community, Invitation, Leader
from tests.community import scene
from tests.community.scene import NOW, call

GARDEN = "garden"  # the channel where Oak Hill announces


async def oak_hill(
    services: Services, *, led_by: str = SPEAKER, name: str = "Oak Hill", channel: str = GARDEN
) -> int:
    """One more community in the same place of the same chat. Gives its number."""

    def change(session: Session) -> int:
        slug = f"{name}-{led_by}".lower()
        row = communities.add(session, Community(name=name, slug=slug, welcome="", created_at=NOW))
        session.add(
            ChatLink(
                community_id=row.id,
                chat="playground",
                place=PLACE,
                announce_channel=channel or None,
            )
        )
        communities.add_leader(
            session, row.id, chat="playground", place=PLACE, user_id=led_by, name="Robin Vale",
            role="owner", now=NOW,
        )  # fmt: skip
        return row.id

    return await services.storage.write(change)


async def said(
    services: Services, text: str, *, channel: str = LEADER, speaker: str = SPEAKER, **fields: str
) -> Reply:
    """Somebody says something somewhere in that place."""
    asked = Call("playground", PLACE, channel, speaker, speaker.title(), text, fields)
    return await dispatch.answer(services, asked)


async def meant(services: Services, text: str = "/help", *, channel: str = LEADER) -> str:
    """The name of the community for which Robin is heard."""
    _, mark = binding.read(text)
    asked = Call("playground", PLACE, channel, SPEAKER, "Robin Vale", text)
    return (await actors.actor_of(services, asked, meant=mark)).community


# Who speaks


async def test_who_leads_one_is_never_asked_and_sees_no_marks(services: Services) -> None:
    await oak_hill(services, led_by="noor")
    assert await meant(services) == "Maple Court"
    reply = await said(services, "/community")
    assert reply.text.startswith("Maple Court\nWelcome")
    assert [button.call for button in reply.buttons] == ["/community edit"]


async def test_who_leads_several_is_asked_before_anything_is_done(services: Services) -> None:
    oak = await oak_hill(services)
    reply = await said(services, "/invite email ana@example.org")
    assert "nothing was done" in reply.text
    assert "Hill" not in reply.text, "it may be read out in a group"
    assert [(button.label, button.call) for button in reply.buttons] == [
        ("Maple Court", "/use 1 @@1"),
        ("Oak Hill", f"/use {oak} @@{oak}"),
    ]
    assert await scene.all_of(services, Invitation) == []


async def test_the_mark_decides_then_the_channel_then_the_choice(services: Services) -> None:
    oak = await oak_hill(services)
    elm = await oak_hill(services, name="Elm Row", channel="")
    assert await meant(services, channel=PORCH) == "Maple Court"
    assert await meant(services, channel=GARDEN) == "Oak Hill"
    assert await meant(services, channel=f"{GARDEN}/7") == "Oak Hill", "a topic of it"
    await said(services, f"/use {elm}")
    assert await meant(services) == "Elm Row"
    assert await meant(services, channel=GARDEN) == "Oak Hill"
    assert await meant(services, f"/help @@{oak}") == "Oak Hill"
    assert await meant(services, "/help @@1", channel=GARDEN) == "Maple Court"


async def test_a_choice_of_what_one_no_longer_leads_is_none(services: Services) -> None:
    oak = await oak_hill(services)
    await oak_hill(services, name="Elm Row")
    await said(services, f"/use {oak}")
    await step_down(services, oak)
    with pytest.raises(AskWhich) as refused:
        await meant(services)
    assert [one.community for one in refused.value.led] == ["Maple Court", "Elm Row"]


async def step_down(services: Services, community_id: int) -> None:
    """Robin leads that community no more."""

    def change(session: Session) -> None:
        (row,) = communities.leaders(session, community_id, chats=["playground"])
        row.removed_at = NOW

    await services.storage.write(change)


async def test_a_button_of_a_community_one_no_longer_leads_does_nothing_elsewhere(
    services: Services,
) -> None:
    oak = await oak_hill(services)
    await step_down(services, oak)
    replies = {
        (await said(services, f"/community edit @@{mark}", name="Ruined")).text
        for mark in (oak, 999)
    }
    (words,) = replies  # nobody learns which numbers there are
    assert words.startswith("That was made for a community that you do not lead")
    assert [row.name for row in await scene.all_of(services, Community)] == [
        "Maple Court",
        "Oak Hill",
    ]
    with pytest.raises(MeantAnother):
        await meant(services, f"/help @@{oak}")


async def test_a_stranger_learns_no_name_where_several_are(services: Services) -> None:
    asked = call("/members", speaker="eve")
    with pytest.raises(NotALeader):
        await actors.actor_of(services, asked)
    await oak_hill(services)
    for text in ("/members", "/members @@1", "/members @@77", "/use", "/use Oak Hill", "/use 1"):
        words = (await said(services, text, speaker="eve")).text
        assert words == Stranger().words
    assert "Maple Court" in (await said(services, "/members", speaker="eve", channel=PORCH)).text
    assert "Oak Hill" in (await said(services, "/members", speaker="eve", channel=GARDEN)).text


# Binding


async def test_every_answer_to_who_leads_several_names_the_community_once(
    services: Services,
) -> None:
    oak = await oak_hill(services)
    await said(services, f"/use {oak}")
    for text in ("/community", "/members", "/invites 17", "/invites nonsense", "/nonsense"):
        reply = await said(services, text)
        assert reply.text.splitlines()[0] == "Oak Hill"
        assert reply.text.count("Oak Hill") == 1
        assert all(button.call.endswith(f" @@{oak}") for button in reply.buttons)


async def test_a_button_means_the_community_it_was_made_for(services: Services) -> None:
    oak = await oak_hill(services)
    await said(services, "/use 1")
    form = (await said(services, "/community edit")).form
    assert form is not None
    await said(services, f"/use {oak}")
    reply = await said(services, form.call, name="Maple Yard")
    assert reply.text.startswith("Maple Yard\n") or "Maple Yard" in reply.text
    assert [row.name for row in await scene.all_of(services, Community)] == [
        "Maple Yard",
        "Oak Hill",
    ]


async def test_two_of_one_name_are_told_apart(services: Services) -> None:
    twin = await oak_hill(services, name="Maple Court")
    labels = [button.label for button in (await said(services, "/members")).buttons]
    assert labels == ["Maple Court (#1)", f"Maple Court (#{twin})"]
    await said(services, f"/use {twin}")
    assert (await said(services, "/members")).text.startswith(f"Maple Court (#{twin})\n")


async def test_a_channel_is_of_one_community(services: Services) -> None:
    oak = await oak_hill(services, channel="")
    refused = await said(services, f"/announce here @@{oak}", channel=PORCH)
    assert "Another community announces its joins in this channel" in refused.text
    await said(services, "/announce off", channel=PORCH)
    assert "From now on" in (await said(services, f"/announce here @@{oak}", channel=PORCH)).text
    assert await meant(services, channel=PORCH) == "Oak Hill"


# Choosing


@pytest.mark.parametrize(
    "typed", ["Oak Hill", "oak hill", "oak", "2", "#2", "Ok Hill", "OAK  hill"]
)
async def test_a_community_is_chosen_by_name_or_number(services: Services, typed: str) -> None:
    assert await oak_hill(services) == 2
    reply = await said(services, f"/use {typed}")
    assert reply.text.startswith("Oak Hill\nThis is what you mean from now on")
    assert await meant(services) == "Oak Hill"


async def test_a_name_that_fits_several_is_asked_about(services: Services) -> None:
    await oak_hill(services)
    await oak_hill(services, name="Oak Row")
    reply = await said(services, "/use oak")
    assert [button.label for button in reply.buttons] == ["Oak Hill", "Oak Row"]
    with pytest.raises(AskWhich):
        await meant(services)


async def test_what_others_lead_cannot_be_chosen(services: Services) -> None:
    await oak_hill(services)
    theirs = await oak_hill(services, led_by="noor", name="Birch Row")
    for typed in ("Birch Row", str(theirs), "999", "99999999999", "²", "birch"):
        assert (
            "You lead no community like that here" in (await said(services, f"/use {typed}")).text
        )


async def test_alone_it_shows_what_is_led_and_in_use(services: Services) -> None:
    oak = await oak_hill(services)
    assert "None of them is in use" in (await said(services, "/use")).text
    await said(services, f"/use {oak}")
    assert (await said(services, "/use")).text.splitlines()[:3] == [
        "You lead 2 communities here:",
        "#1 Maple Court",
        "#2 Oak Hill, in use",
    ]


# Founding


async def test_the_owner_of_the_first_founds_one_more_and_uses_it(services: Services) -> None:
    reply = await said(services, "/use new Oak Hill")
    assert reply.text.startswith("Oak Hill is founded, and you own it.")
    assert reply.buttons[0].call == "/community edit @@2"
    assert await meant(services) == "Oak Hill"
    assert await meant(services, channel=PORCH) == "Maple Court"
    _, oak = await scene.all_of(services, Community)
    assert (oak.slug, oak.timezone, oak.welcome != "") == ("oak-hill", "UTC", True)
    row = (await scene.all_of(services, Leader))[-1]
    assert (row.community_id, row.role, row.name) == (2, "owner", "Robin Vale")


async def test_another_leader_cannot_found_one(services: Services) -> None:
    await scene.second_leader(services)
    await oak_hill(services, led_by="noor")  # an owner, but of another
    for speaker in ("sam", "noor"):
        words = (await said(services, "/use new Elm Row", speaker=speaker)).text
        assert words.startswith("Communities are founded by whoever runs Porchlight.")
    assert (await said(services, "/use new Elm Row", speaker="eve")).text == Stranger().words
    assert len(await scene.all_of(services, Community)) == 2


async def test_two_of_the_same_name_have_slugs_of_their_own(services: Services) -> None:
    for _ in range(3):
        await founding.one_more(services, name="Maple Court", now=NOW)
    slugs = [row.slug for row in await scene.all_of(services, Community)]
    assert slugs == ["maple-court", "maple-court-2", "maple-court-3", "maple-court-4"]
    assert "already" in (await said(services, "/use new maple court")).text


@pytest.mark.parametrize("name", ["", "evil.com", "x" * 61, "…"])
async def test_a_name_that_is_none_founds_nothing(services: Services, name: str) -> None:
    assert (await said(services, f"/use new {name}")).text
    assert len(await scene.all_of(services, Community)) == 1


async def test_a_community_may_be_called_new(services: Services) -> None:
    haven = await oak_hill(services, name="New Haven")
    await said(services, "/use 1")
    assert (await said(services, "/use new haven")).text.startswith("New Haven\nThis is what")
    assert await meant(services, f"/help @@{haven}") == "New Haven"
    assert len(await scene.all_of(services, Community)) == 2


@scene.on_both
async def test_founded_at_once_they_are_all_founded(services: Services) -> None:
    names = ["Oak Hill"] * 6
    await asyncio.gather(*(founding.one_more(services, name=name, now=NOW) for name in names))
    slugs = [row.slug for row in await scene.all_of(services, Community)]
    assert len(set(slugs)) == 7


# Claiming


async def test_a_code_names_its_community(services: Services) -> None:
    oak = await founding.one_more(services, name="Oak Hill", now=NOW)
    elm = await founding.one_more(services, name="Elm Row", now=NOW)
    lines = await claims.claims(services, now=NOW)
    assert [line.split(" from ")[0] for line in lines] == ["To lead Oak Hill", "To lead Elm Row"]
    code = await claims.claim_code(services, "playground", community_id=oak.id, now=NOW)
    claimed = await claims.claim(services, call("", speaker="ana"), code or "", now=NOW)
    assert claimed.id == oak.id
    with pytest.raises(ClaimedAlready):
        await claims.claim(services, call("", speaker="ben"), code or "", now=NOW)
    (line,) = await claims.claims(services, now=NOW)
    assert line.startswith(f"To lead {elm.name} from Playground, say there:  /leaders claim ")


async def test_a_wrong_code_where_several_are_led_names_none(services: Services) -> None:
    await oak_hill(services, led_by="noor")
    words = (await said(services, "/leaders claim 0000-0000", speaker="eve")).text
    assert words.startswith("That code is wrong or too old.")


async def test_who_leads_one_claims_another_and_uses_it(services: Services) -> None:
    oak = await founding.one_more(services, name="Oak Hill", now=NOW)
    now = datetime.now(UTC)
    code = await claims.claim_code(services, "playground", community_id=oak.id, now=now)
    reply = await said(services, f"/leaders claim {code}")
    assert reply.text.startswith("Welcome: you are now a leader of Oak Hill.")
    assert {button.call for button in reply.buttons} == {"/community edit @@2", "/help @@2"}
    assert await meant(services) == "Oak Hill"
    assert "wrong or too old" in (await said(services, "/leaders claim 0000-0000")).text


async def test_a_leader_of_the_only_community_is_told_so(services: Services) -> None:
    assert (await said(services, "/leaders claim 0000")).text == "You are a leader already."


# What the postman brings


async def test_receipts_and_notices_are_bound_as_answers_are(services: Services) -> None:
    oak = await oak_hill(services)
    await said(services, f"/use {oak}")
    who = await scene.actor(services)
    await scene.invite(services, who, "ana@example.org")
    await scene.all_done(services)
    shown = await services.storage.read(memory.newest, limit=10)
    (card,) = [row.body for row in shown if "ana@example.org" in row.body["text"]]
    assert card["text"].startswith("Oak Hill\n")
    assert card["buttons"]
    assert all(button["call"].endswith(f" @@{oak}") for button in card["buttons"])


async def test_digests_say_which_community_they_are_about(services: Services) -> None:
    oak = await oak_hill(services)
    await said(services, f"/use {oak}")
    who = await scene.actor(services)
    old = NOW - timedelta(days=9)
    for mark in (1, oak):
        await said(services, f"/use {mark}")
        actor = await scene.actor(services)
        rows = await scene.invite(services, actor, f"ana{mark}@example.org", now=old)
        await deliveries.happened(services, rows[0].id, "bounced", key=f"bounce {mark}", now=old)

    def tell(session: Session) -> None:
        for community in communities.every(session):
            digests.tell_all(session, services, community, day="2026-11-22", now=NOW)

    await services.storage.write(tell)
    await scene.all_done(services)
    shown = await services.storage.read(memory.newest, limit=20)
    told = {row.body["text"].splitlines()[0]: row.body for row in shown
            if "Good morning" in row.body["text"]}  # fmt: skip
    assert told.keys() == {"Maple Court", "Oak Hill"}
    assert "ana1@example.org" in told["Maple Court"]["text"]
    assert "ana1@example.org" not in told["Oak Hill"]["text"]
    assert {button["call"] for button in told["Oak Hill"]["buttons"]} == {
        f"/invites failed mine @@{oak}"
    }
    assert who.community_id == oak


# Whoever leads several, elsewhere


async def test_help_asks_which_where_nothing_says_it(services: Services) -> None:
    await oak_hill(services)
    reply = await said(services, "/help")
    assert reply.text == AskWhich([]).words
    assert [button.label for button in reply.buttons] == ["Maple Court", "Oak Hill"]
    assert "You can say:" in (await said(services, "/help", channel=PORCH)).text


async def test_as_a_member_one_is_answered_for_no_community_one_leads(services: Services) -> None:
    oak = await oak_hill(services)
    await said(services, f"/use {oak}")
    assert "Oak Hill" not in (await said(services, "/household")).text


async def test_the_home_tab_asks_which_and_then_shows_the_one_in_use(services: Services) -> None:
    oak = await oak_hill(services)
    asked = await home.view(services, call("/members"), search="", now=NOW)
    assert {"Maple Court", "Oak Hill"} <= labels_in(asked["blocks"])
    await said(services, f"/use {oak}")
    shown = await home.view(services, call("/members"), search="", now=NOW)
    assert shown["blocks"][0]["text"]["text"] == "Oak Hill"
    assert "Another community" in labels_in(shown["blocks"])
    calls = {one["value"] for block in shown["blocks"] for one in block.get("elements", ())}
    assert calls
    assert all(one.endswith(f" @@{oak}") for one in calls)


def labels_in(blocks: list[dict[str, Any]]) -> set[str]:
    """What is on the buttons."""
    found = [one for block in blocks for one in block.get("elements", ())]
    return {one["text"]["text"] for one in found if one.get("type") == "button"}
