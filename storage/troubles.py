"""Troubles: why letters of a lane do not go out, and whose letters wait for that.

A trouble is of a whole lane ("email"), of one community's share of it ("email/7"), or of a block of
numbers that a community texts ("text/7/+1876555").
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col

from storage.database import changed, insert_into, run
from storage.deliveries import RANK
from storage.tables import Delivery, Invitation, Receipt, Trouble


def among(session: Session, lanes: Iterable[str]) -> dict[str, Trouble]:
    """The troubles of these lanes, asked for with every letter that is carried."""
    return {
        row.lane: Trouble(**row._mapping) for row in run(session, _among(), {"lanes": [*lanes]})
    }


@cache
def _among() -> Any:
    table = Trouble.__table__  # type: ignore[attr-defined]  # SQLModel adds it unseen
    return select(*table.columns).where(
        col(Trouble.lane).in_(bindparam("lanes", expanding=True)), col(Trouble.words) != ""
    )


def begin(session: Session, lane: str, *, code: str, words: str, now: datetime) -> Trouble:
    """Keep that there is trouble, unless it is known. Gives what is known then."""
    statement = insert_into(session, Trouble).values(lane=lane, code=code, words=words, since=now)
    is_over = col(Trouble.words) == ""
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["lane"],
            set_={"code": code, "words": words, "since": now, "told": None},
            where=is_over,
        )
    )
    return among(session, [lane])[lane]


def note_told(session: Session, lane: str, places: Collection[tuple[str, str]]) -> None:
    """Remember to whom it was told, so that they are told of the end, too."""
    told = [list(place) for place in places]
    changed(session, update(Trouble).where(col(Trouble.lane) == lane).values(told=told))


def end(session: Session, lane: str) -> Trouble | None:
    """The trouble is over. Gives what it was, to one caller alone."""
    row = among(session, [lane]).get(lane)
    gone = changed(
        session, delete(Trouble).where(col(Trouble.lane) == lane, col(Trouble.words) != "")
    )
    return row if gone else None


def of_community(session: Session, community_id: int) -> list[Trouble]:
    """The troubles of this community's own, for as long as nobody has decided."""
    heads = [f"{medium}/{community_id}" for medium in ("email", "text")]
    own = col(Trouble.lane).in_(heads) | col(Trouble.lane).startswith(f"{heads[1]}/")
    query = select(Trouble).where(own, col(Trouble.words) != "").order_by(col(Trouble.lane))
    return [Trouble(**row.model_dump()) for row in session.scalars(query)]


def end_of_community(session: Session, community_id: int, *, now: datetime) -> list[Trouble]:
    """Somebody decided: all troubles of this community's own are over. Gives what they were.

    The rows stay, without words: what has failed by now is not counted again.
    """
    ended = of_community(session, community_id)
    changed(
        session,
        update(Trouble)
        .where(col(Trouble.lane).in_([row.lane for row in ended]))
        .values(words="", since=now, told=None),
    )
    return ended


def went_on_at(session: Session, lane: str) -> datetime | None:
    """When somebody decided that the lane's last trouble is over, or the present one began."""
    return session.scalars(select(col(Trouble.since)).where(col(Trouble.lane) == lane)).first()


def places(
    session: Session, medium: str, *, community_id: int | None = None
) -> set[tuple[str, str]]:
    """Where the leaders are told whose letters by this medium wait: (chat, channel)."""
    query = _waiting(select(col(Receipt.chat), col(Receipt.channel)), medium, community_id)
    return {(chat, channel) for chat, channel in session.execute(query.distinct())}


def receipts(session: Session, medium: str, *, community_id: int | None = None) -> list[Receipt]:
    """The receipts that show letters by this medium which wait."""
    waiting = _waiting(select(col(Receipt.id)), medium, community_id)
    return list(session.scalars(select(Receipt).where(col(Receipt.id).in_(waiting))))


def _waiting(query: Any, medium: str, community_id: int | None) -> Any:
    found = (
        query.join(Invitation, col(Invitation.receipt_id) == col(Receipt.id))
        .join(Delivery, col(Delivery.invitation_id) == col(Invitation.id))
        .where(
            col(Delivery.medium) == medium,
            col(Delivery.rank) < RANK["sent"],
            col(Invitation.redeemed_at).is_(None),
            col(Invitation.voided_at).is_(None),
        )
    )
    return found if community_id is None else found.where(Delivery.community_id == community_id)


def fates(
    session: Session, community_id: int, medium: str, *, since: datetime | None, limit: int
) -> list[str]:
    """What became of the newest letters that have left, of those of which news came since then."""
    query = select(col(Delivery.state)).where(
        col(Delivery.community_id) == community_id,
        col(Delivery.medium) == medium,
        col(Delivery.rank) >= RANK["sent"],
    )
    if since is not None:
        query = query.where(col(Delivery.updated_at) > since)
    return list(session.scalars(query.order_by(col(Delivery.id).desc()).limit(limit)))
