"""Who leads: somebody always does, whatever happens at one moment, and the trail tells how."""

import asyncio
import dataclasses
from collections.abc import Iterable

import pytest

from bot import dispatch
from bot.community import leaders
from bot.community.actors import Actor, NotALeader
from bot.community.leaders import LeadsAlready, OwnsAlready, OwnsNot
from bot.community.leaders.owners import LastLeader, LastOwner, NoSuchLeader, OwnersOnly, OwnerStays
from bot.ports import Services
from storage.tables import Audit, Invitation, Leader
from tests.community import scene
from tests.community.scene import NOW, call, on_both


async def add(services: Services, who: Actor, user_id: str, name: str = "Kim Lee") -> Leader:
    """A leader makes somebody else one."""
    return await leaders.add(services, who, user_id=user_id, name=name, now=NOW)


async def owner(services: Services, who: Actor) -> Actor:
    """Sam, whom an owner made one, too."""
    sam = await scene.second_leader(services)
    await leaders.let_own(services, who, sam.leader_id, now=NOW)
    return sam


def refusals(outcomes: Iterable[object]) -> list[type[Exception]]:
    """What was refused of what was tried at once."""
    return sorted(
        (type(each) for each in outcomes if isinstance(each, Exception)),
        key=lambda one: one.__name__,
    )


@on_both
async def test_two_owners_who_remove_each_other_both_stay(services: Services, robin: Actor) -> None:
    sam = await owner(services, robin)
    outcomes = await asyncio.gather(
        leaders.remove(services, robin, sam.leader_id, now=NOW),
        leaders.remove(services, sam, robin.leader_id, now=NOW),
        return_exceptions=True,
    )
    assert refusals(outcomes) == [OwnerStays, OwnerStays]
    assert [row.role for row in await leaders.leading(services, robin)] == ["owner", "owner"]


@on_both
async def test_two_who_step_down_at_once_leave_one(services: Services, robin: Actor) -> None:
    sam = await owner(services, robin)
    outcomes = await asyncio.gather(
        *(leaders.remove(services, who, who.leader_id, now=NOW) for who in (robin, sam)),
        return_exceptions=True,
    )
    assert refusals(outcomes) == [LastLeader]
    assert len(await leaders.leading(services, robin)) == 1


@on_both
async def test_of_two_owners_who_give_it_up_at_once_one_remains(
    services: Services, robin: Actor
) -> None:
    for _ in range(5):
        sam = await owner(services, robin)
        await add(services, robin, "kim")
        outcomes = await asyncio.gather(
            leaders.own_no_more(services, robin, now=NOW),
            leaders.remove(services, sam, sam.leader_id, now=NOW),
            return_exceptions=True,
        )
        assert refusals(outcomes) == [LastOwner]
        (left,) = [row for row in await leaders.leading(services, robin) if row.role == "owner"]
        stayed = await scene.actor(services, speaker=left.user_id)
        if left.id != robin.leader_id:
            await leaders.let_own(services, stayed, robin.leader_id, now=NOW)
            await leaders.own_no_more(services, stayed, now=NOW)
        for row in (await leaders.leading(services, robin))[1:]:
            await leaders.remove(services, robin, row.id, now=NOW)


