"""In which language people are written to: as their leader says, else as in the community."""

import pytest

from bot.commands import language
from bot.commands.base import Misused
from bot.messages import Reply
from bot.ports import Services
from storage.tables import Delivery, Invitation
from tests.community.scene import all_of, say


def press(reply: Reply, label: str) -> str:
    """What the button says."""
    return next(button.call for button in reply.buttons if label in button.label)


async def languages(services: Services) -> list[str]:
    """In which language each letter was written."""
    return [letter.facts["language"] for letter in await all_of(services, Delivery)]


@pytest.mark.parametrize("said", ["in Spanish", "in es", "IN español.", "in SPANISH"])
async def test_a_leader_says_the_language_at_the_end(services: Services, said: str) -> None:
    reply = await say(services, f"/invite email ana@example.org {said}")
    assert "Inviting ana@example.org" in reply.text
    [row] = await all_of(services, Invitation)
    assert row.language == "es"
    assert await languages(services) == ["es"]


async def test_a_paste_is_in_one_language_for_all(services: Services) -> None:
    reply = await say(services, "/invite email ana@example.org, bo@example.org\nin French")
    assert "2 can be invited" in reply.text
    await say(services, press(reply, "Send 2"))
    assert await languages(services) == ["fr", "fr"]


async def test_a_slip_of_the_pen_does_not_lose_the_language(services: Services) -> None:
    reply = await say(services, "/invite email ana@gmial.com in fr")
    await say(services, press(reply, "Send to ana@gmail.com"))
    assert await languages(services) == ["fr"]


async def test_what_is_not_said_is_as_in_the_community(services: Services) -> None:
    await say(services, "/community language Spanish")
    await say(services, "/invite email ana@example.org")
    await say(services, "/invite email bo@example.org in English")
    assert await languages(services) == ["es", "en"]
    [ana, bo] = await all_of(services, Invitation)
    assert (ana.language, bo.language) == ("", "en")


async def test_the_form_asks_where_there_is_a_choice(services: Services) -> None:
    form = (await say(services, "/invite")).form
    assert form is not None
    fields = [field for field in form.fields if field.name == "language"]
    assert [field.shown_for for field in fields] == [("way", "email"), ("way", "text")]
    assert ("fr", "French") in fields[0].options
    assert fields[0].value in dict(fields[0].options)
    await say(services, "/invite", way="email", to="ana@example.org", language=fields[0].value)
    await say(services, "/invite", way="email", to="bo@example.org", language="fr")
    reply = await say(services, "/invite", way="email", to="cy@example.org", language="xx")
    assert "I cannot write in “xx”" in reply.text
    assert await languages(services) == ["en", "fr"]


async def test_a_language_that_we_lack_sends_nothing(services: Services) -> None:
    reply = await say(services, "/invite email ana@example.org in Klingon")
    assert "Klingon" in reply.text
    assert "English, Spanish and French" in reply.text
    assert "Nothing was sent" in reply.text
    assert await all_of(services, Invitation) == []


@pytest.mark.parametrize(
    "words",
    ["ana@example.org", "ana.in.madrid@example.org", "+34 600 000 000", "ana@in.example", "in 12"],
)
def test_an_address_is_no_language(services: Services, words: str) -> None:
    assert language.taken_off(services, words) == (words, "")


async def test_the_community_speaks_what_a_leader_chooses(services: Services) -> None:
    assert "are in English" in (await say(services, "/community")).text
    assert "are in French" in (await say(services, "/community language français")).text
    reply = await say(services, "/community language Klingon")
    assert "English, Spanish, French" in reply.text
    form = (await say(services, "/community edit")).form
    assert form is not None
    [field] = [field for field in form.fields if field.name == "language"]
    assert field.value == "fr"
    assert dict(field.options) == {"en": "English", "es": "Spanish", "fr": "French"}


async def test_what_a_button_says_can_be_read_again(services: Services) -> None:
    assert language.at_the_end("") == ""
    for tag in services.templates.languages:
        assert language.taken_off(services, f"12{language.at_the_end(tag)}") == ("12", tag)
    with pytest.raises(Misused):
        language.taken_off(services, "12 in xx")
