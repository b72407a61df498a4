"""The outbox: carries letters nowhere, while nothing real is set up.

A letter that is "sent" here is shown on the playground's Mail and Phone panes, rendered anew from
what its delivery stores. The same courier is the test double.
"""

from bot.messages import Carried, Letter, Medium
from bot.ports import Pace


class OutboxCourier:
    """Takes every letter of its medium."""

    pace = Pace(at_once=8)
    settle = 0.0
    wakes = False

    def __init__(self, medium: Medium) -> None:
        self.medium = medium

    async def carry(self, letter: Letter) -> Carried:
        """Take the letter."""
        return Carried("accepted", provider_id=f"outbox:{letter.delivery_id}")

    async def find(self, letter: Letter) -> Carried | None:
        """Taking a letter twice shows it once, so there is no need to look."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""
