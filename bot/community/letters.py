"""Letters: written as facts when a leader asks, rendered from them when they are sent.

Rendering takes nothing but what the delivery stores, so a letter that is sent again after a crash
is the same to the byte, and the access code is in no table.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import codes, segments, tokens
from bot.community.communities import logos
from bot.community.contacts import Contact
from bot.languages import Language, Sentence
from bot.messages import Letter, Medium
from bot.ports import Services
from bot.settings import Keys
from storage import deliveries, invitations
from storage.tables import Community, Delivery, Invitation

STALE = timedelta(hours=24)  # an older Date header costs 2.6 points with SpamAssassin
# What links of letters are signed for; each holds the id of its delivery.
HOME, NOT_ME, NEW_CONTACT = "home", "not-me", "contact"
_NOT_ME_FOR = timedelta(days=30)  # by then who was added has been here, or never will
_OF_INVITATIONS = {"invitation", "reminder"}  # come in the name of whoever invites
_TO_MEMBERS = {
    "household_link", "household_added", "household_joined", "household_left", "new_contact",
    "contact_changed", "welcome",
}  # fmt: skip
_SHORTENED = ("invited_by", "community", "newcomer", "added_by", "leaver")  # names in texts


@dataclass(frozen=True, slots=True)
class Words:
    """What a resident reads."""

    subject: str
    text: str
    html: str
    link: str


def facts_of(
    community: Community, *, address: str, language: str = "", **more: Any
) -> dict[str, Any]:
    """What every letter of the community is rendered from, to be stored with the delivery.

    Takes: language, of who reads it; empty: the community's.
    """
    return {
        "address": address,  # of our pages
        "community": community.name,
        "slug": community.slug,
        "colour": community.colour,
        "logo": community.logo,
        "postal": community.postal,
        "language": language or community.language,
        **more,
    }


def write(
    services: Services,
    contact: Contact,
    *,
    event: str,
    community_id: int,
    facts: dict[str, Any],
    now: datetime,
    invitation_id: int | None = None,
    member_id: int | None = None,
    attempt: int = 1,
) -> Delivery:
    """A new delivery of a letter to this contact, not yet stored."""
    return Delivery(
        community_id=community_id,
        invitation_id=invitation_id,
        member_id=member_id,
        event=event,
        medium=contact.medium,
        contact=contact.address,
        contact_key=contact.key(services.keys),
        attempt=attempt,
        message_id=f"<inv.{secrets.token_hex(8)}@{services.settings.hostname}>",
        facts=facts,
        dated_at=now,
        created_at=now,
        updated_at=now,
    )


def render(session: Session, services: Services, delivery: Delivery) -> Letter:
    """The letter of this delivery, the same every time. Its contact must not be erased yet."""
    assert delivery.contact is not None
    words = words_of(session, services, delivery)
    facts = delivery.facts
    return Letter(
        delivery_id=delivery.id,
        medium=medium_of(delivery),
        event=delivery.event,
        to=delivery.contact,
        subject=words.subject,
        text=words.text,
        html=words.html,
        sender_name=_sender_name(services, delivery),
        link=words.link,
        proof=words.link.rpartition("/")[2],
        opt_out=_opt_out(services.keys, delivery),
        message_id=delivery.message_id,
        replies_to=deliveries.first_message_id(session, delivery),
        date=delivery.dated_at,
        community=facts["slug"],
        written_at=delivery.created_at,
        tag=tokens.tag(services.keys, delivery.id),
    )


def _sender_name(services: Services, delivery: Delivery) -> str:
    facts = delivery.facts
    if delivery.event not in _OF_INVITATIONS:
        return str(facts["community"])
    via = Sentence("{name} via {community}", name=facts["invited_by"], community=facts["community"])
    return services.templates.languages.of(facts["language"]).say(via)


def words_of(session: Session, services: Services, delivery: Delivery) -> Words:
    """What the resident reads in this delivery's letter."""
    language = services.templates.languages.of(delivery.facts["language"])
    words = {**delivery.facts, **_for_event(session, services.keys, delivery, language)}
    words["opt_out"] = _opt_out(services.keys, delivery)
    folder = f"{delivery.medium}/{delivery.event}"
    if delivery.medium == "hand":
        return Words("", _text(services, "by_hand", words), "", words["link"])
    if delivery.medium == "text":
        return Words("", _text(services, delivery.event, words), "", words["link"])
    words["on_colour"] = on_colour(words["colour"])
    words["logo"] = logos.shown(words.get("logo", ""))  # letters of old know of none
    render = services.templates.render
    return Words(
        subject=render(f"{folder}/subject.txt", **words).strip(),
        text=render(f"{folder}/body.txt", **words),
        html=render(f"{folder}/body.html", **words),
        link=words["link"],
    )


