"""The pytest plugin: fixtures for the tests of plugins of Overheard.

It imports the kit only when a fixture is asked for: pytest loads it in every project beside which
Overheard is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from overheard.interfaces import Store
    from overheard.testing import Deployment, EchoProvider, FixedClock, OpenDeployment, Service


@pytest.fixture
def overheard_clock() -> FixedClock:
    """A clock that stands still; it is Monday, 2026-03-02, 09:00 UTC."""
    from overheard.testing import FixedClock

    return FixedClock()


@pytest.fixture
def overheard_store() -> Iterator[Store]:
    """An empty store in an SQLite file of its own."""
    from overheard.testing import close_test_stores, open_test_store

    yield open_test_store()
    close_test_stores()


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
) -> Iterator[OpenDeployment]:
    """What opens a deployment on loopback, to be awaited with more configuration or none.

    The plugins that are installed are loaded, the test's own among them. Who is asked and what
    time it is are the fixtures of these names.
    """
    from overheard.testing import close_test_stores, open_deployment

    async def opened(config: str = "") -> Deployment:
        return await open_deployment(config, provider=overheard_provider, clock=overheard_clock)

    yield opened
    close_test_stores()
