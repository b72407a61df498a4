"""`/use`: which of several communities a leader means when they do not say."""

from datetime import datetime

from bot.commands.base import Command, Misused, Said, plural
from bot.community import actors, binding, using
from bot.community.actors import Actor, AskWhich, Stranger
from bot.community.communities import founding
from bot.community.using import Leading, Person, SeveralLike
from bot.messages import Button, Call, Reply, Usage
from bot.ports import Services
from storage.tables import Community

_NEXT = (Button("Community", "/community"), Button("Invite members", "/invite"))
_CHANNELS = (
    "In a channel where joins of one of them are announced, that one is meant, whatever is in use."
)


async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
    """Show what the leader leads, or use one of these."""
    who = Person(actor.chat, actor.place, actor.user_id)
    word, name = said.split()
    led = (await using.leading(services, who)).led
    if word == "new" and not using.named(led, said.rest):  # a community may be called New Haven
        if not name.strip():
            raise Misused("What is the new community called? Say `/use new Oak Hill`.")
        return _founded(await founding.one_more_here(services, actor, name=name, now=now))
    return await _do(services, who, said, now=now)


async def undecided(
    services: Services, call: Call, said: Said, refusal: Stranger, *, now: datetime
) -> Reply:
    """The same for a leader of several who has not chosen yet; refuse all others."""
    if not isinstance(refusal, AskWhich):
        raise refusal
    return await _do(services, Person(call.chat, call.place, call.speaker), said, now=now)


async def _do(services: Services, who: Person, said: Said, *, now: datetime) -> Reply:
    if not said.rest.strip():
        return _show(await using.leading(services, who))
    try:
        return _used(await using.use(services, who, said.rest, now=now))
    except SeveralLike as several:
        return Reply(several.words, using.ways(several.led), is_bound=True)


def _founded(community: Community) -> Reply:
    words = (
        f"{community.name} is founded, and you own it. It is in use from now on; `/use` goes back. "
        "Next, give it words of its own, and say `/announce here` in the channel where its joins "
        "should be announced."
    )
    ways = (Button("Edit the community", "/community edit", "primary"), *_NEXT)
    return Reply(words, binding.buttons(ways, community.id), is_bound=True)


def _show(leading: Leading) -> Reply:
    led, in_use = leading.led, leading.in_use
    if len(led) == 1:
        more = "`/use new Oak Hill` founds one more, if you run Porchlight."
        return Reply(f"You lead {led[0].community} here, and no other community. {more}")
    lines = [f"You lead {plural(len(led), 'community', 'communities')} here:"]
    for one in led:
        mark = ", in use" if one == in_use else ""
        lines.append(f"#{one.community_id} {one.community}{mark}")
    lines.append("None of them is in use: choose one." if in_use is None else _CHANNELS)
    return Reply("\n".join(lines), using.ways(led), is_bound=True)


def _used(leading: Leading) -> Reply:
    assert leading.in_use is not None  # it was chosen just now
    label = actors.label(leading.in_use, leading.led)
    if not label:
        return _show(leading)
    words = f"{label}\nThis is what you mean from now on, until you choose another. {_CHANNELS}"
    ways = binding.buttons(_NEXT, leading.in_use.community_id)
    return Reply(words, ways, is_bound=True)


USE = Command(
    name="use",
    summary="Choose which of your communities you mean",
    usages=(
        Usage("/use", "shows which communities you lead, and which is in use"),
        Usage("/use Oak Hill", "means that one from now on, by its name or number"),
        Usage("/use new Oak Hill", "founds one more, if you run Porchlight"),
    ),
    run=handle,
    stranger=undecided,
)
