"""What providers share whose services sell batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from overheard.domain import BatchLook, Model, Question, Reply
from overheard.providing.batches import FoundBatch
from overheard.providing.provider import Client, HostedProvider, Table


class BatchingProvider(HostedProvider[Table, Client]):
    """One account at a service that also takes questions in batches.

    A plugin adds what the service does with one; each of its calls is made within `asking`, which
    says what goes wrong in one sentence.
    """

    @abstractmethod
    def request(self, question: Question) -> Any:
        """Return what a question is in a batch, as `hand_in` takes it."""

    @abstractmethod
    async def hand_in(self, model: Model, requests: Mapping[str, Any]) -> str:
        """Hand requests to a model in, and return the service's id of the batch.

        Args:
            model: Which all of them ask.
            requests: By our ids.
        """

    @abstractmethod
    async def find(self, batch: str) -> FoundBatch[Any]:
        """Return how far a batch is, and all that came of it once it has ended."""

    @abstractmethod
    def read(self, question: Question, raw: Any) -> Reply:
        """Return an answer of `FoundBatch.answers` as a reply, at the price of a batch."""

    @abstractmethod
    async def call_off(self, batch: str) -> None:
        """Have the service begin nothing more of a batch."""

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the date of the model that served it, where the service tells it."""
        return reply

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Hand questions to one model in as a batch.

        Raises:
            ProviderFailed: when it was not taken, or when nobody knows.
            ProviderUnavailable: when the key is refused, or the account has no credit.
        """
        [model] = {question.model for question in questions.values()}
        async with self.asking(model):
            requests = {item: self.request(question) for item, question in questions.items()}
            return await self.hand_in(model, requests)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchLook:
        """Return how far a batch is, and what came of it.

        Raises:
            ProviderFailed: when the service does not say.
            ProviderUnavailable: when the key is refused.
        """
        [model] = {question.model for question in questions.values()}
        async with self.asking(model):
            look = (await self.find(batch)).look(questions, self.read)
        dated = {item: await self.dated(reply) for item, reply in look.replies.items()}
        return replace(look, replies=dated)

    async def cancel(self, batch: str) -> None:
        """Have the service begin nothing more of a batch.

        Raises:
            ProviderUnavailable: when it cannot be told.
        """
        async with self.service.trying():
            await self.call_off(batch)
