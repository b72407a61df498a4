"""`/leaders`: who may give commands, and how somebody becomes the first who does."""

import re
from datetime import datetime

from bot.commands.base import Command, Misused, Said, number, plural
from bot.community import binding, claims, leaders, names
from bot.community.actors import Actor, AskWhich, Stranger
from bot.community.claims import ClaimedAlready
from bot.community.errors import Refusal
from bot.community.leaders import LastLeader
from bot.messages import Button, Call, Reply, Usage
from bot.ports import Services
from storage.tables import Community, Leader

_MENTION = re.compile(r"<@([^\s<>]+)>")


class Unseen(Refusal):
    """I cannot see who that is. Mention somebody who is in this chat."""

    status = 404


class LeadsNot(Refusal):
    """{name} is no leader. `/leaders` lists them all."""

    status = 404


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """List who leads, or change it."""
    word, rest = said.split()
    match word:
        case "":
            return _list(await leaders.leading(services, actor), actor)
        case "add":
            return await _add(services, actor, rest, said, now=now)
        case "remove":
            return await _remove(services, actor, rest, said, now=now)
        case "reopen":
            row = await leaders.reopen(services, actor, number(rest.strip(), "leader"), now=now)
            return Reply(f"{row.name} is a leader again.", (_remove_button(row),))
        case "claim":
            return await _claim_one_more(services, actor, rest, now=now)
        case _:
            raise Misused("I can list, add and remove leaders.")


async def claim(
    services: Services, call: Call, said: Said, refusal: Stranger, *, now: datetime
) -> Reply:
    """Let whoever has the claim code lead; refuse all else."""
    word, typed = said.split()
    if word != "claim":
        raise refusal
    if not typed.strip():
        raise Misused("Which code? It is printed where Porchlight was started.")
    community = await claims.claim(services, call, typed, now=now)
    return _welcome(community, is_first=not isinstance(refusal, AskWhich))


async def _claim_one_more(services: Services, actor: Actor, typed: str, *, now: datetime) -> Reply:
    try:
        community = await claims.claim_one_more(services, actor, typed, now=now)
    except ClaimedAlready:
        return Reply("You are a leader already.")
    return _welcome(community, is_first=False)


def _welcome(community: Community, *, is_first: bool) -> Reply:
    """Takes: is_first, whether they lead no other."""
    ways = (Button("Edit the community", "/community edit"), Button("Help", "/help"))
    return Reply(
        f"Welcome: you are now a leader of {community.name}. Next, `/community edit` gives it a "
        "name and words of its own, and `/announce here` chooses where joins are announced.",
        ways if is_first else binding.buttons(ways, community.id),
        is_bound=True,
    )


def _list(rows: list[Leader], actor: Actor) -> Reply:
    lines = [f"{plural(len(rows), 'leader')}, who may give me commands:"]
    for row in rows:
        you = " (you)" if row.id == actor.leader_id else ""
        lines.append(f"#{row.id} {row.name}, from {row.chat.capitalize()}{you}")
    return Reply("\n".join(lines), (Button("Add or remove", "/help leaders"),))


async def _add(services: Services, actor: Actor, rest: str, said: Said, *, now: datetime) -> Reply:
    user_id = _mentioned(rest)
    if not (name := said.people.get(user_id, "")):
        raise Unseen
    row = await leaders.add(services, actor, user_id=user_id, name=name, now=now)
    return Reply(
        f"{row.name} is now a leader, and may do all that you may.", (_remove_button(row),)
    )


async def _remove(
    services: Services, actor: Actor, rest: str, said: Said, *, now: datetime
) -> Reply:
    word, _, sure = rest.strip().partition(" ")
    rows = await leaders.leading(services, actor)
    leader_id = _number_of(rows, actor, word, said) if "@" in word else number(word, "leader")
    if leader_id == actor.leader_id and sure.strip() != "yes":
        return _ask(rows, leader_id)
    row = await leaders.remove(services, actor, leader_id, now=now)
    if leader_id == actor.leader_id:
        return Reply("You are no leader any more. Any other leader can add you again.")
    return Reply(
        f"{row.name} is no leader any more. Invitations they gave stay good.",
        (Button("Take back", f"/leaders reopen {leader_id}", settles=True),),
    )


def _ask(rows: list[Leader], leader_id: int) -> Reply:
    if len(rows) == 1:
        raise LastLeader
    return Reply(
        "Do you want to step down? You could not give me commands any more.",
        (
            Button("Step down", f"/leaders remove {leader_id} yes", "danger", settles=True),
            Button("Stay", "/leaders", settles=True),
        ),
    )


def _mentioned(typed: str) -> str:
    """The id of the one person mentioned."""
    if mention := _MENTION.fullmatch(typed.strip()):
        return mention[1]
    if typed.startswith("@"):  # the chat did not know whom it means either
        raise Unseen
    raise Misused("Whom? Mention one person, with an @ before the name.")


def _number_of(rows: list[Leader], actor: Actor, typed: str, said: Said) -> int:
    user_id = _mentioned(typed)
    for row in rows:
        if (row.chat, row.user_id) == (actor.chat, user_id):
            return row.id
    if not (name := said.people.get(user_id, "")):
        raise Unseen
    raise LeadsNot(name=names.one_line(name))


def _remove_button(row: Leader) -> Button:
    return Button("Remove", f"/leaders remove {row.id}", settles=True)


LEADERS = Command(
    name="leaders",
    summary="See, add and remove leaders, who may give commands",
    usages=(
        Usage("/leaders", "lists who leads, with numbers, and from which chat"),
        Usage("/leaders add @someone", "makes somebody in this chat a leader, too"),
        Usage("/leaders remove 2", "ends that, by number or mention; invitations stay good"),
        Usage("/leaders claim 7KQM-4TXP", "makes the first leader of a chat, by a printed code"),
    ),
    run=handle,
    stranger=claim,
)
