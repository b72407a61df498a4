"""Deciding join requests: approve, decline, and take that back.

A request is decided once: one statement claims it, so of two leaders at the same moment one wins
and the other reads who did. Who is declined is told after ten minutes, in which it can be taken
back as if nothing had been.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from bot.community import contacts, names, receipts, trail
from bot.community.actors import Actor
from bot.community.contacts import Way
from bot.community.deliveries import job_keys
from bot.community.errors import Refusal
from bot.community.invitations import inviting, previews
from bot.community.invitations.inviting import Invited
from bot.community.requests import answering, request_cards
from bot.languages import Sentence
from bot.messages import Card
from bot.ports import Services
from storage import communities, invitations, jobs, members, requests, suppressions
from storage.tables import JoinRequest

LONGEST_REASON = 200  # characters
_SECOND_THOUGHTS = timedelta(minutes=10)

# What a leader may choose to say, in the language of whoever asked.
REASONS = {
    "address": Sentence("We could not find your address in our community."),
    "household": Sentence("Your household is here already. Its head can add you."),
    "unknown": Sentence("We do not know you yet. Please ask a neighbour to introduce you."),
}


class NoSuchRequest(Refusal):
    """There is no request #{number} here. `/requests` lists those that wait."""

    status = 404


class DecidedAlready(Refusal):
    """{who} {decision} request #{number} {when}. Nothing was changed."""

    status = 409


class CannotInvite(Refusal):
    """{why} Nothing was sent, and the request stays open."""

    status = 409


class NotDeclined(Refusal):
    """Request #{number} is not declined, so there is nothing to take back."""

    status = 409


class AskedAgain(Refusal):
    """They have asked again since: that is request #{number}."""

    status = 409


@dataclass(frozen=True, slots=True)
class Approved:
    """What came of approving."""

    name: str
    invitation_id: int | None
    invited: Invited | None = None  # none: nothing had to be sent
    was: Literal["", "member", "invited"] = ""  # why not


# Approving


async def approve(services: Services, actor: Actor, number: int, *, now: datetime) -> Approved:
    """Invite whoever asked, in their language; nothing is sent to who is in or invited by now.

    Raises: NoSuchRequest, DecidedAlready, CannotInvite, LimitReached, MediumNotSetUp.
    Touches: storage; the invitation's letter and receipt follow, and all cards of the request.
    """

    def change(session: Session) -> Approved:
        communities.lock(session, actor.community_id)
        row = request(session, actor, number)
        _claim(session, actor, row, "approved", now=now)
        approved = _in_already(session, row) or _invite(session, services, actor, row, now=now)
        _changed(session, actor, row, "request.approved", now=now)
        return approved

    return await services.storage.write(change)


def _in_already(session: Session, row: JoinRequest) -> Approved | None:
    """What approving comes to when they have joined meanwhile."""
    joined = members.contacts_among(session, [row.contact_key], community_id=row.community_id)
    return Approved(row.name, None, was="member") if joined else None


def _invited_already(session: Session, row: JoinRequest, *, now: datetime) -> Approved | None:
    """What approving comes to when they have been invited meanwhile."""
    known = invitations.open_by_contact(session, row.community_id, [row.contact_key])
    invited = known.get(row.contact_key)
    if invited is None or (invited.expires_at is not None and invited.expires_at <= now):
        return None
    invited.join_request_id = row.id
    return Approved(row.name, invited.id, was="invited")


def _invite(
    session: Session, services: Services, actor: Actor, row: JoinRequest, *, now: datetime
) -> Approved:
    key, contact = row.contact_key, contacts.known(row.medium, row.contact or "")
    if reason := suppressions.among(session, [key], now=now).get(key):
        raise CannotInvite(why=_barred(reason))
    if (known := _invited_already(session, row, now=now)) is not None:
        return known
    way = _way(services, row)
    previews.require(services, way)
    done = inviting.invite_all(
        session, services, actor, [contact], medium=way, language=row.language, now=now
    )
    if not done.sent:
        raise CannotInvite(why="They had as many invitations as anybody gets in a month.")
    session.flush()
    invited = invitations.open_by_contact(session, row.community_id, [key])[key]
    invited.join_request_id = row.id
    return Approved(row.name, invited.id, done)


def _way(services: Services, row: JoinRequest) -> Way:
    if row.medium == "email":
        return "email"
    return "text" if "text" in services.couriers else "hand"


def _barred(reason: str) -> str:
    if reason == "bounced":
        return "Messages to that address come back. You can hand them a pass: `/passes 1`."
    return (
        "Whoever has that address once told us to write no more, and only they can take that back: "
        "by the link in any message of ours, or with START to our number. You can hand them a "
        "pass: `/passes 1`."
    )


# Declining


async def decline(
    services: Services,
    actor: Actor,
    number: int,
    *,
    reason: str = "",
    tell: bool = True,
    now: datetime,
) -> Card:
    """Turn somebody down, and tell them so politely ten minutes later.

    Takes: reason, one of `REASONS`, or words of the leader's own; tell, whether to write at all.
    Raises: NoSuchRequest, DecidedAlready, BadWords.
    """
    why = names.words(reason, what="reason", longest=LONGEST_REASON)

    def change(session: Session) -> Card:
        row = request(session, actor, number)
        _claim(session, actor, row, "declined", reason=why, now=now)
        if tell:
            answering.write(
                session,
                services,
                row,
                "request_declined",
                reason=why,
                after=_SECOND_THOUGHTS,
                now=now,
            )
        _changed(session, actor, row, "request.declined", now=now)
        return request_cards.card(session, row)

    return await services.storage.write(change)


async def reopen(services: Services, actor: Actor, number: int, *, now: datetime) -> Card:
    """Take a decline back; its letter stays here, if it has not left.

    Raises: NoSuchRequest, NotDeclined, AskedAgain.
    """

    def change(session: Session) -> Card:
        communities.lock(session, actor.community_id)
        row = request(session, actor, number)
        other = requests.open_of(session, row.community_id, row.contact_key)
        if other is not None and other.id != row.id:
            raise AskedAgain(number=other.id)
        if row.contact is None or not requests.reopen(session, row):
            raise NotDeclined(number=number)
        jobs.cancel(session, job_keys(requests.letters_of(session, row.id)))
        _changed(session, actor, row, "request.reopened", now=now)
        return request_cards.card(session, row)

    return await services.storage.write(change)


# Whichever way


def request(session: Session, actor: Actor, number: int) -> JoinRequest:
    """The request, if it is the actor's to decide. Raises: NoSuchRequest."""
    row = requests.get(session, actor.community_id, number)
    if row is None:
        raise NoSuchRequest(number=number)
    return row


def decided(session: Session, row: JoinRequest) -> DecidedAlready:
    """Who decided the request, and when, as whoever comes too late reads it."""
    who, when = request_cards.by(session, row), request_cards.when(session, row)
    return DecidedAlready(who=who, decision=row.decision, number=row.id, when=when)


def _claim(
    session: Session,
    actor: Actor,
    row: JoinRequest,
    decision: str,
    *,
    reason: str = "",
    now: datetime,
) -> None:
    leader_id = actor.leader_id
    if not requests.decide(session, row, decision, leader_id=leader_id, reason=reason, now=now):
        raise decided(session, row)


def _changed(
    session: Session, actor: Actor, row: JoinRequest, action: str, *, now: datetime
) -> None:
    trail.note(session, actor, action, f"join_request:{row.id}", now=now)
    receipts.follow(session, requests.cards(session, row.id))
