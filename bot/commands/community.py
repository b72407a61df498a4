"""`/community`: what the community is called, says and looks like."""

from datetime import datetime

from bot.commands import language, logo
from bot.commands.base import Command, Misused, Said, again, plural
from bot.community import binding, communities, names
from bot.community.actors import Actor
from bot.community.communities import Overview, fields
from bot.community.errors import BadFields
from bot.messages import Button, Field, Form, Reply, Usage
from bot.ports import Services
from storage.tables import Community

_WORDS = {
    "days": "code_days",
    "pass-days": "pass_days",
    "country": "region",
    "color": "colour",
    "digest": "digest_hour",
    "household-limit": "household_limit",
    "requests": "may_ask",
}


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Show the community, open its form, or change one thing."""
    word, rest = said.split()
    if word == "edit":
        return await _edit(services, actor, said, now=now)
    if word == "logo":
        return await logo.handle(services, actor, rest, said, now=now)
    if not word:
        return _show(services, actor, await communities.overview(services, actor, now=now))
    field = _WORDS.get(word, word)
    if field not in fields.FIELDS:
        raise Misused(
            f"I do not know “{names.one_line(word)[:30]}”. "
            "`/community edit` shows all that can change."
        )
    try:
        await communities.edit(services, actor, {field: rest}, now=now)
    except BadFields as bad:
        raise Misused(bad.errors[field]) from bad
    return _show(services, actor, await communities.overview(services, actor, now=now))


async def _edit(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    overview = await communities.overview(services, actor, now=now)
    if not said.fields:
        return Reply("Change what you like; letters sent from now on show it.",
                     form=_form(services, _values(overview.community)))  # fmt: skip
    typed = {name: text for name, text in said.fields.items() if name in fields.FIELDS}
    try:
        await communities.edit(services, actor, typed, now=now)
    except BadFields as bad:
        return again(_form(services, _values(overview.community)), typed, bad.errors)
    return _show(services, actor, await communities.overview(services, actor, now=now))


def _show(services: Services, actor: Actor, overview: Overview) -> Reply:
    community = overview.community
    passes = f"{community.pass_days} days" if community.pass_days else "for ever"
    lines = [
        community.name,
        f"Welcome words: {community.welcome or 'none'}",
        f"In the e-mail: {'; '.join(community.features) or 'no list of features'}",
        f"Colour {community.colour}, paper {community.paper.upper()}, country {community.region}, "
        f"time zone {community.timezone}",
        f"Letters, pages and passes are in {_language(services, community)}.",
        f"Codes work {plural(community.code_days, 'day')}, passes {passes}.",
        f"Postal address: {community.postal or 'none (mail law in many countries wants one)'}",
        f"Joins are announced {_where(overview)}.",
        _reminders(community),
        _digest(community),
        _joining(community),
        f"{plural(overview.households, 'household')}, {plural(overview.members, 'member')}, "
        f"{plural(overview.open_invitations, 'open invitation')}. "
        f"Leaders: {', '.join(overview.leaders)}.",
    ]
    lines += overview.paused
    if overview.given_up:
        lines.append(
            f"{plural(len(overview.given_up), 'message')} could not be shown in the chat: "
            f"{overview.given_up[0]} `/announce here` tries again."
        )
    ways = binding.for_actor((Button("Edit", "/community edit"),), actor)
    return Reply("\n".join(lines), ways, is_bound=True)  # begins with the name, as it is now


def _language(services: Services, community: Community) -> str:
    return services.templates.languages.of(community.language).english_name


def _reminders(community: Community) -> str:
    if community.reminders:
        return "Who does not answer is reminded: after 3 and 10 days, and 2 days before the end."
    return "Nobody who does not answer is reminded; press Edit to change that."


def _digest(community: Community) -> str:
    if community.digest_hour is None:
        return "No morning message tells what needs attention; press Edit to have it back."
    return f"What needs attention is told each day at {community.digest_hour}:00."


def _joining(community: Community) -> str:
    ask = "may ask" if community.may_ask else "cannot ask"
    picture = "There is a logo." if community.logo else "There is no logo."
    return (
        f"Households have {plural(community.household_limit, 'member')} at most. "
        f"Who has no code {ask} to be let in. {picture}"
    )


def _where(overview: Overview) -> str:
    if overview.announces_in is None:
        return "nowhere; say `/announce here` in the channel you want"
    return f"in {overview.announces_in}"


def _values(community: Community) -> dict[str, str]:
    return {
        "name": community.name,
        "welcome": community.welcome,
        "features": "\n".join(community.features),
        "colour": community.colour,
        "code_days": str(community.code_days),
        "pass_days": str(community.pass_days or ""),
        "paper": community.paper,
        "region": community.region,
        "timezone": community.timezone,
        "language": community.language,
        "postal": community.postal,
        "links": "\n".join(" ".join(link) for link in community.links),
        "reminders": "on" if community.reminders else "off",
        "digest_hour": "" if community.digest_hour is None else str(community.digest_hour),
        "household_limit": str(community.household_limit),
        "may_ask": "on" if community.may_ask else "off",
    }


def _form(services: Services, values: dict[str, str]) -> Form:
    def field(name: str, label: str, hint: str = "", *, required: bool = True) -> Field:
        return Field(name, label, value=values[name], hint=hint, required=required)

    return Form(
        "Your community",
        "/community edit",
        (
            field("name", "Name"),
            Field("welcome", "Welcome words", "lines", values["welcome"], required=False,
                  hint="A sentence or two, in e-mails and on passes"),
            Field("features", "What the community offers", "lines", values["features"],
                  hint="One a line, listed in the e-mail", required=False),
            field("colour", "Colour", "Like #0b4f58"),
            field("code_days", "Codes work for", "Days, 1 to 90"),
            field("pass_days", "Passes work for", "Days; empty: for ever", required=False),
            Field("paper", "Paper", "choice", values["paper"],
                  options=(("letter", "Letter"), ("a4", "A4"))),
            field("region", "Country", "Two letters; for numbers without a country code"),
            field("timezone", "Time zone", "Like America/New_York"),
            Field("language", "Language", "choice", values["language"],
                  options=language.choices(services.templates.languages)),
            field("postal", "Postal address", "In the footer of e-mails", required=False),
            Field("links", "Chats to join", "lines", values["links"], required=False,
                  hint="For new members: a name and an https address a line"),
            Field("reminders", "Reminders to those who do not answer", "choice",
                  values["reminders"], options=(("off", "Off"), ("on", "On")),
                  hint="Three at most; only where people expect to hear from you"),
            field("digest_hour", "Morning message at", "The hour, 0 to 23; empty: never",
                  required=False),
            field("household_limit", "Members of a household, at most"),
            Field("may_ask", "Requests of people without a code", "choice", values["may_ask"],
                  options=(("on", "On"), ("off", "Off"))),
        ),
        submit="Save",
    )  # fmt: skip


COMMUNITY = Command(
    name="community",
    summary="See and change the community's name, words, colour and code lifetime",
    usages=(
        Usage("/community", "shows everything about the community"),
        Usage("/community edit", "opens a form to change it"),
        Usage("/community name Maple Court", "changes one thing: name, welcome, colour, days ..."),
        Usage("/community reminders on", "reminds who does not answer, three times at most"),
        Usage("/community digest 8", "tells you at 8 what needs attention; or off"),
        Usage("/community household-limit 12", "lets a household have so many members"),
        Usage("/community requests off", "lets nobody ask who has no code; on is usual"),
        Usage("/community logo", "takes a picture for letters, pages and passes; off removes it"),
    ),
    run=handle,
)
