"""All tables: the nouns of the glossary; those of people are in `people_tables.py`, those of the
chats in `chat_tables.py`.

`table=True` models do not validate: parsing happens at the door (`contacts`, `codes`). Everything
but `community` itself, the jobs, their lanes and troubles, `quota`, `attempt`, `heard`,
`chat_installation`, `talk`, `chat_person` and `playground_message` belongs to one community, and
no query crosses it. Ids are given by the database on flush. Contacts are kept as typed, for
sending, and as a keyed hash (`*_key`), for matching; the hash outlives the contact when that is
erased.
"""

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.chat_tables import ChatChoice as ChatChoice
from storage.chat_tables import ChatInstallation as ChatInstallation
from storage.chat_tables import ChatMember as ChatMember
from storage.chat_tables import ChatPerson as ChatPerson
from storage.chat_tables import Heard as Heard
from storage.chat_tables import Pairing as Pairing
from storage.chat_tables import PlaygroundMessage as PlaygroundMessage
from storage.chat_tables import Talk as Talk
from storage.columns import empty as _empty
from storage.columns import id_column as _id
from storage.columns import maybe_moment as _maybe_at
from storage.columns import maybe_of as _maybe_of
from storage.columns import moment as _at
from storage.columns import of as _of
from storage.columns import yes_or_no as _yes_or_no
from storage.people_tables import BillingMonth as BillingMonth
from storage.people_tables import Group as Group
from storage.people_tables import GroupMember as GroupMember
from storage.people_tables import Household as Household
from storage.people_tables import HouseholdWord as HouseholdWord
from storage.people_tables import InvitationGroup as InvitationGroup
from storage.people_tables import JoinRequest as JoinRequest
from storage.people_tables import Member as Member
from storage.people_tables import NewContact as NewContact
from storage.people_tables import Redemption as Redemption
from storage.people_tables import RosterDraft as RosterDraft
from storage.people_tables import RosterEntry as RosterEntry
from storage.people_tables import Stay as Stay
from storage.people_tables import Undo as Undo
from storage.types import UTCDateTime


class Community(SQLModel, table=True):
    """The invite-only neighbourhood, association or club that is served."""

    id: int = _id()
    name: str
    slug: str = Field(unique=True)  # "maple-court": for feedback ids and file names
    welcome: str = Field(sa_type=Text)  # a sentence or two, in letters and on passes
    features: list[str] = Field(default_factory=list, sa_type=JSON)  # listed in the e-mail
    colour: str = "#0b4f58"
    language: str = "en"  # BCP 47
    region: str = "US"  # for numbers typed without a country code
    timezone: str = "UTC"
    paper: str = "letter"  # "letter" or "a4"
    postal: str = ""  # postal address, in the footer of e-mails
    code_days: int = 30  # how long a code by e-mail or text lives
    pass_days: int | None = None  # the same for passes; None: for ever
    reminders: bool = _yes_or_no(False)  # whether those who do not answer are written to again
    # The hour of the day, there, when what needs attention is said; None: never.
    digest_hour: int | None = Field(default=8, sa_column_kwargs={"server_default": "8"})
    may_ask: bool = _yes_or_no(True)  # whether somebody without a code may ask to be let in
    household_limit: int = Field(default=12, sa_column_kwargs={"server_default": "12"})  # members
    links: list[list[str]] = Field(default_factory=list, sa_type=JSON)  # [label, URL] of its chats
    logo: str = _empty()  # "<digest>-160x80": which picture, and how large it is shown
    created_at: datetime = _at()


class ChatLink(SQLModel, table=True):
    """Which place in which chat belongs to the community, and where joins are announced there."""

    __tablename__ = "chat_link"
    __table_args__ = (UniqueConstraint("chat", "place", "community_id"),)

    id: int = _id()
    community_id: int = _of("community")
    chat: str  # "playground"
    place: str  # the workspace or chat there
    announce_channel: str | None = None
    # How people know that channel: "#front-porch".
    announce_name: str = _empty()


class Logo(SQLModel, table=True):
    """The community's picture, in letters, on pages and on passes."""

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)  # PNG
    digest: str  # of the content: names it in an address that may be kept for ever
    width: int  # pixels
    height: int
    at: datetime = _at()


class WayIn(SQLModel, table=True):
    """A member's own link, good once, into the channel where joins are announced."""

    __tablename__ = "way_in"

    member_id: int = Field(foreign_key="member.id", primary_key=True)
    chat_link_id: int = Field(foreign_key="chat_link.id", primary_key=True)
    community_id: int = _of("community")
    channel: str = _empty()  # which it leads into, as in `ChatLink`
    title: str  # of the channel, as its people read it
    url: str = Field(unique=True)
    until: datetime = _at()
    user_id: str | None = None  # who came in by it, as the platform knows them


