"""Access passes: mint a batch, draw it, draw it again, hand it out, void what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.community import codes, invitations, letters, names, receipts, sending, trail
from bot.community.actors import Actor
from bot.community.errors import Refusal
from bot.community.invitations import inviting, minting
from bot.community.receipts import batch_cards
from bot.messages import Card, File
from bot.ports import Pass, Services, Sheet
from storage import batches, communities, logos
from storage.tables import Batch, Invitation

LIMIT = 100  # passes at a time: more is a print shop's job
_LISTED = 10


class BadNumber(Refusal):
    """Between 1 and {limit} passes can be printed at a time."""

    status = 422


class NoSuchBatch(Refusal):
    """There is no batch {number} here. `/passes` lists them."""

    status = 404


class NothingLeft(Refusal):
    """All passes of batch {number} were used, voided or sent another way."""

    status = 409


@dataclass(frozen=True, slots=True)
class Printed:
    """A batch on paper."""

    batch_id: int
    count: int
    file: File


async def mint(
    services: Services,
    actor: Actor,
    *,
    count: int,
    label: str = "",
    group_ids: Sequence[int] = (),
    now: datetime,
) -> Printed:
    """Mint so many passes and draw them.

    Takes: group_ids, of the groups in which whoever uses one arrives.
    The codes are stored before the drawing, which can be done again at any time.
    Raises: BadNumber, BadWords for the label, CannotPrint.
    Touches: storage; a child process draws.
    """
    if not 1 <= count <= LIMIT:
        raise BadNumber(limit=LIMIT)
    label = names.name(label, what="label", longest=40) if label.strip() else ""
    batch_id = await services.storage.write(
        _mint, services, actor, count, label, group_ids, now=now
    )
    return await print_again(services, actor, batch_id)


def _mint(
    session: Session,
    services: Services,
    actor: Actor,
    count: int,
    label: str,
    group_ids: Sequence[int],
    *,
    now: datetime,
) -> int:
    community = communities.get(session, actor.community_id)
    until = sending.expiry(community, community.pass_days, now=now) if community.pass_days else None
    receipt = receipts.open_for(session, actor, now=now)
    batch = batches.add(
        session,
        Batch(
            community_id=community.id,
            leader_id=actor.leader_id,
            receipt_id=receipt.id,
            label=label,
            pass_count=count,
            expires_on=letters.last_day(until, community.timezone) if until else None,
            created_at=now,
        ),
    )
    rows = [
        Invitation(
            community_id=community.id,
            leader_id=actor.leader_id,
            receipt_id=receipt.id,
            batch_id=batch.id,
            serial=serial,
            medium="pass",
            created_at=now,
            expires_at=until,
        )
        for serial in range(1, count + 1)
    ]
    minting.mint(session, services, rows)
    if group_ids:
        minting.lead_into(session, rows, group_ids)
    trail.note(session, actor, "batch.minted", f"batch:{batch.id}", now=now)
    return batch.id


async def print_again(services: Services, actor: Actor, batch_id: int) -> Printed:
    """Draw what is left of a batch, with the same codes as before.

    Raises: NoSuchBatch, NothingLeft, CannotPrint.
    """

    def query(session: Session) -> Sheet:
        batch = _batch(session, actor, batch_id)
        rows = [row for row in batches.passes(session, batch_id) if _is_left(row)]
        if not rows:
            raise NothingLeft(number=batch_id)
        return _sheet(session, services, actor, batch, rows)

    sheet = await services.storage.read(query)
    return Printed(batch_id, len(sheet.passes), await services.printer.print(sheet))


def _is_left(row: Invitation) -> bool:
    return row.medium == "pass" and row.redeemed_at is None and row.voided_at is None


async def print_one(services: Services, actor: Actor, number: int, *, now: datetime) -> File:
    """Put any invitation on a pass, with its code; like every way of sending, this renews it.

    Raises: NoSuchInvitation, AlreadyJoined, IsVoid, CannotPrint.
    """

    def change(session: Session) -> Sheet:
        row = invitations.usable(session, actor, number)
        community = communities.get(session, actor.community_id)
        if row.expires_at is not None:
            row.expires_at = sending.expiry(community, community.code_days, now=now)
            session.flush()
        inviting.note(session, actor, "invitation.printed", row, now=now)
        if row.receipt_id is not None:
            receipts.refresh(session, row.receipt_id)
        return _sheet(session, services, actor, None, [row])

    return await services.printer.print(await services.storage.write(change))


def _sheet(
    session: Session,
    services: Services,
    actor: Actor,
    batch: Batch | None,
    rows: Sequence[Invitation],
) -> Sheet:
    community = communities.get(session, actor.community_id)
    address = services.settings.address

    def drawn(row: Invitation) -> Pass:
        code = codes.derive(services.keys, row.id, row.generation)
        until = row.expires_at
        return Pass(
            code=code,
            link=codes.link(address, code),
            serial=row.serial or 1,
            valid_until=letters.last_day(until, community.timezone) if until else None,
        )

    return Sheet(
        community=community.name,
        welcome=community.welcome,
        colour=community.colour,
        type_at=letters.type_at(address),
        label=batch.label if batch else "",
        batch=batch.id if batch else 0,
        count=batch.pass_count if batch else 1,
        paper=community.paper,
        language=community.language,
        passes=[drawn(row) for row in rows],
        logo=logos.of(session, community.id),
    )


async def newest(services: Services, actor: Actor) -> list[tuple[Batch, int]]:
    """The newest batches, each with how many of its passes were used."""
    return await services.storage.read(batches.newest, actor.community_id, limit=_LISTED)


async def hand_out(services: Services, actor: Actor, batch_id: int, *, now: datetime) -> Card:
    """Note that the passes have been given to people. Raises: NoSuchBatch."""

    def change(session: Session) -> Card:
        batch = _batch(session, actor, batch_id)
        batch.handed_out_at = batch.handed_out_at or now
        return _changed(session, actor, batch, "batch.handed_out", now=now)

    return await services.storage.write(change)


async def void(services: Services, actor: Actor, batch_id: int, *, now: datetime) -> int:
    """Void all unused passes of a batch. Gives how many. Raises: NoSuchBatch."""

    def change(session: Session) -> int:
        batch = _batch(session, actor, batch_id)
        count = batches.void(session, batch_id, now=now)
        _changed(session, actor, batch, "batch.voided", now=now)
        return count

    return await services.storage.write(change)


def _changed(session: Session, actor: Actor, batch: Batch, action: str, *, now: datetime) -> Card:
    trail.note(session, actor, action, f"batch:{batch.id}", now=now)
    session.flush()
    assert batch.receipt_id is not None
    receipts.refresh(session, batch.receipt_id)
    return batch_cards.card(session, batch, now=now)


def _batch(session: Session, actor: Actor, batch_id: int) -> Batch:
    batch = batches.get(session, actor.community_id, batch_id)
    if batch is None:
        raise NoSuchBatch(number=batch_id)
    return batch
