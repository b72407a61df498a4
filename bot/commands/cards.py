"""What `/members` shows of one household, or of one member."""

from bot.community import labels
from bot.community.actors import Actor
from bot.community.members import member_cards
from bot.community.members.member_cards import Card, Person
from bot.messages import Button, Reply, Style
from bot.ports import Services

_LONGEST_LABEL = 24  # characters of a name on a button: all chats show so many


async def household(services: Services, actor: Actor, wanted: int) -> Reply:
    """The household's card."""
    return _household(await member_cards.of_household(services, actor, wanted))


async def member(services: Services, actor: Actor, wanted: int) -> Reply:
    """The member's card, with all that can be done."""
    return _member(await member_cards.of_member(services, actor, wanted))


# Cards


def _household(card: Card) -> Reply:
    where = card.household
    if not card.people:
        return Reply(f"Nobody lives in household #{where.id}, {where.address}, any more.")
    lines = [f"Household #{where.id}, {where.address}, since {labels.day(where.created_at)}:"]
    lines += [f"• {_line(one)}" for one in card.people]
    buttons = [_button(_short(one), f"member {one.member.id}") for one in card.people]
    buttons.append(_button("Correct the address", f"address {where.id}"))
    buttons.append(_button("Merge with another", f"merge {where.id}"))
    return Reply("\n".join(lines), tuple(buttons))


def _member(card: Card) -> Reply:
    [one], where = card.people, card.household
    row = one.member
    lines = [_line(one), f"Household #{where.id}, {where.address}."]
    back = _button("Let back", f"back {row.id}", "primary")
    head = () if row.is_head else (_button("Make head", f"head {row.id}"),)
    buttons = (
        _button("Move", f"move {row.id}"),
        _button("Rename", f"rename {row.id}"),
        *head,
        _button("Also lives at", f"also {row.id}"),
        back if row.suspended_at else _button("Suspend", f"suspend {row.id}"),
        _button("Remove", f"remove {row.id}", "danger"),
        _button("Household", str(where.id)),
    )
    return Reply("\n".join(lines), buttons)


def _line(one: Person) -> str:
    """Ana Ruiz (head), member #42, since 3 Nov 2026, invited by Robin Vale, a•••@example.org."""
    row = one.member
    marks = [mark for mark, holds in (
        ("head", row.is_head), ("suspended", row.suspended_at), ("hidden", row.is_hidden)
    ) if holds]  # fmt: skip
    parts = [f"{row.name} ({', '.join(marks)})" if marks else row.name, f"member #{row.id}"]
    parts.append(f"since {labels.day(row.joined_at)}")
    parts += [f"invited by {one.invited_by}"] if one.invited_by else []
    parts += [f"added by {one.added_by}"] if one.added_by else []
    parts += [one.contact_masked] if one.contact_masked else []
    parts += [f"in {', '.join(one.groups)}"] if one.groups else []
    parts += [f"also at {address} (#{home})" for home, address in one.also_at]
    return ", ".join(parts)


def _short(one: Person) -> str:
    name = one.member.name
    return name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"


def _button(label: str, words: str, style: Style = "plain") -> Button:
    return Button(label, f"/members {words}", style)
