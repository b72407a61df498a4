"""Arriving: whoever uses an invitation is in its groups, once, whatever else happens meanwhile."""

import asyncio

from sqlmodel import Session

from bot.community import groups
from bot.community.actors import Actor
from bot.community.invitations import inviting
from bot.ports import Services
from storage import arriving
from storage import groups as stored
from storage.tables import Group, GroupMember, Invitation, InvitationGroup, Job
from tests.community import scene
from tests.community.scene import NOW, on_both

CROWD = 12


async def crowd(services: Services, robin: Actor, *, into: str) -> list[Invitation]:
    """Invitations that lead into a new group of this name."""
    group = await groups.create(services, robin, into, now=NOW)
    for number in range(CROWD):
        await inviting.invite_one(
            services, robin, medium="email", typed=f"{into}{number}@example.org",
            group_ids=[group.id], now=NOW,
        )  # fmt: skip
    return (await scene.all_of(services, Invitation))[-CROWD:]


async def join(services: Services, row: Invitation) -> int:
    """Somebody uses the invitation."""
    form = scene.sign_up(f"Ana {row.id}", f"{row.id} Elm", email=f"{row.id}@example.net")
    return (await scene.redeem(services, scene.code_of(services, row), form)).member_id


async def inside(services: Services) -> list[tuple[int, int]]:
    """Who is in which group: (group, member)."""
    rows = await scene.all_of(services, GroupMember)
    return sorted((row.group_id, row.member_id) for row in rows)


@on_both
async def test_a_group_deleted_while_a_crowd_arrives_stops_nobody(
    services: Services, robin: Actor
) -> None:
    pool = await crowd(services, robin, into="pool")
    board = await crowd(services, robin, into="board")
    async with scene.at_work(services):
        joined = [asyncio.create_task(join(services, row)) for row in (*pool, *board)]
        await asyncio.wait(joined, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.3)  # some have arrived by then, others have not
        await groups.delete(services, robin, "pool", now=NOW)
        await asyncio.gather(*joined)
    await scene.all_done(services)
    (left,) = await scene.all_of(services, Group)
    assert await inside(services) == sorted((left.id, task.result()) for task in joined[CROWD:])
    assert await scene.all_of(services, InvitationGroup) == []
    follows = [job for job in await scene.all_of(services, Job) if job.kind == "joined"]
    assert {(job.state, job.attempts, job.error) for job in follows} == {("done", 0, "")}


@on_both
async def test_arriving_again_brings_back_nobody_who_was_taken_out(
    services: Services, robin: Actor
) -> None:
    row, *_ = await crowd(services, robin, into="pool")
    ana = await join(services, row)
    assert await services.storage.read(stored.names_of, [ana]) == {ana: ("pool",)}, "at once"
    assert await inside(services) == []
    await scene.all_done(services)
    assert await inside(services) == [(1, ana)]
    assert await services.storage.read(stored.names_of, [ana]) == {ana: ("pool",)}
    await groups.remove(services, robin, "pool", who=str(ana), now=NOW)
    await services.storage.write(arriving.arrive, [ana])
    assert await inside(services) == []
    assert await services.storage.read(stored.names_of, [ana]) == {}


async def test_where_nothing_leads_into_a_group_nothing_happens(
    services: Services, robin: Actor
) -> None:
    (row,) = await scene.invite(services, robin, "ana@example.org")
    ana = await join(services, row)

    def twice(session: Session) -> None:
        arriving.arrive(session, [])
        arriving.arrive(session, [ana, 99])

    await services.storage.write(twice)
    assert await inside(services) == []
