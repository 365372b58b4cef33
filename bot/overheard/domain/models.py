"""Models, their prices and capabilities. What they reply is in ``replies.py``."""

from __future__ import annotations

from dataclasses import dataclass, field

from overheard.domain.replies import Usage

SEARCH = "+search"
"""Suffix of the name of a model that is asked with web search."""


@dataclass(frozen=True, slots=True, order=True)
class Model:
    """A model as it is requested: the provider that serves it, and the requested model id.

    Answers with and without web search must not be compared, so ``openai/gpt-5`` and
    ``openai/gpt-5+search`` are two models.
    """

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def id(self) -> str:
        """The id at the provider: the name without ``+search``."""
        return self.name.removesuffix(SEARCH)

    @property
    def searches(self) -> bool:
        """Whether the model is asked with web search."""
        return self.name.endswith(SEARCH)

    @classmethod
    def parse(cls, text: str) -> Model:
        """Return the model that a text names as ``provider/name``, such as ``openai/gpt-5+search``.

        The provider ends at the first slash; the name may hold further ones.

        Raises:
            ValueError: when the provider or the name is missing.
        """
        provider, slash, name = text.partition("/")
        if not (provider and slash and name):
            raise ValueError(f'"{text}" is not written as provider/model')
        return cls(provider, name)


@dataclass(frozen=True, slots=True)
class UsualUsage:
    """The mean billed quantities of the latest complete answers of a model.

    Attributes:
        answers: Number of answers with reported tokens.
        untold: Number of answers without reported tokens.
        input_tokens: Mean tokens sent, per answer with reported tokens.
        output_tokens: Mean tokens received, likewise.
        cached_tokens: Mean tokens read from the provider's cache, likewise.
        searches: Mean billed searches, likewise.
    """

    answers: int = 0
    untold: int = 0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cached_tokens: float = 0.0
    searches: float = 0.0


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a model, in US dollars.

    Attributes:
        input: Per million tokens sent.
        output: Per million tokens received.
        cached: Per million tokens sent that the provider read from its cache; None when unknown,
            and then `input` applies.
        search: Per web search.
        batch: Factor on the token prices in a batch, such as 0.5; None when the vendor sells no
            batches.
        source: Where the price was read, for people.
        batch_cached: The same factor for tokens read from the cache; None means `batch`.
    """

    input: float
    output: float
    cached: float | None = None
    search: float = 0.0
    batch: float | None = None
    source: str = field(default="", compare=False)
    batch_cached: float | None = None

    def cost(self, usage: Usage, *, batch: bool = False) -> float:
        """Return the cost of a call with this usage, in US dollars.

        Args:
            usage: The billed quantities.
            batch: Whether the call was part of a batch; searches cost the same in a batch.
        """
        return self._cost(
            usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.searches, batch
        )

    def mean_cost(self, usage: UsualUsage, *, batch: bool = False) -> float:
        """Return the mean cost of a call with the usage of earlier answers, in US dollars.

        Args:
            usage: The mean billed quantities of earlier answers.
            batch: Whether the call is part of a batch; searches cost the same in a batch.
        """
        return self._cost(
            usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.searches, batch
        )

    def _cost(
        self, sent: float, received: float, cached: float, searches: float, batch: bool
    ) -> float:
        """Return the cost in US dollars of tokens sent and received, and of searches.

        Args:
            sent: Number of tokens sent, cached or not.
            received: Number of tokens received.
            cached: How many of `sent` were read from the cache; at most `sent` count.
            batch: Whether the batch factors apply to the tokens; without batch prices, the full
                price does.
        """
        cached = min(cached, sent)
        cached_price = self.input if self.cached is None else self.cached
        factor = self.batch if batch and self.batch is not None else 1.0
        cached_factor = self.batch_cached if batch and self.batch_cached is not None else factor
        millionths = factor * (self.input * (sent - cached) + self.output * received)
        millionths += cached_factor * (cached_price * cached)
        return millionths / MILLIONTHS_PER_USD + self.search * searches


MILLIONTHS_PER_USD = 1e6
"""Prices are for a million tokens, so a token at a price of 1.0 costs a millionth of a dollar."""

FREE = Price(0.0, 0.0)
"""The price of a model that costs nothing, such as a local one."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The abilities of a model, and the way in which its provider asks it.

    Attributes:
        search: Whether the model searches the web before it answers.
        sampling: Whether the model accepts a temperature.
        seed: Whether the model accepts a sampling seed.
        fingerprint: Whether replies carry a fingerprint of the back end.
        streaming: Whether answers are streamed.
        batch: Whether the model can be asked in a batch, see `overheard.Batching`.
        searches: The largest number of searches that one answer can be billed for.
        answer_limit: The largest length of an answer in tokens, with its reasoning; None when the
            service decides. A `Question.limit` goes before it.
        how: The way of asking, for people: ``Responses API, web search``.
    """

    search: bool = False
    sampling: bool = False
    seed: bool = False
    fingerprint: bool = False
    streaming: bool = False
    batch: bool = False
    searches: int = 0
    answer_limit: int | None = None
    how: str = ""
