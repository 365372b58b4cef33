"""What tests of the hosted providers share."""

from collections.abc import AsyncIterator

import pytest

from kit.shapes import Shape
from kit.vendors import KEY, Vendor


@pytest.fixture
async def vendor(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Vendor]:
    """A strict service of the shape that a test module is about."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    async with Vendor(shape.check).serving() as running:
        yield running
