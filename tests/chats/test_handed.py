"""Files that are handed out: the words that say where they are, and how to get them after all."""

from bot.chats.handed import not_taken, taken
from bot.messages import File

TABLE, PASSES = File("a.csv", "text/csv", b"a"), File("passes.pdf", "application/pdf", b"%PDF-")


def test_where_they_are() -> None:
    assert taken([TABLE]) == "It is in your messages with me."
    assert taken([TABLE, PASSES]) == "They are in your messages with me."


def test_only_what_is_printed_must_not_be_asked_for_anew() -> None:
    assert not_taken("Slack", [TABLE]) == (
        "Slack did not take the file just now. Please ask for it again."
    )
    assert "`/passes again`" in not_taken("Telegram", [TABLE, PASSES])
