"""Binding: what is shown to a leader of several communities says which it is about, and stays so.

Each button's and form's call ends with the mark of the community it was made for, so that it means
the same next week, whatever is in use by then. Who leads a single community sees none of this.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session

from bot.community import actors
from bot.community.actors import Actor
from bot.messages import Button, Card, Form, Reply
from bot.ports import Services
from storage import communities
from storage.tables import Leader

_MARK = re.compile(r"\s@@([0-9]{1,9})\s*\Z")  # nobody types it by accident


def read(text: str) -> tuple[str, int | None]:
    """A call without its mark, and which community that names."""
    found = _MARK.search(text)
    return (text, None) if found is None else (text[: found.start()], int(found[1]))


def mark(call: str, community_id: int) -> str:
    """The call as one that means this community; one that is marked stays as it is."""
    return call if not call or _MARK.search(call) else f"{call} @@{community_id}"


def like(call: str, other: str) -> str:
    """The call with the mark of another, if that has one."""
    _, meant = read(other)
    return call if meant is None else mark(call, meant)


def reply(said: Reply, actor: Actor) -> Reply:
    """The reply as its reader needs it to tell their communities apart."""
    if not actor.label or said.is_bound:
        return said
    form = said.form and bound_form(said.form, actor.community_id)
    return replace(
        said,
        text=named(said.text, actor.label),
        buttons=buttons(said.buttons, actor.community_id),
        form=form,
    )


def for_actor(shown: tuple[Button, ...], actor: Actor) -> tuple[Button, ...]:
    """The buttons alone, as in `reply`."""
    return buttons(shown, actor.community_id) if actor.label else shown


def card(shown: Card, label: str, community_id: int) -> Card:
    """The same for a card."""
    if not label:
        return shown
    return Card(named(shown.text, label), buttons(shown.buttons, community_id))


def named(text: str, label: str) -> str:
    """The text below the name of the community, unless it begins with that."""
    first, _, _ = text.partition("\n")
    return text if first == label else f"{label}\n{text}".rstrip()


def buttons(shown: Iterable[Button], community_id: int) -> tuple[Button, ...]:
    """The same buttons, each for this community."""
    return tuple(replace(one, call=mark(one.call, community_id)) for one in shown)


def bound_form(form: Form, community_id: int) -> Form:
    """The same form, for this community."""
    return replace(form, call=mark(form.call, community_id))


def label_for(session: Session, leader_id: int) -> str:
    """By what this leader tells the community from others that they lead, as in `Actor`."""
    leader = session.get_one(Leader, leader_id)
    led = communities.led(session, chat=leader.chat, place=leader.place, user_id=leader.user_id)
    mine = [one for one in led if one.leader_id == leader_id]
    return actors.label(mine[0], led) if mine else ""


def label_at(
    session: Session, services: Services, community_id: int, *, chat: str, channel: str
) -> str:
    """The same for whichever leader of the community reads that channel alone."""
    if chat not in services.chats:
        return ""
    own_channel = services.chats[chat].own_channel
    for leader in communities.leaders(session, community_id, chats=[chat]):
        if own_channel(leader.place, leader.user_id) == channel:
            return label_for(session, leader.id)
    return ""
