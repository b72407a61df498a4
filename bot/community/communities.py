"""The community itself: founded once, shown and changed by its leaders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from sqlmodel import Session

from bot.community import names
from bot.community.errors import BadFields
from bot.community.leaders import Actor
from bot.community.names import BadWords
from bot.languages import Languages, Sentence
from bot.ports import Services
from storage import audits, communities, invitations, jobs, members
from storage.listing import Wanted, matching
from storage.tables import ChatLink, Community

# Said in each reader's language, until a leader writes others.
_DEFAULT_WELCOME = Sentence("We look after each other here. Come and say hello.")
_DEFAULT_FEATURES = (
    Sentence("News from the neighbours, in one place"),
    Sentence("Events, and who brings what"),
    Sentence("Things to lend, borrow and give away"),
    Sentence("Somebody to ask when you need a hand"),
)
_LONGEST_WELCOME = 280
_MOST_FEATURES = 8
_LONGEST_CHANNEL = 80
_LONGEST_FEATURE = 80


@dataclass(frozen=True, slots=True)
class Overview:
    """The community and its numbers."""

    community: Community
    leaders: tuple[str, ...]
    households: int
    members: int
    open_invitations: int
    announces_in: str | None  # the channel, in the chat where this was asked
    given_up: tuple[str, ...]  # why the chat was not told something


async def found(
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
    (`bot.community.claims`) nobody leads it and no place belongs to it.
    Gives: whether it was founded now.
    """

    def change(session: Session) -> bool:
        if communities.count(session):
            return False
        community = communities.add(
            session,
            Community(
                name=name,
                slug=slug(name),
                welcome=_DEFAULT_WELCOME,
                features=list(_DEFAULT_FEATURES),
                created_at=now,
            ),
        )
        if leader is not None:
            link = ChatLink(
                community_id=community.id,
                chat=chat,
                place=place,
                announce_channel=announce_channel,
                announce_name=announce_name,
            )
            session.add(link)
            user_id, leader_name = leader
            communities.add_leader(
                session, community.id, chat=chat, user_id=user_id, name=leader_name, now=now
            )
        return True

    return await services.storage.write(change)


def slug(name: str) -> str:
    """The name as one plain word: "maple-court"."""
    return re.sub(r"[^a-z0-9]+", "-", names.plain(name)).strip("-") or "community"


async def overview(services: Services, actor: Actor, *, now: datetime) -> Overview:
    """The community as its leaders see it."""

    def query(session: Session) -> Overview:
        link = communities.link_of(session, chat=actor.chat, place=actor.place)
        open_ones = matching(Wanted("open"), now=now)
        leaders = communities.leaders(session, actor.community_id, chats=services.chats)
        return Overview(
            community=communities.get(session, actor.community_id),
            leaders=tuple(row.name for row in leaders),
            households=members.household_count(session, actor.community_id),
            members=members.member_count(session, actor.community_id),
            open_invitations=invitations.count(session, actor.community_id, *open_ones),
            announces_in=_announces_in(link),
            given_up=tuple(
                job.error for job in jobs.dead(session, actor.community_id) if job.kind != "deliver"
            ),  # letters have their receipts
        )

    return await services.storage.read(query)


def _announces_in(link: ChatLink | None) -> str | None:
    """How people know the channel where joins are announced, if they are."""
    if link is None or link.announce_channel is None:
        return None
    return link.announce_name or f"a channel of {link.chat.capitalize()}"


async def edit(
    services: Services, actor: Actor, changes: Mapping[str, str], *, now: datetime
) -> Community:
    """Change what the community is called and says.

    Takes: changes, typed words by field: name, welcome, features (one a line), colour, code_days,
    pass_days, paper, region, timezone, language, postal, links ("label https://..." a line). Fields
    that are not there stay.
    Raises: BadFields; then nothing has changed.
    """
    parsed: dict[str, object] = {}
    errors: dict[str, str] = {}
    for field, typed in changes.items():
        try:
            parsed[field] = (
                _language(typed, services.templates.languages)
                if field == "language"
                else _PARSERS[field](typed)
            )
        except BadWords as bad:
            errors[field] = bad.why
    if errors:
        raise BadFields(errors)

    def change(session: Session) -> Community:
        community = communities.get(session, actor.community_id)
        for field, value in parsed.items():
            setattr(community, field, value)
        audits.note(
            session,
            community.id,
            actor=actor.trace,
            action="community.edited",
            subject=f"community:{','.join(sorted(parsed))}",
            now=now,
        )
        return community

    return await services.storage.write(change)


