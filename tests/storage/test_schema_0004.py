"""What 0004 makes of rows that were there before: households are found, listed and kept apart."""

from alembic import command
from sqlalchemy import Engine, text

from storage.database import make_engine
from storage.schema import _config, migrate

_AT = "2026-01-02 03:04:05+00:00"
_HOMES = ("Apt. 4-B, 3 Elm St", "10 Elm Street", "Elm St 10", "#4B, Elm St 3", "9 Ash")


def stocked(engine: Engine) -> None:
    """A database as 0003 left it, in which two spellings of an address are two households."""
    migrate(engine)
    config = _config()
    config.attributes["engine"] = engine
    command.downgrade(config, "0003")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO community (id, name, slug, welcome, features, colour, language,"
                " region, timezone, paper, postal, code_days, links, created_at)"
                " VALUES (1, 'Maple', 'maple', '', '[]', '#000000', 'en', 'US', 'UTC',"
                " 'letter', '', 30, '[]', :at)"
            ),
            {"at": _AT},
        )
        for number, address in enumerate(_HOMES, 1):
            connection.execute(
                text("INSERT INTO household VALUES (:number, 1, :address, :address, :at)"),
                {"number": number, "address": address, "at": _AT},
            )
        connection.execute(
            text(
                "INSERT INTO member (community_id, household_id, is_head, name, joined_at,"
                " language) SELECT 1, id, true, 'Zoë', :at, '' FROM household WHERE id < 5"
            ),
            {"at": _AT},
        )


def test_households_get_new_keys_an_order_and_words(bare_database_url: str) -> None:
    engine = make_engine(bare_database_url)
    stocked(engine)
    migrate(engine)
    with engine.connect() as connection:
        homes = connection.execute(text("SELECT id, address_key FROM household ORDER BY id"))
        assert [tuple(home) for home in homes] == [
            (1, "3 elm st apt 4b"),
            (2, "10 elm st"),
            (3, "10 elm st #3"),
            (4, "3 elm st apt 4b #4"),
            (5, "9 ash"),
        ]
        listed = connection.execute(text("SELECT id FROM household ORDER BY address_order, id"))
        assert list(listed.scalars()) == [5, 1, 4, 2, 3]
        found = connection.execute(
            text("SELECT household_id FROM household_word WHERE word = 'zoe' ORDER BY household_id")
        )
        assert list(found.scalars()) == [1, 2, 3, 4]
        words = text("SELECT COUNT(*) FROM household_word WHERE household_id = 5")
        assert connection.execute(words).scalar_one() == 0
    engine.dispose()


def test_who_came_in_by_their_own_way_in_is_that_member(bare_database_url: str) -> None:
    engine = make_engine(bare_database_url)
    stocked(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO chat_link (id, community_id, chat, place) VALUES (1, 1, 'tg', 'bot')")
        )
        for member, user in ((1, "77"), (2, None)):
            connection.execute(
                text(
                    "INSERT INTO way_in (member_id, chat_link_id, community_id, title, url, until,"
                    " user_id) VALUES (:member, 1, 1, 'Porch', :url, :at, :user)"
                ),
                {"member": member, "url": f"https://t.me/+{member}", "at": _AT, "user": user},
            )
    migrate(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT chat, place, user_id, member_id FROM chat_member"))
        assert [tuple(row) for row in found] == [("tg", "bot", "77", 1)]
    engine.dispose()
