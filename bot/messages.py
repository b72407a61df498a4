"""The words that rooms exchange: frozen values, no behaviour.

A chat makes a `Call` of what a leader said and renders the `Reply`; the postman hands a `Letter`
to a courier and gets a `Carried` back. Texts are plain: chats and templates do the escaping.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Medium = Literal["email", "text", "pass"]
Style = Literal["plain", "primary", "danger"]
Outcome = Literal["accepted", "retry", "permanent", "config", "unclear"]
# What can be known of a letter; `storage.deliveries.RANK` says which of two facts is shown.
Event = Literal[
    "unknown", "sent", "deferred", "failed", "undelivered", "delivered", "bounced", "complained",
    "opted_out",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What a leader said to the bot, in any chat."""

    chat: str  # which platform: "playground"
    place: str  # which workspace or chat there; decides the community
    channel: str  # where inside it the call was made
    speaker: str  # the platform's id of who spoke
    speaker_name: str
    text: str  # "/invite email ana@example.org"; a button's call looks the same
    fields: Mapping[str, str] = field(default_factory=dict)  # what a form was filled in with
    # Who is mentioned in the text as "<@U024BE7LH>": id -> display name. Filled in by the chat.
    people: Mapping[str, str] = field(default_factory=dict)
    files: tuple["File", ...] = ()  # that came with it
    channel_name: str = ""  # as people there know it: "#front-porch"
    private: str = ""  # where the speaker alone is told how things go; empty: in the channel


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message; pressing it says `call`. Calls hold ids, never an address."""

    label: str
    call: str  # at most 64 bytes, the strictest platform's limit
    style: Style = "plain"
    settles: bool = False  # pressing it decides the matter: the message's buttons go
    url: str = ""  # instead of a call: the page of ours that it opens


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    kind: Literal["line", "lines", "choice", "number", "file"] = "line"  # a file goes with the call
    value: str = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()  # of a choice: (value, label)
    shown_for: tuple[str, str] | None = (
        None  # (choice field, value): shown only when that is chosen
    )
    required: bool = True
    error: str = ""  # what is wrong with what was filled in


@dataclass(frozen=True, slots=True)
class Form:
    """A form; submitting it says `call` with the fields filled in."""

    title: str
    call: str
    fields: tuple[Field, ...]
    submit: str = "Send"
    intro: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file handed to a leader, or by one."""

    name: str
    media_type: str
    content: bytes
    picture: bytes = b""  # PNG of its first page, for chats that show files by name alone
    alt: str = ""  # of a picture: what it shows, in words, for whoever cannot see it


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says back, to the speaker alone."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    form: Form | None = None
    is_bound: bool = False  # says itself which of several communities it is about


@dataclass(frozen=True, slots=True)
class Card:
    """A message the bot posts by itself and may edit later: a receipt or an announcement."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """One way to say a command; help, menus and completion are made of these."""

    words: str  # "/invite email <address> ..."
    meaning: str  # one sentence without a full stop


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A command as menus and completion show it."""

    name: str
    summary: str
    usages: tuple[Usage, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One rendered message to a resident, ready to be carried; rendered again it is the same."""

    delivery_id: int
    medium: Medium
    event: str  # which template folder: "invitation", "reminder", "household_link" ...
    to: str  # an e-mail address, or a number in E.164
    subject: str  # e-mail only, else empty
    text: str
    html: str  # e-mail only, else empty
    sender_name: str  # "Ana Ruiz via Maple Court"; e-mail only
    link: str  # the address the letter is about
    proof: str  # a part of `text` that no other letter has: finds a text at the provider again
    opt_out: str  # the page where the resident says no more
    message_id: str  # "<inv.17.1.x3f9k2@mail.example>", the same at every try
    replies_to: str  # the first Message-ID when this is a resend, else empty
    date: datetime  # aware UTC, the same at every try within 24 h
    community: str  # short name for logs and feedback ids: "maple-court"
    written_at: datetime  # aware UTC: no try can be older than this
    tag: str  # names this letter to whoever reports on it: "9k-x3f9k2m4qa"; nobody can guess it


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of one try to carry a letter.

    accepted   the courier's server has it
    retry      it certainly was not taken; try later
    permanent  this recipient cannot get it
    config     nobody can be sent anything until the operator acts
    unclear    it may have been taken
    """

    outcome: Outcome
    words: str = ""  # for the leader: what happened and what to do; empty when accepted
    code: str = ""  # the provider's own: "550 5.1.1", "21610"
    provider_id: str = ""
    retry_after: float | None = None  # seconds the server asked for
    event: Event | None = None  # what is known beyond the outcome: "opted_out" for 21610
    for_all: bool = False  # said of no letter in particular: no other would have been taken either


@dataclass(frozen=True, slots=True)
class News:
    """What somebody outside says became of a letter. It may come twice, late, and in any order.

    The letter is named by its tag, or else by its Message-ID.
    """

    event: Event
    key: str  # the provider's id of the event, after the provider's name: the same is heard once
    tag: str = ""  # as in `Letter.tag`
    message_id: str = ""  # with its angle brackets
    code: str = ""  # the provider's own: "5.1.1", "30003"
    words: str = ""  # for the leader; empty: the usual ones for the event
    provider_id: str = ""  # of the letter, where the provider can be asked about it


@dataclass(frozen=True, slots=True)
class Wish:
    """What a resident asks of us without a page: no more letters ("stop"), or again ("start")."""

    medium: Literal["email", "text"]
    address: str  # an e-mail address, or a number in E.164
    wish: Literal["stop", "start"]
    key: str  # as in `News`
