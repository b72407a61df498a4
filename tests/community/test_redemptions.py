"""Redemptions: each code works once, for one household, whoever comes in whatever crowd."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.community import codes, passes, redemptions
from bot.community.actors import Actor
from bot.community.codes import MistypedCode
from bot.community.errors import BadFields
from bot.community.redemptions import (
    Admitted,
    CodeExpired,
    CodeUsed,
    CodeVoid,
    TooManyTries,
    UnknownCode,
)
from bot.ports import Services
from storage.tables import (
    Attempt,
    Delivery,
    Household,
    Invitation,
    Job,
    Member,
    PlaygroundMessage,
    Redemption,
)
from tests.community import scene
from tests.community.scene import NOW, on_both, sign_up

HOUR = timedelta(hours=1)
HOUSEHOLD_LIMIT = 12  # members, of a community that chose no other


@pytest.fixture
async def code(services: Services, robin: Actor) -> str:
    """The code of an invitation to Ana."""
    (row,) = await scene.invite(services, robin, "ana@example.org")
    return scene.code_of(services, row)


async def pass_codes(services: Services, robin: Actor, count: int) -> list[str]:
    """The codes of so many fresh passes."""
    batch = await passes.mint(services, robin, count=count, now=NOW)
    rows = await scene.all_of(services, Invitation)
    return [scene.code_of(services, row) for row in rows if row.batch_id == batch.batch_id]


async def posted(services: Services) -> list[str]:
    """What the leader and the porch have been told, after the postman's round."""
    await scene.all_done(services)
    return [str(row.body["text"]) for row in await scene.all_of(services, PlaygroundMessage)]


# Looking


async def test_looking_shows_who_invites_to_what_and_uses_nothing_up(
    services: Services, code: str
) -> None:
    for _ in range(3):
        seen = await redemptions.look_up(services, code.lower(), source="203.0.113.9", now=NOW)
    assert (seen.brand.community, seen.invited_by, seen.region) == (
        "Maple Court",
        "Robin Vale",
        "US",
    )
    assert (seen.code, seen.contact) == (codes.grouped(code), "ana@example.org")
    assert seen.valid_until == (NOW + timedelta(days=30)).date()
    assert await scene.all_of(services, Attempt) == []
    assert await scene.all_of(services, Redemption) == []


# One code, many hands


@on_both
async def test_of_thirty_at_once_one_gets_in(services: Services, code: str) -> None:
    outcomes = await asyncio.gather(
        *(
            scene.redeem(services, code, sign_up(f"Rosa {number}", f"Flat {number}"))
            for number in range(30)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, CodeUsed) for outcome in outcomes) == 29
    for table in (Member, Household, Redemption):
        assert len(await scene.all_of(services, table)) == 1


@on_both
async def test_the_same_browser_gets_the_same_answer_again(services: Services, code: str) -> None:
    taps = [scene.redeem(services, code, browser="cookie") for _ in range(9)]
    answers = set(await asyncio.gather(*taps))
    assert len(answers) == 1
    assert len(await scene.all_of(services, Member)) == 1
    for stranger in ("", "another cookie"):
        with pytest.raises(CodeUsed) as refused:
            await scene.redeem(services, code, browser=stranger)
        assert refused.value.member_id is None


@on_both
async def test_two_codes_for_one_new_address_at_once_make_one_household_with_one_head(
    services: Services, robin: Actor
) -> None:
    for flat in ("1", "2", "3"):
        pair = await pass_codes(services, robin, 2)
        forms = [sign_up("Rosa", f"{flat} Elm Street"), sign_up("Tomás", f" {flat}, ELM ST. ")]
        one, other = await asyncio.gather(*map(scene.redeem, [services] * 2, pair, forms))
        assert one.household_id == other.household_id
        assert sorted([one.is_head, other.is_head]) == [False, True]
    assert len(await scene.all_of(services, Household)) == 3


@on_both
async def test_a_crowd_with_codes_of_their_own_all_get_in(services: Services, robin: Actor) -> None:
    crowd = enumerate(await pass_codes(services, robin, 40))
    await asyncio.gather(
        *(scene.redeem(services, code, sign_up(f"N{n}", f"Flat {n}")) for n, code in crowd)
    )
    assert len(await scene.all_of(services, Member)) == 40
    assert all(row.is_head for row in await scene.all_of(services, Member))


# Codes that do not work


async def test_an_expired_code_and_a_void_one_say_so(services: Services, code: str) -> None:
    late = NOW + timedelta(days=31)
    with pytest.raises(CodeExpired) as refused:
        await scene.redeem(services, code, now=late)
    assert "Robin Vale of Maple Court" in refused.value.words
    with pytest.raises(CodeExpired):
        await redemptions.look_up(services, code, source="203.0.113.9", now=late)
    await scene.say(services, "/invites void 1")
    with pytest.raises(CodeVoid):
        await redemptions.look_up(services, code, source="203.0.113.9", now=NOW)


