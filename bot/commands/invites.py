"""`/invites`: one invitation and what can be done with it; of many, `lists.py` speaks."""

from datetime import datetime

from bot.commands import by_hand, lists
from bot.commands.base import Command, Said, again, number, plural
from bot.community import invitations, passes, troubles
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.errors import Refusal
from bot.community.rosters import exports
from bot.messages import Button, Card, Field, Form, Reply, Usage
from bot.ports import Services


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List invitations, show one, or act on one."""
    word, rest = said.split()
    match word:
        case "resend" if rest.lower().startswith(lists.STATES):
            return await lists.preview(services, actor, rest, now=now)
        case "resend":
            contact = await invitations.resend(
                services, actor, number(rest.strip(), "invitation"), now=now
            )
            return Reply(f"Sending it again to {contact.shown}, with the same code.")
        case "send":
            return await lists.send(services, actor, rest, now=now)
        case "cancel":
            return await lists.cancel(services, actor, rest, now=now)
        case "void":
            card = await invitations.void(
                services, actor, number(rest.strip(), "invitation"), now=now
            )
            return _card(card)
        case "reopen":
            card = await invitations.reopen(
                services, actor, number(rest.strip(), "invitation"), now=now
            )
            return _card(card)
        case "go-on":
            count = await troubles.go_on(services, actor, now=now)
            return Reply(f"Going on: {plural(count, 'letter')} that waited may go out now.")
        case "fix":
            return await _fix(services, actor, rest, said, now=now)
        case "hand":
            return await by_hand.send(services, actor, said, rest, now=now)
        case "sent":
            return await by_hand.sent(services, actor, rest, now=now)
        case "text" if by_hand.is_only_way(services):
            return await by_hand.send(services, actor, said, rest, now=now)
        case "email" | "text":
            way: Way = "email" if word == "email" else "text"
            return await _send_to(services, actor, way, rest, said, now=now)
        case "other":
            return _other_ways(number(rest.strip(), "invitation"))
        case "export":
            file = await exports.invitations(services, actor, now=now)
            return Reply("Here are all invitations, as they stand now.", files=(file,))
        case "pass":
            file = await passes.print_one(
                services, actor, number(rest.strip(), "invitation"), now=now
            )
            return Reply("The same code, on a pass to hand over.", files=(file,))
        case _ if word.removeprefix("#").isdecimal():
            card = await invitations.show(services, actor, number(word, "invitation"), now=now)
            return _card(card)
        case _:
            return await lists.show(services, actor, said, now=now)


def _card(card: Card) -> Reply:
    return Reply(card.text, card.buttons)


async def _fix(services: Services, actor: Actor, rest: str, said: Said, *, now: datetime) -> Reply:
    word, _, typed = rest.strip().partition(" ")
    wanted = number(word, "invitation")
    typed = typed or said.fields.get("to", "")
    form = _asking(f"/invites fix {wanted}", "Fix the address", "Right address or number")
    return await _readdress(services, actor, wanted, None, typed, form, said, now=now)


async def _send_to(
    services: Services, actor: Actor, way: Way, rest: str, said: Said, *, now: datetime
) -> Reply:
    word, _, typed = rest.strip().partition(" ")
    wanted = number(word, "invitation")
    typed = typed or said.fields.get("to", "")
    label = "E-mail address" if way == "email" else "Mobile number"
    title = "Send by e-mail instead" if way == "email" else "Send by text instead"
    form = _asking(f"/invites {way} {wanted}", title, label)
    return await _readdress(services, actor, wanted, way, typed, form, said, now=now)


async def _readdress(
    services: Services,
    actor: Actor,
    wanted: int,
    way: Way | None,
    typed: str,
    form: Form,
    said: Said,
    *,
    now: datetime,
) -> Reply:
    if not typed.strip():
        return Reply(f"Invitation #{wanted} keeps its code.", form=form)
    try:
        contact = await invitations.send_to(
            services, actor, wanted, medium=way, typed=typed, now=now
        )
    except Refusal as refusal:
        if not said.fields:
            raise
        return again(form, said.fields, {"to": refusal.words})
    if waits := await by_hand.if_it_waits(services, actor, wanted, now=now):
        return waits
    return Reply(f"Sending it to {contact.shown}, with the same code.")


def _asking(call: str, title: str, label: str) -> Form:
    return Form(title, call, (Field("to", label),))


def _other_ways(wanted: int) -> Reply:
    return Reply(
        f"How else should invitation #{wanted} travel? The code stays the same.",
        (
            Button("By e-mail", f"/invites email {wanted}"),
            Button("By text", f"/invites text {wanted}"),
            Button("From my own phone", f"/invites hand {wanted}"),
            Button("On a pass", f"/invites pass {wanted}"),
        ),
    )


INVITES = Command(
    name="invites",
    summary="See all invitations and how they fare",
    usages=(
        Usage("/invites", "lists them, ten a page, newest first"),
        Usage("/invites failed", "lists those that did not arrive; also open, waiting, joined"),
        Usage("/invites older 7d", "lists those sent longer ago and not joined; also 2w, 1m"),
        Usage("/invites resend older 7d", "sends all of a list again, after showing whom"),
        Usage("/invites 17", "shows one, to resend, fix, void it or send it another way"),
        Usage("/invites resend 17", "sends it again with the same code"),
        Usage("/invites hand 17", "opens a page to text it from your own phone"),
        Usage("/invites fix 17 ana@example.org", "mends the address; the code stays the same"),
        Usage("/invites go-on", "lets letters go that are held for a reason you were told"),
        Usage("/invites export", "gives you all of them as a CSV file"),
        Usage("/invites void 17", "makes its code worthless; /invites reopen 17 takes that back"),
    ),
    run=handle,
)
