"""Inviting from the roster: one person an address, all doubts first, and never twice."""

import asyncio
from dataclasses import replace

import pytest
from sqlmodel import Session

from bot.community import codes, contacts, drafts
from bot.community.actors import Actor
from bot.community.drafts import NoSuchDraft
from bot.community.invitations.inviting import Invited, Spelling
from bot.community.rosters import coverage, inviting_roster, roster_previews
from bot.community.rosters.roster_previews import Preview
from bot.ports import Services
from storage import suppressions
from storage.coverage import Came
from storage.tables import Audit, Delivery, Draft, Invitation, Quota, Receipt, RosterEntry
from tests.community import scene
from tests.community.rosters import given as rosters
from tests.community.scene import NOW, on_both

ROSTER = """
    1 Elm Street | Ana Ruiz | +12015550101
    1 Elm Street | Luis Ruiz | luis@ex.org +12015550102 | es
    2 Elm Street | Bo Lind | +12015550103 | fr
    3 Elm Street | Cy Ott
    4 Oak Road | Di Pan | di@ex.org | xx
"""


async def seen(services: Services, who: Actor, street: str = "") -> Preview:
    """Who would be written to."""
    chosen = await coverage.street_like(services, who, street, now=NOW) if street else None
    return await roster_previews.preview(services, who, street=chosen, now=NOW)


async def sent(
    services: Services, who: Actor, preview: Preview, spelling: Spelling = "good"
) -> list[str | None]:
    """Press Send, and see who is written to."""
    assert preview.draft_id is not None
    before = len(await scene.all_of(services, Invitation))
    await inviting_roster.send(services, who, draft_id=preview.draft_id, spelling=spelling, now=NOW)
    return [row.contact for row in (await scene.all_of(services, Invitation))[before:]]


def told(preview: Preview) -> dict[str, str]:
    """Who is left out, and why."""
    return {one.entry.name: one.row.words for one in preview.stays}


@on_both
async def test_each_address_once_by_its_best_way_and_in_its_language(
    services: Services, robin: Actor
) -> None:
    entries = await rosters.put(services, robin, ROSTER)
    preview = await seen(services, robin)
    assert [one.entry.name for one in preview.goes] == ["Luis Ruiz", "Bo Lind", "Di Pan"]
    assert (preview.stays, preview.slips, preview.nowhere, preview.more) == ((), (), 1, 0)
    assert await scene.all_of(services, Invitation) == []
    assert await scene.all_of(services, Delivery) == [], "nothing is sent before Send"
    assert await sent(services, robin, preview) == ["luis@ex.org", "+12015550103", "di@ex.org"]
    rows = await scene.all_of(services, Invitation)
    assert [row.roster_entry_id for row in rows] == [entries[n].id for n in (1, 2, 4)]
    assert [row.language for row in rows] == ["es", "fr", ""], "what we speak"
    letters = await scene.all_of(services, Delivery)
    assert [letter.facts["language"] for letter in letters] == ["es", "fr", "en"]
    for row in rows:
        code = codes.derive(services.keys, row.id, row.generation)
        assert row.code_hash == codes.fingerprint(services.keys, code)
    (receipt,) = await scene.all_of(services, Receipt)
    assert {row.receipt_id for row in rows} == {receipt.id}
    trail = [row.action for row in await scene.all_of(services, Audit)]
    assert trail.count("invitation.sent") == 3
    assert len(await scene.jobs(services, "deliver")) == 3


@on_both
async def test_pressed_twice_it_is_sent_once(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, ROSTER)
    one, other = await seen(services, robin), await seen(services, robin)
    assert len(await sent(services, robin, one)) == 3
    assert one.draft_id is not None
    with pytest.raises(NoSuchDraft):
        await inviting_roster.send(services, robin, draft_id=one.draft_id, now=NOW)
    assert await sent(services, robin, other) == [], "they were invited meanwhile"
    assert len(await scene.all_of(services, Delivery)) == 3
    assert (await seen(services, robin)).goes == ()


