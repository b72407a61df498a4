"""What members read in chat, in their own language: the words are in `templates/chat/`."""

from dataclasses import dataclass
from typing import Any

from bot.community.errors import BadFields, Refusal
from bot.community.households import Home
from bot.community.households.own import Own
from bot.messages import Button, Field, Form, Reply
from bot.ports import Services
from storage.chat_members import Membership

_TEMPLATE = "chat/household.txt"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, to say things in."""

    services: Services
    tag: str  # BCP 47

    def say(self, block: str, **words: Any) -> str:
        """One of the texts of the template."""
        blocks = self.services.templates.blocks
        return blocks(_TEMPLATE, words, language=self.tag, only=(block,))[block].strip()

    def refused(self, refusal: Refusal) -> str:
        """Why something was not done."""
        language = self.services.templates.languages.of(self.tag)
        said = refusal.errors.values() if isinstance(refusal, BadFields) else [refusal.words]
        return "\n".join(map(language.say, said))

    def mistakes(self, refusal: BadFields) -> dict[str, str]:
        """What is wrong, by the name of its field."""
        language = self.services.templates.languages.of(self.tag)
        return {name: language.say(words) for name, words in refusal.errors.items()}

    def button(self, number: int, word: str, block: str = "", **more: Any) -> Button:
        """A button that says the word for this membership."""
        label = self.say(f"{block or word}_button")
        return Button(label, f"/household #{number} {word}".strip(), **more)


def shown(tongue: Tongue, home: Home, me: Own) -> Reply:
    """The household, with all that can be done."""
    people = [
        {
            "name": mate.name,
            "is_you": mate.id == home.viewer_id,
            "is_head": mate.is_head,
            "is_hidden": mate.is_hidden,
            "contact": mate.contact_masked,
        }
        for mate in home.members
    ]
    text = tongue.say(
        "home",
        address=home.address,
        community=home.brand.community,
        people=people,
        groups=", ".join(me.groups),
        is_hidden=me.is_hidden,
    )
    return Reply(text, _buttons(tongue, home, me))


def _buttons(tongue: Tongue, home: Home, me: Own) -> tuple[Button, ...]:
    mine = home.viewer_id
    words = ["contact", "name", "show" if me.is_hidden else "hide", "data", "leave"]
    if home.viewer_is_head and len(home.members) < home.limit:
        words = ["add", "link", *words]
    return tuple(tongue.button(mine, word) for word in words)


def which(tongue: Tongue, mine: list[Membership], word: str) -> Reply:
    """Ask which membership is meant; a button says the word again, with its number."""
    lines = [f"#{one.member_id} {one.name}, {one.address}, {one.community}" for one in mine]
    buttons = tuple(
        Button(f"{one.address}, {one.community}", f"/household #{one.member_id} {word}".strip())
        for one in mine
    )
    return Reply("\n".join([tongue.say("which"), *lines]), buttons)


def form(tongue: Tongue, number: int, word: str) -> Form:
    """The form behind a button: to add somebody, or to change one's own name or contact."""
    name = Field("name", tongue.say("name_field"))
    contact = Field("contact", tongue.say("contact_field"), required=word == "contact")
    fields = {"add": (name, contact), "name": (name,), "contact": (contact,)}[word]
    title, submit = tongue.say(f"{word}_form"), tongue.say("save_button")
    return Form(title, f"/household #{number} {word}", fields, submit)
