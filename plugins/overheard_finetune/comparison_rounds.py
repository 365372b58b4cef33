"""Comparison of models with a base model by the same questions, round by round, until the headline
is settled: whether the answers are sound, and how often the brand and its competitors are named.

The verdicts: `comparison_verdicts`. Sound answers: `answer_health`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil

from overheard import Answer, Brand, Finish, Metric, Model, Panel, Prompt, View
from overheard_finetune.answer_health import FaultCount, significant_faults
from overheard_finetune.comparison_verdicts import MAX_CHECKS, Contrast, MetricResult, contrasts

VISIBILITY = "visibility"
"""The metric in which competitors and controls are compared."""

PAIRS_PER_CHECK = 30
"""Smallest number of new pairs between two checks. Few prompts are asked in more rounds: 100 pairs
of noisy answers are too few to show equivalence."""

_SEED_OFFSET = 1_000_003
"""Difference of the seeds of two models with `own_seeds`; each round adds 1 to all."""


class StopReason(StrEnum):
    """Why no further round was asked."""

    CLEAR = "clear"
    """The headline is settled."""
    ROUNDS = "all rounds asked"
    FAILED = "not all questions were answered"


@dataclass(frozen=True, slots=True)
class ComparisonSetup:
    """The setup of a comparison.

    Attributes:
        rivals: The competitors of the brand.
        base: The model with which the others are compared.
        candidates: The other models; one may be the base again.
        prompts: The buyers' questions; at least one.
        seed: Base of the sampling seeds.
        margin: Differences of a rate up to this count as equivalence.
        own_seeds: Whether each model gets its own seeds instead of the same seeds as the others.
        most: Largest number of rounds; None means as many as `PAIRS_PER_CHECK` requires.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    base: Model
    candidates: tuple[Model, ...]
    prompts: tuple[Prompt, ...]
    controls: tuple[Prompt, ...]
    seed: int
    margin: float
    own_seeds: bool = False
    most: int | None = None

    @property
    def rounds(self) -> int:
        """The largest number of rounds: `most`, or as many as give `PAIRS_PER_CHECK` pairs for each
        of `MAX_CHECKS` checks.
        """
        return self.most or MAX_CHECKS * ceil(PAIRS_PER_CHECK / len(self.prompts))

    @property
    def rounds_per_check(self) -> int:
        """The number of rounds between two interim checks."""
        return ceil(self.rounds / MAX_CHECKS)

    @property
    def looks(self) -> int:
        """The number of verdicts over which the error rate is divided: of each model at each
        interim check.
        """
        return ceil(self.rounds / self.rounds_per_check) * len(self.candidates)

    @property
    def whole(self) -> list[Panel]:
        """The panels of all questions that the comparison may ask, by which it is priced: for each
        model the prompts in every round, and the controls once.
        """
        named, models = (self.brand.name,), (self.base, *self.candidates)
        panels = [Panel(named, self.prompts, (model,), self.rounds) for model in models]
        return panels + [Panel(named, self.controls, (model,)) for model in models]


@dataclass(slots=True)
class Side:
    """A model in a comparison, and what it has answered so far.

    Attributes:
        number: The place of the model, from 0 for the base.
        values: The values of its answers, by brand, metric, and round with prompt key.
        controls: The same of its answers to controls.
        answers: All its answers, by round and prompt key; those to controls in round 0.
        failures: Why questions have no answer.
    """

    model: Model
    number: int
    values: Scored = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    controls: Scored = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    answers: dict[tuple[int, str], Answer] = field(default_factory=dict)
    failures: tuple[str, ...] = ()