@on_both
async def test_pressed_by_two_at_one_moment_each_is_written_to_once(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ROSTER)
    sam = await scene.second_leader(services)
    drafts = [(who, (await seen(services, who)).draft_id) for who in (robin, sam) * 2]
    results = await asyncio.gather(
        *(
            inviting_roster.send(services, who, draft_id=draft_id or 0, now=NOW)
            for who, draft_id in drafts * 2
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, NoSuchDraft) for one in results) == 4
    sent = [contact for one in results if isinstance(one, Invited) for contact in one.sent]
    assert sorted(contact.address for contact in sent) == [
        "+12015550103", "di@ex.org", "luis@ex.org"
    ]  # fmt: skip
    assert len(await scene.all_of(services, Invitation)) == 3
    assert len(await scene.all_of(services, Receipt)) == 1


async def test_a_draft_is_its_leaders_own_and_can_be_thrown_away(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ROSTER)
    draft_id = (await seen(services, robin)).draft_id
    assert draft_id is not None
    for stranger in (await scene.second_leader(services), await scene.next_door(services)):
        with pytest.raises(NoSuchDraft):
            await inviting_roster.send(services, stranger, draft_id=draft_id, now=NOW)
    await drafts.cancel(services, robin, draft_id=draft_id, now=NOW)
    with pytest.raises(NoSuchDraft):
        await inviting_roster.send(services, robin, draft_id=draft_id, now=NOW)


async def test_a_draft_keeps_no_address(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, f"{ROSTER}\n9 Elm Street | Gus | gus@gmial.com")
    await seen(services, robin)
    (draft,) = await scene.all_of(services, Draft)
    assert draft.contacts == ["2 email", "3 text", "5 email"]
    assert draft.slips == [["6 email"]]


async def test_one_street_alone(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, ROSTER)
    preview = await seen(services, robin, "oak road")
    assert (len(preview.goes), preview.nowhere) == (1, 0)
    assert await sent(services, robin, preview) == ["di@ex.org"]


@on_both
async def test_where_somebody_came_in_or_was_invited_nobody_is(
    services: Services, robin: Actor
) -> None:
    await rosters.put(services, robin, ROSTER)
    preview = await seen(services, robin)
    (row,) = await scene.invite(services, robin, "other@ex.org")
    lives = scene.sign_up("Luis", "1 Elm St", email="other@ex.org")
    await scene.redeem(services, scene.code_of(services, row), lives)
    await scene.invite(services, robin, "di@ex.org")
    assert preview.draft_id is not None
    result = await inviting_roster.send(services, robin, draft_id=preview.draft_id, now=NOW)
    assert [contact.address for contact in result.sent] == ["+12015550103"]
    assert result.skipped == 2


async def test_a_line_that_left_the_roster_is_left_out(services: Services, robin: Actor) -> None:
    entries = await rosters.put(services, robin, ROSTER)
    preview = await seen(services, robin)

    def remove(session: Session) -> None:
        session.delete(session.get_one(RosterEntry, entries[4].id))

    await services.storage.write(remove)
    assert await sent(services, robin, preview) == ["luis@ex.org", "+12015550103"]


@on_both
async def test_who_is_left_out_and_why(services: Services, robin: Actor) -> None:
    await rosters.put(
        services,
        robin,
        """
        1 Elm Street | No | no@ex.org
        2 Elm Street | Back | back@ex.org
        3 Elm Street | Bad | bad@@ex.org
        4 Elm Street | First | same@ex.org
        5 Elm Street | Second | same@ex.org
        6 Elm Street | Often | often@ex.org
        7 Elm Street | Slip | slip@gmial.com
        8 Elm Street | No, but | no@ex.org
        8 Elm Street | Yes | yes@ex.org
        """,
    )
    noor = await scene.next_door(services)
    await services.storage.write(_suppress, services, "no@ex.org", "opted_out")
    await services.storage.write(_suppress, services, "back@ex.org", "bounced")
    often = replace(services, settings=services.settings.model_copy(update={"limit_contact": 1}))
    await scene.invite(services, noor, "often@ex.org")
    preview = await roster_previews.preview(often, robin, now=NOW)
    assert [one.entry.name for one in preview.goes] == ["First", "Yes"]
    assert [one.entry.name for one in preview.slips] == ["Slip"]
    assert told(preview) == {
        "No": "asked not to be written to.",
        "Back": "bounced within the last 30 days. Check the spelling.",
        "Bad": "it is not spelt like an e-mail address.",
        "Second": "is written to at another address.",
        "Often": "was invited 1 times in the last 30 days, here or elsewhere. Let them be.",
    }


