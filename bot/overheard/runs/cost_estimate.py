"""The price of questions, by what models charge and by the usual size of their answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from overheard.domain import (
    Account,
    Capabilities,
    Model,
    Panel,
    Payer,
    Price,
    Prompt,
    Usage,
    UsualUsage,
)
from overheard.interfaces import Described, Provider

CHARACTERS_A_TOKEN = 3.0
"""Fewer than in English prose, so that the estimate is too high rather than too low."""

Pair = tuple[Prompt, Model]
_NO_CAPABILITIES = Capabilities()


@dataclass(frozen=True, slots=True)
class AnswerTokens:
    """Assumed tokens of an answer, and of the pages that a model reads in each web search."""

    answer: int
    search: int


TYPICAL = AnswerTokens(400, 2_000)
WORST = AnswerTokens(4_000, 10_000)
"""The size of most answers, and a size that hardly any answer exceeds."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated price of questions.

    Attributes:
        calls: Number of questions.
        typical: Dollars for answers of `TYPICAL` size, of models with a known price.
        worst: Dollars for answers of `WORST` size, of models with a known price.
        unknown: The models without a known price.
        booked: The typical dollars of each account.
    """

    calls: int
    typical: float
    worst: float
    unknown: tuple[Model, ...] = ()
    booked: Mapping[Account, float] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Whether the price is known to be 0."""
        return self.worst == 0 and not self.unknown


def unasked(panel: Panel, asked: Collection[tuple[str, str, int]]) -> Counter[Pair]:
    """Return the number of questions of a panel without an answer, by prompt and model; a pair
    without such a question is missing.

    Args:
        asked: The keys of the questions with an answer, as `Question.key`; empty for none.
    """
    if asked:
        return Counter((q.prompt, q.model) for q in panel.questions() if q.key not in asked)
    return Counter({(p, m): count for p, count in panel.asks() for m in panel.models})


def estimate(
    calls: Mapping[Pair, int],
    providers: Mapping[str, Provider],
    payer: Payer,
    now: datetime,
    batched: Collection[Model] = (),
    usual: Mapping[Model, UsualUsage] | None = None,
) -> Estimate:
    """Return the estimated price of calls, before the first call.

    The typical price of a call is its `usual_cost`. The worst price is that of an answer of `WORST`
    size, and at least the typical price. A model without a known price adds nothing to the dollars,
    and is listed as unknown.

    Args:
        calls: The number of calls by prompt and model.
        providers: Providers by name.
        payer: The accounts on which the calls are booked.
        now: The current time, for the accounts of the day and the month.
        batched: The models that are asked in batches.
        usual: The mean usage of a model's answers so far; a model that is missing is taken to
            answer with `TYPICAL` size.
    """
    prices = {model: price_of(model, providers) for _, model in calls}
    typical = worst = 0.0
    booked: dict[Account, float] = defaultdict(float)
    for (prompt, model), count in calls.items():
        batch = model in batched
        cost = usual_cost(prompt, model, providers, usual or {}, batch=batch)
        typical += count * cost
        worst += count * max(cost, call_cost(prompt, model, providers, WORST, batch=batch))
        for account, share in payer.accounts(prompt, now).items():
            booked[account] += share * count * cost
    unknown = tuple(model for model, price in prices.items() if price is None)
    return Estimate(sum(calls.values()), typical, worst, unknown, booked)


def price_of(model: Model, providers: Mapping[str, Provider]) -> Price | None:
    """Return a model's price; None when it is unknown. Never raises.

    A price is unknown when the model's provider is not among ``providers``, gives no `Price`,
    gives a negative or infinite amount, or fails.
    """
    try:
        price: object = providers[model.provider].price(model.name)
        if isinstance(price, Price):
            amounts = (price.input, price.output, price.cached or 0.0, price.search)
            if all(0 <= amount < inf for amount in amounts):
                return price
    except Exception:  # of any kind: the price is unknown then
        return None
    return None


def capabilities_of(model: Model, providers: Mapping[str, Provider]) -> Capabilities:
    """Return the capabilities of a model.

    `_NO_CAPABILITIES` when its provider does not declare any, declares something else, or fails.

    Raises:
        KeyError: when the model's provider is not among ``providers``.
    """
    provider = providers[model.provider]
    try:
        if not isinstance(provider, Described):
            return _NO_CAPABILITIES
        declared: object = provider.capabilities(model.name)
    except Exception:  # of any kind: nothing is declared then
        return _NO_CAPABILITIES
    return declared if isinstance(declared, Capabilities) else _NO_CAPABILITIES


def call_cost(
    prompt: Prompt,
    model: Model,
    providers: Mapping[str, Provider],
    size: AnswerTokens,
    *,
    batch: bool = False,
    added_tokens: int = 0,
    answer_limit: int | None = None,
) -> float:
    """Return the US dollars of one call with an answer of some size: for its question with the
    pages of the model's web searches, for its answer, and for the searches themselves.

    The result is 0 for an unknown price, so ask `price_of` first.

    Args:
        providers: Providers by name.
        size: The assumed tokens of the answer, and of the pages of each search.
        batch: Whether the question is asked in a batch.
        added_tokens: Tokens that are sent in addition to the prompt.
        answer_limit: The most tokens of an answer, by which the assumed answer is cut; None for the
            limit that the provider declares, or for no limit if it declares none.
    """
    price = price_of(model, providers)
    if price is None:
        return 0.0
    able = capabilities_of(model, providers)
    asked = question_tokens(prompt) + added_tokens + able.searches * size.search
    answer = min(size.answer, answer_limit or able.answer_limit or size.answer)
    return price.cost(Usage(asked, answer, searches=able.searches), batch=batch)


def usual_cost(
    prompt: Prompt,
    model: Model,
    providers: Mapping[str, Provider],
    usual: Mapping[Model, UsualUsage],
    *,
    batch: bool = False,
) -> float:
    """Return the US dollars that a call will probably cost.

    That is the mean usage of the model's answers so far at today's price. For a model without
    answers it is the price of an answer of `TYPICAL` size to the prompt. 0 for an unknown price.

    Args:
        providers: Providers by name.
        usual: The mean usage of the models' answers so far; models without answers may be missing.
        batch: Whether the question is asked in a batch.
    """
    used, price = usual.get(model), price_of(model, providers)
    if not used or not used.answers or price is None:
        return call_cost(prompt, model, providers, TYPICAL, batch=batch)
    return price.mean_cost(used, batch=batch)


def question_tokens(prompt: Prompt) -> int:
    """Return an upper estimate of the tokens of a question, with the tokens that a service adds."""
    return round(len(prompt.text) / CHARACTERS_A_TOKEN) + 50
