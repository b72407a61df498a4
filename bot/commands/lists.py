"""What `/invites` says of many invitations: lists of them, and sending many again."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import get_args

from bot.commands.base import Misused, Said, number, plural
from bot.community import drafts, labels
from bot.community.actors import Actor
from bot.community.contacts import Contact
from bot.community.invitations import lists, resending
from bot.community.invitations.lists import Page, State, Wanted
from bot.community.invitations.resending import Kept, Preview
from bot.messages import Button, Reply
from bot.ports import Services
from storage.invitations import Standing

STATES: tuple[State, ...] = get_args(State)
_SENT_AGAIN: frozenset[State] = frozenset({"open", "failed", "older", "expired"})
_DAYS = {"d": 1, "w": 7, "m": 30}  # "1m" is 30 days
_SPAN = re.compile(r"(\d{1,3})([dwm]?)")
_SHOWN = 20  # of who is sent to and who is left out, each: more is scrolled past
_ACTED_ON = 4  # buttons for those left out
_BY = {"email": "by e-mail", "text": "by text"}


async def show(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """A page of the list that is asked for."""
    wanted, page = _read(actor, said.rest)
    return _page(await lists.page(services, actor, wanted, number=page, now=now), now=now)


async def preview(services: Services, actor: Actor, words: str, *, now: datetime) -> Reply:
    """Who of a list would be sent to again."""
    wanted, _ = _read(actor, words)
    return _preview(await resending.preview(services, actor, wanted, now=now))


async def send(services: Services, actor: Actor, words: str, *, now: datetime) -> Reply:
    """Send what a preview kept."""
    draft_id = number(words.strip(), "preview")
    done = await resending.send(services, actor, draft_id=draft_id, now=now)
    left = [f"{plural(len(done.stays), 'is', 'are')} left out:", *_kept(done.stays)]
    if not done.goes:
        return Reply("\n".join(["Nothing was sent.", *left]))
    lines = [f"Sending {_counted(done.contacts)} again. I keep you posted how it goes."]
    lines += [done.waits] if done.waits else []
    return Reply("\n".join([*lines, *(left if done.stays else [])]))


async def cancel(services: Services, actor: Actor, words: str, *, now: datetime) -> Reply:
    """Throw a preview away."""
    await drafts.cancel(services, actor, draft_id=number(words.strip(), "preview"), now=now)
    return Reply("Cancelled. Nothing was sent again.")


# From words to a list and back


def _read(actor: Actor, words: str) -> tuple[Wanted, int]:
    """The list asked for, and its page. Raises: Misused."""
    state: State = "all"
    days, page = lists.ALL.days, 1
    receipt_id = leader_id = None
    rest = iter(words.lower().split())
    for word in rest:
        if word in STATES:
            state = next(known for known in STATES if known == word)
            days = _days(next(rest, "7d")) if state == "older" else days
        elif word == "mine":
            leader_id = actor.leader_id
        elif word == "receipt":
            receipt_id = number(next(rest, ""), "message")
        elif word.isdecimal() and len(word) < 7:
            page = int(word)
        elif word != "page":
            raise Misused(f"I can list: {', '.join(STATES)}. Say `/invites failed` or so.")
    return Wanted(state, days, receipt_id, leader_id), page


def _days(word: str) -> int:
    span = _SPAN.fullmatch(word)
    if span is None or not int(span[1]):
        raise Misused("Older than what? Say `/invites older 7d`, or 2w, or 1m.")
    return int(span[1]) * _DAYS[span[2] or "d"]


def _words(wanted: Wanted) -> str:
    """How the list is asked for, with ids only."""
    parts: list[str] = [wanted.state]
    parts += [f"{wanted.days}d"] if wanted.state == "older" else []
    parts += [f"receipt {wanted.receipt_id}"] if wanted.receipt_id is not None else []
    parts += ["mine"] if wanted.leader_id is not None else []
    return " ".join(parts)


def _named(wanted: Wanted) -> tuple[str, str]:
    """What one of the list is called, and what is said after it."""
    kind = {"all": "", "older": "open "}.get(wanted.state, f"{wanted.state} ")
    after = " of yours" if wanted.leader_id is not None else ""
    after += " in that message" if wanted.receipt_id is not None else ""
    if wanted.state == "older":
        after += f" sent more than {plural(wanted.days, 'day')} ago"
    return f"{kind}invitation", after


# From a list to what is said


def _page(page: Page, *, now: datetime) -> Reply:
    noun, after = _named(page.wanted)
    if not page.total:
        return Reply(
            f"There are no {noun}s{after}.", (Button("Invite members", "/invite", "primary"),)
        )
    where = f", page {page.number} of {page.pages}" if page.pages > 1 else ""
    lines = [f"{plural(page.total, noun)}{after}{where}, newest first:"]
    lines += [_line(row, now=now) for row in page.standings]
    return Reply("\n".join(lines), tuple(_buttons(page)))


def _line(standing: Standing, *, now: datetime) -> str:
    row = standing.invitation
    state = labels.label(standing, now=now)
    by = f"by {standing.leader} on {labels.day(row.created_at)}"
    return f"{labels.MARKS[state]} #{row.id} {labels.who(standing)}: {state}, {by}"


def _buttons(page: Page) -> Iterator[Button]:
    words = _words(page.wanted)
    for row in page.standings:
        yield Button(f"#{row.invitation.id}", f"/invites {row.invitation.id}")
    if page.number > 1:
        yield Button("Newer", f"/invites {words} page {page.number - 1}")
    if page.number < page.pages:
        yield Button("Older", f"/invites {words} page {page.number + 1}")
    if page.wanted.state == "all":
        yield Button("Failed only", "/invites failed")
    if page.wanted.state in _SENT_AGAIN:
        these = "this one" if page.total == 1 else f"these {page.total}"
        these = these if page.total <= resending.LIMIT else f"the oldest {resending.LIMIT}"
        yield Button(f"Resend {these}", f"/invites resend {words}", "primary")


def _preview(preview: Preview) -> Reply:
    goes, stays = preview.sorted.goes, preview.sorted.stays
    if not goes and not stays:
        return Reply("Nothing is left in that list.")
    if preview.draft_id is None:
        acts = [Button(f"#{kept.standing.invitation.id}", f"/invites {kept.standing.invitation.id}")
                for kept in stays[:_ACTED_ON]]  # fmt: skip
        lines = [f"None of {'it' if len(stays) == 1 else f'these {len(stays)}'} can be sent again:"]
        return Reply("\n".join([*lines, *_kept(stays), *_more(preview)]), tuple(acts))
    lines = [f"{_counted(preview.sorted.contacts)} would be sent again, with the same codes:"]
    lines += _shortened([f"✓ {labels.who(one)}" for one in goes])
    if stays:
        lines += [f"{plural(len(stays), 'is', 'are')} left out:", *_kept(stays)]
    lines += [preview.sorted.waits] if preview.sorted.waits else []
    lines += [*_more(preview), "Nothing is sent until you press Send."]
    send = Button(f"Send {len(goes)}", f"/invites send {preview.draft_id}", "primary", settles=True)
    no = Button("Cancel", f"/invites cancel {preview.draft_id}", settles=True)
    return Reply("\n".join(lines), (send, no))


def _counted(sent: Sequence[Contact]) -> str:
    """3 invitations, 2 by e-mail and 1 by text."""
    media = Counter(contact.medium for contact in sent)
    how = [f"{count} {_BY[medium]}" for medium, count in sorted(media.items())]
    total = plural(len(sent), "invitation")
    return f"{total}, {' and '.join(how)}," if len(how) > 1 else f"{total} {_BY[sent[0].medium]}"


def _kept(stays: Sequence[Kept]) -> list[str]:
    these = [(kept.standing, kept.why) for kept in stays]
    return _shortened([f"– #{one.invitation.id} {labels.who(one)}: {why}" for one, why in these])


def _more(preview: Preview) -> list[str]:
    more = plural(preview.more, "more is", "more are")
    return [f"{more} in that list; resend it again afterwards."] if preview.more else []


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"… and {more} more."] if more > 0 else lines
