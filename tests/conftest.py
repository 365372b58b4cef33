"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest

from loopback import ChatService


@pytest.fixture
def service() -> Iterator[ChatService]:
    """A chat service on loopback."""
    running = ChatService()
    yield running
    running.close()
