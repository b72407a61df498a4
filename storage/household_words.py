"""Household words: the index that search for members is answered from.

It holds the words of the addresses of households in which somebody lives, and of the names of
those who live there. Whatever changes either calls `reindex` in its transaction, or soon after.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from storage.database import dialect_of, insert_by, run
from storage.tables import Household, HouseholdWord, Member
from storage.words import findable_by


def reindex(session: Session, household_ids: Iterable[int]) -> None:
    """Make search find these households by what they are called now, and by nothing else."""
    ids = sorted(set(household_ids))
    if not ids:
        return
    session.flush()
    households = run(session, _addresses(), {"ids": ids}).all()  # locked, in one order
    people: dict[int, list[str]] = {}
    for home, name in run(session, _names(), {"ids": ids}):
        people.setdefault(home, []).append(name)
    wanted = {
        (row.id, word): row.community_id
        for row in households
        if row.id in people  # nobody is found where nobody lives
        for word in findable_by([row.address, *people[row.id]])
    }
    stored = {(row.household_id, row.word) for row in run(session, _stored(), {"ids": ids})}
    if stale := stored - wanted.keys():
        run(session, _forget(), [{"home": home, "said": word} for home, word in sorted(stale)])
    if fresh := wanted.keys() - stored:
        rows = [
            {"household_id": home, "word": word, "community_id": wanted[home, word]}
            for home, word in sorted(fresh)
        ]
        run(session, _add(dialect_of(session)), rows)


@cache
def _addresses() -> Any:
    return (
        select(col(Household.id), col(Household.community_id), col(Household.address))
        .where(col(Household.id).in_(bindparam("ids", expanding=True)))
        .order_by(col(Household.id))
        .with_for_update(key_share=True)  # who moves in meanwhile is not kept waiting
    )


@cache
def _names() -> Any:
    return select(col(Member.household_id), col(Member.name)).where(
        col(Member.household_id).in_(bindparam("ids", expanding=True)),
        col(Member.removed_at).is_(None),
    )


@cache
def _stored() -> Any:
    return select(col(HouseholdWord.household_id), col(HouseholdWord.word)).where(
        col(HouseholdWord.household_id).in_(bindparam("ids", expanding=True))
    )


@cache
def _forget() -> Any:
    return delete(HouseholdWord).where(
        col(HouseholdWord.household_id) == bindparam("home"),
        col(HouseholdWord.word) == bindparam("said"),
    )


@cache
def _add(dialect: str) -> Any:
    return insert_by(dialect, HouseholdWord).on_conflict_do_nothing(
        index_elements=["household_id", "word"]
    )
