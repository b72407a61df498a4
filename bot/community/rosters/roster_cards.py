"""How a roster file is shown: while it is read, what it would change, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session

from bot.messages import Button, Card
from storage import roster_drafts
from storage.roster_drafts import Standing
from storage.tables import Receipt

_NAMES = {
    "address": "address", "street": "street", "number": "house number", "unit": "unit",
    "name": "name", "first": "first name", "last": "last name", "email": "e-mail",
    "phone": "phone", "language": "language",
}  # fmt: skip


def of_receipt(session: Session, receipt: Receipt) -> Card:
    """The message that shows how far a long file has come."""
    return card(_of(session, receipt))


def news_of(session: Session, receipt: Receipt) -> Card | None:
    """What is said below that message when something must be decided or has been done."""
    draft = _of(session, receipt)
    words = {
        "ready": "has been read. Above is what it would change.",
        "broken": "has been read. Above is what to mend in it.",
        "applied": "is on the roster now.",
        "failed": "could not be finished.",
    }.get(draft.state)
    return Card(f"{draft.file_name} {words}") if words else None


def _of(session: Session, receipt: Receipt) -> Standing:
    assert receipt.roster_draft_id is not None
    draft = roster_drafts.standing(session, receipt.roster_draft_id)
    assert draft is not None  # they are emptied, never deleted
    return draft


def card(draft: Standing) -> Card:
    """The message about a file, as it stands."""
    name, rows, done = draft.file_name, f"{draft.row_count:,}", f"{draft.done_count:,}"
    match draft.state:
        case "reading":
            return Card(f"… {name}. Reading: {done} of {rows} rows.", (_cancel(draft),))
        case "applying":
            return Card(f"… {name}. Adding {rows} rows to the roster, all of them or none.")
        case "ready":
            return Card("\n".join([*_understood(draft), *_would_change(draft)]), _ways_on(draft))
        case "broken":
            show = Button(_these(draft), f"/roster broken {draft.id}", "primary")
            return Card("\n".join([*_understood(draft), *_is_broken(draft)]), (show,))
        case "applied":
            return Card(_came_of_it(name, draft.outcome["counts"]))
        case "failed":
            words = "could not be read" if draft.outcome["was"] == "reading" else "was not added"
            return Card(
                f"✗ {name} {words}, and the roster is as it was. Please tell your operator: "
                f"{draft.outcome['why']}."
            )
        case _:
            return Card(f"– {name} was not added. The roster is as it was.")


def _understood(draft: Standing) -> Iterator[str]:
    """How the file was read."""
    outcome, counts = draft.outcome, draft.outcome["counts"]
    read = ", ".join(f"{_NAMES[role]} “{title}”" for role, title in outcome["columns"].items())
    yield f"{draft.file_name}, {_counted(draft.row_count, 'row')}, read as: {read}."
    if outcome["unused"]:
        yield f"Not used: {', '.join(f'“{title}”' for title in outcome['unused'])}."
    yield (
        f"{_counted(counts['addresses'], 'address', 'addresses')}, "
        f"{_counted(counts['people'], 'person', 'people')}: {counts['email']:,} with e-mail, "
        f"{counts['phone']:,} with a number, {counts['neither']:,} with neither."
    )


def _would_change(draft: Standing) -> Iterator[str]:
    outcome, counts = draft.outcome, draft.outcome["counts"]
    if not counts["new"] and not counts["changed"]:
        yield f"Nothing would change: all of it is on the roster already.{_stays(counts)}"
    else:
        yield f"{_changes(counts)}.{_stays(counts)}"
        yield from _told(outcome["changes"], counts["changed"], "→")
    if outcome["unspoken"]:
        asked = ", ".join(f"{language} ({count})" for language, count in outcome["unspoken"])
        yield f"No letters are written in {asked}; there they are in the community's language."
    if counts["doubts"]:
        yield "Please look at these:"
        yield from _told(outcome["doubts"], counts["doubts"], "?")
    if counts["new"] or counts["changed"]:
        yield "Nothing is added until you press the button."


def _is_broken(draft: Standing) -> Iterator[str]:
    counts = draft.outcome["counts"]
    cannot = _counted(counts["broken"], "row cannot be used", "rows cannot be used")
    yield f"{cannot}, so nothing was added:"
    yield from _told(draft.outcome["problems"], counts["problems"], "✗")
    if counts["doubts"]:
        yield "Please look at these, too:"
        yield from _told(draft.outcome["doubts"], counts["doubts"], "?")
    yield "Mend your file and give it again: it is added as a whole or not at all."


def _came_of_it(name: str, counts: Mapping[str, int]) -> str:
    if not counts["new"] and not counts["changed"]:
        return f"✓ {name}: nothing has changed; all of it was on the roster already."
    return f"✓ {name} is on the roster: {_changes(counts)}.{_stays(counts)}"


def _changes(counts: Mapping[str, int]) -> str:
    return f"{counts['new']:,} new, {counts['changed']:,} changed, {counts['same']:,} the same"


def _stays(counts: Mapping[str, int]) -> str:
    stays = counts["stays"]
    if not stays:
        return ""
    return (
        f" {stays:,} on the roster {'is' if stays == 1 else 'are'} not in this file and will stay."
    )


def _told(shown: Sequence[Sequence[Any]], total: int, mark: str) -> Iterator[str]:
    for row, words in shown:
        yield f"{mark} Row {row}: {words}{'' if words[-1] in '?.…' else '.'}"
    if total > len(shown):
        yield f"… and {total - len(shown):,} more."


def _ways_on(draft: Standing) -> tuple[Button, ...]:
    counts = draft.outcome["counts"]
    wanted = counts["new"] + counts["changed"]
    if not wanted:
        return ()
    word = "Add" if counts["new"] == wanted else "Add and change"
    go = Button(f"{word} {wanted:,}", f"/roster apply {draft.id}", "primary", settles=True)
    return (go, _cancel(draft))


def _cancel(draft: Standing) -> Button:
    return Button("Cancel", f"/roster cancel {draft.id}", settles=True)


def _these(draft: Standing) -> str:
    broken = draft.outcome["counts"]["broken"]
    return "The row as a file" if broken == 1 else f"The {broken:,} rows as a file"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
