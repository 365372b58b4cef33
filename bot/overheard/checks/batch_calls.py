"""Calls about a batch: what a provider raises or returns becomes a name, a look or one error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from overheard.checks.call import LONGEST_CALL, fault
from overheard.checks.retries import Retries
from overheard.domain import BatchLook, Failing, Model, Question
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Batching, Provider
from overheard.plugins.wording import remedy_of

Result = TypeVar("Result")


class BatchCalls:
    """What is said to a provider about batches of one model.

    Args:
        provider: Who sells them, if anybody does.
        model: Who is asked.
        retries: How patiently they are handed in.

    Attributes:
        remedy: What to do about a fault of the provider.
    """

    def __init__(self, provider: Provider | None, model: Model, retries: Retries) -> None:
        self._provider = provider
        self._model = model
        self._retries = retries
        self.remedy = remedy_of(provider)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Hand questions in, again where that is safe, and return the vendor's name of the batch.

        Raises:
            ProviderFailed: when it was not taken, or when nobody knows (`ambiguous`).
            ProviderUnavailable: when the provider cannot be used at all.
        """
        tried, begun, seller = 0, asyncio.get_running_loop().time(), self._seller()
        while True:
            try:
                return await self._made(lambda: seller.submit(questions), str)
            except ProviderFailed as failure:
                tried += 1
                wait = self._retries.wait(failure, tried)
                elapsed = asyncio.get_running_loop().time() + wait - begun
                if failure.ambiguous or not self._retries.again(failure, tried, elapsed):
                    raise
            await asyncio.sleep(wait)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchLook:
        """Return how far a batch is.

        Raises:
            ProviderFailed: when the vendor does not say.
            ProviderUnavailable: when the provider cannot be used at all.
        """
        seller = self._seller()
        return await self._made(lambda: seller.look(batch, questions), BatchLook)

    async def cancel(self, batch: str) -> None:
        """Have the vendor begin nothing more of a batch.

        Raises:
            OverheardError: when it cannot be told.
        """
        seller = self._seller()
        await self._made(lambda: seller.cancel(batch), type(None))

    def _seller(self) -> Batching:
        if isinstance(self._provider, Batching):
            return self._provider
        name = self._model.provider
        raise ProviderUnavailable(
            provider=name,
            reason="a batch was handed in there, and it sells none any more",
            remedy=f"bring back the table [providers.{name}], or cancel the run",
        )

    async def _made(self, call: Callable[[], Awaitable[object]], kind: type[Result]) -> Result:
        """Make a call that returns such a value; what is no error of ours becomes one."""
        deadline = asyncio.timeout(LONGEST_CALL)
        try:
            async with deadline:
                given = await call()
        except OverheardError:
            raise
        except (Exception, SystemExit) as error:  # its text may hold a secret: its kind is told
            raise self._fault(type(error).__name__, ambiguous=deadline.expired()) from None
        if not isinstance(given, kind):
            raise self._fault(f"it returns {type(given).__name__} about a batch", ambiguous=True)
        return given

    def _fault(self, what: str, *, ambiguous: bool) -> ProviderFailed:
        reason = fault(self._model.provider, what, self.remedy)
        return ProviderFailed(
            model=self._model, reason=reason, kind=Failing.OTHER, ambiguous=ambiguous
        )
