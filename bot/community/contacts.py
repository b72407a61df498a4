"""The door for e-mail addresses and telephone numbers: what people paste becomes parsed contacts.

Slack's markup, display names, smart quotes, invisible characters and list punctuation are taken
off; what is left is judged by email-validator and phonenumbers. Nothing is guessed silently: a
likely slip of the pen is a suggestion, and numbers are echoed in international form.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from bot.community.errors import Refusal
from bot.languages import Sentence, country_name
from bot.ports import Plays, Services
from bot.settings import Keys
from storage.tables import Member

Way = Literal["email", "text", "hand"]  # by hand: a text from a leader's own phone

LIMIT = 100  # contacts at a time, like passes
_LONGEST = 320  # characters of an address (RFC 3696 errata); longer input is not looked at

# Slack sends addresses as <mailto:a@b.c|a@b.c> and numbers as <tel:+1...|...>.
_SLACK = re.compile(r"<(?:mailto|tel):([^|<>]*)(?:\|[^<>]*)?>")
# Ruiz, Ana <ana@example.org>: the name may have a comma of its own, but never an @.
_LISTED = re.compile(r"(^|[;,>\n])[^<>;\n@]*<([^<>\s@]+@[^<>\s@]+)>", re.MULTILINE)
_NAMED = re.compile(r"^[^<>@]*<([^<>\s]+@[^<>\s]+)>$")  # Ana Ruiz <ana@example.org>
_BREAKS = re.compile(r"[\n\r,;\u2028\u2029]+")
_AROUND = " \t\"'<>()[]“”‘’«».,:!?"  # punctuation that clings to a pasted address
_PHONE = re.compile(r"[0-9 +().\-/\u2010-\u2015]+")

# Slips seen in every sign-up log; a person may own such a domain, so they are asked.
_SLIPS = {
    "gmial.com": "gmail.com", "gmai.com": "gmail.com", "gmal.com": "gmail.com",
    "gamil.com": "gmail.com", "gnail.com": "gmail.com", "gmail.co": "gmail.com",
    "gmail.con": "gmail.com", "gmail.cm": "gmail.com", "gmaill.com": "gmail.com",
    "hotmial.com": "hotmail.com", "hotmal.com": "hotmail.com", "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com", "hotmail.co": "hotmail.com",
    "yaho.com": "yahoo.com", "yahooo.com": "yahoo.com", "yahoo.con": "yahoo.com",
    "yhaoo.com": "yahoo.com", "outlok.com": "outlook.com", "outloo.com": "outlook.com",
    "outlook.con": "outlook.com", "iclod.com": "icloud.com", "icloud.con": "icloud.com",
    "icoud.com": "icloud.com", "protonmial.com": "protonmail.com",
}  # fmt: skip

_REFUSED_KINDS = {
    PhoneNumberType.FIXED_LINE: "looks like a landline, which cannot get texts",
    PhoneNumberType.TOLL_FREE: "is a toll-free number, which cannot get texts",
    PhoneNumberType.PREMIUM_RATE: "is a premium-rate number",
    PhoneNumberType.SHARED_COST: "is a shared-cost number",
    PhoneNumberType.UAN: "is a company's number",
    PhoneNumberType.PAGER: "is a pager",
    PhoneNumberType.VOICEMAIL: "is a voicemail number",
    PhoneNumberType.PERSONAL_NUMBER: "is a personal number, which texts do not reach",
}
_NOWHERE = "001"  # of satellites, and of what costs dearly in any country
_SHORT_CODE = re.compile(r"\d{3,6}")  # 40404: machines write from it, and nobody to it


class BadContact(Refusal):
    """That is not an address or number we can use: {why}."""

    status = 422
    why: str

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


@dataclass(frozen=True, slots=True)
class Contact:
    """A parsed e-mail address or telephone number."""

    medium: Literal["email", "text"]
    address: str  # what a courier is given: "ana@example.org", "+12015550123"
    shown: str  # what a leader reads: "+1 201-555-0123"
    suggestion: str = ""  # the address they probably meant: "ana@gmail.com"

    def key(self, keys: Keys) -> bytes:
        """A keyed hash for matching, as `key_of` gives it."""
        return key_of(keys, self.medium, self.address)

    @property
    def in_full(self) -> str:
        """As a leader reads it back before it is too late: `+1 201-555-0123 (United States)`."""
        if self.medium == "email":
            return self.shown
        return f"{self.shown} ({_country(phonenumbers.parse(self.address))})"

    @property
    def masked(self) -> str:
        """As shown where others read along: `a•••@example.net`, `+1 •••0123`."""
        if self.medium == "email":
            local, _, domain = self.address.partition("@")
            return f"{local[:1]}•••@{domain}"
        return f"{self.shown.split()[0]} •••{self.address[-4:]}"


def key_of(keys: Keys, medium: Way, address: str) -> bytes:
    """A keyed hash of a parsed contact; a plain one of a number is undone in minutes. 16 bytes."""
    plain = f"contact:{medium}:{address.casefold()}"
    return hmac.digest(keys.pepper, plain.encode(), hashlib.sha256)[:16]


def pieces(pasted: str, medium: Way) -> Iterator[str]:
    """The single entries of what somebody pasted, in order, cleaned of markup and list signs."""
    unwrapped = _LISTED.sub(r"\1 \2 ;", _SLACK.sub(r" \1 ", pasted))
    for chunk in _BREAKS.split(unwrapped):
        words = [word for word in map(clean, chunk.split()) if word]
        if medium == "email" and all("@" in word for word in words):
            yield from words
        elif piece := clean(chunk):
            yield piece


def only_piece(pasted: str, medium: Way) -> str:
    """The entry, when there is just one; else nothing."""
    first, *more = [*islice(pieces(pasted[: 4 * _LONGEST], medium), 2)] or [""]
    return first if not more and len(pasted) <= 4 * _LONGEST else ""


def clean(text: str) -> str:
    """One entry without invisible characters and the punctuation around it."""
    visible = "".join(
        " " if unicodedata.category(char) in {"Zs", "Cc"} else char
        for char in text[: 4 * _LONGEST]
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    line = " ".join(visible.split())
    while (bare := _unwrapped(line)) != line:  # "(mailto:ana@example.org)" has two layers
        line = bare
    return line


def _unwrapped(line: str) -> str:
    if named := _NAMED.match(line):
        return named[1]
    line = line.removeprefix("mailto:").removeprefix("tel:")
    return line.strip(_AROUND) if "@" in line else line.strip(" \"“”‘’',;")


def parse_email(typed: str) -> Contact:
    """An e-mail address. Raises: BadContact."""
    typed = clean(typed)
    if len(typed) > _LONGEST:
        raise BadContact(Sentence("it is too long for an e-mail address"))
    if "@" not in typed:
        raise BadContact(Sentence("an e-mail address has an @ in it"))
    if " " in typed:
        raise BadContact(Sentence("there is a space in it"))
    local, _, domain = typed.rpartition("@")
    if not local.isascii():
        raise BadContact(Sentence("accents before the @ cannot be delivered; check the spelling"))
    try:
        valid = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise BadContact(Sentence("it is not spelt like an e-mail address")) from None
    address = f"{valid.local_part}@{valid.ascii_domain}".lower()
    meant = _SLIPS.get(domain.lower(), "")
    return Contact(
        "email", address, address, f"{address.partition('@')[0]}@{meant}" if meant else ""
    )


def parse_number(
    typed: str, *, region: str, regions: Collection[str] = (), in_play: Collection[str] = ()
) -> Contact:
    """A number that can get texts.

    Takes: region, for numbers without a country code ("US"); regions, where texts may go; none
    given means `region` alone; in_play, numbers that nobody has and that are let through.
    Raises: BadContact.
    """
    if _SHORT_CODE.fullmatch(unicodedata.normalize("NFKC", clean(typed))):
        raise BadContact("that is a short code; texts cannot be sent to it")
    number = _dialled(typed, region)
    contact = _contact(number)
    if contact.address in in_play:
        return contact
    kind = phonenumbers.number_type(number)
    if kind in _REFUSED_KINDS:
        raise BadContact(f"{contact.shown} {_REFUSED_KINDS[kind]}")
    allowed = regions or {region}
    if phonenumbers.region_code_for_number(number) not in allowed:  # also behind +1: Jamaica
        where = ", ".join(sorted(map(country_name, allowed)))
        words = f"is a number of {_country(number)}; texts go to {where} only"
        raise BadContact(f"{contact.shown} {words}")
    return contact


def parse_any(typed: str, *, region: str) -> Contact:
    """A resident's own address or number, landlines included. Raises: BadContact."""
    return parse_email(typed) if "@" in typed else _contact(_dialled(typed, region))


