"""`/requests`: who, without a code, asks to be let in; approve, decline, take that back."""

from datetime import datetime

from bot.commands import by_hand
from bot.commands.base import Command, Misused, Said, again, number, plural
from bot.community import labels
from bot.community.actors import Actor
from bot.community.names import BadWords
from bot.community.requests import deciding, request_cards, request_lists
from bot.community.requests.deciding import REASONS, Approved
from bot.community.requests.request_lists import Page
from bot.messages import Button, Card, Field, Form, Reply, Usage
from bot.ports import Services
from storage.tables import JoinRequest

_OWN, _NOTHING = "own", "nothing"


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List the requests that wait, show one, or decide it."""
    word, rest = said.split()
    match word:
        case "" | "page":
            shown = number(rest.strip() or "1", "page")
            return _page(await request_lists.page(services, actor, number=shown))
        case "approve":
            return await _approve(services, actor, rest, now=now)
        case "decline":
            return await _decline(services, actor, said, rest, now=now)
        case "reopen":
            wanted = number(rest.strip(), "request")
            return _of(await deciding.reopen(services, actor, wanted, now=now))
        case "on" | "off":
            return await _switch(services, actor, is_open=word == "on", now=now)
        case _ if word.removeprefix("#").isdecimal():
            return _of(await request_lists.show(services, actor, number(word, "request")))
        case _:
            raise Misused("I can list, approve and decline requests.")


def _of(card: Card) -> Reply:
    return Reply(card.text, card.buttons)


# Lists


def _page(page: Page) -> Reply:
    if not page.is_open and not page.total:
        return Reply("Nobody can ask to be let in without a code.", (_SWITCH_ON,))
    lines = [_head(page), *map(_line, page.rows), _how(page)]
    return Reply("\n".join(lines), tuple(_buttons(page)))


def _head(page: Page) -> str:
    if not page.total:
        return "No request to be let in waits for an answer."
    where = f", page {page.number} of {page.pages}" if page.pages > 1 else ""
    waits = plural(page.total, "request to be let in waits", "requests to be let in wait")
    return f"{waits} for an answer{where}, oldest first:"


def _line(row: JoinRequest) -> str:
    return f"… #{row.id} {request_cards.who(row)}: asked on {labels.day(row.created_at)}"


def _how(page: Page) -> str:
    if page.is_open:
        return f"People without a code ask at {page.address}"
    return "Nobody else can ask: requests are off."


def _buttons(page: Page) -> list[Button]:
    buttons = [Button(f"#{row.id}", f"/requests {row.id}") for row in page.rows]
    if page.number > 1:
        buttons.append(Button("Older", f"/requests page {page.number - 1}"))
    if page.number < page.pages:
        buttons.append(Button("Newer", f"/requests page {page.number + 1}"))
    return [*buttons, _SWITCH_OFF if page.is_open else _SWITCH_ON]


_SWITCH_ON = Button("Let people ask", "/requests on")
_SWITCH_OFF = Button("Take no requests", "/requests off")


async def _switch(services: Services, actor: Actor, *, is_open: bool, now: datetime) -> Reply:
    address = await request_lists.switch(services, actor, is_open=is_open, now=now)
    if is_open:
        words = f"People without a code can now ask to be let in, at {address}"
        return Reply(words, (_SWITCH_OFF,))
    words = "Nobody can ask to be let in any more; requests that wait stay in `/requests`."
    return Reply(words, (_SWITCH_ON,))


# Decisions


async def _approve(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    done = await deciding.approve(services, actor, number(rest.strip(), "request"), now=now)
    if done.invited is None:
        return _nothing_sent(done)
    if done.invited.by_hand:
        return by_hand.ready(services, actor, done.invited, now=now)
    who = done.invited.sent[0].in_full
    waits = f" {done.invited.waits}" if done.invited.waits else ""
    return Reply(f"Approved. Inviting {who}. I keep you posted how it goes.{waits}")


def _nothing_sent(done: Approved) -> Reply:
    if done.was == "member":
        return Reply(f"{done.name} is a member by now, so nothing was sent. The request is closed.")
    return Reply(
        f"{done.name} was invited meanwhile, so nothing more was sent. The request is closed.",
        (Button("Show the invitation", f"/invites {done.invitation_id}"),),
    )


async def _decline(
    services: Services, actor: Actor, said: Said, rest: str, *, now: datetime
) -> Reply:
    """`/requests decline 7` opens a form, `/requests decline 7 We know nobody there.` does it."""
    word, _, words = rest.strip().partition(" ")
    wanted = number(word, "request")
    form = _form(wanted)
    if not words and "reason" not in said.fields:
        card = await request_lists.undecided(services, actor, wanted)
        return Reply(card.text, form=form)
    chosen = _OWN if words else said.fields["reason"]
    typed = words or said.fields.get("words", "")
    try:
        card = await deciding.decline(
            services,
            actor,
            wanted,
            reason={_OWN: typed, **REASONS}.get(chosen, ""),
            tell=chosen != _NOTHING,
            now=now,
        )
    except BadWords as bad:
        if words:
            raise
        return again(form, said.fields, {"words": bad.why})
    return _of(card)


def _form(wanted: int) -> Form:
    reasons = ((key, str(words)) for key, words in REASONS.items())
    return Form(
        f"Decline request #{wanted}",
        f"/requests decline {wanted}",
        (
            Field(
                "reason",
                "What they are told",
                "choice",
                value="none",
                options=(
                    ("none", "That we cannot let them in, without a reason"),
                    *reasons,
                    (_OWN, "A reason in your own words"),
                    (_NOTHING, "Nothing: no letter"),
                ),
            ),
            Field(
                "words",
                "Your words",
                hint="They read them as you write them",
                shown_for=("reason", _OWN),
                required=False,
            ),
        ),
        submit="Decline",
        intro="A polite letter goes to them after ten minutes; until then you can take it back.",
    )


REQUESTS = Command(
    name="requests",
    summary="See who asks to be let in without a code, and decide",
    usages=(
        Usage("/requests", "lists those that wait, ten a page, and the address where people ask"),
        Usage("/requests 7", "shows one: who, where, what they say, what we know of the address"),
        Usage("/requests approve 7", "invites whoever asked, in their language"),
        Usage("/requests decline 7", "asks for a reason, then tells them politely"),
        Usage("/requests reopen 7", "takes a decline back"),
        Usage("/requests off", "lets nobody ask any more; `on` lets them again"),
    ),
    run=handle,
)
