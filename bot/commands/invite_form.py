"""The form of `/invite`, with all the ways."""

from dataclasses import replace

from bot.commands import into, language
from bot.community.actors import Actor
from bot.community.contacts import LIMIT
from bot.messages import Field, Form
from bot.ports import Services

ASK = "Whom would you like to invite? Fill this in and press Enter or Send."


async def form(services: Services, actor: Actor) -> Form:
    """The form, with language and group where there is a choice."""
    spoken = language.field(services, "email", "text")
    return replace(_FORM, fields=(*_FORM.fields, *spoken, *await into.field(services, actor)))


_FORM = Form(
    "Invite members",
    "/invite",
    (
        Field(
            "way",
            "How",
            "choice",
            value="email",
            options=(
                ("email", "By e-mail"),
                ("text", "By text message"),
                ("hand", "By text from my own phone"),
                ("pass", "On paper"),
            ),
        ),
        Field(
            "to",
            "Addresses",
            "lines",
            hint=f"One or up to {LIMIT}, pasted in any shape",
            shown_for=("way", "email"),
        ),
        Field(
            "to",
            "Mobile numbers",
            "lines",
            hint=f"One or up to {LIMIT}, one a line",
            shown_for=("way", "text"),
        ),
        Field(
            "to",
            "Numbers to text yourself",
            "lines",
            hint=f"One or up to {LIMIT}, one a line; you get a page to send each from",
            shown_for=("way", "hand"),
        ),
        Field("count", "How many passes", "number", value="4", shown_for=("way", "pass")),
        Field(
            "label",
            "Label",
            hint="For your own list: “Elm Street”",
            shown_for=("way", "pass"),
            required=False,
        ),
    ),
    intro="One person per household is enough: they add the others themselves.",
)
