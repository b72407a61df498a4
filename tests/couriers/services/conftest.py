"""Amazon, for the tests of what it signs."""

from collections.abc import AsyncIterator

import pytest

from tests.couriers.services.amazon import Amazon, running
from tests.standins.smtp import Certificates


@pytest.fixture
async def amazon(certificates: Certificates) -> AsyncIterator[Amazon]:
    """Amazon on loopback."""
    async with running(certificates) as stand_in:
        yield stand_in
