"""Household words: search finds households by what they are called now, and by nothing else."""

from sqlmodel import Session, col, select

from storage import household_words, members
from storage.database import Storage
from storage.tables import Community, Household, HouseholdWord, Member
from storage.words import findable_by
from tests.community.scene import NOW


def home(session: Session, address: str, *people: str) -> int:
    """A household with these members; gives its id."""
    household = Household(
        community_id=1, address=address, address_key=address.lower(), created_at=NOW
    )
    session.add(household)
    session.flush()
    for name in people:
        member = Member(community_id=1, household_id=household.id, name=name, joined_at=NOW)
        session.add(member)
    return household.id


def found(session: Session, household_id: int) -> set[str]:
    """The words that find the household."""
    query = select(HouseholdWord.word).where(col(HouseholdWord.household_id) == household_id)
    return set(session.exec(query))


async def test_a_household_is_found_by_what_it_is_called_now(storage: Storage) -> None:
    def change(session: Session) -> None:
        session.add(Community(id=1, name="Maple", slug="maple", welcome="", created_at=NOW))
        session.flush()
        elm, oak = home(session, "12 Elm St.", "Zoë Ruiz", "Bob"), home(session, "3 Oak", "Al")
        empty = home(session, "9 Ash")
        household_words.reindex(session, [oak, elm, elm, empty])
        assert found(session, elm) == {"12", "elm", "st", "zoe", "ruiz", "bob"}
        assert found(session, oak) == {"3", "oak", "al"}
        assert not found(session, empty)
        bob = session.exec(select(Member).where(Member.name == "Bob")).one()
        members.remove(session, bob.id, now=NOW)
        session.get_one(Household, elm).address = "14 Elm St."
        household_words.reindex(session, [elm])
        household_words.reindex(session, [elm])
        assert found(session, elm) == {"14", "elm", "st", "zoe", "ruiz"}
        household_words.reindex(session, [])

    await storage.write(change)


def test_words_are_found_from_any_place_where_a_script_puts_no_spaces() -> None:
    assert findable_by(["李小龙"]) == {"李小龙", "小龙", "龙"}
    assert findable_by(["Yamada 山田"]) == {"yamada", "山田", "田"}
    assert findable_by(["3_3 O'Neil-Peñón"]) == {"3", "o", "neil", "penon"}
    assert findable_by(["हिन्दी भवन"]) == {"हिनदी", "भवन"}
