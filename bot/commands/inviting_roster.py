"""What `/coverage invite` says: who would be written to, who would not, and what came of it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.commands.base import Misused, number, plural
from bot.community import drafts
from bot.community.actors import Actor
from bot.community.invitations.inviting import Invited, Spelling
from bot.community.rosters import inviting_roster, roster_previews
from bot.community.rosters.choosing import Choice
from bot.community.rosters.roster_previews import Preview
from bot.community.rosters.streets import Street
from bot.languages import Languages
from bot.messages import Button, Medium, Reply
from bot.ports import Services

_SHOWN = 20  # of who is written to and who is left out, each: more is scrolled past
_BY: dict[Medium, str] = {"email": "by e-mail", "text": "by text"}
_SPELLINGS: dict[str, Spelling] = {"": "good", "corrected": "corrected", "typed": "typed"}


async def preview(
    services: Services, actor: Actor, street: Street | None, *, now: datetime
) -> Reply:
    """Who would be written to in this street, or everywhere."""
    found = await roster_previews.preview(services, actor, street=street, now=now)
    where = f" in {street.name}" if street else ""
    lines = [*_out_of_reach(found), *([found.waits] if found.waits else [])]
    if found.draft_id is None:
        return Reply("\n".join([_nobody(found, where), *_left_out(found), *lines]))
    told = _telling(services.templates.languages, found)
    goes = [f"✓ {told(one)}" for one in found.goes]
    slips = [f"? {told(one)} – did you mean {one.contact.suggestion}?" for one in found.slips]
    head = f"{_counted(found.goes)} would be sent{where}, one to each address:"
    shown = [head, *_shortened(goes), *_shortened(slips), *_left_out(found), *lines]
    shown.append("Nothing is sent until you press Send.")
    return Reply("\n".join(shown), _buttons(found))


def _nobody(found: Preview, where: str) -> str:
    if found.waits:
        return "I cannot invite anybody just now."
    return f"There is nobody{where} whom I can invite: all were invited before, or cannot be."


def _telling(ours: Languages, found: Preview) -> Callable[[Choice], str]:
    """How a choice is told: address, name, contact, and the language if it is not the usual one."""

    def told(one: Choice) -> str:
        spoken = ours.closest(one.entry.language, found.language)
        is_usual = spoken == ours.closest(found.language)
        name = f"{one.entry.name}, " if one.entry.name else ""
        after = "" if is_usual or spoken is None else f" in {spoken.english_name}"
        return f"{one.entry.address}: {name}{one.contact.in_full}{after}"

    return told


def _counted(goes: Sequence[Choice]) -> str:
    """49 invitations, 40 by e-mail and 9 by text,"""
    media = Counter(one.medium for one in goes)
    how = [f"{media[medium]} {by}" for medium, by in _BY.items() if media[medium]]
    total = plural(len(goes), "invitation")
    if len(how) > 1:
        return f"{total}, {' and '.join(how)},"
    return f"{total} {_BY[goes[0].medium]}" if goes else total


def _left_out(found: Preview) -> list[str]:
    if not found.stays:
        return []
    these = [
        f"✗ {one.entry.address}: {one.entry.name or one.row.typed} – {one.row.words}"
        for one in found.stays
    ]
    return [f"{plural(len(these), 'address is', 'addresses are')} left out:", *_shortened(these)]


def _out_of_reach(found: Preview) -> list[str]:
    lines = []
    if found.nowhere:
        have = plural(found.nowhere, "address has", "addresses have")
        lines.append(f"{have} neither e-mail nor number: print passes for them.")
    if found.more:
        more = plural(found.more, "more address waits", "more addresses wait")
        lines.append(f"{more}: that is as many as go at a time. Say it again afterwards.")
    return lines


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"… and {more} more."] if more > 0 else lines


def _buttons(found: Preview) -> tuple[Button, ...]:
    send, goes = f"/coverage send {found.draft_id}", len(found.goes)
    both = goes + len(found.slips)
    buttons = [Button(f"Send {goes}", send, "primary", settles=True)] if goes else []
    if found.slips:
        buttons += [
            Button(f"Send {both}, spelling corrected", f"{send} corrected", settles=True),
            Button(f"Send {both} as typed", f"{send} typed", settles=True),
        ]
    cancel = Button("Cancel", f"/coverage cancel {found.draft_id}", settles=True)
    return (*buttons, cancel)


async def decide(services: Services, actor: Actor, word: str, rest: str, *, now: datetime) -> Reply:
    """Send what a preview kept, or throw it away."""
    typed, _, how = rest.strip().partition(" ")
    draft_id = number(typed, "preview")
    if word == "cancel":
        await drafts.cancel(services, actor, draft_id=draft_id, now=now)
        return Reply("Cancelled. Nobody was invited.")
    spelling = _SPELLINGS.get(how.strip().lower())
    if spelling is None:
        raise Misused("Send it as it is, or with `corrected` or `typed` behind it.")
    done = await inviting_roster.send(
        services, actor, draft_id=draft_id, spelling=spelling, now=now
    )
    return _sent(done)


def _sent(done: Invited) -> Reply:
    if not done.sent:
        return Reply("Nobody was left to invite: they have been invited since, or joined.")
    waits = f" {done.waits}" if done.waits else ""
    left = plural(done.skipped, "is", "are")
    skipped = f" {left} left out: invited since, or joined." if done.skipped else ""
    who = plural(len(done.sent), "person", "people")
    return Reply(f"Inviting {who}. I keep you posted how it goes.{waits}{skipped}")
