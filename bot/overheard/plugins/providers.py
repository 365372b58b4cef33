"""Providers of other people as the rest of the house sees them: watched over."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from overheard.domain import Failing, Price, Question, RateLimits, Reply
from overheard.errors import PluginFault, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Provider
from overheard.plugins.aside import Aside
from overheard.plugins.shapes import is_word
from overheard.plugins.wording import cut, redacted, said

GOODBYE = 2.0
"""Seconds that a provider has to let its connections go."""


class WatchedProvider:
    """A provider that answers beside everybody else, and whose errors show no secret.

    Faults in a row are none of its business: whoever asks has a breaker for each model. What else
    it offers (see `Described`, `Verifiable`, `Batching`) is offered too.
    """

    def __init__(self, provider: Provider, aside: Aside, secrets: Sequence[str]) -> None:
        self.name = provider.name
        self.concurrency = provider.concurrency
        self._provider = provider
        self._aside = aside
        self._secrets = secrets
        for name, offered in _offered(provider):
            beside = inspect.iscoroutinefunction(offered)
            setattr(self, name, partial(self._beside, offered) if beside else offered)

    def models(self) -> Sequence[str]:
        """Return the ids of its models; none where it fails to say."""
        try:
            return [model for model in self._provider.models() if is_word(model)]
        except Exception:  # whatever a plugin raises
            return []

    def price(self, model: str) -> Price | None:
        """Return what a model charges."""
        return self._provider.price(model)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question.

        Raises:
            ProviderFailed: when there is no answer.
            ProviderUnavailable: when there never will be one.
            PluginFault: when the plugin is at fault.
        """
        reply: Reply = await self._beside(self._provider.ask, question, seed=seed)
        return reply

    async def close(self) -> None:
        """Let connections go."""
        async with asyncio.timeout(GOODBYE):
            await self._beside(self._provider.close)

    async def _beside(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        outcome = await self._aside.call(partial(method, *given, **named))
        if outcome.error is not None:
            raise self._told(outcome.error) from None
        return outcome.get()

    def _told(self, error: BaseException) -> Exception:
        """Return an error without what no message may show."""
        if isinstance(error, ProviderFailed):
            return self._failed(error)
        if isinstance(error, ProviderUnavailable):
            said = {key: self._hushed(value) for key, value in error.details.items()}
            return ProviderUnavailable(**said)
        kind = type(error).__name__
        return PluginFault(part=f"The provider {self.name}", problem=f"has a fault ({kind})")

    def _failed(self, error: ProviderFailed) -> ProviderFailed:
        wait = error.retry_after
        return ProviderFailed(
            model=self._hushed(error.details.get("model", self.name)),
            reason=self._hushed(error.details.get("reason", "it says nothing.")),
            kind=error.kind if isinstance(error.kind, Failing) else Failing.OTHER,
            status=error.status if isinstance(error.status, int) else None,
            retryable=error.retryable is True,
            retry_after=float(wait) if isinstance(wait, int | float) and wait >= 0 else None,
            limits=error.limits if isinstance(error.limits, RateLimits) else None,
            ambiguous=error.ambiguous is True,
        )

    def _hushed(self, words: object) -> str:
        return cut(redacted(said(words), self._secrets))


def _offered(provider: Provider) -> list[tuple[str, Any]]:
    """Return what a provider has beside what every provider has."""
    names = [name for name in dir(provider) if not name.startswith("_")]
    known = {*(name for name in vars(Provider) if not name.startswith("_"))}
    return [(name, getattr(provider, name)) for name in names if name not in known]
