"""Tables of people: who is in and where, who may come, and what leaders keep of them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import empty as _empty
from storage.columns import id_column as _id
from storage.columns import maybe_moment as _maybe_at
from storage.columns import maybe_of as _maybe_of
from storage.columns import moment as _at
from storage.columns import of as _of
from storage.columns import yes_or_no as _yes_or_no
from storage.types import Plain, UTCDateTime


class InvitationGroup(SQLModel, table=True):
    """The groups in which whoever uses the invitation arrives."""

    __tablename__ = "invitation_group"

    invitation_id: int = Field(foreign_key="invitation.id", primary_key=True)
    group_id: int = Field(foreign_key="group.id", primary_key=True, index=True)
    community_id: int = _of("community")


class JoinRequest(SQLModel, table=True):
    """What somebody without a code asks of the leaders: to be let in."""

    __tablename__ = "join_request"

    id: int = _id()
    community_id: int = _of("community")
    name: str
    address: str
    medium: str  # email or text: how they are answered
    contact: str | None = None  # none once erased
    contact_key: bytes = Field(sa_type=LargeBinary, index=True)
    words: str = Field(default="", sa_type=Text)  # for the leaders
    language: str = _empty()  # BCP 47, in which they filled in the form
    created_at: datetime = _at()
    decided_at: datetime | None = _maybe_at()
    decision: str = _empty()  # approved or declined
    leader_id: int | None = _maybe_of("leader")  # who decided
    reason: str = Field(default="", sa_type=Text)  # for whoever asked; may be empty


class RosterEntry(SQLModel, table=True):
    """A line of the leaders' own list: an address, and who may be invited there."""

    __tablename__ = "roster_entry"
    __table_args__ = (
        UniqueConstraint("community_id", "address_key", "name_key"),
        Index("ix_roster_entry_community_id_email_key", "community_id", "email_key"),
        Index("ix_roster_entry_community_id_phone_key", "community_id", "phone_key"),
    )

    id: int = _id()
    community_id: int = _of("community", index=False)
    address: str  # with its unit: "3 Elm Street, Flat 4B"
    address_key: str  # as in `household`
    street: str  # or building: what coverage is counted by
    name: str = ""
    name_key: str = ""
    email: str | None = None
    email_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone: str | None = None
    phone_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    language: str = ""  # BCP 47; empty: the community's
    created_at: datetime = _at()
    updated_at: datetime = _at()


class RosterDraft(SQLModel, table=True):
    """A roster file that a leader gave, read and checked but not yet applied. Swept after a day."""

    __tablename__ = "roster_draft"

    id: int = _id()
    community_id: int = _of("community")
    leader_id: int = _of("leader", index=False)
    file_name: str
    content: bytes | None = Field(default=None, sa_type=LargeBinary)  # none once applied
    checked: bytes | None = Field(default=None, sa_type=LargeBinary)  # lines read so far
    # reading, ready, broken, applying, applied, cancelled or, when we could not go on, failed
    state: str = "reading"
    row_count: int = 0
    done_count: int = 0  # of those, read or applied by now
    outcome: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # counts and problems
    created_at: datetime = _at()


class Household(SQLModel, table=True):
    """Members at one address; the unit of billing."""

    __table_args__ = (
        UniqueConstraint("community_id", "address_key"),
        Index("ix_household_community_id_address_order", "community_id", "address_order", "id"),
    )

    id: int = _id()
    community_id: int = _of("community", index=False)
    address: str  # as first typed
    address_key: str  # normal form, for matching
    # Where it stands in a list: by street, 2 Elm before 10 Elm. Made from the key.
    address_order: str = Field(default="", sa_type=Plain, sa_column_kwargs={"server_default": ""})
    # Of the link by which housemates add themselves; one higher makes earlier links worthless.
    link_number: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = _at()


