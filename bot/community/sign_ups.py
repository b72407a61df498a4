"""Sign-ups: the form with which somebody becomes a member, parsed at the door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.community import contacts, names
from bot.community.contacts import BadContact
from bot.community.errors import BadFields
from bot.community.names import BadWords
from bot.languages import Sentence


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up form, parsed."""

    name: str
    address: str
    email: str
    phone: str  # E.164
    others: tuple[str, ...]  # names of the rest of the household


def parse(
    *, name: str, address: str, contact: str, others: Sequence[str] = (), region: str, limit: int
) -> SignUp:
    """The sign-up form, parsed at the door.

    Takes: contact, an e-mail address or telephone number; others, names, empty ones ignored;
    limit, how many members a household may have.
    Raises: BadFields, with a sentence for each of name, address, contact, others.
    """
    errors: dict[str, str] = {}

    def tried(field: str, typed: str, **how: Any) -> str:
        try:
            return names.name(typed, **how)
        except BadWords as bad:
            errors[field] = bad.why
            return ""

    parsed_name = tried("name", name)
    parsed_address = tried(
        "address", address, what=Sentence("street address"), longest=names.LONGEST_ADDRESS
    )
    parsed_others = [tried("others", other) for other in others if other.strip()]
    if len(parsed_others) >= limit:
        errors["others"] = Sentence("A household has up to {limit} members here.", limit=limit)
    email = phone = ""
    try:
        email, phone = parse_own_contact(contact, region=region)
    except BadContact as bad:
        errors["contact"] = Sentence("Please check this: {why}.", why=bad.why)
    if errors:
        raise BadFields(errors)
    return SignUp(parsed_name, parsed_address, email, phone, tuple(parsed_others))


def parse_own_contact(typed: str, *, region: str) -> tuple[str, str]:
    """A resident's own (e-mail address, number in E.164), one of them empty. Raises: BadContact."""
    if not typed.strip():
        raise BadContact(Sentence("give an e-mail address or a telephone number"))
    contact = contacts.parse_any(typed, region=region)
    return (contact.address, "") if contact.medium == "email" else ("", contact.address)
