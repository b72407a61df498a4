"""What leaders read of invitations that they send from their own phones."""

from datetime import datetime

from bot.commands.base import Said, again, number
from bot.community import by_hand, invitations
from bot.community.errors import Refusal
from bot.community.inviting import Invited
from bot.community.leaders import Actor
from bot.messages import Button, Field, Form, Reply
from bot.ports import Services

_LABEL = "Send from my own phone"


def ready(services: Services, actor: Actor, result: Invited, *, now: datetime) -> Reply:
    """Whatever is ready has not been sent, and the words say so first."""
    assert result.receipt_id is not None
    page = by_hand.page(services, actor.leader_id, result.receipt_id, now=now)
    sent, skipped = result.sent, result.skipped
    why = services.missing.get("text", "") if is_only_way(services) else ""
    one = len(sent) == 1
    what = f"The text to {sent[0].shown}" if one else f"{len(sent)} texts, one for each number,"
    lines = [
        f"{what} {'is' if one else 'are'} ready; nothing has been sent.",
        f"{why} {'It goes' if one else 'They go'} from your own phone: open the page there, for a "
        "day from now. Number and words are filled in, and you press Send.".strip(),
    ]
    if skipped:
        lines.append(f"{skipped} left out: invited since, or joined.")
    if services.settings.at_home:
        lines.append("Only this computer can open the page, as PUBLIC_URL is not set.")
    return Reply("\n".join(line.strip() for line in lines), (_open(page),))


def _open(page: str) -> Button:
    return Button(_LABEL, "", "primary", url=page)


def is_only_way(services: Services) -> bool:
    """Whether texts can leave by hand alone."""
    return "text" not in services.couriers


async def send(services: Services, actor: Actor, said: Said, rest: str, *, now: datetime) -> Reply:
    """`/invites hand 17`: have it sent by hand, or `hand all 9`: all that a receipt shows."""
    word, _, typed = rest.strip().partition(" ")
    if word == "all":
        page = await by_hand.page_of_all(services, actor, number(typed, "message"), now=now)
        return Reply("Your page is open for a day. Nothing is sent until you do.", (_open(page),))
    return await _send_one(services, actor, said, number(word, "invitation"), typed, now=now)


async def _send_one(
    services: Services, actor: Actor, said: Said, wanted: int, typed: str, *, now: datetime
) -> Reply:
    form = Form(_LABEL, f"/invites hand {wanted}", (Field("to", "Mobile number"),))
    typed = typed or said.fields.get("to", "")
    try:
        page = await by_hand.prepare(services, actor, wanted, typed=typed, now=now)
    except Refusal as refusal:
        if not said.fields:
            raise
        return again(form, said.fields, {"to": refusal.words})
    if page is None:
        return Reply(f"To which number? Invitation #{wanted} keeps its code.", form=form)
    return _one_ready(wanted, page)


async def if_it_waits(
    services: Services, actor: Actor, wanted: int, *, now: datetime
) -> Reply | None:
    """What to say of an invitation that waits for the actor to send it; None of any other."""
    page = await by_hand.page_of(services, actor, wanted, now=now)
    return _one_ready(wanted, page) if page else None


def _one_ready(wanted: int, page: str) -> Reply:
    return Reply(
        f"Invitation #{wanted} is ready, with the same code; nothing has been sent. Open the page "
        "on your phone, for a day from now.",
        (_open(page), Button("I sent it", f"/invites sent {wanted}")),
    )


async def sent(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    """`/invites sent 17`: the leader says that it went."""
    wanted = number(rest.strip(), "invitation")
    await by_hand.say_sent(services, actor, wanted, now=now)
    card = await invitations.show(services, actor, wanted, now=now)
    return Reply(card.text, card.buttons)
