"""Models, their prices and capabilities, and their replies, or why a call failed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain

from overheard.domain.sources import host_of, is_opaque, named_host, page_of

MAX_SOURCES = 1_000
"""The sources of an answer that are kept."""
MAX_SOURCE_CHARS = 4_000
"""The longest address or title of a source, name of a model that answered, and search."""
MAX_ANSWER_CHARS = 4_000_000
"""Characters of a reply: several times what any model writes; more takes minutes to score."""


class Finish(StrEnum):
    """How an answer ended. Only the first two are scored."""

    COMPLETE = "complete"
    """The model ended the answer."""
    WINDOW = "window"
    """Cut at the answer window that the deployment configured. All runs use the same window, so
    such answers can be compared with each other."""
    LENGTH = "length"
    """Cut at a token limit that the deployment did not configure."""
    FILTERED = "filtered"
    """Withheld or cut by a content filter."""
    REFUSED = "refused"
    """The model declined to answer."""
    FOREIGN = "foreign"
    """Complete, and clearly not in the language of the prompt."""
    NONE = "none"
    """The product showed no answer, such as Google without an AI overview: a fact, no failure."""
    CUT = "cut"
    """The connection or stream ended without a finish reason."""
    FAILED = "failed"
    """No answer: an error, a timeout or an empty text."""


COMPLETE = frozenset({Finish.COMPLETE, Finish.WINDOW})
"""Endings of answers that are scored."""


def has_visible_text(text: str) -> bool:
    """Return whether a text has a character that is no space, control, format or unassigned
    character; False for an empty text.
    """
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer names.

    Attributes:
        url: The address, as the provider returned it.
        title: The title, or an empty string.
        cited: Whether the answer refers to the source; False when it was only retrieved.
        domain: The domain as the provider reports it, or an empty string.
    """

    url: str
    title: str = ""
    cited: bool = True
    domain: str = ""

    @property
    def page(self) -> str:
        """The address of the page, without redirects, caches, translations and AMP around it."""
        return page_of(self.url)

    @property
    def host(self) -> str:
        """The host of the page, without ``www.``; "" where it is not known.

        For a redirect that hides its target, it is the host in the reported domain, else the title
        if that is a host name, as Gemini's titles are.
        """
        if not is_opaque(self.page):
            return host_of(self.page)
        return named_host(self.domain) or named_host(self.title)

    @property
    def hidden(self) -> bool:
        """Whether the address is a redirect to a page of unknown host."""
        return is_opaque(self.page) and not self.host


@dataclass(frozen=True, slots=True)
class Search:
    """A web search that a model made before it answered, or its opening of pages.

    Attributes:
        query: What it searched for; empty where it opened the pages by their addresses.
        pages: The addresses that this search showed it, or that it opened; none where the service
            does not say which search showed what, and then `Reply.citations` has those of all.
    """

    query: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """The billed quantities of a call; 0 where the provider does not report a quantity.

    Attributes:
        input_tokens: Tokens sent, cached or not.
        output_tokens: Tokens received, including reasoning tokens.
        cached_tokens: The part of `input_tokens` that was read from the provider's cache.
        reasoning_tokens: The part of `output_tokens` that the answer does not show.
        searches: Web searches that are billed individually.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    searches: int = 0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate limits that a service reports with a reply; None where it reports no value.

    Attributes:
        requests: Calls allowed per window, often a minute.
        requests_left: Calls left in the current window.
        requests_reset: Seconds until all calls are available again.
        tokens: Tokens allowed per window.
        tokens_left: Tokens left in the current window.
        tokens_reset: Seconds until all tokens are available again.
    """

    requests: int | None = None
    requests_left: int | None = None
    requests_reset: float | None = None
    tokens: int | None = None
    tokens_left: int | None = None
    tokens_reset: float | None = None


