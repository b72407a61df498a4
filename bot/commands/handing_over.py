"""What `/leaders` says of invitations that go from one leader to another."""

from collections.abc import Sequence
from datetime import datetime

from bot.commands.base import Misused, number
from bot.community import leaders
from bot.community.actors import Actor
from bot.community.leaders import Removed, handing_over
from bot.community.leaders.handing_over import Left, NothingToHandOver, counted
from bot.messages import Button, Reply
from bot.ports import Services
from storage.tables import Leader

_OFFERED = 8  # leaders, each on a button; the others by number


async def hand_over(services: Services, actor: Actor, words: str, *, now: datetime) -> Reply:
    """`/leaders hand-over 2 to 3`; without the second number it asks to whom."""
    first, _, second = words.strip().lower().partition(" ")
    giver_id = number(first, "leader")
    to = heir_in(second)
    if to is None:
        return await _ask(services, actor, giver_id, now=now)
    left, heir = await handing_over.hand_over(services, actor, giver_id, to=to, now=now)
    whose = "you have" if heir.id == actor.leader_id else f"{heir.name} has"
    return Reply(f"Done: {whose} {counted(left)} of {left.name} now, and is told how they go.")


def heir_in(words: str) -> int | None:
    """The number in "to 3"; None when nothing is said. Raises: Misused."""
    if not words.strip():
        return None
    word, _, typed = words.strip().partition(" ")
    if word.lower() != "to":
        raise Misused("To whom? Say it with a number, as in `/leaders hand-over 2 to 3`.")
    return number(typed.strip(), "leader")


async def _ask(services: Services, actor: Actor, giver_id: int, *, now: datetime) -> Reply:
    left = await handing_over.of(services, actor, giver_id, now=now)
    if left is None:
        raise NothingToHandOver(name=f"leader #{giver_id}")
    rows = await leaders.leading(services, actor)
    return Reply(
        f"{left.name} has {counted(left)}. Who shall have them?", offers(left, rows, actor)
    )


def offers(left: Left, rows: Sequence[Leader], actor: Actor) -> tuple[Button, ...]:
    """A button for each of those who could have them."""
    others = [row for row in rows if row.id != left.leader_id]
    return tuple(
        Button(
            "Hand over to me" if row.id == actor.leader_id else f"Hand over to {row.name}",
            f"/leaders hand-over {left.leader_id} to {row.id}",
            settles=True,
        )
        for row in others[:_OFFERED]
    )


def stepping_down(left: Left, rows: Sequence[Leader]) -> tuple[Button, ...]:
    """The same for somebody who steps down: afterwards they could not press anything."""
    others = [row for row in rows if row.id != left.leader_id]
    return tuple(
        Button(
            f"Step down, hand over to {row.name}",
            f"/leaders remove {left.leader_id} yes to {row.id}",
            "danger",
            settles=True,
        )
        for row in others[:_OFFERED]
    )


def of_removed(gone: Removed, rows: Sequence[Leader], actor: Actor) -> Reply:
    """What is said when an owner removed somebody."""
    back = Button("Take back", f"/leaders reopen {gone.leader.id}", settles=True)
    words = f"{gone.leader.name} is no leader any more. Invitations they gave stay good."
    if gone.left is None:
        return Reply(words, (back,))
    if gone.heir is not None:
        return Reply(f"{words} {gone.heir.name} has {counted(gone.left)} now.", (back,))
    ask = f"Who shall look after {counted(gone.left)}? Until somebody does, owners are reminded."
    return Reply(f"{words}\n{ask}", (*offers(gone.left, rows, actor), back))


def lines(waiting: Sequence[Left]) -> list[str]:
    """What `/leaders` says of those who lead no more."""
    return [
        f"#{left.leader_id} {left.name} leads no more; {counted(left)} of theirs can be handed over"
        for left in waiting
    ]


def ways(waiting: Sequence[Left]) -> tuple[Button, ...]:
    """A button for each of them."""
    return tuple(
        Button(f"Hand over what {left.name} gave", f"/leaders hand-over {left.leader_id}")
        for left in waiting[:_OFFERED]
    )