class HouseholdWord(SQLModel, table=True):
    """A word of the address or of a member's name, in small letters without accents: the index that
    search is answered from.
    """

    __tablename__ = "household_word"
    __table_args__ = (
        Index("ix_household_word_community_id_word", "community_id", "word", "household_id"),
    )

    household_id: int = Field(foreign_key="household.id", primary_key=True)
    word: str = Field(primary_key=True, sa_type=Plain)
    community_id: int = _of("community", index=False)


class Member(SQLModel, table=True):
    """A resident who has signed up; belongs to one household."""

    __table_args__ = (
        Index("ix_member_community_id_email_key", "community_id", "email_key"),
        Index("ix_member_community_id_phone_key", "community_id", "phone_key"),
        Index("ix_member_community_id_joined_at", "community_id", "joined_at"),
        Index(
            "ix_member_suspended",
            "community_id",
            sqlite_where=text("suspended_at IS NOT NULL"),
            postgresql_where=text("suspended_at IS NOT NULL"),
        ),
    )

    id: int = _id()
    community_id: int = _of("community")
    household_id: int = _of("household")
    is_head: bool = False
    name: str
    email: str | None = None
    email_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone: str | None = None
    phone_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    joined_at: datetime = _at()
    removed_at: datetime | None = _maybe_at()
    language: str = _empty()  # BCP 47; empty: the community's
    suspended_at: datetime | None = _maybe_at()  # still one, but kept out until a leader says so
    is_hidden: bool = _yes_or_no(False)  # other members do not see how to reach them
    added_by_id: int | None = _maybe_of("member")  # the head of household who added them
    moved_at: datetime | None = _maybe_at()  # into this household; none: they joined in it


class Stay(SQLModel, table=True):
    """A member's time in a household that they moved out of: what months are billed by."""

    id: int = _id()
    community_id: int = _of("community")
    household_id: int = _of("household")
    member_id: int = _of("member")
    since: datetime = _at()
    until: datetime = _at()


class NewContact(SQLModel, table=True):
    """A member's new address or number, until they prove that it is theirs."""

    __tablename__ = "new_contact"

    member_id: int = Field(foreign_key="member.id", primary_key=True)
    community_id: int = _of("community")
    medium: str  # email or text
    contact: str
    until: datetime = _at()


class Undo(SQLModel, table=True):
    """What a leader changed about members, so that it can be taken back for a day."""

    id: int = _id()
    community_id: int = _of("community")
    leader_id: int = _of("leader", index=False)
    words: str  # what was done: "moved Ana Ruiz to 9 Elm Street"
    # What changed, in order: {"table", "key", "before", "after"}; the last three are columns and
    # their values. No "before": the row was not there. No "after": it is no longer.
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime, index=True)
    taken_at: datetime | None = _maybe_at()  # taken back, once


class Redemption(SQLModel, table=True):
    """The moment a code was used. One invitation, one redemption: the constraint says so too."""

    id: int = _id()
    community_id: int = _of("community")
    invitation_id: int = Field(foreign_key="invitation.id", unique=True)
    household_id: int = _of("household", index=False)
    member_id: int = Field(foreign_key="member.id", unique=True)
    browser: bytes | None = Field(default=None, sa_type=LargeBinary)  # hash of its cookie
    at: datetime = _at()


class Group(SQLModel, table=True):
    """A named set of members: committee, building, team."""

    __table_args__ = (Index("uq_group_name_key", "community_id", "name_key", unique=True),)

    id: int = _id()
    community_id: int = _of("community", index=False)
    name: str
    name_key: str = _empty()  # in small letters, without accents


class GroupMember(SQLModel, table=True):
    """Who belongs to which group."""

    __tablename__ = "group_member"

    group_id: int = Field(foreign_key="group.id", primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True, index=True)
    community_id: int = _of("community")


class BillingMonth(SQLModel, table=True):
    """How many households were registered in a month that is over. Written once, never changed."""

    __tablename__ = "billing_month"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    month: date = Field(primary_key=True)  # its first day, by the community's clock
    household_count: int
    member_count: int
    closed_at: datetime = _at()