class Leader(SQLModel, table=True):
    """A person allowed to give commands, known by chat platform and user id there."""

    __table_args__ = (
        UniqueConstraint("community_id", "chat", "user_id"),
        Index("ix_leader_chat_place_user_id", "chat", "place", "user_id"),
    )

    id: int = _id()
    community_id: int = _of("community", index=False)
    chat: str
    place: str = _empty()  # the workspace or chat there in which this is their user id
    user_id: str
    name: str  # as residents read it: "Ana Ruiz invited you"
    role: str = Field(default="leader", sa_column_kwargs={"server_default": "leader"})  # or owner
    added_at: datetime = _at()
    removed_at: datetime | None = _maybe_at()


class Receipt(SQLModel, table=True):
    """The message in a leader's chat that shows the live state of one or many invitations."""

    id: int = _id()
    community_id: int = _of("community")
    leader_id: int = _of("leader", index=False)
    # What it is about, when not about invitations.
    join_request_id: int | None = _maybe_of("join_request", index=True)
    roster_draft_id: int | None = _maybe_of("roster_draft", index=True)
    chat: str
    channel: str
    message: str | None = None  # the platform's id, once posted
    shown: str | None = None  # fingerprint of what it shows, so that equal edits are skipped
    told_at: datetime | None = _maybe_at()  # until when joins and failures were said below it, too
    handed_to_id: int | None = _maybe_of("leader")  # who has what was open of it now
    created_at: datetime = _at()


class Draft(SQLModel, table=True):
    """What a leader pasted, or chose to send again, and has not yet said *Send* to.

    Swept after a day.
    """

    id: int = _id()
    community_id: int = _of("community")
    leader_id: int = _of("leader", index=False)
    medium: str  # email, text; or again: then `contacts` are numbers of invitations
    contacts: list[str] = Field(sa_type=JSON)  # parsed, in order
    slips: list[list[str]] = Field(default_factory=list, sa_type=JSON)  # [as typed, probably meant]
    # The groups in which whoever is invited arrives.
    group_ids: list[int] = Field(
        default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"}
    )
    created_at: datetime = _at()
    taken_at: datetime | None = _maybe_at()  # sent or cancelled, once


class Batch(SQLModel, table=True):
    """The passes printed by one `/passes N`, with a label."""

    id: int = _id()
    community_id: int = _of("community")
    leader_id: int = _of("leader", index=False)
    receipt_id: int | None = _maybe_of("receipt", index=True)
    label: str = ""
    pass_count: int
    expires_on: date | None = None
    created_at: datetime = _at()
    handed_out_at: datetime | None = _maybe_at()


class Invitation(SQLModel, table=True):
    """The right, given by a leader, for one household to join once.

    Its access code is derived from `id` and `generation` (`bot.community.codes`) and never stored.
    Joined, void and expired are computed from the moments.
    """

    __table_args__ = (
        Index(
            "uq_invitation_open_contact",
            "community_id",
            "contact_key",
            unique=True,
            sqlite_where=text("redeemed_at IS NULL AND voided_at IS NULL"),
            postgresql_where=text("redeemed_at IS NULL AND voided_at IS NULL"),
        ),
        Index("ix_invitation_community_id_id", "community_id", "id"),
        {"sqlite_autoincrement": True},  # an id, and so a code, never comes back
    )

    id: int = _id()
    community_id: int = _of("community", index=False)
    leader_id: int = _of("leader", index=False)
    receipt_id: int | None = _maybe_of("receipt", index=True)
    batch_id: int | None = _maybe_of("batch", index=True)
    roster_entry_id: int | None = _maybe_of("roster_entry", index=True)  # given for that address
    join_request_id: int | None = _maybe_of("join_request", index=True)  # given to who asked
    serial: int | None = None  # of a pass: its place in the batch, from 1
    medium: str  # email, text, hand (a text from a leader's own phone) or pass: how it travels now
    contact: str | None = None  # address or number in E.164; none for a pass, or once erased
    contact_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    # Starts at a random number, so that a database restored from a backup does not mint the codes
    # that were given out after the backup; one higher for each rude word redrawn.
    generation: int = Field(default=0, sa_type=BigInteger)
    language: str = _empty()  # BCP 47, of who is invited; empty: the community's
    code_hash: bytes = Field(  # a random stand-in until the id, and so the code, is known
        default_factory=lambda: secrets.token_bytes(16),
        sa_column=Column(LargeBinary, unique=True, nullable=False),
    )
    created_at: datetime = _at()
    expires_at: datetime | None = _maybe_at()
    redeemed_at: datetime | None = _maybe_at()
    voided_at: datetime | None = _maybe_at()
    unreminded_at: datetime | None = _maybe_at()  # who is invited wants no reminder


