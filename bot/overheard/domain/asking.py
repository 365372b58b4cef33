"""What is asked, and what comes back: models, runs, answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overheard.domain.catalogue import Prompt


@dataclass(frozen=True, slots=True, order=True)
class Model:
    """A model as it is asked for: who serves it, and the id that is requested."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Model:
        """Read ``provider/name``; the name may hold further slashes.

        Raises:
            ValueError: when there is no provider or no name.
        """
        provider, slash, name = text.partition("/")
        if not (provider and slash and name):
            raise ValueError(f'"{text}" is not written as provider/model')
        return cls(provider, name)


class Finish(StrEnum):
    """How an answer ended. Only the first two are scored."""

    COMPLETE = "complete"
    """The model came to its own end."""
    WINDOW = "window"
    """The model was still writing when the answer window that the deployment chose was full.
    Every run reads the same window, so such answers compare with each other."""
    LENGTH = "length"
    """Cut at a limit that nobody chose for this purpose."""
    FILTERED = "filtered"
    """Withheld or cut by a content filter."""
    CUT = "cut"
    """The connection or stream ended without a finish reason."""
    FAILED = "failed"
    """No answer: an error, a time-out, or nothing in it."""


COMPLETE = frozenset({Finish.COMPLETE, Finish.WINDOW})


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer names.

    Attributes:
        url: Where it lies, as the provider gave it.
        title: Its title, or an empty string.
    """

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call was billed for; 0 where the provider does not say."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """What a model charges, in US dollars a million tokens.

    Attributes:
        input: For a million tokens sent.
        output: For a million tokens received.
    """

    input: float
    output: float

    def cost(self, usage: Usage) -> float:
        """Return what a call of this usage costs, in dollars."""
        return (self.input * usage.input_tokens + self.output * usage.output_tokens) / 1e6


FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider returns for one question.

    Attributes:
        text: The answer, as the model wrote it.
        finish: How it ended.
        citations: The sources it names, in its order.
        served_model: The model id that the response reports, or an empty string.
        fingerprint: The back end's fingerprint, or an empty string.
        usage: Tokens billed.
        cost_usd: What it cost; None when nobody knows the price.
    """

    text: str
    finish: Finish
    citations: tuple[Citation, ...] = ()
    served_model: str = ""
    fingerprint: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One call to make: a prompt, a model, and which repeat of the pair it is (from 0)."""

    prompt: Prompt
    model: Model
    repeat: int = 0

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
    """

    brands: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    repeats: int = 1
    seed: int = 0

    def questions(self) -> list[Question]:
        """Lay all calls out: repeat by repeat, so that an early stop leaves whole panels."""
        return [
            Question(prompt, model, repeat)
            for repeat in range(self.repeats)
            for prompt in self.prompts
            for model in self.models
        ]


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


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
        id: The store's number, 0 before it is stored.
    """

    key: str
    started_at: datetime
    panel: Panel | None = None
    state: RunState = RunState.RUNNING
    finished_at: datetime | None = None
    label: str = ""
    asked_by: str = ""
    id: int = 0


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
        id: The store's number, 0 before it is stored.
    """

    run_id: int
    question: Question
    reply: Reply
    asked_at: datetime
    latency: float = 0.0
    error: str = ""
    id: int = 0

    @property
    def complete(self) -> bool:
        """Whether it may be scored: a cut answer that is scored looks like a shift."""
        return self.reply.finish in COMPLETE
