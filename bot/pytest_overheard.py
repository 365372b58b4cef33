"""The pytest plugin: fixtures for the tests of plugins of Overheard.

It imports the kit only when a fixture is asked for: pytest loads it in every project beside which
Overheard is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from overheard.testing import (
        Deployment,
        EchoProvider,
        FixedClock,
        MemoryStore,
        OpenDeployment,
        Service,
    )


@pytest.fixture
def overheard_clock() -> FixedClock:
    """A clock that stands still; it is Monday, 2026-03-02, 09:00 UTC."""
    from overheard.testing import FixedClock

    return FixedClock()


@pytest.fixture
def overheard_store() -> MemoryStore:
    """A store in memory."""
    from overheard.testing import MemoryStore

    return MemoryStore()


@pytest.fixture
def overheard_provider() -> EchoProvider:
    """A provider that echoes prompts, or says what its `answer` is set to."""
    from overheard.testing import EchoProvider

    return EchoProvider()


@pytest.fixture
def overheard_service() -> Iterator[Service]:
    """A service on loopback that reacts as it is told, and remembers what it was sent."""
    from overheard.testing import Service

    with Service().running() as service:
        yield service


@pytest.fixture
def overheard_deployment(
    overheard_provider: EchoProvider, overheard_clock: FixedClock
) -> OpenDeployment:
    """What opens a deployment in memory, to be awaited with more configuration or none.

    The plugins that are installed are loaded, the test's own among them. Who is asked and what
    time it is are the fixtures of these names.
    """
    from overheard.testing import open_deployment

    async def opened(config: str = "") -> Deployment:
        return await open_deployment(config, provider=overheard_provider, clock=overheard_clock)

    return opened