@on_both
async def test_an_owner_made_while_another_goes_is_there_or_the_other_stays(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    outcomes = await asyncio.gather(
        leaders.let_own(services, robin, sam.leader_id, now=NOW),
        leaders.remove(services, robin, robin.leader_id, now=NOW),
        return_exceptions=True,
    )
    assert set(refusals(outcomes)) <= {LastOwner}
    rows = await leaders.leading(services, robin)
    assert "owner" in {row.role for row in rows}
    assert sam.leader_id in {row.id for row in rows}


async def test_who_leads_without_owning_adds_and_removes_nobody(
    services: Services, robin: Actor
) -> None:
    sam = await scene.second_leader(services)
    kim = await add(services, robin, "kim")
    gone = await add(services, robin, "lou")
    await leaders.remove(services, robin, gone.id, now=NOW)
    for attempt in (
        add(services, sam, "friend"),
        leaders.remove(services, sam, kim.id, now=NOW),
        leaders.remove(services, sam, robin.leader_id, now=NOW),
        leaders.reopen(services, sam, gone.id, now=NOW),
        leaders.let_own(services, sam, sam.leader_id, now=NOW),
    ):
        with pytest.raises(OwnersOnly) as refusal:
            await attempt
        assert "Only owners may do that: Robin Vale." in refusal.value.words
    with pytest.raises(OwnsNot):
        await leaders.own_no_more(services, sam, now=NOW)
    await leaders.remove(services, sam, sam.leader_id, now=NOW)
    assert [row.id for row in await leaders.leading(services, robin)] == [1, kim.id]


async def test_an_owner_stays_one_until_they_give_it_up_themselves(
    services: Services, robin: Actor
) -> None:
    with pytest.raises(LastLeader):
        await leaders.own_no_more(services, robin, now=NOW)
    kim = await add(services, robin, "kim")
    with pytest.raises(LastOwner) as refusal:
        await leaders.remove(services, robin, robin.leader_id, now=NOW)
    assert f"`/leaders owner {kim.id}` for Kim Lee" in refusal.value.words
    await leaders.let_own(services, robin, kim.id, now=NOW)
    with pytest.raises(OwnsAlready):
        await leaders.let_own(services, robin, kim.id, now=NOW)
    with pytest.raises(OwnerStays):
        await leaders.remove(services, robin, kim.id, now=NOW)
    await leaders.own_no_more(services, robin, now=NOW)
    assert [row.role for row in await leaders.leading(services, robin)] == ["leader", "owner"]


async def test_an_owner_who_comes_back_is_a_leader_as_others_are(
    services: Services, robin: Actor
) -> None:
    sam = await owner(services, robin)
    await leaders.remove(services, sam, sam.leader_id, now=NOW)
    assert (await leaders.reopen(services, robin, sam.leader_id, now=NOW)).role == "leader"


@on_both
async def test_somebody_added_twice_at_once_is_one_leader(services: Services, robin: Actor) -> None:
    outcomes = await asyncio.gather(
        add(services, robin, "kim"), add(services, robin, "kim"), return_exceptions=True
    )
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [LeadsAlready]
    assert len(await leaders.leading(services, robin)) == 2


async def test_who_is_added_again_is_the_same_leader_by_their_new_name(
    services: Services, robin: Actor
) -> None:
    first = await add(services, robin, "kim")
    await leaders.remove(services, robin, first.id, now=NOW)
    again = await add(services, robin, "kim", "Kim Marsh")
    assert (again.id, again.name, again.removed_at) == (first.id, "Kim Marsh", None)


async def test_who_was_removed_removes_nobody(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    kim = await add(services, robin, "kim")
    await leaders.remove(services, robin, sam.leader_id, now=NOW)
    for attempt in (
        leaders.remove(services, sam, kim.id, now=NOW),
        leaders.reopen(services, sam, sam.leader_id, now=NOW),
        add(services, sam, "friend"),
    ):
        with pytest.raises(NotALeader):
            await attempt
    assert [row.id for row in await leaders.leading(services, robin)] == [1, kim.id]


async def test_invitations_stay_with_whom_they_are_from(services: Services, robin: Actor) -> None:
    sam = await scene.second_leader(services)
    (row,) = await scene.invite(services, sam, "ana@example.org")
    await leaders.remove(services, robin, sam.leader_id, now=NOW)
    (kept,) = await scene.all_of(services, Invitation)
    assert (kept.leader_id, kept.voided_at) == (sam.leader_id, None)
    admitted = await scene.redeem(services, scene.code_of(services, row))
    assert admitted.is_head


async def test_every_change_is_in_the_trail(services: Services, robin: Actor) -> None:
    kim = await add(services, robin, "kim")
    await leaders.remove(services, robin, kim.id, now=NOW)
    await leaders.reopen(services, robin, kim.id, now=NOW)
    await leaders.let_own(services, robin, kim.id, now=NOW)
    await leaders.own_no_more(services, robin, now=NOW)
    with pytest.raises(NoSuchLeader):
        await leaders.remove(services, robin, 99, now=NOW)
    trail = [(row.actor, row.action, row.subject) for row in await scene.all_of(services, Audit)]
    assert trail == [
        ("leader:1", "leader.added", "leader:2"),
        ("leader:1", "leader.removed", "leader:2"),
        ("leader:1", "leader.added", "leader:2"),
        ("leader:1", "leader.owns", "leader:2"),
        ("leader:1", "leader.owns_no_more", "leader:1"),
    ]


async def test_a_leader_in_a_chat_that_is_off_does_not_count(
    services: Services, robin: Actor
) -> None:
    kim = await add(services, robin, "kim")
    chats = {**services.chats, "slack": services.chats["playground"]}
    both = dataclasses.replace(services, chats=chats)
    ana = await leaders.add(
        both, dataclasses.replace(robin, chat="slack"), user_id="U1", name="Ana", now=NOW
    )
    only_slack = dataclasses.replace(services, chats={"slack": chats["slack"]})
    in_slack = dataclasses.replace(robin, leader_id=ana.id, name="Ana", chat="slack")
    assert [row.name for row in await leaders.leading(only_slack, in_slack)] == ["Ana"]
    with pytest.raises(LastLeader):
        await leaders.remove(only_slack, in_slack, ana.id, now=NOW)
    for gone in (robin.leader_id, kim.id):
        with pytest.raises(NoSuchLeader):
            await leaders.remove(only_slack, in_slack, gone, now=NOW)
    await leaders.let_own(only_slack, in_slack, ana.id, now=NOW)  # where nobody owns, all do
    refused = await dispatch.answer(only_slack, call("/community", speaker="stranger"))
    assert refused.text == "Only leaders of Maple Court may do that: Ana. Please ask one of them."


async def test_where_nobody_leads_the_code_is_asked_for(services: Services) -> None:
    off = dataclasses.replace(services, chats={"slack": services.chats["playground"]})
    refused = await dispatch.answer(off, call("/community", speaker="stranger"))
    assert refused.text.startswith("Nobody leads Maple Court at the moment.")
    assert "`/leaders claim CODE`" in refused.text
