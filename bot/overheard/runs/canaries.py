"""Canaries: questions with nearly tied answers; other first words show an exchanged model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from overheard.detection.silent_updates import BORDER_PROMPTS, BorderPrompt, nearest_ties
from overheard.domain import (
    Capabilities,
    Model,
    ModelUpdate,
    Panel,
    Price,
    Prompt,
    Question,
    Reply,
    Run,
)
from overheard.interfaces import Provider, Store
from overheard.plugins import remedy_of
from overheard.runs.cost_estimate import capabilities_of

LIMIT = 16
"""Tokens of an answer: the fewest that every service takes. Only the first word is read."""
SEARCH, REFERENCE, DAILY = "canary search", "canary reference", "canary"
"""Labels of the runs: the search for border prompts, what they usually answer, each day's."""
SEARCHED, REFERRED = 6, 20
"""How often the search asks each candidate, and the reference each border prompt."""
CANARY_SOURCE = "canary"
"""The `ModelUpdate.source` of an update that a canary found."""

_THINGS = (
    "a colour",
    "an animal",
    "a fruit",
    "a vegetable",
    "a tree",
    "a flower",
    "a bird",
    "a fish",
    "a city in Europe",
    "a city in Asia",
    "a country",
    "a river",
    "a mountain",
    "an island",
    "a planet",
    "a metal",
    "a gemstone",
    "a musical instrument",
    "a sport",
    "a board game",
    "a dance",
    "a spice",
    "a drink",
    "a dessert",
    "a kind of cheese",
    "a piece of furniture",
    "a tool",
    "a vehicle",
    "a profession",
    "a school subject",
    "a first name",
    "a family name",
    "a month",
    "a day of the week",
    "a number between 1 and 100",
    "a letter of the alphabet",
    "a shape",
    "a fabric",
    "a feeling",
    "an English verb",
)
CANDIDATES = tuple(
    Prompt(f"Name {thing} at random. Answer with one word only.") for thing in _THINGS
)
"""Questions with many right answers, some of which are nearly tied."""


class Probe:
    """A provider that is asked for first words only: answers of `LIMIT` tokens at temperature 0."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._provider.name

    @property
    def concurrency(self) -> int:
        """How many calls the provider may be given at a time."""
        return self._provider.concurrency

    @property
    def remedy(self) -> str:
        """What to do about a fault of the provider."""
        return remedy_of(self._provider)

    def models(self) -> Sequence[str]:
        """Return the provider's models."""
        return self._provider.models()

    def price(self, model: str) -> Price | None:
        """Return what a model charges."""
        return self._provider.price(model)

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model, with an answer limit of `LIMIT` tokens."""
        able = capabilities_of(Model(self.name, model), {self.name: self._provider})
        return replace(able, answer_limit=LIMIT)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask for the first word."""
        return await self._provider.ask(replace(question, limit=LIMIT), seed=seed)

    async def close(self) -> None:
        """Do nothing: the provider is closed where it was opened."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The stored state of a model's canary, which notices silent updates by the first words of
    answers.

    Attributes:
        prompts: The border prompts of the model, whose most frequent answers are nearly tied.
        answers: The first words of the answers since the search, by prompt key.
        hit: The update that the canary found, or None; after a hit it is silent until a new search.
    """

    model: Model
    prompts: tuple[Prompt, ...]
    answers: Mapping[str, tuple[str, ...]]
    hit: ModelUpdate | None = None


def search_panel(model: Model) -> Panel:
    """Return the panel of the search for border prompts: each candidate `SEARCHED` times."""
    return Panel((), CANDIDATES, (model,), SEARCHED)


def whole_search_panel(model: Model) -> Panel:
    """Return a panel with as many calls as search and reference need together, to price both
    beforehand.
    """
    extra = ceil(BORDER_PROMPTS * REFERRED / len(CANDIDATES))
    return Panel((), CANDIDATES, (model,), SEARCHED + extra)


def reference_panel(model: Model, found: Sequence[BorderPrompt]) -> Panel:
    """Return the panel that asks a model each border prompt `REFERRED` times, for the usual
    distribution of its answers. The prompts are in the order of `CANDIDATES`.

    Args:
        found: The border prompts that the search has found.
    """
    chosen = {border.prompt for border in found}
    prompts = tuple(prompt for prompt in CANDIDATES if prompt.key in chosen)
    return Panel((), prompts, (model,), REFERRED)


def daily_panel(canary: Canary) -> Panel:
    """Return the panel of a day's run: every border prompt once."""
    return Panel((), canary.prompts, (canary.model,))


async def first_words(store: Store, runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """Return the texts of the answers of some runs, by prompt key, in the order of the answers.

    Empty texts are left out, and so are prompts without a text; empty without runs. The texts are
    first words, because a `Probe` asks for no more.
    """
    found: dict[str, list[str]] = defaultdict(list)
    if runs:
        async for answer in store.answers.stream(runs={run.id for run in runs}):
            if answer.reply.text:
                found[answer.question.prompt.key].append(answer.reply.text)
    return {prompt: tuple(texts) for prompt, texts in found.items()}


async def canaries(store: Store) -> list[Canary]:
    """Return the canary of each model that has a reference run, in the order of the models; the
    latest reference run of a model counts.
    """
    runs = [run for run in await store.runs.find() if run.aside and run.panel]  # the newest first
    references = {
        run.panel.models[0]: run for run in reversed(runs) if run.panel and run.label == REFERENCE
    }
    return [await _canary(store, model, references[model], runs) for model in sorted(references)]


async def _canary(store: Store, model: Model, reference: Run, runs: Sequence[Run]) -> Canary:
    """Return the canary of a model, which notices silent updates by the first words of answers.

    The canary began with the last search before its reference run or, without a search, with the
    reference run. Its answers are those since then, from its search, reference and daily runs. Its
    hit is the oldest update of the model that a canary found since then.

    Args:
        reference: The model's latest reference run, whose prompts are the border prompts.
        runs: All runs outside the history, in any order.
    """
    model_runs = [run for run in runs if run.panel and run.panel.models == (model,)]
    searches = [
        run for run in model_runs if run.label == SEARCH and run.started_at <= reference.started_at
    ]
    canary_began = max((run.started_at for run in searches), default=reference.started_at)
    canary_runs = [
        run
        for run in model_runs
        if run.label in {SEARCH, REFERENCE, DAILY} and run.started_at >= canary_began
    ]
    hits = [
        update
        for update in await store.updates.find(model)
        if update.source == CANARY_SOURCE and update.at >= canary_began
    ]
    prompts = reference.panel.prompts if reference.panel else ()
    return Canary(
        model=model,
        prompts=prompts,
        answers=await first_words(store, canary_runs),
        hit=next(iter(hits), None),
    )


async def border_prompts(store: Store, search: Run) -> list[BorderPrompt]:
    """Return the candidates whose most frequent answers in a search run are most nearly tied; see
    `nearest_ties`.
    """
    return nearest_ties(await first_words(store, [search]))
