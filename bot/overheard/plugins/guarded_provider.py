"""A plugin's provider behind its guard: what it raises and returns is checked before any use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from overheard.domain import FailureKind, Price, Question, RateLimits, Reply
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.interfaces import Provider
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Guards, call_now, plugin_problem
from overheard.plugins.registration import is_word

CLOSE_TIMEOUT_S = 2.0
"""Seconds that a provider has to close its connections."""
PROVIDER_ERRORS = (ProviderFailed, ProviderUnavailable)
"""What a provider may raise."""
OPTIONAL_CALLS = ("verify", "list_models", "submit", "look", "cancel")
"""What a provider may do in addition to answering (see `Verifiable`, `Batching`)."""
log = logging.getLogger("overheard")


class GuardedProvider:
    """A provider whose replies are validated, and whose errors show no secret.

    Prices and capabilities are read once for each model. A model at which the provider keeps
    failing is paused; its other models are not.

    Args:
        guards: Makes one guard for each model, and one for everything else.

    Attributes:
        remedy: The remedy for a fault of the provider.
    """

    def __init__(self, provider: Provider, guards: Guards) -> None:
        """Read the provider's name, concurrency, models and optional methods once, and put guards
        around its calls. Ids of models that are no printable texts are dropped.
        """
        self.name = provider.name
        self.concurrency = provider.concurrency
        self._models = [model for model in provider.models() if is_word(model)]
        self._provider = provider
        self._guards = guards
        self._guard = guards.of(f"The provider {self.name}", None)
        self._by_model: dict[str, Guard] = {}
        self._stated: dict[tuple[str, str], Any] = {}
        self.remedy = self._guard.remedy
        if hasattr(provider, "capabilities"):
            self.capabilities = partial(self._cached_call, "capabilities")
        for name in filter(partial(hasattr, provider), OPTIONAL_CALLS):
            setattr(self, name, partial(self._run_async, getattr(provider, name)))

    def models(self) -> Sequence[str]:
        """Return the ids of its models."""
        return self._models

    def price(self, model: str) -> Price | None:
        """Return the price of a model; None when it is unknown or the plugin fails."""
        price: Price | None = self._cached_call("price", model)
        return price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question and return the validated reply; there is no time limit. Faults are
        counted for the model, which is paused after too many in a row.

        Raises:
            ProviderFailed: as the provider raises it, redacted.
            ProviderUnavailable: as the provider raises it, redacted: no later call can succeed.
            PluginFault: when the plugin is at fault.
            PluginPaused: when the model is paused.
        """
        model = question.model.name
        if model not in self._by_model:
            self._by_model[model] = self._guards.of(f"The model {self.name}/{model}")

        async def asked() -> Reply:
            return validation.validated_reply(await self._provider.ask(question, seed=seed))

        reply: Reply = await self._run_guarded(self._by_model[model], asked)
        return reply

    async def close(self) -> None:
        """Close the provider's connections.

        Raises:
            TimeoutError: when that takes longer than `CLOSE_TIMEOUT_S`.
            PluginFault: when the plugin is at fault.
        """
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await self._run_async(self._provider.close)

    async def _run_async(self, method: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        return await self._run_guarded(self._guard, partial(method, *given))

    async def _run_guarded(self, guard: Guard, work: Callable[[], Awaitable[Any]]) -> Any:
        """Call the provider behind a guard and return the result, without a time limit.

        Raises:
            ProviderFailed: the provider's error, redacted and with values of plain types.
            PluginFault: when the plugin is at fault.
            PluginPaused: when the part of the guard is paused.
        """
        try:
            return await guard.call(work, None, passing=PROVIDER_ERRORS)
        except ProviderFailed as failed:
            raise self._redacted_failure(failed) from None
        except ProviderUnavailable as refused:
            raise ProviderUnavailable(**self._guard.shown_details(refused)) from None

    def _cached_call(self, what: str, model: str) -> Any:
        """Return the result of one of the provider's functions for a model, as the first call gave
        it; None when the first call failed.

        Each result and each failure is kept, so that a failure is logged once. The result is not
        validated.

        Args:
            what: The name of the function, such as ``price``.
            model: The id of the model.
        """
        if (what, model) not in self._stated:
            work = partial(getattr(self._provider, what), model)
            outcome = call_now(self._guard.part, work)
            if outcome.error is not None:
                problem = plugin_problem(outcome.error, self._guards.secrets)
                log.warning(
                    "The provider %s %s when asked for the %s of %s; %s.",
                    *(self.name, problem, what, model, self.remedy),
                )
            self._stated[what, model] = outcome.result
        return self._stated[what, model]

    def _redacted_failure(self, error: ProviderFailed) -> ProviderFailed:
        """Return a copy of a provider's error with redacted texts and values of plain types.

        A value of a wrong type is replaced: the kind by OTHER, the model by the provider's name,
        the reason by a sentence, any other by None or False. A negative wait becomes None.
        """
        wait = error.retry_after
        return ProviderFailed(
            model=self._guard.shown(error.details.get("model", self.name)),
            reason=self._guard.shown(error.details.get("reason", "it says nothing.")),
            kind=error.kind if isinstance(error.kind, FailureKind) else FailureKind.OTHER,
            status=error.status if isinstance(error.status, int) else None,
            retryable=error.retryable is True,
            retry_after=float(wait) if isinstance(wait, int | float) and wait >= 0 else None,
            limits=error.limits if isinstance(error.limits, RateLimits) else None,
            ambiguous=error.ambiguous is True,
        )
