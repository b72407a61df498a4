"""Redemptions: a resident uses an access code, once, and becomes a member.

One transaction claims the code, finds or makes the household, makes the members and leaves all that
follows to the postman: after it, nothing can fail the newcomer. A right code is looked up before
any limit is asked, so nobody is ever locked out by strangers.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from bot.community import codes, contacts, joining, letters, names, tokens
from bot.community.brands import Brand
from bot.community.errors import BadFields, Refusal
from bot.community.sign_ups import SignUp
from bot.languages import Sentence
from bot.ports import Services
from bot.settings import Keys
from storage import attempts, communities, members, redemptions
from storage.database import brief
from storage.redemptions import Found
from storage.tables import Member, Redemption

_WRONG_CODES_OF_ONE = 20  # an hour, from one address
_WRONG_CODES_OF_ALL = 600  # an hour: at 55 bits still hopeless for 1.5 chances in a million a year
_LEADER = Sentence("A leader")  # when whoever invited them leads no more


class UnknownCode(Refusal):
    """We do not know this code. Please compare it with your letter or pass once more."""

    status = 404


class TooManyTries(Refusal):
    """There were too many wrong codes from your connection. Please try again in {minutes} min."""

    status = 429
    retry_after: int


class CodeUsed(Refusal):
    """This code has been used already. Each code works once, for one household."""

    status = 410
    member_id: int | None = None  # who used it, when this very browser did


class CodeVoid(Refusal):
    """This code is no longer valid. Please ask whoever gave it to you for a new one."""

    status = 410


class CodeExpired(Refusal):
    """This code has expired. {leader} of {community} can make it work again."""

    status = 410


@dataclass(frozen=True, slots=True)
class Invited:
    """What somebody with a good code may know before signing up."""

    invitation_id: int
    community_id: int
    brand: Brand
    welcome: str
    features: tuple[str, ...]
    theirs: str  # BCP 47, of who is invited; empty: not known
    region: str
    invited_by: str
    code: str  # grouped
    valid_until: date | None
    contact: str  # what the invitation was sent to; empty for a pass
    household_limit: int  # members; more is a mistake, or somebody giving the code around


@dataclass(frozen=True, slots=True)
class Admitted:
    """What redeeming a code made of somebody."""

    member_id: int
    household_id: int
    is_head: bool


async def look_up(
    services: Services, typed: str, *, source: str, browser: str = "", now: datetime
) -> Invited:
    """What a code opens. Changes nothing but the count of wrong codes.

    Takes: source, the client's address; browser, its random cookie.
    Raises: MistypedCode, UnknownCode, TooManyTries, CodeUsed, CodeVoid, CodeExpired.
    """
    code_hash = codes.fingerprint(services.keys, codes.parse(typed))
    found = await services.storage.read(redemptions.by_code, code_hash)
    if found is None:
        raise await _wrong_code(services, source, now=now)
    _check_usable(found, browser, now=now)
    return _invited(services.keys, found)


async def _wrong_code(services: Services, source: str, *, now: datetime) -> Refusal:
    one, everybody = f"code:{tokens.hashed(services.keys, source)}", "code:all"
    numbers = await services.storage.write(attempts.count, (one, everybody), now=now)
    if numbers[one] > _WRONG_CODES_OF_ONE or numbers[everybody] > _WRONG_CODES_OF_ALL:
        wait = attempts.hour_ends_in(now)
        return TooManyTries(retry_after=wait, minutes=-(-wait // 60))
    return UnknownCode()


def _check_usable(found: Found, browser: str, *, now: datetime) -> None:
    if found.redeemed_at is not None:
        mine = bool(browser) and found.browser == _hashed(browser)
        raise CodeUsed(member_id=found.member_id if mine else None)
    if found.voided_at is not None:
        raise CodeVoid
    if found.expires_at is not None and found.expires_at <= now:
        leader = _LEADER if found.leader_removed_at else found.leader
        raise CodeExpired(leader=leader, community=found.community)


def _hashed(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()[:16]


def _invited(keys: Keys, found: Found) -> Invited:
    until = found.expires_at and letters.last_day(found.expires_at, found.timezone)
    return Invited(
        invitation_id=found.invitation_id,
        community_id=found.community_id,
        brand=Brand(found.community, found.colour, found.logo, found.language),
        welcome=found.welcome,
        features=tuple(found.features),
        theirs=found.theirs,
        region=found.region,
        invited_by=found.leader,
        code=codes.grouped(codes.derive(keys, found.invitation_id, found.generation)),
        valid_until=until,
        contact=found.contact or "",
        household_limit=found.household_limit,
    )


async def redeem(
    services: Services,
    typed: str,
    sign_up: SignUp,
    *,
    source: str,
    browser: str,
    language: str = "",
    now: datetime,
) -> Admitted:
    """Use a code up and make its holder a member.

    Takes: language, in which they filled in the form and will be written to.
    The same browser sending the form again gets the same answer again.
    Raises: MistypedCode, UnknownCode, TooManyTries, CodeUsed, CodeVoid, CodeExpired, BadFields.
    Touches: storage, in one transaction; announcement, receipt and notices follow.
    """
    code_hash = codes.fingerprint(services.keys, codes.parse(typed))
    admitted = await services.storage.write(
        _redeem,
        services.keys,
        code_hash,
        sign_up,
        browser=browser,
        language=language,
        now=now,
    )
    if admitted is None:
        raise await _wrong_code(services, source, now=now)
    return admitted


@brief
def _redeem(
    session: Session,
    keys: Keys,
    code_hash: bytes,
    sign_up: SignUp,
    *,
    browser: str,
    language: str,
    now: datetime,
) -> Admitted | None:
    claim = redemptions.claim(session, code_hash, now=now)
    if claim is None:
        return _not_claimed(session, code_hash, browser, now=now)
    household_id, is_head = _household(session, claim.community_id, sign_up, now=now)
    here = {
        "community_id": claim.community_id,
        "household_id": household_id,
    }
    contact = _own_contact(keys, sign_up)
    member_id = redemptions.add(
        session,
        Member,
        **here,
        **contact,
        name=sign_up.name,
        language=language,
        is_head=is_head,
        joined_at=now,
    )
    for name in sign_up.others:
        redemptions.add(session, Member, **here, name=name, language=language, joined_at=now)
    redemptions.add(
        session,
        Redemption,
        **here,
        invitation_id=claim.invitation_id,
        member_id=member_id,
        browser=_hashed(browser) if browser else None,
        at=now,
    )
    joining.follow_up(session, claim.community_id, member_id, others=sign_up.others)
    return Admitted(member_id, household_id, is_head)


def _not_claimed(
    session: Session, code_hash: bytes, browser: str, *, now: datetime
) -> Admitted | None:
    """Why the code could not be used, or the first answer again for the browser that used it."""
    found = redemptions.by_code(session, code_hash)
    if found is None:
        return None
    try:
        _check_usable(found, browser, now=now)
    except CodeUsed as used:
        member = members.get(session, used.member_id) if used.member_id else None
        if member is None:
            raise
        return Admitted(member.id, member.household_id, member.is_head)
    raise CodeUsed  # it could not be used, and it can: another hand is on it this very moment


def _household(
    session: Session, community_id: int, sign_up: SignUp, *, now: datetime
) -> tuple[int, bool]:
    """The household at the address, found or founded, and whether the newcomer is its head."""
    key = names.address_key(sign_up.address)
    founded = redemptions.found_household(
        session, community_id, address=sign_up.address, address_key=key, now=now
    )
    if founded is not None:
        return founded, True
    household = redemptions.household_at(session, community_id, key)
    housemates = members.of_household(session, household.id)
    limit = communities.get(session, community_id).household_limit
    if len(housemates) + 1 + len(sign_up.others) > limit:
        full = Sentence("This household has its {limit} members already.", limit=limit)
        raise BadFields({"address": full})
    return household.id, not housemates


def _own_contact(keys: Keys, sign_up: SignUp) -> dict[str, Any]:
    if sign_up.email:
        key = contacts.key_of(keys, "email", sign_up.email)
        return {"email": sign_up.email, "email_key": key}
    if sign_up.phone:
        return {"phone": sign_up.phone, "phone_key": contacts.key_of(keys, "text", sign_up.phone)}
    return {}
