"""Comparison of two models by the same questions, round by round, until the result is clear.

The verdicts, and when a result is clear: `comparison_verdicts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from overheard import Answer, Asked, Brand, Finish, Metric, Model, Panel, Prompt, View
from overheard_finetune.comparison_verdicts import MAX_CHECKS, Contrast, all_clear, contrasts

VISIBILITY = "visibility"
"""The metric in which competitors and controls are compared."""

PAIRS_PER_CHECK = 30
"""Smallest number of new pairs between two checks. Few prompts are asked in more rounds: 100 pairs
of noisy answers are too few to show equivalence."""

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
        named, once = (self.brand.name,), times // self.rounds
        return Panel(named, self.prompts, models, times), Panel(named, self.controls, models, once)


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
    """Asks two models in rounds and compares them."""

    def __init__(self, setup: ComparisonSetup, view: View) -> None:
        """Keep the arguments; nothing is asked before `play`."""
        self._setup = setup
        self._view = view
        self._asked: list[Asked] = []
        self._rounds_asked = 0

    async def play(self) -> ComparisonResult:
        """Ask both models in rounds, compare them at each interim check, and return the result.

        Rounds end when every metric has a verdict, when all rounds are asked, or when a question
        has no answer. Then the controls are asked, except after a question without an answer. The
        questions are asked at their usual price; the scores are not stored.
        """
        sides = (ScoredSide(), ScoredSide())
        stopped = StopReason.ROUNDS
        while self._rounds_asked < self._setup.rounds:
            await self._ask_until_next_check(sides)
            results = self._contrasts(sides, self._setup.brand)
            if self._failed or all_clear(results):
                stopped = StopReason.FAILED if self._failed else StopReason.CLEAR
                break
        controls = [] if stopped is StopReason.FAILED else await self._control_contrasts()
        seen = {contrast.metric.name for contrast in results}
        answers = tuple(answer for asked in self._asked for answer in asked.answers)
        return ComparisonResult(
            metrics=tuple(results),
            unseen=tuple(m for name, m in self._view.metrics.items() if name not in seen),
            rivals={
                rival.name: contrast
                for rival in self._setup.rivals
                for contrast in self._contrasts(sides, rival, VISIBILITY)
            },
            controls=tuple(controls),
            calls=sum(answer.reply.finish is not Finish.FAILED for answer in answers),
            spent=sum(asked.spent_usd for asked in self._asked),
            rounds=self._rounds_asked,
            stopped=stopped,
            failures=tuple(dict.fromkeys(f for asked in self._asked for f in asked.failures)),
            answers=answers,
        )

    async def _ask_until_next_check(self, sides: tuple[ScoredSide, ScoredSide]) -> None:
        """Ask the rounds up to the next interim check, or up to a question without an answer."""
        last = min(self._rounds_asked + self._setup.rounds_per_check, self._setup.rounds)
        while self._rounds_asked < last and not self._failed:
            self._rounds_asked += 1
            await self._ask_both(self._setup.prompts, self._rounds_asked, sides)

    @property
    def _failed(self) -> bool:
        """Whether a question so far has no answer."""
        return any(asked.failures for asked in self._asked)

    async def _ask_both(
        self, prompts: Sequence[Prompt], round_number: int, sides: tuple[ScoredSide, ScoredSide]
    ) -> None:
        """Ask both models the prompts once, and add the values of the answers to their sides.

        If a question to the first model has no answer, the second model is not asked: its answers
        would have no partners.

        Args:
            round_number: The number of the round from 1, which is added to the seeds; 0 for
                controls.
        """
        setup = self._setup
        offsets = (0, _SEED_OFFSET if setup.own_seeds else 0)
        models = (setup.base, setup.tuned)
        for side, model, offset in zip(sides, models, offsets, strict=True):
            if self._failed:
                break
            seed = setup.seed + offset + round_number
            asked = await self._view.ask(
                Panel((setup.brand.name,), tuple(prompts), (model,), seed=seed)
            )
            self._asked.append(asked)
            complete = [answer for answer in asked.answers if answer.complete]
            keys = {answer.id: answer.question.prompt.key for answer in complete}
            for record in await self._view.score(complete):
                values = side[record.brand][record.score.metric]
                values[round_number, keys[record.answer_id]] = record.score.value

    async def _control_contrasts(self) -> list[Contrast]:
        """Ask both models the controls once, and return the contrast of the brand's visibility in
        the answers; empty without controls, or when no pair of answers was scored.
        """
        sides = (ScoredSide(), ScoredSide())
        await self._ask_both(self._setup.controls, 0, sides)
        return self._contrasts(sides, self._setup.brand, VISIBILITY)

    def _contrasts(
        self, sides: tuple[ScoredSide, ScoredSide], brand: Brand, metric: str = ""
    ) -> list[Contrast]:
        """Return the contrasts of both models for a brand in one metric; empty means all."""
        measured = self._view.metrics
        chosen = {metric: measured[metric]} if metric else measured
        base, tuned = (side[brand.name] for side in sides)
        return contrasts(base, tuned, chosen, self._setup.margin)


class ScoredSide(defaultdict[str, defaultdict[str, dict[tuple[int, str], float]]]):
    """The values of a model's answers, by brand, metric, and round with prompt key."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(dict))
