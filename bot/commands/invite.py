"""`/invite`: by e-mail, by text, from one's own phone, or on a pass."""

from datetime import datetime

from bot.commands import by_hand, into, invite_form, language
from bot.commands.base import Command, Misused, Said, again, number, plural
from bot.commands.passes import print_passes
from bot.community import contacts, drafts, invitations, names
from bot.community.actors import Actor
from bot.community.contacts import LIMIT, Way
from bot.community.errors import Refusal
from bot.community.invitations import inviting, previews
from bot.community.invitations.inviting import Invited, Spelling
from bot.community.invitations.previews import MediumNotSetUp, Preview, Row, Verdict
from bot.community.which_group import NoSuchGroup, SeveralGroups
from bot.messages import Button, Reply, Usage
from bot.ports import Services

_WAYS: dict[str, Way] = {
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "text": "text",
    "sms": "text",
    "hand": "hand",
    "phone": "hand",
}
_NOUNS: dict[Way, tuple[str, str]] = {
    "email": ("e-mail", "an address, like `/invite email ana@example.org`"),
    "text": ("text", "a number, like `/invite text +1 201 555 0123`"),
    "hand": ("text", "a number, like `/invite hand +1 201 555 0123`"),
}
_MARKS: dict[Verdict, str] = {
    "good": "✓",
    "slip": "?",
    "repeat": "–",
    "invited": "–",
    "member": "–",
    "enough": "–",
    "opted out": "✗",
    "bounced": "✗",
    "bad": "✗",
}
_LONGEST_SHOWN = 60  # characters of what was typed