def _text(services: Services, event: str, words: dict[str, Any]) -> str:
    def render(**names: str) -> str:
        return services.templates.render(f"sms/{event}.txt", **{**words, **names}).strip()

    names: dict[str, str] = {name: str(words[name]) for name in _SHORTENED if name in words}
    return segments.fit(render, names)


def _for_event(
    session: Session, keys: Keys, delivery: Delivery, language: Language
) -> dict[str, Any]:
    address = delivery.facts["address"]
    if delivery.event in _TO_MEMBERS:
        return _for_member(keys, delivery)
    if delivery.join_request_id is not None:
        return {"link": f"{address}/asked/{tokens.sign(keys, 'asked', delivery.join_request_id)}"}
    assert delivery.invitation_id is not None
    row = invitations.get(session, delivery.community_id, delivery.invitation_id)
    assert row is not None
    code = codes.derive(keys, row.id, row.generation)
    return {
        "code": codes.grouped(code),
        "link": codes.link(address, code),
        "no_more": f"{address}/r/{tokens.sign(keys, 'reminder', row.id)}",
        "type_at": type_at(address),
        "valid_until": language.long_date(date.fromisoformat(delivery.facts["until"])),
    }


def _for_member(keys: Keys, delivery: Delivery) -> dict[str, Any]:
    """The links of a letter to a member."""
    address, facts = delivery.facts["address"], delivery.facts
    until = datetime.fromisoformat(facts["until"]) if "until" in facts else None
    match delivery.event:
        case "household_link":
            return {"link": f"{address}/h/{tokens.sign(keys, HOME, delivery.id, until=until)}"}
        case "household_added":
            home = f"{address}/h/{tokens.sign(keys, HOME, delivery.id, until=until)}"
            return {"link": home, "not_me": f"{address}/n/{not_me(keys, delivery)}"}
        case "new_contact":
            return {
                "link": f"{address}/c/{tokens.sign(keys, NEW_CONTACT, delivery.id, until=until)}"
            }
        case "welcome":
            return {"link": f"{address}/household"}
        case _:
            return {"link": f"{address}/household?d={delivery.id}"}  # the id makes the text unique


def not_me(keys: Keys, delivery: Delivery) -> str:
    """The token by which the reader of this letter says that it is not for them."""
    return tokens.sign(keys, NOT_ME, delivery.id, until=delivery.created_at + _NOT_ME_FOR)


def invitation_facts(
    services: Services, community: Community, row: Invitation, *, invited_by: str
) -> dict[str, Any]:
    """The facts of an invitation's letter."""
    assert row.expires_at is not None
    return facts_of(
        community,
        address=services.settings.address,
        language=row.language,
        welcome=community.welcome,
        features=community.features,
        invited_by=invited_by,
        until=last_day(row.expires_at, community.timezone).isoformat(),
    )


def last_day(expires_at: datetime, timezone: str) -> date:
    """The last day on which the code works, in the community's time zone."""
    return (expires_at.astimezone(ZoneInfo(timezone)) - timedelta(seconds=1)).date()


def type_at(address: str) -> str:
    """The address to type a code at, as short as paper likes it."""
    return address.removeprefix("https://").removeprefix("http://") + "/join"


def on_colour(colour: str) -> str:
    """White or black, whichever is easier to read on the colour: at least 4.58:1 (WCAG 2)."""
    luminance = 0.0
    for weight, start in ((0.2126, 1), (0.7152, 3), (0.0722, 5)):
        part = int(colour[start : start + 2], 16) / 255
        linear = part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        luminance += weight * linear
    white, black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
    return "#ffffff" if white >= black else "#000000"


def _opt_out(keys: Keys, delivery: Delivery) -> str:
    return f"{delivery.facts['address']}/o/{tokens.sign(keys, 'optout', delivery.id)}"


def medium_of(delivery: Delivery) -> Medium:
    """Which courier carries it."""
    return "email" if delivery.medium == "email" else "text"
