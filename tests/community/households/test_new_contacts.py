"""New contacts: proved once however often it is pressed, and only by who reads the letter."""

import asyncio
from datetime import timedelta

import pytest

from bot.community import letters
from bot.community.errors import BadFields
from bot.community.households import new_contacts
from bot.community.households.new_contacts import ProofOver
from bot.ports import Services
from storage.tables import Delivery, Member, NewContact
from tests.community import scene
from tests.community.households.test_households import rosa as rosa  # the fixture
from tests.community.scene import NOW, on_both


async def token(services: Services) -> str:
    """Of the newest letter that asks for a proof."""
    rows = await scene.all_of(services, Delivery)
    letter = [row for row in rows if row.event == "new_contact"][-1]
    words = await services.storage.read(letters.words_of, services, letter)
    return words.link.rpartition("/")[2]


async def told(services: Services) -> list[str | None]:
    """Who was told that a contact was changed."""
    rows = await scene.all_of(services, Delivery)
    return [row.contact for row in rows if row.event == "contact_changed"]


@on_both
async def test_many_taps_of_one_moment_change_it_once(services: Services, rosa: int) -> None:
    await new_contacts.ask(services, rosa, "new@example.org", now=NOW)
    link = await token(services)
    proofs = await asyncio.gather(
        *(new_contacts.confirm(services, link, now=NOW) for _ in range(6))
    )
    assert all(proof.is_done for proof in proofs)
    [member] = await scene.all_of(services, Member)
    assert (member.email, member.phone) == ("new@example.org", None)
    assert await told(services) == ["rosa@example.net"]
    assert await scene.all_of(services, NewContact) == []


@on_both
async def test_asking_twice_at_once_leaves_one_question(services: Services, rosa: int) -> None:
    await asyncio.gather(
        *(
            new_contacts.ask(services, rosa, f"n{number}@example.org", now=NOW)
            for number in range(4)
        )
    )
    assert len(await scene.all_of(services, NewContact)) == 1


async def test_a_number_takes_the_place_of_an_address(services: Services, rosa: int) -> None:
    await new_contacts.ask(services, rosa, "+1 201 555 0123", now=NOW)
    await new_contacts.confirm(services, await token(services), now=NOW)
    [member] = await scene.all_of(services, Member)
    assert (member.email, member.email_key, member.phone) == (None, None, "+12015550123")
    assert await told(services) == ["rosa@example.net"]


@pytest.mark.parametrize("typed", ["", "rosa@", "ROSA@example.net", "+44 7400 123456", "12345"])
async def test_what_cannot_be_proved_is_not_asked_for(
    services: Services, rosa: int, typed: str
) -> None:
    with pytest.raises(BadFields) as refused:
        await new_contacts.ask(services, rosa, typed, now=NOW)
    assert refused.value.errors.keys() == {"contact"}
    assert await scene.all_of(services, NewContact) == []


async def test_a_late_or_forged_proof_is_none(services: Services, rosa: int) -> None:
    await new_contacts.ask(services, rosa, "new@example.org", now=NOW)
    link = await token(services)
    for tried, now in ((link, NOW + timedelta(days=1)), (f"{link}x", NOW), ("", NOW), ("💡", NOW)):
        with pytest.raises(ProofOver):
            await new_contacts.confirm(services, tried, now=now)
    [member] = await scene.all_of(services, Member)
    assert member.email == "rosa@example.net"
