"""The app's Home tab in Slack: the community at a glance for leaders, a few words for others."""

from datetime import datetime
from typing import Any

from bot.chats.slack import blocks
from bot.community import actors, binding, communities, invitations, labels, members, using
from bot.community.communities import Overview
from bot.community.errors import Refusal
from bot.community.invitations import lists
from bot.community.invitations.lists import Wanted
from bot.community.members import Page as Roll
from bot.messages import Button, Call
from bot.ports import Services

SEARCH = "search"  # the action_id of the field that searches the members
_CHOOSE = "You lead several communities here. Which one do you want to see?"
_LATEST = 5  # invitations shown
_INVITE = (
    Button("Invite members", "/invite", "primary"),
    Button("All invitations", "/invites"),
    Button("Failed", "/invites failed"),
    Button("Community", "/community"),
    Button("Help", "/help"),
)
_ANOTHER = Button("Another community", "/use")
Json = dict[str, Any]


async def view(services: Services, call: Call, *, search: str, now: datetime) -> Json:
    """The tab of whoever looks: only leaders see names and addresses."""
    try:
        actor = await actors.actor_of(services, call)
    except actors.AskWhich as refusal:
        return {"type": "home", "blocks": _of(_CHOOSE, using.ways(refusal.led))}
    except Refusal as refusal:
        return {"type": "home", "blocks": _of(refusal.words, ())}
    overview = await communities.overview(services, actor, now=now)
    page = await lists.page(services, actor, now=now)
    failed = await lists.page(services, actor, Wanted("failed"), now=now)
    roll = await members.page(services, actor, members.Wanted(search), now=now)
    ways = (*_INVITE, _ANOTHER) if actor.label else _INVITE
    shown = [
        _head(actor.label or overview.community.name),
        *_of(_numbers(overview, failed.total), binding.for_actor(ways, actor)),
        {"type": "divider"},
        _head("Latest invitations"),
    ]
    for number, standing in enumerate(page.standings[:_LATEST]):
        row = await invitations.show(services, actor, standing.invitation.id, now=now)
        acts = binding.for_actor(row.buttons, actor)
        shown += _numbered(_of(row.text, acts), number)
    if not page.standings:
        shown += _of("Nobody was invited yet.", ())
    shown += [{"type": "divider"}, _head("Members"), _search(search), *_of(_roll(roll), ())]
    return {"type": "home", "blocks": shown}


def _numbers(overview: Overview, failed: int) -> str:
    return (
        f"{overview.households} households, {overview.members} members. "
        f"{overview.open_invitations} invitations are open, {failed} did not arrive.\n"
        f"Leaders: {', '.join(overview.leaders)}."
    )


def _roll(roll: Roll) -> str:
    if not roll.households:
        search = roll.wanted.search
        return f"Nobody is like “{search}”." if search else "Nobody has joined yet."
    lines = []
    for household, people in roll.households:
        names = ", ".join(mate.name + (" (head)" if mate.is_head else "") for mate in people)
        lines.append(f"{household.address}: {names}, since {labels.day(household.created_at)}")
    if more := roll.matching.number - len(roll.households):
        more_than = "" if roll.matching.is_all else "more than "
        lines.append(f"… and {more_than}{more} more; search, or say `/members`.")
    return "\n".join(lines)


def _of(text: str, buttons: tuple[Button, ...]) -> list[Json]:
    found: list[Json] = blocks.message(text, buttons)["blocks"]
    return found


def _numbered(rows: list[Json], number: int) -> list[Json]:
    """The same rows, with names of buttons that are unique in the whole tab."""
    for row in rows:
        for element in row["elements"] if row["type"] == "actions" else ():
            element["action_id"] = f"{element['action_id']}:{number}"
    return rows


def _head(words: str) -> Json:
    return {"type": "header", "text": {"type": "plain_text", "text": words[:150], "emoji": False}}


def _search(search: str) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": SEARCH,
        "max_length": 100,
        "placeholder": {"type": "plain_text", "text": "A name or an address", "emoji": False},
    }
    if search:
        element["initial_value"] = search[:100]
    label = {"type": "plain_text", "text": "Search", "emoji": False}
    return {"type": "input", "dispatch_action": True, "label": label, "element": element}
