"""Asking two models the same, round by round, until it is clear which serves a brand better."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from math import ceil

from overheard.domain import (
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
from overheard.finetune.comparison import LOOKS, Contrast, clear, contrasts
from overheard.measure.blocks import summarise
from overheard.runs.outcome import Outcome
from overheard.scoring.service import Scoring

CONTROL = "control"
"""The tag of prompts that have nothing to do with the brand."""
CONTROLLED = "visibility"
"""What controls are asked for: whether the brand comes up."""
PAIRS = 30
"""Pairs that come in between two looks, at least. Few prompts are asked in more rounds, since ten
rounds of ten cannot tell that two models are equivalent where chance has its way."""

Ask = Callable[[Run], Awaitable[tuple[Outcome, list[Answer]]]]
"""Carries a run out beside the history, and returns what came of it."""

_SIDES = (Model("compared", "base"), Model("compared", "tuned"))
"""What the two are called while they are compared, also where they are one and the same."""

_APART = 1_000_003
"""Between the seeds of two models that draw for themselves; rounds count on from each."""


class Stop(StrEnum):
    """Why no further round was asked."""

    CLEAR = "clear"
    """There is a verdict on every metric."""
    ROUNDS = "all rounds asked"
    FAILED = "not all questions were answered"


@dataclass(frozen=True, slots=True)
class Match:
    """What is compared.

    Attributes:
        brand: Whose standing.
        rivals: Whom it stands beside.
        base: The first model.
        tuned: The second model.
        prompts: What buyers ask.
        controls: What has nothing to do with the brand.
        seed: Base of the sampling seeds.
        margin: Differences of a rate up to this are equivalence.
        own_seeds: Whether each model draws for itself, instead of both from the same seeds.
        most: How many rounds may be asked; by default, as many as `PAIRS` wants.
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
        """How many rounds may be asked."""
        return self.most or LOOKS * ceil(PAIRS / len(self.prompts))

    @property
    def stride(self) -> int:
        """How many rounds there are between two looks."""
        return ceil(self.rounds / LOOKS)

    @property
    def whole(self) -> tuple[Panel, Panel]:
        """All that can be asked: the prompts in every round, and the controls once."""
        models = tuple(dict.fromkeys((self.base, self.tuned)))
        times = self.rounds if self.base != self.tuned else 2 * self.rounds
        named = (self.brand.name,)
        return Panel(named, self.prompts, models, times), Panel(named, self.controls, models)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How a comparison ended.

    Attributes:
        metrics: The brand's metrics.
        unseen: Metrics that no question shows in answers of both models.
        rivals: The visibility of each rival, by name.
        controls: Whether the brand comes up where it has nothing to do; empty when none is asked.
        calls: How many answers came in.
        spent: Dollars.
        rounds: How many rounds were asked.
        stopped: Why no more.
        failures: Sentences that say why questions have no answer.
        answers: All that were given, the prompts' first.
    """

    metrics: tuple[Contrast, ...]
    unseen: tuple[Metric, ...]
    rivals: Mapping[str, Contrast]
    controls: tuple[Contrast, ...]
    calls: int
    spent: float
    rounds: int
    stopped: Stop
    failures: tuple[str, ...]
    answers: tuple[Answer, ...]


def controls(prompts: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Return a deployment's own control prompts, or those that come with the program."""
    own = tuple(prompt for prompt in prompts if CONTROL in prompt.tags)
    if own:
        return own
    text = files("overheard.finetune").joinpath("controls.toml").read_text(encoding="utf-8")
    return tuple(Prompt(question) for question in tomllib.loads(text)["prompts"])


