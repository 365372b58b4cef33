"""Comparison of two models by the same questions, round by round, until the result is clear.

The verdicts, and when a result is clear: `comparison_verdicts`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from overheard.advice.comparison_verdicts import MAX_CHECKS, Contrast, all_clear, contrasts
from overheard.domain import (
    VISIBILITY,
    Answer,
    Block,
    Brand,
    Finish,
    Metric,
    Model,
    Panel,
    Prompt,
    Run,
    RunState,
)
from overheard.measure.blocks import summarise
from overheard.runs.tasks import Outcome
from overheard.scoring.service import Scoring

PAIRS_PER_CHECK = 30
"""Smallest number of new pairs between two checks. Few prompts are asked in more rounds: 100 pairs
of noisy answers are too few to show equivalence."""

Ask = Callable[[Run], Awaitable[tuple[Outcome, list[Answer]]]]
"""Carries out a run that is no part of the history; returns its outcome and answers."""

_SIDES = (Model("compared", "base"), Model("compared", "tuned"))
"""Names of the two sides during the comparison; the two models may be the same model."""

_SEED_OFFSET = 1_000_003
"""Difference of the seeds of the two models with `own_seeds`; each round adds 1 to both."""


class StopReason(StrEnum):
    """Why no further round was asked."""

    CLEAR = "clear"
    """Every metric has a verdict."""
    ROUNDS = "all rounds asked"
    FAILED = "not all questions were answered"


@dataclass(frozen=True, slots=True)
class ComparisonSetup:
    """The setup of a comparison.

    Attributes:
        rivals: The competitors of the brand.
        base: The first model.
        tuned: The second model.
        prompts: The buyers' questions; at least one.
        seed: Base of the sampling seeds.
        margin: Differences of a rate up to this count as equivalence.
        own_seeds: Whether each model gets its own seeds instead of the same seeds as the other.
        most: Largest number of rounds; None means as many as `PAIRS_PER_CHECK` requires.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    base: Model
    tuned: Model
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
    def whole(self) -> tuple[Panel, Panel]:
        """The panels of all questions that the comparison may ask, by which it is priced: the
        prompts in every round, and the controls once.
        """
        models = tuple(dict.fromkeys((self.base, self.tuned)))
        times = self.rounds if self.base != self.tuned else 2 * self.rounds
        named = (self.brand.name,)
        return Panel(named, self.prompts, models, times), Panel(named, self.controls, models)


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of a comparison.

    Attributes:
        metrics: The brand's contrasts.
        unseen: Metrics without a pair of answers that both show the metric.
        rivals: The contrast of the visibility of each competitor, by name.
        controls: The contrast of the brand's visibility in control prompts; empty without controls.
        calls: Number of answers.
        spent: Cost in US dollars.
        rounds: Number of rounds asked.
        stopped: Why no further round was asked.
        failures: Why questions have no answer, as distinct sentences.
        answers: All answers, those to the prompts first.
    """

    metrics: tuple[Contrast, ...]
    unseen: tuple[Metric, ...]
    rivals: Mapping[str, Contrast]
    controls: tuple[Contrast, ...]
    calls: int
    spent: float
    rounds: int
    stopped: StopReason
    failures: tuple[str, ...]
    answers: tuple[Answer, ...]


class ModelComparison:
    """Asks two models in rounds and compares them.

    Args:
        ask: Carries out a run outside the history; returns its outcome and answers.
        new_run: Creates a run of a panel.
        scoring: Scores the answers; the scores are not stored.
    """

    def __init__(
        self, setup: ComparisonSetup, ask: Ask, new_run: Callable[[Panel], Run], scoring: Scoring
    ) -> None:
        """Keep the arguments; nothing is asked before `play`."""
        self._setup = setup
        self._ask = ask
        self._new_run = new_run
        self._scoring = scoring
        self._outcomes: list[Outcome] = []
        self._answers: list[Answer] = []
        self._rounds_asked = 0

    async def play(self) -> ComparisonResult:
        """Ask both models in rounds, compare them at each interim check, and return the result.

        Rounds end when every metric has a verdict, when all rounds are asked, or when a question
        has no answer. Then the controls are asked, except after a question without an answer. The
        questions are asked at their usual price; the scores are not stored.
        """
        blocks: list[Block] = []
        stopped = StopReason.ROUNDS
        while self._rounds_asked < self._setup.rounds:
            blocks += await self._ask_until_next_check()
            results = self._brand_contrasts(blocks, self._setup.brand)
            if self._failed or all_clear(results):
                stopped = StopReason.FAILED if self._failed else StopReason.CLEAR
                break
        controls = [] if stopped is StopReason.FAILED else await self._control_contrasts()
        seen = {contrast.metric.name for contrast in results}
        return ComparisonResult(
            metrics=tuple(results),
            unseen=tuple(m for name, m in self._scoring.metrics.items() if name not in seen),
            rivals=self._rival_contrasts(blocks),
            controls=tuple(controls),
            calls=sum(answer.reply.finish is not Finish.FAILED for answer in self._answers),
            spent=sum(outcome.spent for outcome in self._outcomes),
            rounds=self._rounds_asked,
            stopped=stopped,
            failures=tuple(dict.fromkeys(f for o in self._outcomes for f in o.failures)),
            answers=tuple(self._answers),
        )

    async def _ask_until_next_check(self) -> list[Block]:
        """Ask the rounds up to the next interim check, or up to a question without an answer, and
        return the blocks of their scores.
        """
        blocks: list[Block] = []
        last = min(self._rounds_asked + self._setup.rounds_per_check, self._setup.rounds)
        while self._rounds_asked < last and not self._failed:
            self._rounds_asked += 1
            blocks += await self._ask_both(self._setup.prompts, self._rounds_asked)
        return blocks

    @property
    def _failed(self) -> bool:
        """Whether a question of any run so far has no answer."""
        return any(outcome.state is not RunState.COMPLETE for outcome in self._outcomes)

    async def _ask_both(self, prompts: Sequence[Prompt], round_number: int) -> list[Block]:
        """Ask both models the prompts once, and return the blocks of the scores. The blocks have
        the round as their run id and `_SIDES` as their models, because the two may be one model.

        If a question to the first model has no answer, the second model is not asked: its answers
        would have no partners.

        Args:
            round_number: The number of the round from 1, which is added to the seeds; 0 for
                controls.
        """
        setup, blocks = self._setup, []
        tuned_offset = _SEED_OFFSET if setup.own_seeds else 0
        seeds = (setup.seed, setup.seed + tuned_offset)
        models = (setup.base, setup.tuned)
        for side, model, first_seed in zip(_SIDES, models, seeds, strict=True):
            if self._failed:
                break
            seed = first_seed + round_number
            panel = Panel((setup.brand.name,), tuple(prompts), (model,), seed=seed)
            run, answers = await self._ask_panel(panel)
            records = await self._scoring.score(answers)
            blocks += [
                replace(block, run_id=round_number, model=side)
                for block in summarise(records, answers, [run])
            ]
        return blocks

    async def _ask_panel(self, panel: Panel) -> tuple[Run, list[Answer]]:
        """Ask a panel in a run outside the history; keep its outcome and all answers, and return
        the run and its complete answers.
        """
        outcome, answers = await self._ask(self._new_run(panel))
        self._outcomes.append(outcome)
        self._answers += answers
        return outcome.run, [answer for answer in answers if answer.complete]

    async def _control_contrasts(self) -> list[Contrast]:
        """Ask both models the controls once, and return the contrast of the brand's visibility in
        the answers; empty without controls, or when no pair of answers was scored.
        """
        if not self._setup.controls:
            return []
        blocks = await self._ask_both(self._setup.controls, 0)
        metrics = {VISIBILITY: self._scoring.metrics[VISIBILITY]}
        return self._brand_contrasts(blocks, self._setup.brand, metrics)

    def _rival_contrasts(self, blocks: Sequence[Block]) -> dict[str, Contrast]:
        """Return the contrast of each competitor's visibility, by its name; competitors without a
        pair of scored answers are left out.
        """
        metrics = {VISIBILITY: self._scoring.metrics[VISIBILITY]}
        return {
            rival.name: contrast
            for rival in self._setup.rivals
            for contrast in self._brand_contrasts(blocks, rival, metrics)
        }

    def _brand_contrasts(
        self, blocks: Iterable[Block], brand: Brand, metrics: Mapping[str, Metric] | None = None
    ) -> list[Contrast]:
        """Return the contrasts of both models in the metrics of a brand.

        Args:
            blocks: The blocks of all rounds so far, of any brands.
            metrics: The metrics to compare, by name; None for all that are measured.
        """
        own_blocks = [block for block in blocks if block.brand == brand.name]
        measured = metrics or self._scoring.metrics
        return contrasts(own_blocks, *_SIDES, measured, self._setup.margin)
