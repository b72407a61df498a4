"""What leaders read of invitations that they send from their own phones."""

from collections.abc import Sequence
from datetime import datetime

from bot.commands.base import Said, again, number
from bot.community import invitations
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.invitations import by_hand
from bot.community.invitations.inviting import Invited
from bot.community.limits.patience import TooOften, TooSoon
from bot.messages import Button, Field, Form, Reply
from bot.ports import Services

_LABEL = "Send from my own phone"


def ready(services: Services, actor: Actor, result: Invited, *, now: datetime) -> Reply:
    """Whatever is ready has not been sent, and the words say so first."""
    assert result.receipt_id is not None
    page = by_hand.page(services, actor.leader_id, result.receipt_id, now=now)
    first, *more = result.sent
    what = f"{len(result.sent)} texts are" if more else f"The text to {first.shown} is"
    why = services.missing.get("text", "") if is_only_way(services) else ""
    skipped = f"{result.skipped} left out: invited since, or joined." if result.skipped else ""
    return _opens(services, page, f"{what} ready; nothing has been sent. {why}".strip(), skipped)


def _opens(services: Services, page: str, *told: str, buttons: Sequence[Button] = ()) -> Reply:
    """What is to be told, and the page's button."""
    how = (
        "Open the page on your own phone, within a day: the number and the words are filled in, "
        "and you press Send."
    )
    if services.settings.at_home:
        how += " Only this computer can open it, as PUBLIC_URL is not set."
    lines = filter(None, (*told, how))
    return Reply("\n".join(lines), (Button(_LABEL, "", "primary", url=page), *buttons))


def is_only_way(services: Services) -> bool:
    """Whether texts can leave by hand alone."""
    return "text" not in services.couriers


async def send(services: Services, actor: Actor, said: Said, rest: str, *, now: datetime) -> Reply:
    """`/invites hand 17`: have it sent by hand, or `hand all 9`: all that a receipt shows."""
    word, _, typed = rest.strip().partition(" ")
    if word == "all":
        page = await by_hand.page_of_all(services, actor, number(typed, "message"), now=now)
        return _opens(services, page, "Nothing goes by itself.")
    return await _send_one(services, actor, said, number(word, "invitation"), typed, now=now)


async def _send_one(
    services: Services, actor: Actor, said: Said, wanted: int, typed: str, *, now: datetime
) -> Reply:
    form = Form(_LABEL, f"/invites hand {wanted}", (Field("to", "Mobile number"),))
    typed = typed or said.fields.get("to", "")
    try:
        page = await by_hand.prepare(services, actor, wanted, typed=typed, now=now)
    except (TooOften, TooSoon) as refusal:
        page = await by_hand.page_of(services, actor, wanted, stands="sent", now=now)
        if page is None:
            raise
        return _opens(services, page, refusal.words, "Should it not have gone, it is still there.")
    except Refusal as refusal:
        if not said.fields:
            raise
        return again(form, said.fields, {"to": refusal.words})
    if page is None:
        return Reply(f"To which number? Invitation #{wanted} keeps its code.", form=form)
    return _one_ready(services, wanted, page)


async def if_it_waits(
    services: Services, actor: Actor, wanted: int, *, now: datetime
) -> Reply | None:
    """What to say of an invitation that waits for the actor to send it; None of any other."""
    page = await by_hand.page_of(services, actor, wanted, now=now)
    return _one_ready(services, wanted, page) if page else None


def _one_ready(services: Services, wanted: int, page: str) -> Reply:
    told = (
        f"Invitation #{wanted} is ready for your phone, with the same code. It has not been sent."
    )
    sent_it = Button("I sent it", f"/invites sent {wanted}")
    return _opens(services, page, told, buttons=[sent_it])


async def sent(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    """`/invites sent 17`: the leader says that it went."""
    wanted = number(rest.strip(), "invitation")
    await by_hand.say_sent(services, actor, wanted, now=now)
    card = await invitations.show(services, actor, wanted, now=now)
    return Reply(card.text, card.buttons)
