"""Runs: questions, panels, answers, batches, tasks, and the accounts that are charged."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import cycle, repeat

from overheard.domain.catalogue import Prompt
from overheard.domain.models import COMPLETE, Model, Reply


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """A spender for which a limit can be configured: a run, day, month, brand or channel.

    Attributes:
        kind: ``run``, ``day``, ``month``, ``brand`` or ``channel``.
        name: The run's number, or the name of the brand or channel; empty for a day or month.
        period: The day or month in UTC, such as ``2026-11-24`` or ``2026-11``; empty for a run.
    """

    kind: str
    name: str = ""
    period: str = ""

    def __str__(self) -> str:
        return f"{self.kind}|{self.period}|{self.name}"


@dataclass(frozen=True, slots=True)
class Payer:
    """The run, brands and channel that pay for the answers of a run.

    Attributes:
        run_id: The store's number of the run.
        brands: Names of the brands for which the run was started.
        channel: The channel in which the run was started, as ``platform:id``, or an empty string.
    """

    run_id: int
    brands: tuple[str, ...] = ()
    channel: str = ""

    def accounts(self, prompt: Prompt, at: datetime) -> dict[Account, float]:
        """Return the accounts that a call is charged to, each with its share of the cost (above 0,
        up to 1).

        The run, the day, the month and the channel, if there is one, are charged in full. The
        brands of the run that the prompt is asked for split the cost evenly; their accounts, and
        the channel's, are those of the month.

        Args:
            prompt: The prompt that is asked.
            at: The time of the call; its day and month in UTC count.
        """
        moment = at.astimezone(UTC)
        month = f"{moment:%Y-%m}"
        brands = [brand for brand in self.brands if prompt.concerns(brand)]
        shares = {
            Account("run", str(self.run_id)): 1.0,
            Account("day", period=f"{moment:%Y-%m-%d}"): 1.0,
            Account("month", period=month): 1.0,
        }
        shares |= {Account("brand", brand, month): 1 / len(brands) for brand in brands}
        if self.channel:
            shares[Account("channel", self.channel, month)] = 1.0
        return shares


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """A reservation to make on an account.

    Attributes:
        usd: The additional amount to reserve, in US dollars.
        allowed: The largest sum of spent and reserved money on the account, in US dollars.
    """

    account: Account
    usd: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Balance:
    """US dollars that an account has spent, and that are reserved (`held`) for calls in flight."""

    spent: float = 0.0
    held: float = 0.0


TERMINAL = "terminal"
"""Who asks in the terminal, and the channel of runs that were begun there."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call to make: a prompt, a model, and the number of the repeat.

    Attributes:
        prompt: The prompt to send.
        model: The model to ask.
        repeat: Index of the repetition of this prompt at this model, from 0.
        limit: The largest number of output tokens, asked at temperature 0 where the model accepts a
            temperature. None for whole answers.
        schema: The JSON schema of the answer, as JSON, which a service with structured output
            enforces; empty for prose.
        steady: Whether it is asked at temperature 0 and with the least reasoning, as far as the
            model takes them: the service is asked, and what it refuses is left out.
        said: The conversation before it: a question, its answer, the next question, and so on.
    """

    prompt: Prompt
    model: Model
    repeat: int = 0
    limit: int | None = None
    schema: str = ""
    steady: bool = False
    said: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        """Identifies the question within a run: (prompt key, model as text, repeat)."""
        return (self.prompt.key, str(self.model), self.repeat)

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation with the question as its last message: each with a role and a text."""
        pairs = zip(cycle(("user", "assistant")), (*self.said, self.prompt.text), strict=False)
        return [{"role": role, "content": text} for role, text in pairs]


