"""The built-in plugins pass the kit's checks."""

import pytest

from kit.shapes import SHAPES, Shape
from overheard import Finish, Provider
from overheard.commands.registry import commands
from overheard.config.loader import parse_config
from overheard.plugins import load_plugins
from overheard.testing import (
    EchoProvider,
    Reaction,
    Service,
    check_command,
    check_hosted_provider,
    check_provider,
    check_scorer,
)
from overheard_local.provider import LocalProvider, LocalSettings

BUILT_IN = load_plugins(parse_config("")).scorers


@pytest.mark.parametrize("name", BUILT_IN)
async def test_the_built_in_scorers_pass(name: str) -> None:
    """They are deterministic, quick, and within their scales for all answers."""
    await check_scorer(BUILT_IN[name])


def test_the_built_in_commands_pass() -> None:
    """They can be taught and typed."""
    for spec in commands():
        check_command(spec)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_the_hosted_providers_pass(
    shape: Shape, overheard_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their real SDKs they meet all that can happen at a service."""

    def make(url: str, key: str, timeout: float) -> Provider:
        monkeypatch.setenv("VENDOR_KEY", key)
        return shape.provider(url, timeout=timeout)

    await check_hosted_provider(
        make,
        overheard_service,
        answer=lambda text: shape.answer(text, shape.words[Finish.COMPLETE]),
        cut=lambda text: Reaction(shape.answer(text, shape.words[Finish.LENGTH])),
    )


async def test_the_local_provider_passes() -> None:
    """It asks no service; its real model answers and can be cancelled."""
    provider = LocalProvider("local", LocalSettings(max_tokens=8))
    try:
        await check_provider(provider)
    finally:
        await provider.close()


async def test_the_kit_s_own_provider_passes() -> None:
    """For replies of all kinds."""
    await check_provider(EchoProvider("Acme is good."))
