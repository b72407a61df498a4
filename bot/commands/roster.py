"""`/roster`: the leaders' own list of addresses, and whom to invite there."""

import re
from datetime import datetime

from bot.commands.base import Command, Misused, Said, again, number, plural
from bot.community import rosters
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.rosters import Page, applying, importing, roster_cards
from bot.messages import Button, Field, Form, Reply, Usage
from bot.ports import Services
from storage.roster_drafts import Standing
from storage.words import split

_PAGED = re.compile(r"(?i)^(.*?)\s*\bpage (\d{1,6})$")
_LONGEST_CALL = 56  # bytes of a button's call


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List the roster, or change it."""
    word, rest = said.split()
    match word:
        case "import":
            return await bring_in(services, actor, said, now=now)
        case "" if said.files:
            return await bring_in(services, actor, said, now=now)
        case "apply" | "cancel" | "broken":
            return await _decide(services, actor, word, number(rest.strip(), "file"), now=now)
        case "remove":
            return await _remove(services, actor, rest, now=now)
        case "clear":
            return await _clear(services, actor, rest, now=now)
        case "export":
            file = await rosters.export(services, actor, now=now)
            words = "Here is the roster. Change it and give it back: `/roster import`."
            return Reply(words, files=(file,))
        case _:
            return await _list(services, actor, said.rest)


# Importing


async def bring_in(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Read the file that came with the call, or ask for one."""
    if not said.files:
        return Reply(
            "Which file? Fill it in here, or send me the CSV itself: a row for each person, and "
            "titles in the first row, such as Address, Name, E-mail, Phone. It goes on the roster, "
            "your own list of whom to invite; nobody becomes a member by it.",
            form=_FORM,
        )
    if len(said.files) > 1:
        raise Misused("Please give me one file at a time.")
    try:
        draft = await importing.take(services, actor, said.files[0], now=now)
    except Refusal as refusal:
        if not said.fields:
            raise
        return again(_FORM, {}, {"file": refusal.words})
    if draft.state == "reading":
        return Reply(
            f"Reading {draft.file_name}, {draft.row_count:,} rows. The message below shows how far "
            "I am, and then what would change."
        )
    return _shown(draft)


async def _decide(
    services: Services, actor: Actor, word: str, draft_id: int, *, now: datetime
) -> Reply:
    """What the buttons below a file say."""
    if word == "apply":
        return _shown(await applying.apply(services, actor, draft_id=draft_id, now=now))
    if word == "cancel":
        return _shown(await applying.cancel(services, actor, draft_id=draft_id))
    file = await importing.broken_rows(services, actor, draft_id=draft_id)
    words = "These rows are to be mended; the first two columns say which and why."
    return Reply(words, files=(file,))


def _shown(draft: Standing) -> Reply:
    card = roster_cards.card(draft)
    return Reply(card.text, card.buttons)


# Listing


async def _list(services: Services, actor: Actor, words: str) -> Reply:
    search, page = words.strip(), 1
    if paged := _PAGED.match(search):
        search, page = paged[1], int(paged[2])
    search = " ".join(split(search))
    return _listed(await rosters.page(services, actor, search=search, number=page))


def _listed(page: Page) -> Reply:
    if not page.total:
        if page.search:
            return Reply(f"Nothing on the roster is like “{page.search}”.")
        return Reply(
            "The roster is empty. It is your own list of addresses, and whom to invite there.",
            (Button("Import a file", "/roster import", "primary"),),
        )
    matching = f" like “{page.search}”" if page.search else ""
    where = f", page {page.number} of {page.pages}" if page.pages > 1 else ""
    head = f"{plural(page.total, 'entry', 'entries')} on the roster{matching}{where}:"
    lines = [f"#{entry.id} {rosters.words_of(entry)}" for entry in page.entries]
    return Reply("\n".join([head, *lines]), _buttons(page))


def _buttons(page: Page) -> tuple[Button, ...]:
    search = f"{page.search} " if page.search else ""
    turns = [("Back", page.number - 1), ("More", page.number + 1)]
    calls = [(label, f"/roster {search}page {at}") for label, at in turns if 1 <= at <= page.pages]
    buttons = [Button(label, call) for label, call in calls if len(call.encode()) <= _LONGEST_CALL]
    if not page.search:
        buttons += [Button("Import", "/roster import"), Button("Export", "/roster export")]
    return tuple(buttons)


# Removing


async def _remove(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    wanted = number(rest.strip(), "entry")
    said = await rosters.remove(services, actor, wanted, now=now)
    return Reply(f"#{wanted} is off the roster: {said}.")


async def _clear(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    if rest.strip().lower() == "yes":
        count = await rosters.clear(services, actor, now=now)
        return Reply(f"The roster is empty now; {plural(count, 'entry', 'entries')} went.")
    page = await rosters.page(services, actor)
    if not page.total:
        return Reply("The roster is empty already.")
    return Reply(
        f"Take all {plural(page.total, 'entry', 'entries')} off the roster? Members and "
        "invitations stay as they are. `/roster export` gives you a copy first.",
        (
            Button("Clear the roster", "/roster clear yes", "danger", settles=True),
            Button("Export it first", "/roster export"),
            Button("Keep it", "/roster", settles=True),
        ),
    )


_FORM = Form(
    "Import a roster",
    "/roster import",
    (Field("file", "CSV file", "file", hint="Address, name, e-mail, phone; up to 20,000 rows"),),
    submit="Read it",
    intro="You see what would change before anything does.",
)
ROSTER = Command(
    name="roster",
    summary="Keep your own list of addresses and whom to invite there",
    usages=(
        Usage("/roster", "lists it by street, ten a page"),
        Usage("/roster elm", "lists what is like that: address, name, e-mail or number"),
        Usage("/roster import", "takes a CSV file, and shows what would change before it does"),
        Usage("/roster export", "gives it to you as a CSV file"),
        Usage("/roster remove 12", "takes an entry off; invitations stay good"),
        Usage("/roster clear", "takes everything off, after asking"),
    ),
    run=handle,
)
