"""Tests of what all hosted providers do apart from asking."""

import pytest

from kit.shapes import SHAPES, Shape
from kit.vendors import Document, Reaction, Vendor
from overheard import Described, Provider, ProviderUnavailable, Verifiable

PLUGINS = ("overheard_openai", "overheard_anthropic", "overheard_google", "overheard_compatible")


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest) -> Shape:
    """Each vendor's shape in turn."""
    return request.param  # type: ignore[no-any-return]


def known(_: str) -> Document:
    """Return a list of models in every shape at once."""
    return {"object": "list", "data": [], "has_more": False, "models": []}


async def verify(shape: Shape, url: str) -> None:
    """Try a provider and close it."""
    provider = shape.provider(url)
    assert isinstance(provider, Verifiable)
    try:
        await provider.verify()
    finally:
        await provider.close()


async def test_a_key_is_tried_by_a_free_call(shape: Shape, vendor: Vendor) -> None:
    """Nothing is asked."""
    vendor.models = known
    await verify(shape, vendor.url)

    assert vendor.looked_up
    assert not vendor.calls


async def test_a_service_without_such_a_call_is_taken_to_be_well(
    shape: Shape, vendor: Vendor
) -> None:
    """Nothing can be said about its key."""
    await verify(shape, vendor.url)

    assert vendor.looked_up


async def test_a_key_that_is_refused_is_told(shape: Shape, vendor: Vendor) -> None:
    """With the remedy."""
    vendor.looking_up = Reaction({"error": {}}, 401)

    with pytest.raises(ProviderUnavailable, match="refuses the key; check api_key_env"):
        await verify(shape, vendor.url)


@pytest.mark.usefixtures("vendor")
async def test_a_service_that_is_not_there_is_told(shape: Shape) -> None:
    """With its address."""
    with pytest.raises(ProviderUnavailable, match=r"http://127\.0\.0\.1:9.* cannot be reached"):
        await verify(shape, "http://127.0.0.1:9")


@pytest.mark.usefixtures("vendor")
def test_each_is_a_provider_that_says_what_it_can(shape: Shape) -> None:
    """Without an SDK, a connection or an event loop."""
    provider = shape.provider("http://127.0.0.1:9")

    assert isinstance(provider, Provider)
    assert isinstance(provider, Described)
    assert provider.models() == ("m-1",)
    assert provider.concurrency == 4
