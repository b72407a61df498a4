"""`/help`: made from the other commands, so it cannot be out of date."""

from datetime import datetime

from bot.commands.base import Command, Said, usages
from bot.community.actors import Actor, AskWhich, Stranger
from bot.community.households import pairing
from bot.messages import Button, Call, Reply, Usage
from bot.ports import Services


def help_for(commands: tuple[Command, ...]) -> Command:
    """The help command that explains these and itself."""

    async def handle(services: Services, actor: Actor, said: Said, *, now: datetime) -> Reply:
        word, _ = said.split()
        for command in (*commands, itself):
            if command.name == word.removeprefix("/"):
                return Reply(f"{command.summary}.\n{usages(command)}")
        lines = [f"`/{command.name}` – {command.summary}" for command in (*commands, itself)]
        head = "I invite people to your community and tell you how it goes. You can say:"
        return Reply("\n".join([head, *lines]), (Button("Invite members", "/invite", "primary"),))

    async def greet(
        services: Services, call: Call, said: Said, refusal: Stranger, *, now: datetime
    ) -> Reply:
        if isinstance(refusal, AskWhich):
            raise refusal
        where = {"chat": call.chat, "place": call.place, "user_id": call.speaker}
        if mine := await pairing.speaking(services, **where):
            theirs = [usages(command) for command in commands if command.for_members]
            head = f"I know you as a member of {mine[0].community}. You can say:"
            return Reply("\n".join([head, *theirs]), (Button("My household", "/household"),))
        return Reply(
            "I invite people to a community, and do what its leaders say. "
            f"{refusal.words}\nA leader can let you lead, too, with `/leaders add` and your name."
        )

    itself = Command(
        name="help",
        summary="See what you can say",
        usages=(
            Usage("/help", "lists all commands"),
            Usage("/help invite", "explains one command"),
        ),
        run=handle,
        stranger=greet,
    )
    return itself
