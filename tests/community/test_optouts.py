"""Opt-outs: a resident says no more, for ever and everywhere, and may take it back."""

import pytest

from bot.community import invitations, optouts, tokens
from bot.community.actors import Actor
from bot.community.invitations import previews
from bot.community.optouts import UnknownLink
from bot.ports import Services
from storage.tables import Delivery
from tests.community import scene
from tests.community.scene import NOW, on_both


@pytest.fixture
async def token(services: Services, robin: Actor) -> str:
    """The opt-out link in Ana's letter."""
    await scene.invite(services, robin, "ana@example.org")
    (letter,) = await scene.all_of(services, Delivery)
    return tokens.sign(services.keys, "optout", letter.id)


async def verdict(services: Services, who: Actor) -> str:
    """What would become of inviting Ana."""
    seen = await previews.preview(services, who, medium="email", pasted="ana@example.org", now=NOW)
    return seen.rows[0].verdict


async def test_looking_changes_nothing(services: Services, token: str) -> None:
    for _ in range(2):
        seen = await optouts.look(services, token)
        assert (seen.brand.community, seen.theirs) == ("Maple Court", "en")
        assert (seen.contact_masked, seen.stopped) == ("a•••@example.org", False)


@on_both
async def test_no_means_no_in_every_community_until_taken_back(
    services: Services, robin: Actor, token: str
) -> None:
    noor = await scene.next_door(services)
    for _ in range(2):
        assert (await optouts.opt_out(services, token, now=NOW)).stopped
        assert await verdict(services, noor) == "opted out"
        assert not (await optouts.undo(services, token, now=NOW)).stopped
        assert await verdict(services, noor) == "good"
    assert await verdict(services, robin) == "invited"


async def test_a_letter_that_waits_is_held_back(services: Services, token: str) -> None:
    await optouts.opt_out(services, token, now=NOW)
    await scene.all_done(services)
    (letter,) = await scene.all_of(services, Delivery)
    assert letter.state == "opted_out"
    assert "sent" not in (await scene.say(services, "/invites 1")).text


async def test_the_leader_reads_it_on_the_card(services: Services, token: str) -> None:
    await scene.all_done(services)
    await optouts.opt_out(services, token, now=NOW)
    reply = await scene.say(services, "/invites 1")
    assert "does not want to be written to" in reply.text
    assert "Resend" not in [button.label for button in reply.buttons]


@pytest.mark.parametrize("forged", ["", "1", "1.AAAAAAAAAAAAAAAA", "é.ü", "zzzzzz." + "A" * 16])
async def test_a_forged_link_is_unknown(services: Services, token: str, forged: str) -> None:
    with pytest.raises(UnknownLink):
        await optouts.look(services, forged)
    for verb in (optouts.opt_out, optouts.undo):
        with pytest.raises(UnknownLink):
            await verb(services, forged, now=NOW)
    strange = tokens.sign(services.keys, "optout", 4711)
    with pytest.raises(UnknownLink):
        await optouts.opt_out(services, strange, now=NOW)
    household = tokens.sign(services.keys, "household", 1)
    with pytest.raises(UnknownLink):
        await optouts.opt_out(services, household, now=NOW)


async def test_a_no_from_an_old_letter_is_read_on_the_card_of_the_new_one(
    services: Services, robin: Actor, token: str
) -> None:
    await scene.all_done(services)
    await invitations.resend(services, robin, 1, now=NOW)
    await scene.all_done(services)
    await optouts.opt_out(services, token, now=NOW)
    reply = await scene.say(services, "/invites 1")
    assert "does not want to be written to" in reply.text
