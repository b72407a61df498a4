"""By hand: texts from leaders' own phones, which nothing of ours carries, or says that it did."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from bot.community import digests, invitations, optouts
from bot.community.actors import Actor
from bot.community.invitations import by_hand, by_hand_page
from bot.community.invitations.by_hand_page import PageClosed, ToSend
from bot.couriers.outbox import OutboxCourier
from bot.messages import Reply
from bot.ports import Services
from storage import communities
from storage.database import Storage
from storage.tables import Delivery, DeliveryEvent, Invitation, Job, Leader, PlaygroundMessage
from tests.community import scene
from tests.community.scene import NOW, on_both, say

NUMBER = "+1 201 555 0123"
WAITS = "waits for you to send it from your phone."


@pytest.fixture
async def services(opened: Storage) -> Services:
    """A house whose leaders can send e-mails, and no texts."""
    return await scene.plugged(opened, media=("email",))


@pytest.fixture
async def robin(services: Services) -> Actor:
    """The leader of Maple Court."""
    return await scene.actor(services)


def opened_by(reply: Reply) -> tuple[int, str]:
    """The leader and the link in the address that a reply's button opens."""
    [url] = [button.url for button in reply.buttons if button.url]
    leader, link = url.removeprefix(f"{scene.ADDRESS}/s/").split("/")
    return int(leader), link


async def shown(services: Services, reply: Reply, *, now: datetime = NOW) -> ToSend:
    """The page that a reply's button opens."""
    return await by_hand_page.look(services, *opened_by(reply), now=now)


class Ringing(OutboxCourier):
    """A courier whose letters make telephones ring."""

    wakes = True


def limited(services: Services, **limits: int) -> Services:
    """The same house with other limits."""
    return replace(services, settings=services.settings.model_copy(update=limits))


async def letters(services: Services) -> list[Delivery]:
    """All letters, oldest first."""
    return await scene.all_of(services, Delivery)


@on_both
async def test_what_waits_for_the_leader_is_never_called_sent(services: Services) -> None:
    asked = await say(services, f"/invite text {NUMBER}")
    assert asked.text.startswith("The text to +1 201-555-0123 is ready; nothing has been sent.")
    assert "Text messages are not set up here." in asked.text
    assert WAITS in (await say(services, "/invites 1")).text
    assert [letter.state for letter in await letters(services)] == ["queued"]
    told = await say(services, "/invites sent 1")
    assert told.text.splitlines()[:2] == [
        "✓ +1 201-555-0123: sent by hand.",
        "From Robin Vale’s own phone; we cannot see whether it arrived.",
    ]
    assert (await say(services, "/invites sent 1")).text == told.text
    assert [fact.event for fact in await scene.all_of(services, DeliveryEvent)] == ["sent"]


async def test_nothing_of_ours_carries_it(services: Services) -> None:
    await say(services, f"/invite text {NUMBER}")
    await say(services, "/invites void 1")
    await say(services, "/invites reopen 1")
    await scene.all_done(services)
    assert not [job for job in await scene.all_of(services, Job) if job.kind == "deliver"]
    assert [letter.state for letter in await letters(services)] == ["queued"]


async def test_several_numbers_are_one_page_with_a_tick_for_each(services: Services) -> None:
    asked = await say(services, "/invite text 201 555 0123, 201 555 0124, nonsense")
    assert "Nothing is sent: you send each from your own phone." in asked.text
    ready = await say(services, asked.buttons[0].call)
    page = await shown(services, ready)
    assert [text.number for text in page.texts] == ["+12015550123", "+12015550124"]
    assert (page.waiting, page.sent) == (2, 0)
    leader, link = opened_by(ready)
    second = page.texts[1].delivery_id
    for _ in range(2):
        await by_hand_page.mark_sent(services, leader, link, delivery_id=second, now=NOW)
    page = await shown(services, ready)
    assert [text.label for text in page.texts] == ["to send by hand", "sent"]
    await scene.all_done(services)
    *_, receipt = await scene.all_of(services, PlaygroundMessage)
    assert receipt.body["text"].startswith("2 invitations by hand: 1 of 2 sent")
    assert "1 to send by hand" in receipt.body["text"]
    assert receipt.body["buttons"][0]["call"] == "/invites hand all 1"


