"""Providers of other people as the rest of the house sees them: watched over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

from overheard.domain import FailureKind, Price, Question, RateLimits, Reply
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.interfaces import Provider
from overheard.plugins.guard import Guard, Nonsense
from overheard.plugins.replies import checked
from overheard.plugins.shapes import is_word
from overheard.plugins.threads import Errand, TooLong
from overheard.plugins.wording import cut, redacted, said

GOODBYE = 2.0
"""Seconds that a provider has to let its connections go."""
LONGEST_LOOK = 1.0
"""Seconds that a provider may take to tell a model's price: everybody waits for it."""

SAYING = ("capabilities",)
"""What a provider may say of a model beside its price (see `Described`)."""
DOING = ("verify", "submit", "look", "cancel")
"""What it may do beside answering (see `Verifiable`, `Batching`)."""
KNOWN = (ProviderFailed, ProviderUnavailable)
"""What it may raise."""

log = logging.getLogger("overheard")


class WatchedProvider:
    """A provider that answers beside everybody else, and whose errors show no secret.

    What it says of itself and of a model is asked once, so that it cannot change or fail later. A
    model at which it keeps failing is left alone for a while; its others are not.

    Args:
        provider: The provider.
        guard: Makes guards, from what they watch over and after how many faults that is left alone.
        secrets: What must not be seen in what it says.

    Attributes:
        remedy: What to do about a fault of it.
    """

    def __init__(
        self, provider: Provider, guard: Callable[..., Guard], secrets: Collection[str]
    ) -> None:
        self.name = provider.name
        self.concurrency = provider.concurrency
        self._models = [model for model in provider.models() if is_word(model)]
        self._provider = provider
        self._made = guard
        self._guard = guard(f"The provider {self.name}", None)
        self._by_model: dict[str, Guard] = {}
        self._secrets = secrets
        self._said: dict[tuple[str, str], Any] = {}
        self._mute = False
        self.remedy = self._guard.remedy
        for name in filter(partial(hasattr, provider), SAYING):
            setattr(self, name, partial(self._told_of, name))
        for name in filter(partial(hasattr, provider), DOING):
            setattr(self, name, partial(self._done, getattr(provider, name)))

    def models(self) -> Sequence[str]:
        """Return the ids of its models."""
        return self._models

    def price(self, model: str) -> Price | None:
        """Return what a model charges; None where it fails to say."""
        price: Price | None = self._told_of("price", model)
        return price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question.

        Raises:
            ProviderFailed: when there is no answer.
            ProviderUnavailable: when there never will be one.
            PluginFault: when the plugin is at fault.
        """
        model = question.model.name
        if model not in self._by_model:
            self._by_model[model] = self._made(f"The model {self.name}/{model}")
        work = partial(self._reply, question, seed)
        reply: Reply = await self._called(self._by_model[model], work)
        return reply

    async def close(self) -> None:
        """Let connections go."""
        async with asyncio.timeout(GOODBYE):
            await self._done(self._provider.close)

    async def _reply(self, question: Question, seed: int) -> Reply:
        reply, flaw = checked(await self._provider.ask(question, seed=seed))
        if reply is None:
            raise Nonsense(flaw)
        return reply

    async def _done(self, method: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        return await self._called(self._guard, partial(method, *given))

    async def _called(self, guard: Guard, work: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await guard.call(work, None, passing=KNOWN)
        except ProviderFailed as failed:
            raise self._failed(failed) from None
        except ProviderUnavailable as refused:
            hushed = {key: self._hushed(value) for key, value in refused.details.items()}
            raise ProviderUnavailable(**hushed) from None

    def _told_of(self, what: str, model: str) -> Any:
        """Return what it says of a model, or None; who once took too long is asked no more."""
        if (what, model) not in self._said:
            self._said[what, model] = None if self._mute else self._saying(what, model)
        return self._said[what, model]

    def _saying(self, what: str, model: str) -> Any:
        problem = ""
        try:
            said = Errand(lambda: getattr(self._provider, what)(model)).outcome(LONGEST_LOOK)
            problem = f"fails ({type(said.error).__name__})" if said.error else ""
        except TooLong:
            self._mute, problem = True, f"gives no result within {LONGEST_LOOK:g} s"
        if not problem:
            return said.get()
        log.warning(
            "The provider %s %s when asked for the %s of %s; %s.",
            *(self.name, problem, what, model, self.remedy),
        )
        return None

    def _failed(self, error: ProviderFailed) -> ProviderFailed:
        wait = error.retry_after
        return ProviderFailed(
            model=self._hushed(error.details.get("model", self.name)),
            reason=self._hushed(error.details.get("reason", "it says nothing.")),
            kind=error.kind if isinstance(error.kind, FailureKind) else FailureKind.OTHER,
            status=error.status if isinstance(error.status, int) else None,
            retryable=error.retryable is True,
            retry_after=float(wait) if isinstance(wait, int | float) and wait >= 0 else None,
            limits=error.limits if isinstance(error.limits, RateLimits) else None,
            ambiguous=error.ambiguous is True,
        )

    def _hushed(self, words: object) -> str:
        return cut(redacted(said(words), self._secrets))
