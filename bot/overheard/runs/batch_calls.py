"""The calls of a provider about batches: submit, look, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from overheard.domain import BatchStatus, FailureKind, Model, Question
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Batching, Provider
from overheard.plugins import remedy_of
from overheard.runs.call import CALL_TIMEOUT_S, fault
from overheard.runs.retries import RetryPolicy

Result = TypeVar("Result")


class BatchCalls:
    """The calls of a provider about batches of one model.

    Args:
        provider: The provider; None when it is not configured any more.
        retries: When a failed submission is repeated.

    Attributes:
        remedy: What people do about a fault of the provider.
    """

    def __init__(self, provider: Provider | None, model: Model, retries: RetryPolicy) -> None:
        self._provider = provider
        self._model = model
        self._retries = retries
        self.remedy = remedy_of(provider)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Submit questions to the vendor as one batch, and return the vendor's id of the batch.

        A failure is repeated as the retry policy says, unless the vendor may have received the
        batch (`ProviderFailed.ambiguous`).

        Args:
            questions: The questions by their ids in the batch.

        Raises:
            ProviderFailed: the last failure; the vendor may have the batch if it is ambiguous.
            OverheardError: as the plugin raises it.
        """
        tried, begun, provider = 0, asyncio.get_running_loop().time(), self._batching_provider()
        while True:
            try:
                return await self._call_checked(lambda: provider.submit(questions), str)
            except ProviderFailed as failure:
                tried += 1
                wait = self._retries.wait(failure, tried)
                elapsed = asyncio.get_running_loop().time() + wait - begun
                if failure.ambiguous or not self._retries.should_retry(failure, tried, elapsed):
                    raise
            await asyncio.sleep(wait)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the status of a batch, with its replies once it has ended.

        Args:
            batch: The vendor's id of the batch.
            questions: The submitted questions by their ids in the batch.

        Raises:
            ProviderFailed: when the vendor does not answer, or the plugin is at fault.
            OverheardError: as the plugin raises it.
        """
        provider = self._batching_provider()
        return await self._call_checked(lambda: provider.look(batch, questions), BatchStatus)

    async def cancel(self, batch: str) -> None:
        """Cancel a batch, given by the vendor's id, at the vendor; calls that the vendor has begun
        may still be charged.

        Raises:
            OverheardError: when the vendor cannot be asked or refuses, or the plugin is at fault.
        """
        provider = self._batching_provider()
        await self._call_checked(lambda: provider.cancel(batch), type(None))

    def _batching_provider(self) -> Batching:
        """Return the provider, whose vendor sells batches.

        Raises:
            ProviderUnavailable: when the vendor sells no batches, or the provider is not configured
                any more.
        """
        if isinstance(self._provider, Batching):
            return self._provider
        name = self._model.provider
        raise ProviderUnavailable(
            provider=name,
            reason="a batch was handed in there, and it sells none any more",
            remedy=f"bring back the table [providers.{name}], or cancel the run",
        )

    async def _call_checked(
        self, call: Callable[[], Awaitable[object]], kind: type[Result]
    ) -> Result:
        """Return the result of a call of a plugin, checked to be of the type ``kind``.

        Raises:
            ProviderFailed: for an exception of the plugin, a timeout after `CALL_TIMEOUT_S`, or
                a result of another type. After a timeout and a wrong result it is ambiguous,
                because the vendor may have the request.
            OverheardError: as the plugin raises it.
        """
        deadline = asyncio.timeout(CALL_TIMEOUT_S)
        try:
            async with deadline:
                result = await call()
        except OverheardError:
            raise
        except (
            Exception,
            SystemExit,
        ) as error:  # its text may hold a secret, so only its kind is reported
            raise self._plugin_failure(type(error).__name__, ambiguous=deadline.expired()) from None
        if not isinstance(result, kind):
            raise self._plugin_failure(
                f"it returns {type(result).__name__} about a batch", ambiguous=True
            )
        return result

    def _plugin_failure(self, what: str, *, ambiguous: bool) -> ProviderFailed:
        """Return the failure of a call that is the plugin's fault.

        Args:
            what: The fault in a few words, such as ``ValueError``.
            ambiguous: Whether the vendor may have the request.
        """
        reason = fault(self._model.provider, what, self.remedy)
        return ProviderFailed(
            model=self._model, reason=reason, kind=FailureKind.OTHER, ambiguous=ambiguous
        )
