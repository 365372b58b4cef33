"""The built-in plugins pass the checks that the kit has for everybody's; the checks can fail."""

from collections.abc import Iterable
from datetime import datetime

import pytest

from overheard import (
    Card,
    CommandSpec,
    Failing,
    Metric,
    Model,
    ModelUpdate,
    ProviderFailed,
    Reading,
    Scale,
    Score,
)
from overheard.commands.registry import COMMANDS
from overheard.config import parse_config
from overheard.plugins import load_plugins
from overheard.testing.contracts import (
    check_command,
    check_failure,
    check_feed,
    check_provider,
    check_scorer,
)
from scripted import ScriptedProvider

BUILT_IN = load_plugins(parse_config("")).scorers


@pytest.mark.parametrize("name", BUILT_IN)
async def test_the_built_in_scorers_pass(name: str) -> None:
    """They are deterministic and keep to their scales, whatever the answer."""
    await check_scorer(BUILT_IN[name])


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_the_built_in_commands_pass(spec: CommandSpec) -> None:
    """They can be taught and typed."""
    check_command(spec)


class Odd:
    """A scorer that gives another value each time, or one that is out of range."""

    name = "odd"
    version = "1"
    metrics = (Metric("odd", Scale.SHARE, "Odd"),)

    def __init__(self, *values: float) -> None:
        self._values = iter(values)

    def score(self, reading: Reading) -> Iterable[Score]:  # noqa: ARG002 - a `Scorer`
        """Return the next value."""
        return [Score("odd", next(self._values))]


@pytest.mark.parametrize(
    ("values", "told"), [((0.1, 0.2), "another score"), ((2.0, 2.0), "out of range")]
)
async def test_a_scorer_that_breaks_the_contract_is_found(
    values: tuple[float, ...], told: str
) -> None:
    """It is said what is wrong."""
    with pytest.raises(AssertionError, match=told):
        await check_scorer(Odd(*values))


async def test_a_provider_passes() -> None:
    """One that answers and can be cancelled."""
    await check_provider(ScriptedProvider())


async def test_a_provider_that_tells_its_secret_is_found() -> None:
    """In the reason of a failure, too."""
    provider = ScriptedProvider()
    provider.answer = lambda _: ProviderFailed(model="svc/m-1", reason="k-1", kind=Failing.AUTH)

    assert (await check_failure(provider, secret="k-2")).kind is Failing.AUTH
    with pytest.raises(AssertionError, match="secret"):
        await check_failure(provider, secret="k-1")


async def test_a_feed_without_a_zone_is_found() -> None:
    """Nobody could say when that was."""

    class Feed:
        name = "feed"

        async def updates(self, since: datetime) -> list[ModelUpdate]:  # noqa: ARG002 - a feed

            return [ModelUpdate(Model("svc", "m"), datetime(2026, 1, 1))]  # noqa: DTZ001 - the fault

    with pytest.raises(AssertionError, match="zone"):
        await check_feed(Feed())


def test_a_command_that_is_not_async_is_found() -> None:
    """It would hold up everybody."""
    with pytest.raises(AssertionError, match="async"):
        check_command(CommandSpec("odd", "Do it.", lambda _: Card("T")))  # type: ignore[arg-type,return-value]
