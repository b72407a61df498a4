"""Household words: the index that search for members is answered from.

It holds the words of the addresses of households in which somebody lives, and of the names of
those who live there. Whatever changes either calls `reindex` in its transaction, or soon after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, true
from sqlmodel import Session, col

from storage.database import dialect_of, insert_by, run, table_of
from storage.tables import Household, HouseholdWord, Member
from storage.words import LONGEST, findable_by

# Entries of the index that are looked at for one word: some milliseconds' work. Only words that are
# all commoner than that can hide a household, and then one more is asked for.
LOOKED_AT = 500
_WORDS = 10  # of a search; the longest say most
_ALIKE = 2  # words of one household that begin like a word of the search, as a rule
_END = "\U0010ffff"  # stands behind everything that a word can go on with


@dataclass(frozen=True, slots=True)
class Matches:
    """Households that a search finds."""

    household_ids: frozenset[int]
    is_all: bool  # no others match


def matching(session: Session, community_id: int, words: Sequence[str], *, most: int) -> Matches:
    """The households that have, for each of these words, a word that begins so.

    Takes: words, at least one, as `storage.words.split` gives them; most, how many are wanted.
    """
    distinct = sorted({word[:LONGEST] for word in words}, key=len, reverse=True)[:_WORDS]
    alone = len(distinct) == 1
    sizes = {word: 0 if alone else _size(session, community_id, word) for word in distinct}
    rarest = min(distinct, key=lambda word: sizes[word])
    others = [word for word in distinct if word != rarest]
    enough = most * _ALIKE
    values = {"the_community": community_id, "enough": enough, **_range(rarest, 0)}
    for number, word in enumerate(others, 1):
        values |= _range(word, number)
    rows = run(session, _having_all(len(others)), values).scalars().all()
    if len(rows) == enough and len(set(rows)) <= most:  # one letter, and several words with it
        rows = (
            run(session, _having_all(len(others)), values | {"enough": LOOKED_AT}).scalars().all()
        )
    is_whole = sizes[rarest] <= LOOKED_AT and len(rows) < LOOKED_AT
    return Matches(frozenset(rows), is_whole and len(set(rows)) <= most)


def _size(session: Session, community_id: int, word: str) -> int:
    """How many entries begin so, counted no further than they are looked at."""
    values = {"the_community": community_id, **_range(word, 0)}
    found: int = run(session, _count(), values).scalar_one()
    return found


def _range(word: str, number: int) -> dict[str, str]:
    return {f"start{number}": word, f"end{number}": word + _END}


def _begins(word: Any, number: int) -> ColumnElement[bool]:
    """Whether the word begins like the search's word of that number."""
    return and_(word >= bindparam(f"start{number}"), word < bindparam(f"end{number}"))


def _entries(limit: int) -> Any:
    """Entries of the search's first word."""
    return (
        select(col(HouseholdWord.household_id))
        .where(
            col(HouseholdWord.community_id) == bindparam("the_community"),
            _begins(col(HouseholdWord.word), 0),
        )
        .order_by(col(HouseholdWord.word), col(HouseholdWord.household_id))  # as the index has them
        .limit(limit)
        .subquery()
    )


@cache
def _count() -> Any:
    return select(func.count()).select_from(_entries(LOOKED_AT + 1))


@cache
def _having_all(others: int) -> Any:
    """Households with the first word that have so many others, too.

    Each is looked up by itself, as a value: of an EXISTS, PostgreSQL would make a join and read
    all entries of a common word.
    """
    home = _entries(LOOKED_AT).c.household_id
    words = [table_of(HouseholdWord).alias() for _ in range(others)]
    there = [
        select(word.c.household_id)
        .where(word.c.household_id == home, _begins(word.c.word, number))
        .limit(1)
        .scalar_subquery()
        .is_not(None)
        for number, word in enumerate(words, 1)
    ]
    return select(home).where(true(), *there).limit(bindparam("enough"))


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