async def invite(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Invite by one of the ways, or show the form."""
    word, rest = said.split()
    if not word:
        return (
            await _from_form(services, actor, said, now=now)
            if said.fields
            else Reply(invite_form.ASK, form=await invite_form.form(services, actor))
        )
    if word == "send":
        return await _send(services, actor, rest, now=now)
    if word == "cancel":
        await drafts.cancel(services, actor, draft_id=number(rest.strip(), "draft"), now=now)
        return Reply("Cancelled. Nobody was invited.")
    if word in {"pass", "passes"}:
        said_so = await into.without(services, actor, rest)
        return await print_passes(services, actor, said_so, now=now)
    way = _WAYS.get(word)
    if way is None:  # straight to the address, without saying which way
        way, rest = ("email" if "@" in said.rest else "text"), said.rest
        if way == "text" and not any(char.isdigit() for char in rest):
            raise Misused(f"I do not know the way “{names.one_line(word)[:20]}” to invite.")
    said_so = await into.ends(services, actor, rest)
    if not said_so.words.strip():
        raise Misused(f"To whom? Put {_NOUNS[way][1]}.")
    return await _by(services, actor, way, said_so, now=now)


async def _from_form(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    try:
        return await _filled_in(services, actor, said, now=now)
    except MediumNotSetUp as refusal:
        field, words = "way", refusal.words
    except (NoSuchGroup, SeveralGroups) as refusal:
        field, words = "group", refusal.words
    except Refusal as refusal:
        field, words = "count" if said.fields.get("way") == "pass" else "to", refusal.words
    return again(await invite_form.form(services, actor), said.fields, {field: words})


async def _filled_in(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    groups = await into.chosen(services, actor, said.fields.get("group", ""))
    if said.fields.get("way") == "pass":
        words = f"{said.fields.get('count', '')} {said.fields.get('label', '')}"
        return await print_passes(services, actor, into.Ends(words, groups=groups), now=now)
    way = _WAYS.get(said.fields.get("way", ""), "email")
    to = said.fields.get("to", "")
    if not to.strip():
        raise Misused("To whom? Put at least one address or number into the form.")
    spoken = language.chosen(services, said.fields.get("language", ""))
    return await _by(services, actor, way, into.Ends(to, spoken, groups), now=now)


async def _by(
    services: Services, actor: Actor, way: Way, said: into.Ends, *, now: datetime
) -> Reply:
    if way == "text" and by_hand.is_only_way(services):
        way = "hand"
    if entry := contacts.only_piece(said.words, way):
        result = await inviting.invite_one(
            services,
            actor,
            medium=way,
            typed=entry,
            language=said.language,
            group_ids=said.group_ids,
            now=now,
        )
        if result.sent:
            return _sent(services, actor, result, now=now)
    preview = await previews.preview(
        services, actor, medium=way, pasted=said.words, group_ids=said.group_ids, now=now
    )
    if len(preview.rows) > 1:
        return _preview(preview, said)
    return await _one(services, actor, preview, preview.rows[0], said.language, now=now)


async def _send(services: Services, actor: Actor, words: str, *, now: datetime) -> Reply:
    words, spoken = language.taken_off(services, words)
    draft, _, how = words.strip().partition(" ")
    spelling: Spelling = "good"
    if how == "corrected":
        spelling = "corrected"
    elif how == "typed":
        spelling = "typed"
    result = await inviting.invite(
        services,
        actor,
        draft_id=number(draft, "draft"),
        spelling=spelling,
        language=spoken,
        now=now,
    )
    return _sent(services, actor, result, now=now)


def _sent(services: Services, actor: Actor, result: Invited, *, now: datetime) -> Reply:
    if not result.sent or result.receipt_id is None:
        return Reply("Nobody was left to invite: all of them have been invited since, or joined.")
    if result.by_hand:
        return by_hand.ready(services, actor, result, now=now)
    who = result.sent[0].in_full if len(result.sent) == 1 else f"{len(result.sent)} people"
    skipped = f" {result.skipped} left out: invited since, or joined." if result.skipped else ""
    waits = f" {result.waits}" if result.waits else ""
    arrive = into.told(result.into)
    return Reply(f"Inviting {who}.{arrive} I keep you posted how it goes.{waits}{skipped}")


async def _one(
    services: Services, actor: Actor, preview: Preview, row: Row, spoken: str, *, now: datetime
) -> Reply:
    """The answer for a single entry that is not simply good."""
    shown = row.contact.shown if row.contact else names.one_line(row.typed)[:_LONGEST_SHOWN]
    send, said = f"/invite send {preview.draft_id}", language.at_the_end(spoken)
    match row.verdict:
        case "slip":
            assert row.contact is not None
            return Reply(
                f"Did you mean {row.contact.suggestion}? You typed {shown}. Nothing was sent yet.",
                (
                    Button(
                        f"Send to {row.contact.suggestion}",
                        f"{send} corrected{said}",
                        "primary",
                        settles=True,
                    ),
                    Button("Send as typed", f"{send} typed{said}", settles=True),
                    Button("Cancel", f"/invite cancel {preview.draft_id}", settles=True),
                ),
            )
        case "invited":
            assert row.invitation_id is not None
            card = await invitations.show(services, actor, row.invitation_id, now=now)
            return Reply(f"{shown} {row.words} Nothing was sent.\n{card.text}", card.buttons)
        case "bad":
            return Reply(
                f"“{shown}” cannot be invited: {row.words} Nothing was sent. "
                f"Try {_NOUNS[preview.medium][1]}."
            )
        case _:
            return Reply(f"{shown} {row.words} Nothing was sent.")


def _preview(preview: Preview, ends: into.Ends) -> Reply:
    said = language.at_the_end(ends.language)
    good, slips = len(preview.of("good")), len(preview.of("slip"))
    lines = [f"{plural(len(preview.rows), 'entry', 'entries')}: {_summary(preview)}."]
    lines += [_line(row) for row in preview.rows]
    if preview.draft_id is None:
        return Reply("\n".join([*lines, "Nothing can be sent."]))
    lines += [preview.waits] if preview.waits else []
    lines += [into.told(ends.names).strip()] if ends.groups else []
    by_hand_alone = preview.medium == "hand"
    send = "Prepare" if by_hand_alone else "Send"
    lines.append(
        "Nothing is sent: you send each from your own phone."
        if by_hand_alone
        else "Nothing is sent until you press Send."
    )
    buttons = []
    if good:
        buttons.append(
            Button(f"{send} {good}", f"/invite send {preview.draft_id}{said}", "primary", True)
        )
    if slips:
        label = f"{send} {preview.corrected}, spelling corrected"
        call = f"/invite send {preview.draft_id} corrected{said}"
        buttons.append(Button(label, call, settles=True))
    buttons.append(Button("Cancel", f"/invite cancel {preview.draft_id}", settles=True))
    return Reply("\n".join(lines), tuple(buttons))


def _summary(preview: Preview) -> str:
    says: tuple[tuple[Verdict, str], ...] = (
        ("good", "can be invited"),
        ("slip", "may be misspelt"),
        ("repeat", "listed twice"),
        ("invited", "invited already"),
        ("member", "joined already"),
        ("enough", "invited often enough"),
        ("opted out", "asked not to be written to"),
        ("bounced", "bounced lately"),
        ("bad", "cannot be used"),
    )
    counted = ((len(preview.of(verdict)), words) for verdict, words in says)
    return ", ".join(f"{count} {words}" for count, words in counted if count)


def _line(row: Row) -> str:
    typed = names.one_line(row.typed)
    typed = typed if len(typed) <= _LONGEST_SHOWN else f"{typed[: _LONGEST_SHOWN - 1]}…"
    shown = row.contact.in_full if row.contact else typed
    return f"{_MARKS[row.verdict]} {shown}" + (f" – {row.words}" if row.words else "")


INVITE = Command(
    name="invite",
    summary="Invite people by e-mail, by text or on paper",
    usages=(
        Usage("/invite email ana@example.org", "sends an invitation by e-mail"),
        Usage("/invite text +1 201 555 0123", "sends an invitation by text message"),
        Usage("/invite hand +1 201 555 0123", "makes a text for you to send from your own phone"),
        Usage("/invite email ...", f"takes up to {LIMIT} addresses pasted in any shape"),
        Usage("/invite email ana@example.org in Spanish", "writes in another language"),
        Usage("/invite email ana@example.org in group Board", "they arrive in that group"),
        Usage("/invite", "opens a form with all the ways"),
    ),
    run=invite,
)