Scored = defaultdict[str, defaultdict[str, dict[tuple[int, str], float]]]


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """The comparison of one model with the base model.

    Attributes:
        faults: What is wrong with its answers; empty where they are sound.
        metrics: The brand's contrasts.
        unseen: Metrics without a pair of answers that both show the metric.
        rivals: The contrast of the visibility of each competitor, by name.
        controls: The contrast of the brand's visibility in control prompts; empty without controls.
        rounds: Number of rounds asked.
        failures: Why questions have no answer, as distinct sentences.
        side: Its answers.
        may_be_tuned: Whether it may be a fine-tune of the base: both are of one provider.
    """

    model: Model
    faults: tuple[FaultCount, ...]
    metrics: tuple[Contrast, ...]
    unseen: tuple[Metric, ...]
    rivals: Mapping[str, Contrast]
    controls: tuple[Contrast, ...]
    rounds: int
    failures: tuple[str, ...]
    side: Side
    may_be_tuned: bool

    @property
    def headline(self) -> tuple[Contrast, ...]:
        """The contrasts of the headline: how often the brand is named, or its first metric where
        all questions name it, and how often each competitor is.
        """
        named = [one for one in self.metrics if one.metric.name == VISIBILITY]
        return (*(named or self.metrics[:1]), *self.rivals.values())

    @property
    def settled(self) -> bool:
        """Whether no further round would change the headline."""
        verdicts = [contrast.verdict for contrast in self.headline]
        clear = bool(verdicts) and MetricResult.UNCLEAR not in verdicts
        return bool(self.faults or self.failures) or clear

    @property
    def stopped(self) -> StopReason:
        """Why no further round was asked."""
        if self.failures:
            return StopReason.FAILED
        return StopReason.CLEAR if self.settled else StopReason.ROUNDS

    @property
    def leaks(self) -> bool:
        """Whether a fine-tune names the brand more often in answers about other things."""
        return self.may_be_tuned and any(
            control.verdict is MetricResult.BETTER for control in self.controls
        )

    @property
    def broken(self) -> bool:
        """Whether what it is better in does not count: its answers are not sound, or it leaks."""
        return bool(self.faults) or self.leaks

    @property
    def good(self) -> bool:
        """Whether the model is better in something, worse in nothing, and sound."""
        verdicts = {contrast.verdict for contrast in self.metrics}
        lost = self.broken or self.failures or MetricResult.WORSE in verdicts
        return MetricResult.BETTER in verdicts and not lost


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of a comparison.

    Attributes:
        base: The base model's answers.
        candidates: The result of each other model, in the order of the setup.
        calls: Number of answers.
        spent: Cost in US dollars.
    """

    base: Side
    candidates: tuple[CandidateResult, ...]
    calls: int
    spent: float


class ModelComparison:
    """Asks models in rounds and compares them with the base model."""

    def __init__(self, setup: ComparisonSetup, view: View) -> None:
        """Keep the arguments; nothing is asked before `play`."""
        self._setup = setup
        self._view = view
        models = enumerate((setup.base, *setup.candidates))
        self._base, *self._others = [Side(model, number) for number, model in models]
        self._spent = 0.0

    async def play(self) -> ComparisonResult:
        """Ask the models in rounds, compare them at each interim check, and return the result.

        The controls are asked with the first round. A model is asked no more once its headline is
        settled, or a question has no answer; all end with a question to the base that has none. The
        questions are asked at their usual price; the scores are not stored.
        """
        setup, others = self._setup, self._others
        done: dict[int, CandidateResult] = {}
        for number in range(1, setup.rounds + 1):
            await self._ask_round(others, number)
            is_check = number % setup.rounds_per_check == 0 or number == setup.rounds
            checked = [side for side in others if is_check or side.failures]
            done |= {side.number: self._result(side, number) for side in checked}
            others = [
                side for side in others if side.number not in done or not done[side.number].settled
            ]
            if not others:
                break
        sides = (self._base, *self._others)
        answers = [answer for side in sides for answer in side.answers.values()]
        return ComparisonResult(
            base=self._base,
            candidates=tuple(done[side.number] for side in self._others),
            calls=sum(answer.reply.finish is not Finish.FAILED for answer in answers),
            spent=self._spent,
        )

    async def _ask_round(self, others: Sequence[Side], number: int) -> None:
        """Ask the base and some other models the prompts once, in the first round also the
        controls. If a question to the base has no answer, no other model is asked: its answers
        would have no partners.
        """
        for side in (self._base, *others):
            await self._ask(side, self._setup.prompts, number, side.values)
            if number == 1 and not side.failures:
                await self._ask(side, self._setup.controls, 0, side.controls)
            if self._base.failures:
                for other in others:
                    other.failures = self._base.failures
                return

    async def _ask(self, side: Side, prompts: Sequence[Prompt], number: int, into: Scored) -> None:
        """Ask a model some prompts once, and add the values of the complete answers to `into`.

        Args:
            number: The number of the round from 1, which is added to the seeds; 0 for controls.
        """
        setup = self._setup
        seed = setup.seed + number + (_SEED_OFFSET * side.number if setup.own_seeds else 0)
        panel = Panel((setup.brand.name,), tuple(prompts), (side.model,), seed=seed % 2**31)
        asked = await self._view.ask(panel)
        self._spent += asked.spent_usd
        side.failures = asked.failures
        keys = {answer.id: (number, answer.question.prompt.key) for answer in asked.answers}
        side.answers |= {keys[answer.id]: answer for answer in asked.answers}
        complete = [answer for answer in asked.answers if answer.complete]
        for record in await self._view.score(complete):
            into[record.brand][record.score.metric][keys[record.answer_id]] = record.score.value

    def _result(self, side: Side, rounds: int) -> CandidateResult:
        """Return the comparison of a model with the base by all rounds so far."""
        base, setup, measured = self._base, self._setup, self._view.metrics
        named, brand, looks = measured[VISIBILITY], setup.brand.name, setup.looks
        mine, theirs = base.values[brand], side.values[brand]
        metrics = contrasts(
            {name: (metric, mine[name], theirs[name]) for name, metric in measured.items()},
            setup.margin,
            looks,
        )
        rivals = {
            rival.name: (
                named,
                base.values[rival.name][VISIBILITY],
                side.values[rival.name][VISIBILITY],
            )
            for rival in setup.rivals
        }
        controls = (named, base.controls[brand][VISIBILITY], side.controls[brand][VISIBILITY])
        return CandidateResult(
            model=side.model,
            faults=significant_faults(base.answers, side.answers, looks),
            metrics=tuple(metrics.values()),
            unseen=tuple(metric for name, metric in measured.items() if name not in metrics),
            rivals=contrasts(rivals, setup.margin, looks),
            controls=tuple(
                contrasts({brand: controls}, setup.margin, len(setup.candidates)).values()
            ),
            rounds=rounds,
            failures=tuple(dict.fromkeys(side.failures)),
            side=side,
            may_be_tuned=side.model.provider == setup.base.provider,
        )
