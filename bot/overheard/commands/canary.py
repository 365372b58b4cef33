"""`canary`: daily questions with a nearly tied first word, which reveal an exchanged model.

Readers are told of a model that is watched for silent updates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table, Tainted
from overheard.cards.command import CommandSpec, Face, Kind, Proposal, Role, argument
from overheard.cards.model_names import ModelNames
from overheard.deployment import Call, Deployment
from overheard.detection.silent_updates import (
    MIN_UNSEEN_WORDS,
    CanaryComparison,
    compare_first_words,
)
from overheard.domain import Model, ModelUpdate, Panel, Payer, Run
from overheard.errors import CanaryImpossible, NothingToAsk
from overheard.interfaces import Described
from overheard.runs.budget import SpendReservation
from overheard.runs.canaries import (
    CANARY_SOURCE,
    DAILY,
    LIMIT,
    REFERENCE,
    SEARCH,
    Canary,
    Probe,
    border_prompts,
    canaries,
    daily_panel,
    first_words,
    reference_panel,
    search_panel,
    whole_search_panel,
)
from overheard.runs.cost_estimate import Pair, capabilities_of, unasked
from overheard.runs.plan import find_model, new_run
from overheard.runs.retries import RetryPolicy
from overheard.runs.runner import Runner
from overheard.runs.service import with_run_lock


async def set_up(
    deployment: Deployment,
    call: Call,
    *,
    model: Annotated[str, argument("Which model.", Kind.MODEL)],
) -> Proposal:
    """Return a proposal, with its price, to watch a model for silent updates. Executing it finds
    the model's border prompts (those whose most frequent first words are nearly tied), and asks
    each of them for the first words that it usually gets. The answers are stored outside the
    history: they are charged, and never scored.

    Args:
        model: The model, as ``provider/model``.

    Raises:
        UnknownName: for a model that no provider serves.
        CanaryImpossible: for a model that takes no temperature or searches; on executing, for one
            that hardly answers.
    """
    chosen = _suited_model(deployment, model)
    run = _aside_run(deployment, call, whole_search_panel(chosen))
    quote = await deployment.pricing.quote(run, answer_limit=LIMIT)
    return Proposal(quote.price, quote.usd, partial(_learn_references, deployment, call, chosen))


async def _learn_references(deployment: Deployment, call: Call, model: Model) -> Card:
    """Ask a model the candidates for border prompts (those whose most frequent first words are
    nearly tied), then the border prompts among them again for the first words that they usually
    get. Return the card with their number. A terminal also gets a table of the prompts with the
    first words.

    Raises:
        CanaryImpossible: for a model with fewer than `MIN_UNSEEN_WORDS` border prompts.
        BudgetExceeded: when the budget no longer covers one of the two runs.
    """
    search = await _ask_first_words(deployment, call, search_panel(model), SEARCH)
    borders = await border_prompts(deployment.store, search)
    if len(borders) < MIN_UNSEEN_WORDS:
        raise CanaryImpossible(model=model, reason="it hardly answers")
    await _ask_first_words(deployment, call, reference_panel(model, borders), REFERENCE)
    texts = {prompt.key: prompt.text for prompt in search_panel(model).prompts}
    varying = sum(border.tie > 0 for border in borders)
    rows = tuple(
        (texts[border.prompt], Tainted(wording.listing(sorted(border.answers))))
        for border in borders
    )
    return Card(
        title=f"{deployment.names.name(model)} is watched for silent updates",
        text=f"{wording.count(len(borders), 'short question')} will be asked each day; "
        f"{varying} of them have answers that vary. A new answer tells of an update.",
        table=Table(("Question", "First words"), rows) if call.face is Face.TERMINAL else None,
        data={
            "model": str(model),
            "prompts": [
                {"prompt": texts[border.prompt], "answers": dict(border.answers)}
                for border in borders
            ],
        },
    )


async def run_canaries(deployment: Deployment, call: Call) -> Proposal:
    """Return a proposal, with its price, to ask each watched model its border prompts once.
    Executing it stores a model update where first words are new. A model whose update was found
    before is not asked again until it is set up anew.

    Raises:
        NothingToAsk: when no model is watched.
        BudgetUnknown: when there is a budget and a model's price is not known.
    """
    watched = await canaries(deployment.store)
    if not watched:
        raise NothingToAsk(missing="no model is watched for silent updates yet")
    calls = Counter[Pair]()
    for canary in watched:
        if not canary.hit:
            calls += unasked(daily_panel(canary), ())
    payer = Payer(0, channel=call.channel)
    quote = await deployment.pricing.quote_calls(calls, payer, answer_limit=LIMIT)
    return Proposal(quote.price, quote.usd, partial(_ask_canaries, deployment, call, watched))


async def _ask_canaries(deployment: Deployment, call: Call, watched: Sequence[Canary]) -> Card:
    """Ask the border prompts of each watched model once, store the updates that the answers show,
    and return the card of the results. Models whose update was found earlier are not asked again.
    The card is a warning if a model may have been updated, now or earlier.

    Raises:
        BudgetExceeded: when the budget no longer covers one of the runs.
        BudgetUnknown: when there is a budget and a model's price is not known.
    """
    results = [await _ask_and_compare(deployment, call, canary) for canary in watched]
    return Card(
        title="Silent updates",
        text="\n\n".join(result.sentence(call, deployment.names) for result in results),
        severity=Severity.WARNING if any(result.hit for result in results) else Severity.PLAIN,
        data={"canaries": [result.data() for result in results]},
    )


@dataclass(frozen=True, slots=True)
class DailyResult:
    """The result of a canary on one day.

    Attributes:
        canary: The canary before this day, with the update that it may have found earlier.
        comparison: Today's first words against the earlier ones; None if the canary was not asked,
            because it had found an update earlier.
    """

    canary: Canary
    comparison: CanaryComparison | None

    @property
    def hit(self) -> bool:
        """Whether the model may have been updated, today or earlier."""
        return self.comparison is None or self.comparison.hit

    def sentence(self, call: Call, names: ModelNames) -> str:
        """Return the result in one or two sentences: that the model was updated earlier (with the
        day, in the time zone of the call), that it may have been updated now, or that it shows no
        change.
        """
        model = names.name(self.canary.model)
        if self.canary.hit:
            day = wording.day(self.canary.hit.at, call.zone)
            return f"{model} was updated on {day}; watch it anew to hear of the next update."
        comparison = self.comparison or CanaryComparison(unseen=(), asked=0)
        if comparison.hit:
            count = wording.count(len(comparison.unseen), "answer")
            return (
                f"{model} gave {count} that it never gave before: it may have been updated. This "
                "is kept as an update."
            )
        return f"{model} shows no change in {wording.count(comparison.asked, 'answer')}."

    def data(self) -> dict[str, Any]:
        """Return the result for JSON output. ``asked`` is the number of prompts answered today (0
        if the model was not asked), ``hit`` says whether the model may have been updated, now or
        earlier, and ``unseen`` has the prompts with first words that are new.
        """
        texts = {prompt.key: prompt.text for prompt in self.canary.prompts}
        comparison = self.comparison or CanaryComparison(unseen=(), asked=0)
        return {
            "model": str(self.canary.model),
            "asked": comparison.asked,
            "hit": self.hit,
            "unseen": [{"prompt": texts[key], "answer": word} for key, word in comparison.unseen],
        }


async def _ask_and_compare(deployment: Deployment, call: Call, canary: Canary) -> DailyResult:
    """Ask a watched model its border prompts once, compare the first words of the answers with
    those that it gave before, and store a model update if at least `MIN_UNSEEN_WORDS` of them are
    new. If an update was found earlier, nothing is asked, and the result has no comparison.

    Args:
        canary: The watched model, with its border prompts and the first words given before.

    Raises:
        BudgetExceeded: when the budget no longer covers the run.
    """
    if canary.hit:
        return DailyResult(canary, comparison=None)
    run = await _ask_first_words(deployment, call, daily_panel(canary), DAILY)
    texts_today = await first_words(deployment.store, [run])
    first_texts = {prompt: texts[0] for prompt, texts in texts_today.items()}
    comparison = compare_first_words(canary.answers, first_texts)
    if comparison.hit:
        note = f"{len(comparison.unseen)} first words that were never given before"
        await deployment.store.updates.add(
            ModelUpdate(canary.model, run.started_at, CANARY_SOURCE, note)
        )
    return DailyResult(canary, comparison)


async def _ask_first_words(deployment: Deployment, call: Call, panel: Panel, label: str) -> Run:
    """Ask the questions of a panel for their first words only, in a stored run outside the history,
    and return the run. Failed calls are repeated as configured; answers that fail for good are
    missing.

    Args:
        panel: The questions, of one model.
        label: The label of the run: `SEARCH`, `REFERENCE` or `DAILY`.

    Raises:
        BudgetExceeded: when the budget no longer covers the run.
    """
    store, clock = deployment.store, deployment.clock
    run = _aside_run(deployment, call, panel, label)
    await deployment.pricing.quote(run)  # the runs before may have used the money up
    run = await store.runs.start(run)

    async def work() -> None:
        """Ask the questions of the run within the budget, store the answers, and end the run.
        Called while the lock of the run is held.
        """
        reservation = SpendReservation(store.money, deployment.config.budget, run.payer, clock)
        probes = {name: Probe(provider) for name, provider in deployment.plugins.providers.items()}
        retries = RetryPolicy(deployment.config.asking)
        runner = Runner(
            store, probes, deployment.limits, reservation, retries, clock, call.progress
        )
        outcome = await runner.run(run)
        await store.runs.finish(run.id, outcome.state, clock.now())

    await with_run_lock(store, run, work)
    return run


def _aside_run(deployment: Deployment, call: Call, panel: Panel, label: str = "") -> Run:
    """Return a run outside the history that begins now, and is not stored yet."""
    run = new_run(
        panel,
        deployment.clock.now(),
        label=label,
        asked_by=call.who,
        channel=call.channel,
    )
    return replace(run, aside=True)


def _suited_model(deployment: Deployment, name: str) -> Model:
    """Return the model of a name (``provider/model``) if it can have a canary. A provider that does
    not describe its models is trusted to take a temperature.

    Raises:
        UnknownName: for a model that no provider serves.
        CanaryImpossible: for a model that searches the web or takes no temperature.
    """
    providers = deployment.plugins.providers
    model = find_model(name, providers)
    if model.searches:
        raise CanaryImpossible(model=model, reason="it searches the web")
    is_described = isinstance(providers[model.provider], Described)
    if is_described and not capabilities_of(model, providers).sampling:
        raise CanaryImpossible(model=model, reason="it takes no temperature")
    return model


CANARY_SETUP = CommandSpec(
    "canary setup",
    "Watch a model for silent updates by short daily questions.",
    set_up,
    role=Role.OPERATOR,
    spends=True,
    examples=("canary setup mistral/mistral-small-latest",),
    title="Watch for updates",
)
CANARY_RUN = CommandSpec(
    "canary run",
    "Ask the daily questions that tell of silent updates.",
    run_canaries,
    role=Role.OPERATOR,
    spends=True,
    examples=("canary run",),
    title="Look for updates",
)