class FailureKind(StrEnum):
    """Why a call returned no answer."""

    RATE_LIMIT = "rate limit"
    """Too many requests or tokens."""
    SERVER = "server"
    """The service failed or is overloaded."""
    TIMEOUT = "timeout"
    """No answer in time; the call may still be charged."""
    CONNECTION = "connection"
    """The service cannot be reached, or closed the connection."""
    AUTH = "auth"
    """The key is refused, or lacks the right to ask this model."""
    REQUEST = "request"
    """The service rejects the request, for example an unknown model."""
    FILTERED = "filtered"
    """A content filter rejects the question."""
    MALFORMED = "malformed"
    """The response cannot be parsed; the call may still be charged."""
    OTHER = "other"
    """Any other reason, or an unknown reason."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The response of a provider to one question.

    Attributes:
        text: The answer as the model wrote it.
        finish: How the answer ended.
        citations: The cited sources in the order of the answer, then those only retrieved.
        served_model: The model id that the response reports, or an empty string.
        fingerprint: The back end's fingerprint, or an empty string.
        usage: Tokens and searches billed.
        cost_usd: The cost in US dollars; None when the price is unknown.
        model_version: The version that the service reports next to the id, or an empty string.
        model_created: When the served model was created, as the service reports, or None.
        limits: The reported rate limits, or None.
        searches: What the model searched for and opened, in order; empty where it did neither, and
            where the service does not report it.
        earlier: Its answers to the earlier turns of the question; usage and cost are those of all.
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
    searches: tuple[Search, ...] = ()
    earlier: tuple[str, ...] = ()

    @property
    def queries(self) -> tuple[str, ...]:
        """What the model searched for, each query once."""
        return tuple(dict.fromkeys(search.query for search in self.searches if search.query))

    @property
    def opened(self) -> tuple[str, ...]:
        """The addresses of the pages that the model opened, each once."""
        opened = (search.pages for search in self.searches if not search.query)
        return tuple(dict.fromkeys(chain.from_iterable(opened)))


LOCAL = "local"
"""The provider of the model that comes with Overheard and runs on this machine."""
SEARCH = "+search"
"""Suffix of the name of a model that is asked with web search."""
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Reasoning efforts, the least first; one of them, behind a ``+``, is the last suffix of a name."""
PLAIN_MARKET = re.compile(r"([A-Z]{2})(?:-([a-z]{2}(?:-[A-Z]{2})?))?")
_MARKET = re.compile(rf"@({PLAIN_MARKET.pattern}|[^@~/+]+~[0-9a-f]{{4}})$")
"""Part of the name of a model that is asked in a market: ``@DE-de``, or ``@founder~1a2b``."""


@dataclass(frozen=True, order=True)
class Model:
    """A model as it is requested: the provider that serves it, and the requested model id.

    Answers with and without web search must not be compared, so ``openai/gpt-5`` and
    ``openai/gpt-5+search`` are two models. So are ``openai/gpt-5+low`` and
    ``openai/gpt-5+search+high``, with a reasoning effort, and ``openai/gpt-5@DE+search``, in a
    market.
    """

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @cached_property
    def id(self) -> str:
        """The id at the provider: the name without a market, ``+search`` and an effort."""
        return _MARKET.sub("", self._without_effort.removesuffix(SEARCH))

    @cached_property
    def market(self) -> str:
        """The key of the `Market` in which the model is asked; empty for none."""
        found = _MARKET.search(self._without_effort.removesuffix(SEARCH))
        return found[1] if found else ""

    def within(self, market: str) -> Model:
        """Return the same model in a market, given by its key; empty for none."""
        how = self.name.removeprefix(self.id).removeprefix(f"@{self.market}")
        return Model(self.provider, f"{self.id}{f'@{market}' if market else ''}{how}")

    @cached_property
    def searches(self) -> bool:
        """Whether the model is asked with web search."""
        return self._without_effort.endswith(SEARCH)

    @cached_property
    def effort(self) -> str:
        """The reasoning effort with which the model is asked, one of `EFFORTS`; empty for that of
        the service.
        """
        last = self.name.rpartition("+")[2]
        return last if last in EFFORTS and last != self.name else ""

    @cached_property
    def _without_effort(self) -> str:
        return self.name.removesuffix(f"+{self.effort}") if self.effort else self.name

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

    def cost(self, usage: Usage | UsualUsage, *, batch: bool = False) -> float:
        """Return the cost of a call with this usage, in US dollars.

        Args:
            usage: The billed quantities; their means for the mean cost.
            batch: Whether the call was part of a batch; searches cost the same in a batch.
        """
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_price = self.input if self.cached is None else self.cached
        factor = self.batch if batch and self.batch is not None else 1.0
        cached_factor = self.batch_cached if batch and self.batch_cached is not None else factor
        sent = self.input * (usage.input_tokens - cached)
        millionths = factor * (sent + self.output * usage.output_tokens)
        millionths += cached_factor * (cached_price * cached)
        return millionths / MILLIONTHS_PER_USD + self.search * usage.searches


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
        batch_only: Whether it is asked in batches always, because its answers are bought as tasks.
        batch_limit: The most questions of one batch; 0 without a limit of the vendor's own.
        searches: The largest number of searches that one answer can be billed for.
        answer_limit: The largest length of an answer in tokens, with its reasoning; None when the
            service decides. A `Question.limit` goes before it.
        market: The parts of a market that are sent, by the attributes of `Market`.
        how: The way of asking, for people: ``Responses API, web search``.
        name: The name of the model for people, such as ``Acme Chat``; empty for the usual one.
        follow_ups: Whether it can be asked on in a conversation, see `Question.messages`.
    """

    search: bool = False
    sampling: bool = False
    seed: bool = False
    fingerprint: bool = False
    streaming: bool = False
    batch: bool = False
    batch_only: bool = False
    batch_limit: int = 0
    searches: int = 0
    answer_limit: int | None = None
    market: frozenset[str] = frozenset()
    how: str = ""
    name: str = ""
    follow_ups: bool = False
