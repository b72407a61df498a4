"""Receipts and their buttons: what a leader reads is true, adds up, and leads on."""

from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from bot.community import deliveries, labels
from bot.community.actors import Actor
from bot.community.labels import Label
from bot.community.receipts import receipt_cards, steps
from bot.messages import Card, Event
from bot.ports import Services
from storage import receipts as stored_receipts
from storage.invitations import Standing
from storage.tables import Delivery, Invitation
from tests.community import scene
from tests.community.scene import NOW, on_both

MEDIA = ("email", "text", "hand", "pass")


def standing(medium: str, state: str = "queued") -> Standing:
    """An invitation by this medium whose letter stands so."""
    to = {"email": "ana@example.org", "pass": None}.get(medium, "+12015550123")
    row = Invitation(id=17, medium=medium, contact=to, created_at=NOW, community_id=1, leader_id=1)
    letter = Delivery(
        state=state, updated_at=NOW, created_at=NOW, medium=medium, event="invitation",
        contact_key=b"", message_id="",
    )  # fmt: skip
    return Standing(row, None if medium == "pass" else letter, "Robin Vale")


def labelled(medium: str, state: Label, letter: str = "queued") -> list[str]:
    """What the buttons are called, of an invitation whose letter stands so."""
    return [button.label for button in steps.buttons(standing(medium, letter), state)]


# One invitation


@pytest.mark.parametrize(("medium", "state"), [*product(MEDIA, get_args(Label))])
def test_every_state_has_words_and_a_few_short_buttons(medium: str, state: Label) -> None:
    one = standing(medium)
    assert steps.sentence(one, state, now=NOW)
    buttons = steps.buttons(one, state)
    assert len(buttons) <= 5
    assert len({button.label for button in buttons}) == len(buttons)
    assert (buttons == ()) == (state == "joined")
    assert sum(button.style == "primary" for button in buttons) <= 1
    for button in buttons:
        assert len(button.call.encode()) <= 64
        assert button.call.split()[0] == "/invites"
        assert button.call.split()[2] == "17"


@pytest.mark.parametrize(
    ("medium", "state", "expected"),
    [
        ("email", "delivered", ["Resend", "Send another way", "Void"]),
        ("email", "bounced", ["Fix the address", "Try again", "Send another way", "Void"]),
        ("email", "waiting", ["Void"]),
        ("email", "opted out", ["On a pass", "Void"]),
        ("email", "expired", ["Renew", "Send another way"]),
        ("text", "failed", ["Send by e-mail instead", "Try again", "Fix the number",
                            "Send another way", "Void"]),
        ("email", "void", ["Take back the void"]),
    ],
)  # fmt: skip
def test_the_next_step_is_a_button(medium: str, state: Label, expected: list[str]) -> None:
    assert labelled(medium, state) == expected


def test_what_never_arrived_is_mended_before_it_is_renewed() -> None:
    assert labelled("email", "expired", "bounced")[0] == "Fix the address"
    assert labelled("text", "expired", "opted_out")[0] == "On a pass"
    assert labelled("email", "expired", "delivered")[0] == "Renew"


def test_a_dead_address_is_not_offered_to_be_tried_again() -> None:
    offered = steps.buttons(standing("email", "bounced"), "bounced", is_barred=True)
    assert [button.label for button in offered] == ["Fix the address", "Send another way", "Void"]


def test_sent_without_a_receipt_says_so_and_no_more() -> None:
    soon, later = NOW + timedelta(hours=2), NOW + timedelta(days=2)
    for medium, words in (("email", "has not come back"), ("text", "does not confirm delivery")):
        one = standing(medium, "sent")
        assert "No word yet" in steps.sentence(one, "sent", now=soon)
        assert words in steps.sentence(one, "sent", now=later)


# Many together


async def card(services: Services, number: int = 1, *, days: int = 0) -> Card:
    """What the receipt shows."""
    return await services.storage.read(
        lambda session: receipt_cards.compose(
            session, stored_receipts.get(session, number), now=NOW + timedelta(days=days)
        )
    )


async def happen(services: Services, events: list[Event]) -> None:
    """What becomes of the letters, in order."""
    rows = await scene.all_of(services, Delivery)
    for row, event in zip(rows, events, strict=False):
        await deliveries.happened(services, row.id, event, key=f"{row.id}:{event}", now=NOW)


@on_both
async def test_the_numbers_of_many_add_up(services: Services, robin: Actor) -> None:
    rows = await scene.invite(services, robin, " ".join(f"n{n}@ex.org" for n in range(10)))
    assert (await card(services)).text == "10 invitations by e-mail: 0 of 10 sent, 10 queued."
    await happen(services, ["sent"] * 6)
    assert (await card(services)).text == "10 invitations by e-mail: 6 of 10 sent, 4 queued."
    await happen(services, ["sent", "delivered", "delivered", "bounced", "failed", "opted_out"])
    await scene.redeem(services, scene.code_of(services, rows[1]))
    told = (await card(services)).text.splitlines()[0]
    head, _, parts = told.partition(" sent, ")
    assert head == "10 invitations by e-mail: 4 of 10"
    assert sum(int(part.split()[0]) for part in parts.split(", ")) == 10
    assert parts == (
        "1 joined, 1 delivered, 1 without word yet, 4 queued, 1 bounced, 1 failed, 1 opted out."
    )


async def test_what_failed_together_is_acted_on_together(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, " ".join(f"n{n}@ex.org" for n in range(8)))
    for failed, expected in (
        (1, ["Fix n0@ex.org", "Show all"]),
        (3, ["Fix n0@ex.org", "Fix n1@ex.org", "Fix n2@ex.org",
             "Fix or resend the failed ones", "Show all"]),
        (7, ["Fix or resend the failed ones", "Show all"]),
    ):  # fmt: skip
        await happen(services, ["failed"] * failed)
        shown = await card(services)
        assert [button.label for button in shown.buttons] == expected
    listed = await scene.say(services, shown.buttons[0].call)
    assert listed.text.startswith("7 failed invitations in that message, newest first:")
    assert listed.buttons[-1].label == "Resend these 7"
    assert (await scene.say(services, shown.buttons[1].call)).text.startswith("8 invitations in")


def test_every_label_has_its_mark() -> None:
    assert labels.MARKS.keys() == set(get_args(Label))
