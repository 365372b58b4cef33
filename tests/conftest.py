"""What tests of several rooms share."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from loopback import ChatService
from overheard.runtime.wiring import GC_THRESHOLD_OBJECTS
from overheard.testing.deployment import close_test_stores

# How long an example takes depends on what else the machine does, and says nothing of the code.
settings.register_profile("overheard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("overheard")


def pytest_configure() -> None:
    """Keep compiled modules, also where the environment asks Python not to: the tests start many
    processes, and each would compile all that it imports, which doubles the time of the tests.
    Collect garbage as rarely as the program does: among all that collection imports and makes there
    is hardly any.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    gc.set_threshold(GC_THRESHOLD_OBJECTS, *gc.get_threshold()[1:])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many workers there are: half of the time, tests wait for processes and servers."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that may take longest, so that no worker is left with one at the end."""
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0


@pytest.fixture(autouse=True)
def _closed_stores() -> Iterator[None]:
    """Close the stores that a test has opened with `open_test_store`."""
    yield
    close_test_stores()


@pytest.fixture
def service() -> Iterator[ChatService]:
    """A chat service on loopback."""
    running = ChatService()
    yield running
    running.close()