async def test_the_words_are_the_leader_s_own_in_one_text_with_the_invitation_s_link(
    services: Services,
) -> None:
    page = await shown(services, await say(services, f"/invite text {NUMBER}"))
    (row,) = await scene.all_of(services, Invitation)
    (text,) = page.texts
    link = f"{scene.ADDRESS}/j/{scene.code_of(services, row)}"
    assert text.words == (
        f"Hello, this is Robin Vale. You are invited to join Maple Court. Sign up here: {link}"
    )
    assert text.sms.startswith("sms:+12015550123?&body=Hello%2C%20this%20is%20Robin%20Vale.")
    assert text.whatsapp.startswith("https://wa.me/12015550123?text=Hello%2C%20this%20is")
    assert "STOP" not in text.words
    await scene.redeem(services, scene.code_of(services, row))
    assert [text.label for text in (await shown(services, await reopened(services))).texts] == [
        "joined"
    ]


async def reopened(services: Services) -> Reply:
    """The button of the message that shows all."""
    return await say(services, "/invites hand all 1")


async def test_the_page_closes_after_a_day_and_for_who_leads_no_more(
    services: Services, robin: Actor
) -> None:
    ready = await say(services, f"/invite text {NUMBER}")
    leader, link = opened_by(ready)
    for whose, what, when in (
        (leader, link, NOW + timedelta(days=2)),
        (leader + 1, link, NOW),
        (leader, f"{link}x", NOW),
        (leader, "x", NOW),
    ):
        with pytest.raises(PageClosed):
            await by_hand_page.look(services, whose, what, now=when)
    await scene.second_leader(services)

    def step_down(session: Session) -> None:
        session.get_one(Leader, robin.leader_id).removed_at = NOW

    await services.storage.write(step_down)
    with pytest.raises(PageClosed):
        await by_hand_page.mark_sent(services, leader, link, delivery_id=1, now=NOW)
    assert [letter.state for letter in await letters(services)] == ["queued"]


async def test_no_leader_sends_in_the_name_of_another(services: Services) -> None:
    robins = await say(services, f"/invite text {NUMBER}")
    sam = await scene.second_leader(services)
    page = await by_hand.prepare(services, sam, 1, now=NOW)
    assert page is not None
    leader, link = page.removeprefix(f"{scene.ADDRESS}/s/").split("/")
    (text,) = (await by_hand_page.look(services, int(leader), link, now=NOW)).texts
    assert "this is Sam Ode." in text.words
    assert (await shown(services, robins)).texts == ()
    assert len(await scene.all_of(services, Invitation)) == 1


async def test_the_neighbours_see_and_change_nothing_of_it(services: Services) -> None:
    await say(services, f"/invite text {NUMBER}")
    await scene.next_door(services)
    for words, refusal in (
        ("hand 1", "There is no invitation #1 here."),
        ("sent 1", "There is no invitation #1 here."),
        ("hand all 1", "Nothing that this message shows goes from your own phone."),
    ):
        reply = await scene.say_next_door(services, f"/invites {words}")
        assert refusal in reply.text
    assert [letter.state for letter in await letters(services)] == ["queued"]


async def test_who_said_no_is_not_texted_by_hand_either(services: Services) -> None:
    ready = await say(services, f"/invite text {NUMBER}")
    await optouts.opt_out(services, optouts.of_invitation(services.keys, 1), now=NOW)
    assert [text.label for text in (await shown(services, ready)).texts] == ["opted out"]
    card = await say(services, "/invites 1")
    assert "This person asked not to be written to." in card.text
    await say(services, "/invites void 1")
    assert "asked not to be written to" in (await say(services, f"/invite hand {NUMBER}")).text
    assert len(await letters(services)) == 1