async def test_a_mistyped_code_is_not_counted(services: Services, code: str) -> None:
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(MistypedCode):
        await scene.redeem(services, wrong)
    assert await scene.all_of(services, Attempt) == []


async def test_misses_are_limited_and_a_right_code_opens_at_any_time(
    services: Services, code: str
) -> None:
    wrong = [codes.derive(services.keys, 900, number) for number in range(30)]
    seen = []
    for guess in wrong:
        with pytest.raises((UnknownCode, TooManyTries)) as refused:
            await redemptions.look_up(services, guess, source="198.51.100.7", now=NOW)
        seen.append(type(refused.value))
    assert seen == [UnknownCode] * 20 + [TooManyTries] * 10
    with pytest.raises(TooManyTries) as limited:
        await scene.redeem(services, wrong[0], source="198.51.100.7")
    assert 0 < limited.value.retry_after <= 3601
    with pytest.raises(UnknownCode):
        await scene.redeem(services, wrong[0], source="198.51.100.8")
    with pytest.raises(UnknownCode):
        await scene.redeem(services, wrong[0], source="198.51.100.7", now=NOW + HOUR)
    await redemptions.look_up(services, code, source="198.51.100.7", now=NOW)
    assert (await scene.redeem(services, code, source="198.51.100.7")).is_head


async def test_addresses_of_who_guessed_are_not_kept(services: Services) -> None:
    with pytest.raises(UnknownCode):
        await scene.redeem(services, codes.derive(services.keys, 900, 1))
    assert not [row for row in await scene.all_of(services, Attempt) if "203.0" in row.source]


# One household after another


@on_both
async def test_the_head_and_the_leader_hear_of_a_newcomer_in_the_household(
    services: Services, robin: Actor, code: str
) -> None:
    await scene.redeem(services, code)
    (second,) = await pass_codes(services, robin, 1)
    form = sign_up("Tomás Vega", "FLAT 4B", email="tomas@example.net")
    joined = await scene.redeem(services, second, form)
    assert not joined.is_head
    said = [line for message in await posted(services) for line in message.splitlines()]
    assert "Rosa Delgado joined at Flat 4B, invited by Robin Vale." in said
    assert "Tomás Vega joined the household at Flat 4B, invited by Robin Vale." in said
    assert any("Tomás Vega joined the household of Rosa Delgado" in words for words in said)
    letters = [row for row in await scene.all_of(services, Delivery) if row.member_id]
    assert [(row.event, row.contact) for row in letters] == [
        ("household_joined", "rosa@example.net")
    ]
    assert letters[0].state == "sent"


async def test_whoever_comes_along_is_announced_with_the_head(
    services: Services, code: str
) -> None:
    await scene.redeem(services, code, sign_up(others=("Tomás", "Lily")))
    people = await scene.all_of(services, Member)
    assert [(row.name, row.is_head) for row in people] == [
        ("Rosa Delgado", True),
        ("Tomás", False),
        ("Lily", False),
    ]
    assert "Rosa Delgado, Tomás and Lily joined at Flat 4B, invited by Robin Vale." in await posted(
        services
    )


async def test_a_letter_that_still_waits_is_not_sent_to_a_member(
    services: Services, code: str
) -> None:
    await scene.redeem(services, code)
    await scene.all_done(services)
    assert [row.state for row in await scene.all_of(services, Delivery)] == ["queued"]


@on_both
async def test_when_it_fails_in_the_middle_nothing_has_happened(
    services: Services, robin: Actor
) -> None:
    """The code is claimed and the household found before it turns out to be full."""
    first, second = await pass_codes(services, robin, 2)
    others = tuple(f"Child {number}" for number in range(HOUSEHOLD_LIMIT - 1))
    await scene.redeem(services, first, sign_up(others=others))
    before = [await _counts(services), await scene.all_of(services, Invitation)]
    with pytest.raises(BadFields) as refused:
        await scene.redeem(services, second)
    assert set(refused.value.errors) == {"address"}
    assert [await _counts(services), await scene.all_of(services, Invitation)] == before
    await scene.redeem(services, second, sign_up(address="Flat 5"))


async def _counts(services: Services) -> Sequence[int]:
    tables = (Member, Household, Redemption, Job, Delivery)
    return [len(await scene.all_of(services, table)) for table in tables]


async def test_the_same_address_in_another_community_is_another_household(
    services: Services, robin: Actor, code: str
) -> None:
    noor = await scene.next_door(services)
    (row,) = await scene.invite(services, noor, "ana@example.org")
    here = await scene.redeem(services, code)
    there = await scene.redeem(services, scene.code_of(services, row))
    assert there.is_head
    assert there.household_id != here.household_id