class Rounds:
    """Asks both models the same, round by round.

    Args:
        match: What is compared.
        ask: Carries out a run.
        new_run: Makes one.
        scoring: Reads the answers; nothing of it is kept.
    """

    def __init__(
        self, match: Match, ask: Ask, new_run: Callable[[Panel], Run], scoring: Scoring
    ) -> None:
        self._match = match
        self._ask = ask
        self._new_run = new_run
        self._scoring = scoring
        self._outcomes: list[Outcome] = []
        self._answers: list[Answer] = []
        self._played = 0

    async def play(self) -> Verdicts:
        """Ask until it is clear, every round is asked, or something goes wrong."""
        blocks: list[Block] = []
        stopped = Stop.ROUNDS
        while self._played < self._match.rounds:
            blocks += await self._until_next_look()
            found = self._contrasts(blocks, self._match.brand)
            if self._failed or clear(found):
                stopped = Stop.FAILED if self._failed else Stop.CLEAR
                break
        beside = [] if stopped is Stop.FAILED else await self._controls()
        return Verdicts(
            metrics=tuple(found),
            unseen=self._unseen(found),
            rivals=self._rivals(blocks),
            controls=tuple(beside),
            calls=sum(answer.reply.finish is not Finish.FAILED for answer in self._answers),
            spent=sum(outcome.spent for outcome in self._outcomes),
            rounds=self._played,
            stopped=stopped,
            failures=tuple(dict.fromkeys(f for o in self._outcomes for f in o.failures)),
            answers=tuple(self._answers),
        )

    async def _until_next_look(self) -> list[Block]:
        blocks: list[Block] = []
        last = min(self._played + self._match.stride, self._match.rounds)
        while self._played < last and not self._failed:
            self._played += 1
            blocks += await self._round(self._match.prompts, self._played)
        return blocks

    @property
    def _failed(self) -> bool:
        return any(outcome.state is not RunState.COMPLETE for outcome in self._outcomes)

    async def _round(self, prompts: Sequence[Prompt], number: int) -> list[Block]:
        """Ask both models once, and return the answers' blocks under the sides' names.

        Where the first has failed, the second is not asked: nothing can be paired with its answers.
        """
        match, blocks = self._match, []
        seeds = (match.seed, match.seed + _APART if match.own_seeds else match.seed)
        models = (match.base, match.tuned)
        for side, model, base in zip(_SIDES, models, seeds, strict=True):
            if self._failed:
                break
            seed = base + number
            panel = Panel((match.brand.name,), tuple(prompts), (model,), seed=seed)
            run, answers = await self._carry_out(panel)
            records = await self._scoring.score(answers)
            blocks += [
                replace(block, run_id=number, model=side)
                for block in summarise(records, answers, [run])
            ]
        return blocks

    async def _carry_out(self, panel: Panel) -> tuple[Run, list[Answer]]:
        outcome, answers = await self._ask(self._new_run(panel))
        self._outcomes.append(outcome)
        self._answers += answers
        return outcome.run, [answer for answer in answers if answer.complete]

    async def _controls(self) -> list[Contrast]:
        if not self._match.controls:
            return []
        blocks = await self._round(self._match.controls, 0)
        metrics = {CONTROLLED: self._scoring.metrics[CONTROLLED]}
        return self._contrasts(blocks, self._match.brand, metrics)

    def _unseen(self, found: Iterable[Contrast]) -> tuple[Metric, ...]:
        seen = {one.metric.name for one in found}
        return tuple(m for name, m in self._scoring.metrics.items() if name not in seen)

    def _rivals(self, blocks: Sequence[Block]) -> dict[str, Contrast]:
        metrics = {CONTROLLED: self._scoring.metrics[CONTROLLED]}
        return {
            rival.name: contrast
            for rival in self._match.rivals
            for contrast in self._contrasts(blocks, rival, metrics)
        }

    def _contrasts(
        self, blocks: Iterable[Block], brand: Brand, metrics: Mapping[str, Metric] | None = None
    ) -> list[Contrast]:
        mine = [block for block in blocks if block.brand == brand.name]
        measured = metrics or self._scoring.metrics
        return contrasts(mine, *_SIDES, measured, self._match.margin)
