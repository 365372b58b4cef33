"""Whoever is asked, and what comes back: models, prices, limits, replies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SEARCH = "+search"
"""What a model's name ends in when it is asked with a search of the web."""


@dataclass(frozen=True, slots=True, order=True)
class Model:
    """A model as it is asked for: who serves it, and the id that is requested.

    With and without web search are two ways to ask, and their answers never compare. So the name
    says which: ``openai/gpt-5`` and ``openai/gpt-5+search`` are two models.
    """

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def id(self) -> str:
        """What its service calls it: the name without ``+search``."""
        return self.name.removesuffix(SEARCH)

    @property
    def searches(self) -> bool:
        """Whether it is asked with a search of the web."""
        return self.name.endswith(SEARCH)

    @classmethod
    def parse(cls, text: str) -> Model:
        """Read ``provider/name``; the name may hold further slashes.

        Raises:
            ValueError: when there is no provider or no name.
        """
        provider, slash, name = text.partition("/")
        if not (provider and slash and name):
            raise ValueError(f'"{text}" is not written as provider/model')
        return cls(provider, name)


class Finish(StrEnum):
    """How an answer ended. Only the first two are scored."""

    COMPLETE = "complete"
    """The model came to its own end."""
    WINDOW = "window"
    """The model was still writing when the answer window that the deployment chose was full.
    Every run reads the same window, so such answers compare with each other."""
    LENGTH = "length"
    """Cut at a limit that nobody chose for this purpose."""
    FILTERED = "filtered"
    """Withheld or cut by a content filter."""
    REFUSED = "refused"
    """The model declined to answer."""
    FOREIGN = "foreign"
    """Whole, and plainly in another language than the prompt asks for."""
    CUT = "cut"
    """The connection or stream ended without a finish reason."""
    FAILED = "failed"
    """No answer: an error, a time-out, or nothing in it."""


COMPLETE = frozenset({Finish.COMPLETE, Finish.WINDOW})


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer names.

    Attributes:
        url: Where it lies, as the provider gave it.
        title: Its title, or an empty string.
        cited: Whether the answer refers to it; False for one that was merely retrieved.
    """

    url: str
    title: str = ""
    cited: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call was billed for; 0 where the provider does not say.

    Attributes:
        input_tokens: Tokens sent, whether cached or not.
        output_tokens: Tokens received, those of reasoning among them.
        cached_tokens: Those of `input_tokens` that were read from the provider's cache.
        reasoning_tokens: Those of `output_tokens` that the answer does not show.
        searches: Searches of the web that are billed by the search.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    searches: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """What a model charges, in US dollars.

    Attributes:
        input: For a million tokens sent.
        output: For a million tokens received.
        cached: For a million tokens sent that were read from the provider's cache; None when
            nobody has told it, and then they count as any other.
        search: For one search of the web.
        batch: What the tokens cost in a batch, as a share of the above; None when the vendor
            sells no batches.
        batch_cached: The same for tokens that were read from the cache; None when they are cheaper
            in a batch like all others.
        source: Where it is written, for people.
    """

    input: float
    output: float
    cached: float | None = None
    search: float = 0.0
    batch: float | None = None
    source: str = field(default="", compare=False)
    batch_cached: float | None = None

    def cost(self, usage: Usage, *, batch: bool = False) -> float:
        """Return what a call of this usage costs, in dollars.

        Args:
            usage: What it is billed for.
            batch: Whether it was asked in a batch; searches cost the same there.
        """
        cached = min(usage.cached_tokens, usage.input_tokens)
        tokens = self.input * (usage.input_tokens - cached) + self.output * usage.output_tokens
        kept = (self.input if self.cached is None else self.cached) * cached
        share = self.batch if batch and self.batch is not None else 1.0
        of_kept = self.batch_cached if batch and self.batch_cached is not None else share
        return (share * tokens + of_kept * kept) / 1e6 + self.search * usage.searches


FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done with a model, as it is asked.

    Attributes:
        search: Whether it searches the web before it answers.
        sampling: Whether a temperature is taken.
        seed: Whether a seed is taken.
        fingerprint: Whether the service tells a fingerprint of its back end.
        streaming: Whether answers are read as they are written.
        batch: Whether it can be asked in a batch, see `overheard.Batching`.
        searches: The most searches that one answer can be billed for.
        how: How it is asked, for people: ``Responses API, web search``.
    """

    search: bool = False
    sampling: bool = False
    seed: bool = False
    fingerprint: bool = False
    streaming: bool = False
    batch: bool = False
    searches: int = 0
    how: str = ""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a service says that it still allows; each is None where it does not say.

    Attributes:
        requests: Calls allowed in a window, often a minute.
        requests_left: Calls left of it.
        requests_reset: Seconds until it is full again.
        tokens: Tokens allowed in a window.
        tokens_left: Tokens left of it.
        tokens_reset: Seconds until it is full again.
    """

    requests: int | None = None
    requests_left: int | None = None
    requests_reset: float | None = None
    tokens: int | None = None
    tokens_left: int | None = None
    tokens_reset: float | None = None


class FailureKind(StrEnum):
    """Why there is no answer."""

    RATE_LIMIT = "rate limit"
    """Asked too often, or too much at a time."""
    SERVER = "server"
    """The service has a fault, or is overloaded."""
    TIMEOUT = "timeout"
    """No answer in time; it may be charged all the same."""
    CONNECTION = "connection"
    """The service cannot be reached, or hung up."""
    AUTH = "auth"
    """The key is refused, or may not do this."""
    REQUEST = "request"
    """The service refuses the question as it was put, such as an unknown model."""
    FILTERED = "filtered"
    """A content filter refuses the question."""
    MALFORMED = "malformed"
    """What came back cannot be read; it may be charged all the same."""
    OTHER = "other"
    """Nobody says."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider returns for one question.

    Attributes:
        text: The answer, as the model wrote it.
        finish: How it ended.
        citations: The sources it names, in its order; then those that were merely retrieved.
        served_model: The model id that the response reports, or an empty string.
        fingerprint: The back end's fingerprint, or an empty string.
        usage: Tokens and searches billed.
        cost_usd: What it cost; None when nobody knows the price.
        model_version: The version that the service tells beside the id, or an empty string.
        model_created: When the served model was made, as the service tells; None if it does not.
        limits: What the service still allows, or None.
    """

    text: str
    finish: Finish
    citations: tuple[Citation, ...] = ()
    served_model: str = ""
    fingerprint: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = None
    model_version: str = ""
    model_created: datetime | None = None
    limits: RateLimits | None = None


_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text as it can be kept: what no database takes becomes U+FFFD.

    That is NUL, which PostgreSQL refuses, and halves of surrogate pairs, which are not UTF-8.
    Whoever tells two texts apart compares what is kept, not what was sent.
    """
    return _UNWRITABLE.sub("\ufffd", text)
