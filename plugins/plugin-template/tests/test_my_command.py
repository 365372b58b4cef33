"""Tests of the command: by the kit's check, and typed in a chat."""

from __future__ import annotations

from overheard.testing import EchoProvider, OpenDeployment, check_command
from overheard_my_command import overheard_commands


def test_it_is_a_command() -> None:
    """It can be taught and typed."""
    [spec] = overheard_commands()
    check_command(spec)


async def test_it_counts_what_was_answered(
    overheard_deployment: OpenDeployment, overheard_provider: EchoProvider
) -> None:
    """A person types the command after a check."""
    overheard_provider.answer = lambda question: "Acme is good."
    deployment = await overheard_deployment()
    await deployment.type("check")
    screen = await deployment.type("my-command Acme")

    assert deployment.problems == {}
    assert screen.card.data["answers"] == len(overheard_provider.asked) > 0
