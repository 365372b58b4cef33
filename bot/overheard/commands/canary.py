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
    """Return a proposal that finds a model's border prompts (those with nearly tied first words)
    and stores their usual first words.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        model: As ``provider/model``.

    Raises:
        UnknownName: for a model that no provider serves.
        CanaryImpossible: for a model that takes no temperature, searches or does not answer.
        BudgetExceeded: when the budget does not cover the price.
    """
    chosen = _suited_model(deployment, model)
    run = _aside_run(deployment, call, whole_search_panel(chosen))
    quote = await deployment.pricing.quote(run, answer_limit=LIMIT)
    return Proposal(quote.price, quote.usd, partial(_learn_references, deployment, call, chosen))


async def _learn_references(deployment: Deployment, call: Call, chosen: Model) -> Card:
    """Ask the chosen model the search panel, then its border prompts for reference, and return the
    card. Raises CanaryImpossible for fewer than `MIN_UNSEEN_WORDS` prompts.
    """
    search = await _ask_first_words(deployment, call, search_panel(chosen), SEARCH)
    prompts = await border_prompts(deployment.store, search)
    if len(prompts) < MIN_UNSEEN_WORDS:
        raise CanaryImpossible(model=chosen, reason="it hardly answers")
    await _ask_first_words(deployment, call, reference_panel(chosen, prompts), REFERENCE)
    texts = {prompt.key: prompt.text for prompt in search_panel(chosen).prompts}
    torn = sum(border.tie > 0 for border in prompts)
    name = deployment.names.name(chosen)
    return Card(
        title=f"{name} is watched for silent updates",
        text=f"{wording.count(len(prompts), 'short question')} will be asked each day; "
        f"{torn} of them have answers that vary. A new answer tells of an update.",
        table=Table(
            ("Question", "First words"),
            tuple((texts[b.prompt], Tainted(wording.listing(sorted(b.answers)))) for b in prompts),
        )
        if call.face is Face.TERMINAL
        else None,
        data={
            "model": str(chosen),
            "prompts": [
                {"prompt": texts[border.prompt], "answers": dict(border.answers)}
                for border in prompts
            ],
        },
    )


async def run_canaries(deployment: Deployment, call: Call) -> Proposal:
    """Return a proposal that asks the border prompts of each watched model and stores a model
    update where first words are new.

    Raises:
        NothingToAsk: when no model has a canary.
        BudgetExceeded: when the budget does not cover the price.
    """
    known = await canaries(deployment.store)
    if not known:
        raise NothingToAsk(missing="no model is watched for silent updates yet")
    calls = Counter[Pair]()
    for canary in known:
        calls += Counter() if canary.hit else unasked(daily_panel(canary), ())
    payer = Payer(0, channel=call.channel)
    quote = await deployment.pricing.quote_calls(calls, payer, answer_limit=LIMIT)
    return Proposal(quote.price, quote.usd, partial(_ask_canaries, deployment, call, known))


async def _ask_canaries(deployment: Deployment, call: Call, watched: Sequence[Canary]) -> Card:
    """Ask the border prompts of each known canary once, store updates, and return the card of the
    results.
    """
    days = [await _ask_and_compare(deployment, call, canary) for canary in watched]
    return Card(
        title="Silent updates",
        text="\n\n".join(day.sentence(call, deployment.names) for day in days),
        severity=Severity.WARNING if any(day.hit for day in days) else Severity.PLAIN,
        data={"canaries": [day.data() for day in days]},
    )


@dataclass(frozen=True, slots=True)
class Day:
    """The result of one daily comparison; `verdict` is None for a model that was not asked because
    its update is known.
    """

    canary: Canary
    verdict: CanaryComparison | None

    @property
    def hit(self) -> bool:
        """Whether the model may have been replaced."""
        return self.verdict is None or self.verdict.hit

    def sentence(self, call: Call, names: ModelNames) -> str:
        """Return the result as one or two sentences."""
        model = names.name(self.canary.model)
        if self.verdict is None and self.canary.hit:
            day = wording.day(self.canary.hit.at, call.zone)
            return f"{model} was updated on {day}; watch it anew to hear of the next update."
        verdict = self.verdict or CanaryComparison((), 0)
        if verdict.hit:
            return (
                f"{model} gave {wording.count(len(verdict.unseen), 'answer')} that it never gave "
                "before: it may have been updated. This is kept as an update."
            )
        asked = wording.count(verdict.asked, "answer")
        return f"{model} shows no change in {asked}."

    def data(self) -> dict[str, Any]:
        """Return the result for JSON output; ``unseen`` has the new first words."""
        texts = {prompt.key: prompt.text for prompt in self.canary.prompts}
        unseen = self.verdict.unseen if self.verdict else ()
        return {
            "model": str(self.canary.model),
            "asked": self.verdict.asked if self.verdict else 0,
            "hit": self.hit,
            "unseen": [{"prompt": texts[key], "answer": word} for key, word in unseen],
        }


async def _ask_and_compare(deployment: Deployment, call: Call, canary: Canary) -> Day:
    """Ask a canary's border prompts once and compare the first words; new ones are stored as a
    model update. A canary with a hit is not asked.
    """
    if canary.hit:
        return Day(canary, None)
    run = await _ask_first_words(deployment, call, daily_panel(canary), DAILY)
    today = await first_words(deployment.store, [run])
    verdict = compare_first_words(
        canary.answers, {prompt: texts[0] for prompt, texts in today.items()}
    )
    if verdict.hit:
        note = f"{len(verdict.unseen)} first words that were never given before"
        await deployment.store.updates.add(
            ModelUpdate(canary.model, run.started_at, CANARY_SOURCE, note)
        )
    return Day(canary, verdict)


async def _ask_first_words(deployment: Deployment, call: Call, panel: Panel, label: str) -> Run:
    """Ask a panel for first words only, in a run with a label outside the history, and return the
    run. Raises BudgetExceeded when the budget no longer covers the run.
    """
    store, clock = deployment.store, deployment.clock
    run = _aside_run(deployment, call, panel, label)
    await deployment.pricing.quote(run)  # the runs before may have used the money up
    run = await store.runs.start(run)

    async def work() -> None:
        """Ask the questions of the run, while its lock is held."""
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
    now, who, channel = deployment.clock.now(), call.who, call.channel
    return replace(new_run(panel, now, label=label, asked_by=who, channel=channel), aside=True)


def _suited_model(deployment: Deployment, name: str) -> Model:
    """Return the model of a name if it can have a canary.

    Raises:
        UnknownName: for a model that no provider serves.
        CanaryImpossible: for a model that searches the web or takes no temperature.
    """
    providers = deployment.plugins.providers
    model = find_model(name, providers)
    described = isinstance(providers[model.provider], Described)
    if model.searches:
        raise CanaryImpossible(model=model, reason="it searches the web")
    if described and not capabilities_of(model, providers).sampling:
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
