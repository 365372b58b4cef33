"""What is asked, and the answers: questions, panels, runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import repeat

from overheard.domain.catalogue import Prompt
from overheard.domain.models import COMPLETE, Model, Reply
from overheard.domain.money import Payer


@dataclass(frozen=True, slots=True)
class Question:
    """One call to make.

    Attributes:
        prompt: What to ask.
        model: Whom.
        repeat: Which repeat of the pair it is, from 0.
        limit: For a canary, which hangs on the first word: how many tokens to write at most, at
            temperature 0 where the model takes one. None for answers that are read.
    """

    prompt: Prompt
    model: Model
    repeat: int = 0
    limit: int | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it apart within a run: prompt key, model, repeat."""
        return (self.prompt.key, str(self.model), self.repeat)


@dataclass(frozen=True, slots=True)
class Panel:
    """What a run asks: every prompt, of every model, a number of times.

    Attributes:
        brands: Names of the tracked brands it is asked for.
        prompts: The questions, each once.
        models: Who is asked.
        repeats: How often each pair is asked; 1 or more.
        seed: The base from which each call's sampling seed is drawn.
        times: How often each prompt is asked, 1 or more each, where they are not asked alike;
            empty means `repeats` for all.
        batch: Whether the models that are sold in batches are asked in one, later and for less.

    Raises:
        ValueError: when `times` does not fit the prompts.
    """

    brands: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    repeats: int = 1
    seed: int = 0
    times: tuple[int, ...] = ()
    batch: bool = False

    def __post_init__(self) -> None:
        """Refuse times that are not those of the prompts."""
        if self.times and (len(self.times) != len(self.prompts) or min(self.times) < 1):
            raise ValueError("times must hold a number from 1 on for each prompt")

    def __len__(self) -> int:
        """Return the number of calls."""
        return sum(count for _, count in self.asks()) * len(self.models)

    def asks(self) -> Iterator[tuple[Prompt, int]]:
        """Yield each prompt, and how often each model is asked it."""
        return zip(self.prompts, self.times or repeat(self.repeats), strict=False)

    @property
    def edition(self) -> str:
        """The version of its set of prompts: 8 hex digits, whatever their order."""
        keys = " ".join(sorted(prompt.key for prompt in self.prompts))
        return hashlib.blake2b(keys.encode(), digest_size=4).hexdigest()

    def questions(self, model: Model | None = None) -> Iterator[Question]:
        """Yield all calls, or those to one model.

        They come repeat by repeat, so that an early stop leaves whole panels.
        """
        models = self.models if model is None else (model,)
        for number in range(max(self.times, default=self.repeats)):
            for prompt, count in self.asks():
                for asked in models if number < count else ():
                    yield Question(prompt, asked, number)


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    """Under way, or cut off: then the next check of the same questions takes it up."""
    PAUSED = "paused"
    """Stopped by a person until somebody resumes it."""
    COMPLETE = "complete"
    """Every question has an answer."""
    PARTIAL = "partial"
    """Some questions have none, or no answer can be scored."""
    FAILED = "failed"
    """None has one."""
    CANCELLED = "cancelled"
    """Stopped by a person for good."""


UNFINISHED = frozenset({RunState.RUNNING, RunState.PAUSED})