class Delivery(SQLModel, table=True):
    """One letter's fate, attempt by attempt, and the facts that render it the same every time."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int = _id()
    community_id: int = _of("community")
    invitation_id: int | None = _maybe_of("invitation", index=True)
    member_id: int | None = _maybe_of("member", index=True)
    join_request_id: int | None = _maybe_of("join_request", index=True)  # that it answers
    event: str  # which letter: invitation, reminder, household_link, welcome ...
    medium: str  # email, text or hand
    contact: str | None = None
    contact_key: bytes = Field(sa_type=LargeBinary, index=True)
    attempt: int = 1  # how many times a leader asked for it
    state: str = "queued"
    rank: int = 0  # of the state; it only grows
    words: str = Field(default="", sa_type=Text)  # what happened and what to do, for the leader
    message_id: str = Field(unique=True)
    provider_id: str | None = None  # a mail server may say the same of every letter: "OK"
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    dated_at: datetime = _at()  # the Date header; stamped again when older than a day
    created_at: datetime = _at()
    updated_at: datetime = _at()


class DeliveryEvent(SQLModel, table=True):
    """One fact about a delivery. Append-only; the same fact told twice is kept once."""

    __tablename__ = "delivery_event"

    id: int = _id()
    community_id: int = _of("community", index=False)
    delivery_id: int = _of("delivery")
    event: str
    code: str = ""
    words: str = Field(default="", sa_type=Text)
    key: str = Field(unique=True)  # the provider's event id, or ours
    at: datetime = _at()


class Suppression(SQLModel, table=True):
    """A contact that must not be written to. Only the keyed hash is kept."""

    __table_args__ = (UniqueConstraint("contact_key", "reason"),)

    id: int = _id()
    community_id: int | None = _maybe_of("community")  # where it was said; it holds everywhere
    contact_key: bytes = Field(sa_type=LargeBinary)
    reason: str  # opted_out, complained, bounced
    until: datetime | None = _maybe_at()  # None: for ever
    created_at: datetime = _at()


class Job(SQLModel, table=True):
    """One thing to do after a commit, written in the transaction of what it is about."""

    __table_args__ = (
        Index(
            "ix_job_due",
            "lane",
            "run_at",
            "id",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_job_finished_at", "finished_at"),
    )

    id: int = _id()
    community_id: int | None = _maybe_of("community")
    lane: str
    kind: str  # what it means: `KINDS` of `bot.app`
    key: str = Field(unique=True)  # asked for twice is done once
    args: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # ids of what it is about
    state: str = "ready"  # ready, done, dead; held until a leader lets it go on
    run_at: datetime = _at()  # when it is due; a claim moves it by the lease
    claimed: bool = False  # a worker took it; when run_at passes, that worker is dead
    again: bool = False  # asked for once more while claimed: runs again when finished
    fence: int = 0  # grows with each claim; only the newest may finish the job
    attempts: int = 0  # tries that ended in a known failure
    unconfirmed: int = 0  # tries that began and were never heard of again
    error: str = Field(default="", sa_type=Text)
    created_at: datetime = _at()  # when it was asked for, last: from then on giving up is counted
    tried_at: datetime | None = _maybe_at()  # when the last try began
    finished_at: datetime | None = _maybe_at()


class JobLane(SQLModel, table=True):
    """The clock of one lane's rate limiter (GCRA): exact over all workers, as claims lock it."""

    __tablename__ = "job_lane"

    lane: str = Field(primary_key=True)
    free_at: datetime = _at()  # GCRA's theoretical arrival time; in the future: paused


class Trouble(SQLModel, table=True):
    """Why nothing of a lane, or of one community's share of it, goes out. Gone when something does.

    When a leader decided that it is over, the words are gone and `since` is when that was.
    """

    lane: str = Field(primary_key=True)  # "email"; "email/7"; "text/7/+1876555", a block of numbers
    code: str
    words: str = Field(sa_type=Text)
    since: datetime = _at()
    # To whom it was told: [chat, channel]; none: to nobody yet.
    told: list[list[str]] | None = Field(default=None, sa_type=JSON)


class Quota(SQLModel, table=True):
    """How many letters are allotted to a day: those over the limit take places of later days."""

    source: str = Field(primary_key=True)  # "leader:3:text", "community:1:text"
    day: date = Field(primary_key=True)
    count: int = 0


class Attempt(SQLModel, table=True):
    """How often something that is limited was tried in one hour: wrong codes, asked-for links."""

    source: str = Field(primary_key=True)  # "code:all", "code:" and a keyed hash of an address
    hour: datetime = Field(primary_key=True, sa_type=UTCDateTime)
    count: int = 0


class Audit(SQLModel, table=True):
    """Who did what, with ids only: no contact, no code."""

    id: int = _id()
    community_id: int = _of("community")
    at: datetime = _at()
    actor: str  # "leader:3", "member:17", "resident", "porchlight"
    action: str  # "invitation.voided"
    subject: str  # "invitation:42"