def _suppress(session: Session, services: Services, address: str, reason: str) -> None:
    key = contacts.key_of(services.keys, "email", address)
    suppressions.add(session, None, key, reason=reason, until=None, now=NOW)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("good", ["fay@ex.org"]),
        ("typed", ["fay@ex.org", "gus@gmial.com", "gus2@gmial.com"]),
        ("corrected", ["fay@ex.org", "gus@gmail.com"]),
    ],
)
async def test_what_is_perhaps_misspelt_goes_as_the_leader_says(
    services: Services, robin: Actor, spelling: Spelling, expected: list[str]
) -> None:
    await rosters.put(
        services,
        robin,
        """
        1 Elm Street | Fay | fay@ex.org
        2 Elm Street | Gus | gus@gmial.com
        3 Elm Street | Gus Two | gus2@gmial.com
        """,
    )
    await services.storage.write(_suppress, services, "gus2@gmail.com", "opted_out")
    preview = await seen(services, robin)
    assert (len(preview.goes), len(preview.slips)) == (1, 2)
    assert await sent(services, robin, preview, spelling) == expected


async def test_two_that_are_meant_to_be_one_get_one_letter(
    services: Services, robin: Actor
) -> None:
    await rosters.put(
        services, robin, "1 Elm Street | A | gus@gmial.com\n2 Elm Street | B | gus@gmai.com"
    )
    preview = await seen(services, robin)
    assert await sent(services, robin, preview, "corrected") == ["gus@gmail.com"]


async def test_numbers_are_left_out_where_no_texts_leave(services: Services, robin: Actor) -> None:
    await rosters.put(services, robin, ROSTER)
    by_mail = replace(
        services,
        couriers={"email": services.couriers["email"]},
        missing={"text": "Text messages are not set up here."},
    )
    preview = await roster_previews.preview(by_mail, robin, now=NOW)
    assert [one.entry.name for one in preview.goes] == ["Luis Ruiz", "Di Pan"]
    assert told(preview) == {"Bo Lind": "Text messages are not set up here."}


# Many


def many(count: int) -> str:
    """So many addresses, each with somebody to write to."""
    return "\n".join(f"{n} Elm Street | N{n} | n{n}@ex.org" for n in range(1, count + 1))


async def test_what_the_days_ahead_have_no_place_for_is_not_offered(
    services: Services, robin: Actor
) -> None:
    settings = services.settings.model_copy(update={"limit_emails": 3, "limit_new_leader": 0})
    services = replace(services, settings=settings)
    await rosters.put(services, robin, many(30))
    preview = await seen(services, robin)
    assert (len(preview.goes), preview.more) == (24, 6), "today and seven days"
    assert preview.waits.startswith("3 of them go tomorrow at 00:05: you can send 3 e-mails a day.")
    assert await scene.all_of(services, Quota) == [], "looking takes no place"
    assert [one.entry.name for one in preview.goes][-1] == "N24", "in the order of the numbers"
    assert len(await sent(services, robin, preview)) == 24
    full = await seen(services, robin)
    assert (full.draft_id, full.goes, full.more) == (None, (), 6)
    assert full.waits.startswith("Nothing was sent: you can send 3 e-mails a day")


async def test_more_than_go_at_a_time_wait_for_the_next_press(
    services: Services, robin: Actor
) -> None:
    count = roster_previews.LIMIT + 20
    await rosters.put(services, robin, many(count))
    preview = await seen(services, robin)
    assert (len(preview.goes), preview.more) == (roster_previews.LIMIT, 20)
    assert len(await sent(services, robin, preview)) == roster_previews.LIMIT
    tally = (await coverage.overview(services, robin, now=NOW)).tally
    assert tally.came == {Came.OPEN: roster_previews.LIMIT, Came.NEVER: 20}
    assert len((await seen(services, robin)).goes) == 20
