"""Batches of questions at a vendor, with the same error messages for all vendors."""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from overheard.domain import BatchStatus, Model, Question, Reply
from overheard.provider_kit.hosted_provider import Client, Fields, HostedProvider, Table
from overheard.provider_kit.transport import batch_allowance

Raw = TypeVar("Raw")

MISSING = "its batch ended without an answer to it that can be read; ask again."
CANCELLED = "its batch was cancelled before the service came to it."
EXPIRED = "the service did not come to it within {hours} hours; ask again."
ENDINGS = {"missing": MISSING, "expired": EXPIRED, "cancelled": CANCELLED, "canceled": CANCELLED}
"""Messages for vendors' status codes, which may have the prefix ``batch_``."""
FAILED = "the service answers it in the batch with an error ({code}); check the model and settings."
REJECTED = (
    "the service refuses the whole batch ({code}); check the model and its limits for batches."
)


@dataclass
class FoundBatch(Generic[Raw]):
    """The state of a batch at a vendor, with answers as the vendor wrote them.

    Attributes:
        done: Number of processed questions; 0 when the vendor does not report it.
        ended: Whether the batch is finished, so that no further results will come.
        answers: The answers, by our ids.
        problems: Why a question has no answer, by our ids; see `batch_problem`.
        otherwise: The problem of a question that is in neither `answers` nor `problems`.
    """

    done: int = 0
    ended: bool = False
    answers: dict[str, Raw] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    otherwise: str = MISSING

    def batch_status(
        self, questions: Mapping[str, Question], read: Callable[[Question, Raw], Reply]
    ) -> BatchStatus:
        """Return the state of the batch with the replies that the core stores.

        Before the batch has ended, only the number of processed questions is returned. Afterwards
        each submitted question has a reply, the problem that the vendor reported, or the problem
        `otherwise`. Answers to questions that were not submitted are left out.

        Args:
            questions: The submitted questions, by our ids.
            read: Converts an answer to a reply. If it raises an exception, this question gets
                a problem, which is also added to `problems`; the other replies are kept.
        """
        if not self.ended:
            return BatchStatus(self.done)
        replies = dict[str, Reply]()
        for item in self.answers.keys() & questions.keys():
            try:
                replies[item] = read(questions[item], self.answers[item])
            except Exception:  # one unreadable answer must not lose the others
                self.problems[item] = MISSING
        missing = dict.fromkeys(questions.keys() - replies.keys(), self.otherwise)
        return BatchStatus(self.done, True, replies, missing | self.problems)


def batch_problem(code: object, *, hours: int = 24, whole: bool = False) -> str:
    """Return why a question of a batch has no answer.

    The result is the rest of a sentence that begins with the model, as `BatchStatus` has it:
    ``its batch was cancelled before the service came to it.``

    A code that is in `ENDINGS`, also with the prefix ``batch_``, has words of its own. For any
    other code the sentence says that the service answered with an error, and names the code.

    Args:
        code: The vendor's code, or ``missing``. A code that is not one word of at most 60 letters,
            digits and underscores is replaced by "without a reason", because it may contain a
            secret.
        hours: Hours after which the vendor gives up a batch.
        whole: Whether the vendor refused the whole batch; this changes the sentence of codes that
            are not in `ENDINGS`.
    """
    word = str(code or "")
    shown_code = word if re.fullmatch(r"\w{1,60}", word) else "without a reason"
    ending = ENDINGS.get(word.removeprefix("batch_"), REJECTED if whole else FAILED)
    return ending.format(code=shown_code, hours=hours)


def batch_lines(text: str) -> Iterator[Fields]:
    """Yield the JSON object of each line of a text, in order. Lines that are no JSON, or JSON but
    no object, are skipped.
    """
    for line in text.splitlines():
        try:
            value = json.loads(line, object_hook=Fields)
        except ValueError:
            continue
        if isinstance(value, Fields):
            yield value


class BatchingProvider(HostedProvider[Table, Client]):
    """An account at a service that also accepts questions in batches.

    A plugin implements the service's calls; each call is made within `asking`, which turns errors
    of the SDK into one sentence.
    """

    @abstractmethod
    def request(self, question: Question) -> Any:
        """Return a question in the form that `hand_in` takes."""

    @abstractmethod
    async def hand_in(self, model: Model, requests: Mapping[str, Any]) -> str:
        """Submit requests to one model and return the service's id of the batch.

        Args:
            requests: The results of `request`, by our ids.
        """

    @abstractmethod
    async def find(self, batch: str) -> FoundBatch[Any]:
        """Return the progress of a batch, and its answers once the batch has ended."""

    @abstractmethod
    def read(self, question: Question, raw: Any) -> Reply:
        """Convert an answer of `FoundBatch.answers` to a reply, with the batch price."""

    @abstractmethod
    async def call_off(self, batch: str) -> None:
        """Cancel the unanswered questions of a batch."""

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the creation date of its served model. A plugin overrides this if the
        service reports such dates; by default the reply is returned as it is.
        """
        return reply

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Submit questions as a batch and return the service's id of the batch.

        Args:
            questions: The questions by our ids: at least one, and all to one model.

        Raises:
            ProviderFailed: when the batch was not accepted, or when that is not known.
            ProviderUnavailable: when the key is refused, or the account has no credit.
        """
        [model] = {question.model for question in questions.values()}
        async with self.asking(model):
            requests = {item: self.request(question) for item, question in questions.items()}
            return await self.hand_in(model, requests)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the progress of a batch. Once the batch has ended, each question has a reply or a
        problem, and replies have the creation date of their served model if the service reports it.

        Args:
            batch: The service's id of the batch.
            questions: The submitted questions by our ids: at least one, and all to one model.

        Raises:
            ProviderFailed: when the service does not report the state.
            ProviderUnavailable: when the key is refused, or the account has no credit.
        """
        [model] = {question.model for question in questions.values()}
        with batch_allowance(len(questions)):
            async with self.asking(model):
                found_batch = await self.find(batch)
                status = found_batch.batch_status(questions, self.read)
        replies = {item: await self.dated(reply) for item, reply in status.replies.items()}
        return replace(status, replies=replies)

    async def cancel(self, batch: str) -> None:
        """Cancel the unanswered questions of a batch. Nothing happens at a service that has no such
        call or does not know the batch (status 404, 405 or 501).

        Raises:
            ProviderUnavailable: for any other error of the service or the network.
        """
        async with self.service.trying():
            await self.call_off(batch)