async def announce_in(
    services: Services, actor: Actor, channel: str | None, *, now: datetime
) -> None:
    """Announce joins in this channel of the actor's chat from now on, or nowhere.

    Announcements that an earlier channel refused are tried again here.
    """

    def change(session: Session) -> None:
        link = communities.link_of(session, chat=actor.chat, place=actor.place)
        assert link is not None  # or there would be no actor
        link.announce_channel = channel
        link.announce_name = names.one_line(actor.channel_name)[:_LONGEST_CHANNEL]
        if channel is not None:
            jobs.revive(session, actor.community_id, f"chat:{actor.chat}")
        audits.note(
            session,
            actor.community_id,
            actor=actor.trace,
            action="announcements.moved",
            subject=f"chat_link:{link.id}",
            now=now,
        )

    await services.storage.write(change)


# The door for each field


def _name(typed: str) -> str:
    return names.name(typed, what="name of the community", longest=60)


def _welcome(typed: str) -> str:
    return names.words(typed, what="welcome", longest=_LONGEST_WELCOME)


def _features(typed: str) -> list[str]:
    lines = [line.lstrip("-*• ") for line in re.split(r"[\n;]", typed)]
    words = (names.words(line, what="feature", longest=_LONGEST_FEATURE) for line in lines)
    features = [feature for feature in words if feature]
    if len(features) > _MOST_FEATURES:
        raise BadWords(f"List {_MOST_FEATURES} features at most; fewer are read.")
    return features


def _colour(typed: str) -> str:
    colour = typed.strip().lower()
    if re.fullmatch(r"#?[0-9a-f]{3}", colour):
        colour = "#" + "".join(char * 2 for char in colour.removeprefix("#"))
    if not re.fullmatch(r"#?[0-9a-f]{6}", colour):
        raise BadWords("Give the colour like #0b4f58.")
    return "#" + colour.removeprefix("#")


def _code_days(typed: str) -> int:
    if not 1 <= (days := _whole(typed)) <= 90:
        raise BadWords("Codes can live 1 to 90 days.")
    return days


def _pass_days(typed: str) -> int | None:
    if typed.strip().lower() in {"", "0", "never", "for ever", "forever"}:
        return None
    if not 1 <= (days := _whole(typed)) <= 3650:
        raise BadWords("Passes can live 1 to 3650 days; leave it empty for ever.")
    return days


def _whole(typed: str) -> int:
    """The number typed; 0 when it is none, or beyond all measure."""
    digits = typed.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0


def _paper(typed: str) -> str:
    if (paper := typed.strip().lower()) not in {"a4", "letter"}:
        raise BadWords("The paper is A4 or Letter.")
    return paper


def _region(typed: str) -> str:
    if (region := typed.strip().upper()) not in phonenumbers.SUPPORTED_REGIONS:
        raise BadWords("Give the country as two letters, like US or GB.")
    return region


def _timezone(typed: str) -> str:
    if (zone := typed.strip()) not in available_timezones():
        raise BadWords("Give the time zone like America/New_York or Europe/Madrid.")
    return ZoneInfo(zone).key


def _language(typed: str, languages: Languages) -> str:
    if (meant := languages.meant(typed)) is None:
        known = ", ".join(one.english_name for one in languages.values())
        raise BadWords(f"Give one of these languages: {known}.")
    return meant.tag


def _postal(typed: str) -> str:
    return names.words(typed, what="postal address", longest=160)


def _links(typed: str) -> list[list[str]]:
    links = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        label, _, url = line.rpartition(" ")
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+(?:/[^\s<>\"]*)?", url) or not label:
            raise BadWords("Write each link as a name and an https address.")
        links.append([names.name(label, what="name of the link", longest=40), url])
    return links


_PARSERS = {
    "name": _name,
    "welcome": _welcome,
    "features": _features,
    "colour": _colour,
    "code_days": _code_days,
    "pass_days": _pass_days,
    "paper": _paper,
    "region": _region,
    "timezone": _timezone,
    "postal": _postal,
    "links": _links,
}
FIELDS = frozenset({*_PARSERS, "language"})