def parse(
    medium: Way,
    typed: str,
    *,
    region: str,
    regions: Collection[str] = (),
    in_play: Collection[str] = (),
) -> Contact:
    """One contact of this medium. Raises: BadContact."""
    if medium == "email":
        return parse_email(typed)
    return parse_number(typed, region=region, regions=regions, in_play=in_play)


def parse_invitee(services: Services, medium: Way, typed: str, *, region: str) -> Contact:
    """Whom a leader means, where letters may go. Raises: BadContact."""
    regions = frozenset(filter(None, services.settings.sms_regions.split(",")))
    courier = services.couriers.get("text")
    in_play = courier.in_play if isinstance(courier, Plays) else ()
    return parse(medium, typed, region=region, regions=regions, in_play=in_play)


def of_member(member: Member) -> Contact | None:
    """How a member said they can be reached."""
    if member.email:
        return known("email", member.email)
    return known("text", member.phone) if member.phone else None


def known(medium: str, address: str) -> Contact:
    """The contact of an address that was parsed before and comes out of storage."""
    if medium == "email":
        return Contact("email", address, address)
    return _contact(phonenumbers.parse(address))


def _dialled(typed: str, region: str) -> phonenumbers.PhoneNumber:
    typed = unicodedata.normalize("NFKC", clean(typed))
    extension = re.search(r"(?i)(?<=\d)\s*(?:x|ext\.?|#)\s*\d+$", typed)
    if extension:
        raise BadContact(Sentence("a number with an extension cannot get texts"))
    if not _PHONE.fullmatch(typed):
        raise BadContact(Sentence("a number has only digits, spaces and + ( ) . - in it"))
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise BadContact(Sentence("it is not a telephone number")) from None
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT:
            raise BadContact(Sentence("it is too short for a telephone number"))
        case ValidationResult.TOO_LONG:
            raise BadContact(Sentence("it is too long for a telephone number"))
    if typed.count("+") > 1 or not phonenumbers.is_valid_number(number):
        raise BadContact(Sentence("no telephone has this number; check the digits"))
    return number


def _contact(number: phonenumbers.PhoneNumber) -> Contact:
    return Contact(
        "text",
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
    )


def _country(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number) or _NOWHERE
    return "no country" if region == _NOWHERE else country_name(region)
