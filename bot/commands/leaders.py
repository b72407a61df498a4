"""`/leaders`: who may give commands, and how somebody becomes the first who does."""

import re
from datetime import datetime

from bot.commands import handing_over
from bot.commands.base import Command, Misused, Said, number, plural
from bot.community import binding, leaders, names
from bot.community.actors import Actor, AskWhich, Stranger
from bot.community.errors import Refusal
from bot.community.leaders import claims
from bot.community.leaders import handing_over as handed
from bot.community.leaders.claims import ClaimedAlready
from bot.community.leaders.handing_over import counted
from bot.community.leaders.owners import require_another, row_of
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
            return await _list(services, actor, now=now)
        case "add":
            return await _add(services, actor, rest, said, now=now)
        case "remove":
            return await _remove(services, actor, rest, said, now=now)
        case "reopen":
            row = await leaders.reopen(services, actor, number(rest.strip(), "leader"), now=now)
            return Reply(f"{row.name} is a leader again.", (_remove_button(row),))
        case "owner":
            return await _owner(services, actor, rest, now=now)
        case "hand-over":
            return await handing_over.hand_over(services, actor, rest, now=now)
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


async def _list(services: Services, actor: Actor, *, now: datetime) -> Reply:
    rows = await leaders.leading(services, actor)
    waiting = await handed.waiting(services, actor, now=now)
    lines = [f"{plural(len(rows), 'leader')}, who may give me commands:"]
    for row in rows:
        owner = ", owner" if row.role == "owner" else ""
        you = " (you)" if row.id == actor.leader_id else ""
        lines.append(f"#{row.id} {row.name}{owner}, from {row.chat.capitalize()}{you}")
    lines += handing_over.lines(waiting)
    help_button = Button("Add or remove", "/help leaders")
    return Reply("\n".join(lines), (*handing_over.ways(waiting), help_button))


async def _owner(services: Services, actor: Actor, rest: str, *, now: datetime) -> Reply:
    word, _, sure = rest.strip().lower().partition(" ")
    if word == "off":
        await leaders.own_no_more(services, actor, now=now)
        return Reply("You are a leader as the others are, and no owner any more.")
    leader_id = number(word, "leader")
    if sure.strip() == "yes":
        row = await leaders.let_own(services, actor, leader_id, now=now)
        return Reply(f"{row.name} is an owner now, who may add and remove leaders, as you may.")
    row = await leaders.could_own(services, actor, leader_id)
    return Reply(
        f"Make {row.name} an owner? They could add and remove leaders, as you can, and only they "
        "themselves could ever give that up.",
        (
            Button("Make an owner", f"/leaders owner {leader_id} yes", "primary", settles=True),
            Button("Leave it", "/leaders", settles=True),
        ),
    )


async def _add(services: Services, actor: Actor, rest: str, said: Said, *, now: datetime) -> Reply:
    user_id = _mentioned(rest)
    if not (name := said.people.get(user_id, "")):
        raise Unseen
    row = await leaders.add(services, actor, user_id=user_id, name=name, now=now)
    return Reply(
        f"{row.name} is now a leader, and may do all that you may but add and remove leaders.",
        (_remove_button(row), Button("Make an owner, too", f"/leaders owner {row.id}")),
    )


async def _remove(
    services: Services, actor: Actor, rest: str, said: Said, *, now: datetime
) -> Reply:
    word, _, how = rest.strip().partition(" ")
    sure, _, then = how.strip().partition(" ")
    is_sure = sure.lower() == "yes"
    rows = await leaders.leading(services, actor)
    leader_id = _number_of(rows, actor, word, said) if "@" in word else number(word, "leader")
    is_own = leader_id == actor.leader_id
    if is_own and not is_sure:
        return await _ask(services, actor, rows, now=now)
    heir_id = handing_over.heir_in(then if is_sure else how)
    gone = await leaders.remove(services, actor, leader_id, heir_id=heir_id, now=now)
    if not is_own:
        return handing_over.of_removed(gone, rows, actor)
    has = f" {gone.heir.name} has your {counted(gone.left)} now." if gone.heir and gone.left else ""
    return Reply(f"You are no leader any more.{has} Any owner can add you again.")


async def _ask(services: Services, actor: Actor, rows: list[Leader], *, now: datetime) -> Reply:
    require_another(rows, row_of(rows, actor.leader_id))
    left = await handed.of(services, actor, actor.leader_id, now=now)
    words = "Do you want to step down? You could not give me commands any more."
    if left is not None:
        words += f" Who shall look after your {counted(left)}?"
    plain = "Step down" if left is None else "Step down, hand over nothing"
    return Reply(
        words,
        (
            *(handing_over.stepping_down(left, rows) if left else ()),
            Button(plain, f"/leaders remove {actor.leader_id} yes", "danger", settles=True),
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
        Usage("/leaders add @someone", "makes somebody in this chat a leader, too; owners only"),
        Usage("/leaders remove 2", "ends that, by number or mention; owners, or for yourself"),
        Usage("/leaders owner 2", "lets a leader add and remove leaders; owners only"),
        Usage("/leaders owner off", "gives that up yourself, and stays a leader"),
        Usage("/leaders hand-over 2 to 3", "gives 3 the open invitations and passes of 2"),
        Usage("/leaders claim 7KQM-4TXP", "makes the first leader of a chat, by a printed code"),
    ),
    run=handle,
    stranger=claim,
)