async def test_it_goes_from_the_phone_where_texts_are_set_up_too(opened: Storage) -> None:
    services = await scene.plugged(opened)
    asked = await say(services, f"/invite hand {NUMBER}")
    assert "not set up" not in asked.text
    form = await say(services, "/invite", way="hand", to="201 555 0199")
    assert [text.shown for text in (await shown(services, form)).texts] == ["+1 201-555-0199"]
    await scene.all_done(services)
    assert [letter.state for letter in await letters(services)] == ["queued", "queued"]
    assert "Sending it to" in (await say(services, f"/invites text 1 {NUMBER}")).text
    await scene.all_done(services)
    assert (await letters(services))[-1].medium == "text"


async def test_an_e_mail_can_become_a_text_by_hand_with_the_same_code(services: Services) -> None:
    await say(services, "/invite ana@example.org")
    (before,) = await scene.all_of(services, Invitation)
    asked = await say(services, "/invites hand 1")
    assert asked.form is not None
    wrong = await say(services, asked.form.call, to="no number")
    assert wrong.form is not None
    ready = await say(services, asked.form.call, to=NUMBER)
    (text,) = (await shown(services, ready)).texts
    assert scene.code_of(services, before) in text.words
    assert WAITS in (await say(services, "/invites 1")).text
    await scene.all_done(services)
    assert [letter.state for letter in await letters(services)] == ["queued", "queued"]


async def test_a_mistyped_number_is_mended_by_hand_too(services: Services) -> None:
    await say(services, f"/invite text {NUMBER}")
    ready = await say(services, "/invites fix 1 +1 201 555 0199")
    assert [text.shown for text in (await shown(services, ready)).texts] == ["+1 201-555-0199"]
    assert "from your own phone" in (await say(services, "/invites resend 1")).text


async def test_what_does_not_go_by_hand_cannot_be_said_to(services: Services, robin: Actor) -> None:
    await say(services, "/invite ana@example.org")
    with pytest.raises(by_hand.NotByHand):
        await by_hand.say_sent(services, robin, 1, now=NOW)
    await say(services, "/invites void 1")
    with pytest.raises(invitations.IsVoid):
        await by_hand.prepare(services, robin, 1, typed=NUMBER, now=NOW)


async def test_a_tick_by_mistake_leaves_the_words_to_be_sent(services: Services) -> None:
    services = limited(services, limit_resend_hours=24)
    await say(services, f"/invite text {NUMBER}")
    await say(services, "/invites sent 1")
    again = await say(services, "/invites hand 1")
    assert "Should it not have gone, it is still there." in again.text
    assert [text.label for text in (await shown(services, again)).texts] == ["sent"]
    assert len(await letters(services)) == 1


async def test_night_and_tomorrow_are_the_leader_s_own_to_know(opened: Storage) -> None:
    services = await scene.plugged(opened)
    services = limited(replace(services, couriers={"text": Ringing("text")}), limit_texts=2)
    asked = await say(services, "/invite hand 201 555 0123, 201 555 0124")
    assert "tomorrow" not in asked.text
    await say(services, asked.buttons[0].call)
    assert [letter.words for letter in await letters(services)] == ["", ""]
    over = await say(services, "/invite hand 201 555 0125")
    assert over.text.startswith("Nothing was sent: you can send 2 texts a day")


@on_both
async def test_what_still_waits_is_said_in_the_morning(services: Services, robin: Actor) -> None:
    await scene.invite(services, robin, "201 555 0123, 201 555 0124", medium="hand")
    await by_hand.say_sent(services, robin, 1, now=NOW)

    def tell(session: Session, day: int) -> None:
        community = communities.get(session, robin.community_id)
        morning = NOW + timedelta(days=day)
        digests.tell_all(session, services, community, day=f"{morning:%F}", now=morning)

    await services.storage.write(tell, 0)
    assert await scene.jobs(services, "notice") == []
    await services.storage.write(tell, 2)
    (job,) = await scene.jobs(services, "notice")
    assert job.args["words"].splitlines()[1:] == ["… 1 waits for you to send from your own phone."]
    [(_, call)] = job.args["buttons"]
    listed = await say(services, call)
    assert "+1 201-555-0124: to send by hand" in listed.text
    assert "0123" not in listed.text