Pair = tuple[Prompt, Model]
"""A prompt and a model that is asked it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The questions of a run: every prompt, asked of every model, a number of times.

    Attributes:
        brands: Names of the tracked brands for which the panel is asked.
        prompts: The questions, each once.
        repeats: How often each prompt is asked of each model; 1 or more.
        seed: The base from which the sampling seed of each call is derived.
        times: How often each prompt is asked, 1 or more each; empty means `repeats` for every
            prompt.
        batch: Whether to use the vendors' batch service where there is one: cheaper and slower.
        steady: Whether its questions are asked as in `Question.steady`.
        skips: Pairs that are not asked: the key of a prompt, and a model as text.

    Raises:
        ValueError: when `times` has another length than `prompts`, or a number below 1.
    """

    brands: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    repeats: int = 1
    seed: int = 0
    times: tuple[int, ...] = ()
    batch: bool = False
    steady: bool = False
    skips: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        """Raise ValueError if `times` has another length than `prompts`, or a number below 1."""
        if self.times and (len(self.times) != len(self.prompts) or min(self.times) < 1):
            raise ValueError("times must hold a number from 1 on for each prompt")

    def __len__(self) -> int:
        """Return the number of calls, to all models together."""
        return sum(count for *_, count in self.calls())

    def calls(self) -> Iterator[tuple[Prompt, Model, int]]:
        """Yield (prompt, model, how often it is asked), in the order of `prompts`."""
        for prompt, count in self.asks():
            yield from ((prompt, model, count) for model in self.models if self.has(prompt, model))

    def unasked(self, asked: Collection[tuple[str, str, int]] = ()) -> Counter[Pair]:
        """Return the number of questions without an answer, by prompt and model; a pair without
        such a question is missing.

        Args:
            asked: The keys of the questions with an answer, as `Question.key`; empty for none.
        """
        if asked:
            return Counter((q.prompt, q.model) for q in self.questions() if q.key not in asked)
        return Counter({(prompt, model): count for prompt, model, count in self.calls()})

    def models_about(self, brand: str) -> set[Model]:
        """Return the models that are asked a prompt that concerns a brand, given by its name."""
        prompts = [prompt for prompt in self.prompts if prompt.concerns(brand)]
        return {model for model in self.models if any(self.has(p, model) for p in prompts)}

    def has(self, prompt: Prompt, model: Model) -> bool:
        """Return whether the model is asked the prompt."""
        return not self.skips or (prompt.key, str(model)) not in self.skips

    def asks(self) -> Iterator[tuple[Prompt, int]]:
        """Yield (prompt, how often each model is asked it), in the order of `prompts`."""
        return zip(self.prompts, self.times or repeat(self.repeats), strict=False)

    @property
    def edition(self) -> str:
        """Hash of the set of prompts, independent of their order: 8 hex digits."""
        keys = " ".join(sorted(prompt.key for prompt in self.prompts))
        return hashlib.blake2b(keys.encode(), digest_size=4).hexdigest()

    def questions(self, model: Model | None = None) -> Iterator[Question]:
        """Yield the panel's questions to all models, or to one model.

        All first repeats come first, then all second repeats, so that a run that stops early has
        asked every prompt about equally often. Within a repeat they are in the order of the
        prompts, and for each prompt in that of the models.

        Args:
            model: The model, which need not be in `models`; None means all models of the panel.
        """
        models = self.models if model is None else (model,)
        for number in range(max(self.times, default=self.repeats)):
            for prompt, count in self.asks():
                for asked in models if number < count else ():
                    if self.has(prompt, asked):
                        yield Question(prompt, asked, number, steady=self.steady)


class RunState(StrEnum):
    """The state of a run."""

    RUNNING = "running"
    """In progress, or interrupted: the next check of the same questions resumes the run."""
    PAUSED = "paused"
    """Stopped by a person, and can be resumed."""
    COMPLETE = "complete"
    """Every question has an answer."""
    PARTIAL = "partial"
    """Some questions have no answer, or no answer can be scored."""
    FAILED = "failed"
    """No question has an answer."""
    CANCELLED = "cancelled"
    """Stopped by a person for good."""


UNFINISHED = frozenset({RunState.RUNNING, RunState.PAUSED})
"""States of runs that may still get answers."""


