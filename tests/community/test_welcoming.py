"""Who joined gets one letter to keep, with their own way in, and no more than one."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col

from bot import dispatch
from bot.chats.playground import PORCH, Playground
from bot.community import letters, optouts, tokens
from bot.messages import Letter
from bot.ports import ChatDown, Services
from storage.tables import Delivery, Job
from tests.community import scene
from tests.community.scene import NOW, all_of, on_both


class Porch(Playground):
    """A playground whose channel has a door, when it answers."""

    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__(outbox=("email", "text"))
        self.is_down = is_down
        self.made = 0

    async def let_in(self, channel: str, *, name: str, until: datetime) -> tuple[str, str] | None:
        """Make a link."""
        if self.is_down:
            raise ChatDown
        self.made += 1
        assert channel == PORCH
        return "Front porch", f"https://in.example/{self.made}"

    async def shut(self, channel: str, link: str) -> None:
        """Make a link worthless; here nobody is kept out."""
        raise AssertionError((channel, link))


def with_door(services: Services, *, is_down: bool = False) -> Services:
    """The house, with a chat that can let somebody in."""
    porch = Porch(is_down=is_down)
    house = replace(services, chats={porch.name: porch})
    porch.plug(house, partial(dispatch.answer, house), ())
    return house


async def joins(services: Services, **more: str) -> int:
    """Rosa joins, and all that follows has happened. Gives her id."""
    robin = await scene.actor(services)
    [row] = await scene.invite(services, robin, "rosa@example.org")
    form = scene.sign_up(**more)
    admitted = await scene.redeem(services, scene.code_of(services, row), form)
    await scene.all_done(services)
    return admitted.member_id


async def time_passes(services: Services) -> None:
    """Until the welcome is due, and done."""

    def change(session: Session) -> None:
        due = update(Job).where(col(Job.kind) == "welcome", col(Job.state) == "ready")
        session.execute(due.values(run_at=datetime.now(UTC)))

    await services.storage.write(change)
    await scene.all_done(services)


async def welcomes(services: Services) -> list[Letter]:
    """The welcome letters, as they are carried."""
    rows = [row for row in await all_of(services, Delivery) if row.event == "welcome"]

    def query(session: Session) -> list[Letter]:
        return [letters.render(session, services, row) for row in rows]

    return await services.storage.read(query)


@on_both
async def test_the_welcome_has_the_page_the_chats_and_the_way_in(services: Services) -> None:
    services = with_door(services)
    await scene.say(services, "/community edit", links="Our forum https://forum.example.org")
    await joins(services)
    assert await welcomes(services) == [], "the page comes first"
    await time_passes(services)
    [letter] = await welcomes(services)
    assert letter.to == "rosa@example.net", "where she wants to be written to"
    assert letter.subject == "Welcome to Maple Court"
    assert letter.sender_name == "Maple Court"
    for words in (letter.text, letter.html):
        assert "https://in.example/1" in words
        assert "https://forum.example.org" in words
        assert f"{scene.ADDRESS}/household" in words
        assert letter.opt_out in words
    [row] = [row for row in await all_of(services, Delivery) if row.event == "welcome"]
    assert row.state == "sent"
    assert row.member_id == 1
    assert row.invitation_id is None, "no receipt speaks of it"


async def test_it_is_written_once_however_often_it_is_asked_for(services: Services) -> None:
    services = with_door(services)
    await joins(services)
    await time_passes(services)

    def again(session: Session) -> None:
        session.execute(update(Job).where(col(Job.kind) == "joined").values(state="ready"))

    await services.storage.write(again)
    await scene.all_done(services)
    await time_passes(services)
    assert len(await welcomes(services)) == 1


async def test_a_chat_that_is_away_delays_nothing(services: Services) -> None:
    services = with_door(services, is_down=True)
    await joins(services)
    await time_passes(services)
    [letter] = await welcomes(services)
    assert "https://in.example" not in letter.text
    assert "works once" not in letter.text


async def test_the_letter_stays_the_same_when_the_way_in_was_used(services: Services) -> None:
    services = with_door(services)
    await joins(services)
    await time_passes(services)
    before = await welcomes(services)
    await scene.say(services, "/community name Birch Row")
    assert await welcomes(services) == before


async def test_who_gave_a_number_or_asked_not_to_be_written_to_gets_none(
    services: Services,
) -> None:
    await joins(services, email="", phone="+12015550123")
    await time_passes(services)
    assert await welcomes(services) == []


async def test_nobody_who_opted_out_is_welcomed_by_letter(services: Services) -> None:
    robin = await scene.actor(services)
    [row] = await scene.invite(services, robin, "rosa@example.net")
    [invitation] = await all_of(services, Delivery)
    await scene.redeem(services, scene.code_of(services, row))
    await scene.all_done(services)
    token = tokens.sign(services.keys, "optout", invitation.id)
    await optouts.opt_out(services, token, now=NOW)
    await time_passes(services)
    assert await welcomes(services) == []


async def test_the_welcome_is_in_the_language_in_which_they_joined(services: Services) -> None:
    robin = await scene.actor(services)
    [row] = await scene.invite(services, robin, "rosa@example.org")
    await scene.redeem(services, scene.code_of(services, row), language="es")
    await scene.all_done(services)
    await time_passes(services)
    [letter] = await welcomes(services)
    assert letter.subject == "Le damos la bienvenida a Maple Court"
    assert '<html lang="es" dir="ltr">' in letter.html
