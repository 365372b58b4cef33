"""Batches: what vendors tell of one, in the same words for all of them."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from overheard.domain import BatchStatus, Model, Question, Reply
from overheard.provider_kit.provider import Client, HostedProvider, Table

Raw = TypeVar("Raw")

MISSING = "its batch ended without an answer to it that can be read; ask again."
CANCELLED = "its batch was cancelled before the service came to it."
EXPIRED = "the service did not come to it within {hours} hours; ask again."
ENDINGS = {"missing": MISSING, "expired": EXPIRED, "cancelled": CANCELLED, "canceled": CANCELLED}
"""What vendors' words mean, with or without ``batch_`` before them."""
FAILED = "the service answers it in the batch with an error ({code}); check the model and settings."
REFUSED = (
    "the service refuses the whole batch ({code}); check the model and its limits for batches."
)


@dataclass
class FoundBatch(Generic[Raw]):
    """What a vendor tells of a batch, with answers as its SDK has them.

    Attributes:
        done: How many of its questions the vendor is through with; 0 if it does not say.
        ended: Whether all that ever comes of it is there.
        answers: By our ids.
        problems: Why a question has no answer, by our ids; see `batch_problem`.
        otherwise: Why a question has none that stands in neither.
    """

    done: int = 0
    ended: bool = False
    answers: dict[str, Raw] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    otherwise: str = MISSING

    def look(
        self, questions: Mapping[str, Question], read: Callable[[Question, Raw], Reply]
    ) -> BatchStatus:
        """Return it as a plugin tells it: each question has a reply or a problem at the end.

        Args:
            questions: What was handed in, by our ids.
            read: Makes a reply of an answer. An answer on which it fails is a problem of that
                question alone: the others would never be collected otherwise.
        """
        if not self.ended:
            return BatchStatus(self.done)
        replies = dict[str, Reply]()
        for item in self.answers.keys() & questions.keys():
            try:
                replies[item] = read(questions[item], self.answers[item])
            except Exception:  # whatever is wrong with it
                self.problems[item] = MISSING
        missing = dict.fromkeys(questions.keys() - replies.keys(), self.otherwise)
        return BatchStatus(self.done, True, replies, missing | self.problems)


def batch_problem(told: object, *, hours: int = 24, whole: bool = False) -> str:
    """Say why a question of a batch has no answer.

    Args:
        told: The vendor's code word for it, or ``missing``. Anything longer than a word may hold a
            secret, and is not told.
        hours: After how many the vendor gives a batch up.
        whole: Whether the vendor refused the whole batch.

    Returns:
        The rest of a sentence that begins with the model; see `overheard.BatchStatus`.
    """
    word = str(told or "")
    code = word if re.fullmatch(r"\w{1,60}", word) else "without a reason"
    ending = ENDINGS.get(word.removeprefix("batch_"), REFUSED if whole else FAILED)
    return ending.format(code=code, hours=hours)


def batch_lines(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of lines; what is none is passed over."""
    for line in text.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            yield told


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

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
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