FIRST_CHECK = "first check"
"""The label of the rounds of a first check, before the number of the round."""
BURST = "burst"
"""Label of runs that repeat questions where a change is suspected."""
SCHEDULER = "scheduler"
"""The leader's lock of the process that asks by schedules, and again by itself."""
BURSTS = "bursts that are due"
"""The job of `overheard run` that asks them; its state is kept under this name."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a panel. Its answers give one block per stream and prompt.

    Attributes:
        key: Unique, readable name; imported runs keep theirs.
        started_at: When the run began; for imported history, when the first question was asked.
        panel: The questions; None for imported history.
        finished_at: When the last answer arrived, or None.
        label: A few words for people, or an empty string.
        asked_by: The origin: ``terminal``, a schedule, or a person.
        channel: The channel of the command, as ``platform:id``, or an empty string.
        aside: Whether the run is no part of the history: its answers are stored and charged and
            never scored, so that no trend and no alert uses them.
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
        """The run, brands and channel that pay for the answers; no brands for imported history."""
        return Payer(self.id, self.panel.brands if self.panel else (), self.channel)


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored reply, with the question.

    Attributes:
        run_id: The store's number of the run.
        question: The question: prompt, model and repeat.
        reply: The reply; its text is empty when the call failed.
        asked_at: When the call began.
        latency: Seconds from the call to the complete answer.
        error: One sentence when the call failed, or an empty string.
        reused_from: The number of the earlier answer of which this answer is a copy, or 0. A copy
            costs nothing and is not scored: the same evidence must not count twice.
        id: The store's number, 0 before it is stored.
        gone: Whether the retention policy removed the text; the reply's text is then empty.
            Existing scores stay, and no scorer reads the answer again.
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
    def cost_is_estimated(self) -> bool:
        """Whether its cost is an estimate: it has a cost above 0, and no tokens were reported."""
        used = self.reply.usage
        return bool(self.reply.cost_usd) and not (used.input_tokens or used.output_tokens)

    @property
    def conversation(self) -> str:
        """The answers to all turns as one text, each further turn in a line before its."""
        lines = ("", *map(_turn_line, self.question.prompt.turns[1:]))
        texts = (*self.reply.earlier, self.reply.text)[-len(lines) :]
        return "".join(line + text for line, text in zip(lines, texts, strict=False))

    @property
    def complete(self) -> bool:
        """Whether the answer may be scored: it is complete, or cut at the configured window. The
        score of any other answer could pass for a shift.
        """
        return self.reply.finish in COMPLETE


def _turn_line(turn: str) -> str:
    return f"\n\n\u21aa {turn}\n\n"


def answers_to_turns(prompt: Prompt, conversation: str) -> tuple[str, ...]:
    """Return the answers in an `Answer.conversation`, in the order of the turns."""
    texts = [conversation]
    for turn in prompt.turns[1:]:
        texts[-1:] = texts[-1].split(_turn_line(turn), 1)
    return tuple(texts)


@dataclass(frozen=True, slots=True)
class Spending:
    """The cost of the answers of one run to one prompt by one model, and of failed calls for them.

    Attributes:
        run_id: The store's number of the run.
        answers: Number of charged answers.
        usd: The cost in US dollars.
        estimated_usd: The part of `usd` that is estimated, because the provider reported no usage.
    """

    run_id: int
    prompt: Prompt
    model: Model
    answers: int
    usd: float
    estimated_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions of one run to one model that are submitted to the vendor together.

    Attributes:
        run_id: The store's number of the run.
        items: Our ids of the questions, each once; see `runs.batch_collection.item_of`.
        handed_in_at: When the batch was submitted; all answers count as asked at this time.
        vendor_id: The vendor's id. Empty until the submission returns: if the process ends before,
            it is unknown whether the vendor has the batch.
        ended_at: When all results of the batch were stored, or None.
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
    """The state of a batch as the vendor reports it.

    Attributes:
        done: Number of processed questions; 0 when the vendor does not report it.
        ended: Whether the batch is finished, so that no further results will come.
        replies: The replies, by our ids; before the batch has ended, those that are there.
        problems: By our ids, why a question has no reply, as the rest of a sentence that begins
            with the model (``the vendor did not come to it within 24 hours.``).
    """

    done: int = 0
    ended: bool = False
    replies: Mapping[str, Reply] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


class TaskKind(StrEnum):
    """The kind of work of a task."""

    ASK = "ask"
    """Ask some of the questions of a run."""
    SCORE = "score"
    """Score the answers to some of the questions with all scorers except judges."""
    JUDGE = "judge"
    """Score all answers of a run with the judges; one task, because each round is paid."""
    DETECT = "detect"
    """Detect shifts of some brands."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a run's work. It is idempotent.

    Attributes:
        run_id: The store's number of the run.
        provider: The provider whose models are asked; empty means all providers.
        first: Index of the first prompt of the panel, from 0.
        last: Index after the last prompt; 0 means up to the end.
        brands: Names of the brands, for a task that detects shifts.
    """

    kind: TaskKind
    run_id: int
    provider: str = ""
    first: int = 0
    last: int = 0
    brands: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The unique name of the task, from all its fields but `brands`."""
        return f"{self.kind}:{self.run_id}:{self.provider}:{self.first}-{self.last}"