BURST = "burst"
"""Label of runs that ask again where something may have changed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One asking of a panel at one time. Its answers make one block of each stream.

    Attributes:
        key: Unique and readable; imported history keeps its own.
        started_at: When it was begun; for imported history, when the first answer was asked.
        panel: What it asks; None for imported history.
        state: Where it stands.
        finished_at: When the last answer was in, or None.
        label: A few words for people, or an empty string.
        asked_by: Who asked: ``terminal``, a schedule, a person.
        channel: Where they asked, as ``platform:id``, or an empty string.
        aside: Whether it stands beside the history: its answers are kept and paid for, and never
            scored, so that no trend and no alert rests on them.
        id: The store's number, 0 before it is stored.
    """

    key: str
    started_at: datetime
    panel: Panel | None = None
    state: RunState = RunState.RUNNING
    finished_at: datetime | None = None
    label: str = ""
    asked_by: str = ""
    channel: str = ""
    aside: bool = False
    id: int = 0

    @property
    def payer(self) -> Payer:
        """Who pays for its answers."""
        return Payer(self.id, self.panel.brands if self.panel else (), self.channel)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, kept with the question it answers.

    Attributes:
        run_id: The store's number of the run.
        question: What was asked, of whom, which repeat.
        reply: What came back; its text is empty when the call failed.
        asked_at: When the call began.
        latency: Seconds from the call to the whole answer.
        error: One sentence when the call failed, or an empty string.
        reused_from: The number of an earlier answer that this is a copy of, or 0. A copy costs
            nothing and is not scored: it would count as evidence twice.
        id: The store's number, 0 before it is stored.
        gone: Whether its text was removed when it got old; the reply's text is empty then. No
            scorer is shown it, and what was said of it stays.
    """

    run_id: int
    question: Question
    reply: Reply
    asked_at: datetime
    latency: float = 0.0
    error: str = ""
    reused_from: int = 0
    id: int = 0
    gone: bool = False

    @property
    def complete(self) -> bool:
        """Whether it may be scored: a cut answer that is scored looks like a shift."""
        return self.reply.finish in COMPLETE


@dataclass(frozen=True, slots=True)
class Spending:
    """What the answers of one run to one prompt by one model cost.

    Attributes:
        run_id: The store's number of the run.
        prompt: What was asked.
        model: Who was asked.
        answers: How many answers were charged.
        usd: What they cost.
    """

    run_id: int
    prompt: Prompt
    model: Model
    answers: int
    usd: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions of one run to one model that are handed in together.

    Attributes:
        run_id: The store's number of the run.
        model: Who is asked.
        items: Our ids of the questions, each once; see `overheard.runs.batches.item_of`.
        handed_in_at: When; all of its answers count as asked then.
        vendor_id: What the vendor calls it. Empty while it is being handed in: if the process ends
            meanwhile, nobody knows whether the vendor has it.
        ended_at: When all that ever comes of it was kept, or None.
        id: The store's number, 0 before it is stored.
    """

    run_id: int
    model: Model
    items: tuple[str, ...]
    handed_in_at: datetime
    vendor_id: str = ""
    ended_at: datetime | None = None
    id: int = 0

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """What a vendor says of a batch.

    Attributes:
        done: How many of its questions the vendor is through with; 0 if it does not say.
        ended: Whether all that ever comes of it is there.
        replies: The replies, by our ids; empty before it has ended.
        problems: For each question without one why, as the rest of a sentence that begins with
            the model (``the vendor did not come to it within 24 hours.``), by our ids.
    """

    done: int = 0
    ended: bool = False
    replies: Mapping[str, Reply] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


class TaskKind(StrEnum):
    """What is to be done."""

    ASK = "ask"
    """Ask a part of the questions of a run."""
    SCORE = "score"
    """Score the answers to a part of them, by all scorers that ask nobody."""
    JUDGE = "judge"
    """Have judges read the answers of a run: in one piece, since each of their rounds is paid."""
    DETECT = "detect"
    """Look whether brands have moved."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of a run's work. Doing it twice comes to the same as doing it once.

    Attributes:
        kind: What is to be done.
        run_id: For which run.
        provider: Whose models are meant; empty means all.
        first: The place of the first prompt of the panel that is meant, from 0.
        last: The place behind the last one; 0 means all to the end.
        brands: Whom to look at, where that is what is to be done.
    """

    kind: TaskKind
    run_id: int
    provider: str = ""
    first: int = 0
    last: int = 0
    brands: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name; no other task of any run has it."""
        return f"{self.kind}:{self.run_id}:{self.provider}:{self.first}-{self.last}"
