"""What tests of several rooms share."""

import os
from collections.abc import Iterator

import pytest

from loopback import ChatService


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many workers there are: half of the time, tests wait for processes and servers."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def service() -> Iterator[ChatService]:
    """A chat service on loopback."""
    running = ChatService()
    yield running
    running.close()
