"""Founding: the first community at the first start, and as many more as the operator likes."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import names, using
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.using import Person
from bot.languages import Sentence
from bot.ports import Services
from storage import audits, communities
from storage.tables import ChatLink, Community

# Said in each reader's language, until a leader writes others.
_DEFAULT_WELCOME = Sentence("We look after each other here. Come and say hello.")
_DEFAULT_FEATURES = (
    Sentence("News from the neighbours, in one place"),
    Sentence("Events, and who brings what"),
    Sentence("Things to lend, borrow and give away"),
    Sentence("Somebody to ask when you need a hand"),
)
_LONGEST_NAME = 60  # characters


class NotTheOperator(Refusal):
    """Communities are founded by whoever runs Porchlight. Please ask them for one more."""

    status = 403


class LeadsOneLikeIt(Refusal):
    """You lead a community called {name} already. Give the new one another name."""

    status = 409


async def first(
    services: Services,
    *,
    name: str,
    now: datetime,
    leader: tuple[str, str] | None = None,
    chat: str = "",
    place: str = "",
    announce_channel: str | None = None,
    announce_name: str = "",
) -> bool:
    """Found the first community, unless there is one.

    Takes: leader, (user id, name) in this place of this chat; none: until somebody claims it
    (`bot.community.leaders.claims`) nobody leads it and no place belongs to it.
    Gives: whether it was founded now.
    """

    def change(session: Session) -> bool:
        if communities.count(session):
            return False
        row = communities.add(session, _new(session, name, now=now))
        if leader is not None:
            link = ChatLink(
                community_id=row.id,
                chat=chat,
                place=place,
                announce_channel=announce_channel,
                announce_name=announce_name,
            )
            session.add(link)
            _add_owner(session, row, Person(chat, place, leader[0]), leader[1], now=now)
        return True

    return await services.storage.write(change)


async def one_more(services: Services, *, name: str, now: datetime) -> Community:
    """Found a community that waits for somebody to claim it, from whichever chat.

    Raises: BadWords.
    """
    return await services.storage.write(_add, _name(name), actor="operator", now=now)


async def one_more_here(services: Services, actor: Actor, *, name: str, now: datetime) -> Community:
    """Found a community that the actor owns, in this place of their chat, and uses from now on.

    Raises: BadWords, NotTheOperator, LeadsOneLikeIt.
    """
    right_name = _name(name)
    who = Person(actor.chat, actor.place, actor.user_id)

    def change(session: Session) -> Community:
        led = using.leading_of(session, who).led
        first = communities.first(session).id
        if not any(one.community_id == first and one.role == "owner" for one in led):
            raise NotTheOperator
        if using.named(led, right_name):
            raise LeadsOneLikeIt(name=right_name)
        row = _add(session, right_name, actor=actor.trace, now=now)
        session.add(ChatLink(community_id=row.id, chat=actor.chat, place=actor.place))
        _add_owner(session, row, who, actor.name, now=now)
        using.keep(session, who, row.id, now=now)
        return row

    return await services.storage.write(change)


@dataclass(frozen=True, slots=True)
class Counted:
    """A community and how large it is."""

    community: Community
    leaders: int  # in chats that are set up
    households: int


async def every(services: Services) -> list[Counted]:
    """All communities, oldest first."""

    def query(session: Session) -> list[Counted]:
        leaders = communities.leader_counts(session, services.chats)
        households = communities.household_counts(session)
        return [
            Counted(row, leaders.get(row.id, 0), households.get(row.id, 0))
            for row in communities.every(session)
        ]

    return await services.storage.read(query)


def _name(typed: str) -> str:
    return names.name(typed, what="name of the community", longest=_LONGEST_NAME)


def _add(session: Session, name: str, *, actor: str, now: datetime) -> Community:
    """One more community; it takes after the first in what neighbours are likely to share."""
    first = communities.lock(session, communities.first(session).id)  # so slugs are given in turn
    row = _new(session, name, now=now)
    row.language, row.region, row.timezone, row.paper = (
        first.language, first.region, first.timezone, first.paper,
    )  # fmt: skip
    communities.add(session, row)
    audits.note(
        session,
        row.id,
        actor=actor,
        action="community.founded",
        subject=f"community:{row.id}",
        now=now,
    )
    return row


def _new(session: Session, name: str, *, now: datetime) -> Community:
    return Community(
        name=name,
        slug=_free(slug(name), communities.slugs(session)),
        welcome=_DEFAULT_WELCOME,
        features=list(_DEFAULT_FEATURES),
        created_at=now,
    )


def slug(name: str) -> str:
    """The name as one plain word: "maple-court"."""
    return re.sub(r"[^a-z0-9]+", "-", names.plain(name)).strip("-") or "community"


def _free(wanted: str, taken: set[str]) -> str:
    """The slug, with a number when there is one like it: "maple-court-2"."""
    number = 1
    while (found := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return found


def _add_owner(session: Session, row: Community, who: Person, name: str, *, now: datetime) -> None:
    communities.add_leader(
        session,
        row.id,
        chat=who.chat,
        place=who.place,
        user_id=who.user_id,
        name=name,
        role="owner",
        now=now,
    )
