"""Household words: the index that search for members is answered from.

It holds the words of the addresses of households in which somebody lives, and of the names of
those who live there. Whatever changes either calls `reindex` in its transaction, or soon after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from storage.database import dialect_of, insert_by, run
from storage.tables import Household, HouseholdWord, Member
from storage.words import LONGEST, findable_by

# Entries of the index that are looked at for one word: a few milliseconds' work. Only words that
# are all commoner than that can hide a household, and then more of them are asked for.
LOOKED_AT = 1_000
_END = "\U0010ffff"  # stands behind everything that a word can go on with


@dataclass(frozen=True, slots=True)
class Matches:
    """Households that a search finds."""

    household_ids: frozenset[int]
    is_all: bool  # no others match


def matching(session: Session, community_id: int, words: Sequence[str]) -> Matches:
    """The households that have, for each of these words, a word that begins so.

    Takes: words, at least one, as `storage.words.split` gives them.
    """
    probes = {word: _probe(session, community_id, word[:LONGEST]) for word in set(words)}
    whole = [found for found in probes.values() if len(found) <= LOOKED_AT]
    basis = min(whole, key=len) if whole else probes[max(probes, key=len)]  # long words are rare
    ids = set(basis)
    for word, found in probes.items():
        if not ids:
            break
        ids &= set(found) if len(found) <= LOOKED_AT else _with_word(session, ids, word[:LONGEST])
    return Matches(frozenset(ids), is_all=bool(whole))


def _probe(session: Session, community_id: int, word: str) -> list[int]:
    values = {"the_community": community_id, "start": word, "end": word + _END}
    return list(run(session, _beginning(), values).scalars())


def _with_word(session: Session, household_ids: Iterable[int], word: str) -> set[int]:
    values = {"ids": sorted(household_ids), "start": word, "end": word + _END}
    return set(run(session, _having(), values).scalars())


@cache
def _beginning() -> Any:
    word = col(HouseholdWord.word)
    return (
        select(col(HouseholdWord.household_id))
        .where(
            col(HouseholdWord.community_id) == bindparam("the_community"),
            word >= bindparam("start"),
            word < bindparam("end"),
        )
        .limit(LOOKED_AT + 1)
    )


@cache
def _having() -> Any:
    word = col(HouseholdWord.word)
    return select(col(HouseholdWord.household_id)).where(
        col(HouseholdWord.household_id).in_(bindparam("ids", expanding=True)),
        word >= bindparam("start"),
        word < bindparam("end"),
    )


def reindex(session: Session, household_ids: Iterable[int]) -> None:
    """Make search find these households by what they are called now, and by nothing else."""
    ids = sorted(set(household_ids))
    if not ids:
        return
    session.flush()
    households = run(session, _addresses(), {"ids": ids}).all()  # locked, in one order
    people: dict[int, list[str]] = {}
    for one in run(session, _names(), {"ids": ids}):
        people.setdefault(one.household_id, []).append(one.name)
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
