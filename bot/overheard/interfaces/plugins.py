"""What plugins implement: providers with their optional abilities, scorers, judges, update feeds
and listeners; and the view of the store that plugin commands receive.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol, runtime_checkable

from overheard.cards.card import Image
from overheard.cards.charts.bars import Bars, Rates
from overheard.cards.charts.forest import Spans
from overheard.cards.command import Face
from overheard.cards.model_names import ModelNames
from overheard.domain import (
    Alert,
    Answer,
    BatchStatus,
    Block,
    Capabilities,
    Catalogue,
    Detail,
    Landscape,
    Mention,
    Metric,
    Model,
    ModelUpdate,
    Panel,
    Price,
    Question,
    Reading,
    Reply,
    Run,
    Score,
    ScoreRecord,
    Shift,
)
from overheard.errors import ConfirmationNeeded
from overheard.interfaces.chats import Desk
from overheard.interfaces.services import Clock, Progress
from overheard.interfaces.store import Approvals


@runtime_checkable
class Provider(Protocol):
    """A service that answers questions with its models."""

    @property
    def name(self) -> str:
        """The name of its table in config.toml, and the first half of ``provider/model``."""

    @property
    def concurrency(self) -> int:
        """The largest number of concurrent calls; 1 or more."""

    def models(self) -> Sequence[str]:
        """Return the ids of the models that a check asks by default."""

    def price(self, model: str) -> Price | None:
        """Return the price of a model; `FREE` for a free model, None when unknown."""

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question and return the reply; `Reply.finish` says whether it is complete.

        Args:
            question: The prompt, and the model of this provider to ask.
            seed: The sampling seed, 0 to 2**31 - 1; ignored by models without seeds.

        Raises:
            ProviderFailed: when there is no answer; the message contains no secret.
        """

    async def close(self) -> None:
        """Close connections and processes. Called once, as the last call."""


@runtime_checkable
class Described(Protocol):
    """A provider that describes the capabilities of its models. Optional."""

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model, without any I/O."""


@runtime_checkable
class Verifiable(Protocol):
    """A provider whose key and address can be checked without a question. Optional."""

    async def verify(self) -> datetime | None:
        """Make one free call, such as listing the models.

        Returns:
            The service's current time, to detect a wrong local clock; None when it is not reported.

        Raises:
            ProviderUnavailable: when the key is refused, the SDK is missing or the service cannot
                be reached; the message contains no secret.
        """


@runtime_checkable
class Listing(Protocol):
    """A provider whose service lists its models. Optional."""

    async def list_models(self) -> Sequence[str]:
        """Return the ids of the models that this account can ask, newest first; free.

        Empty for a service without such a list.

        Raises:
            ProviderUnavailable: as for `Verifiable`.
        """


@runtime_checkable
class Batching(Protocol):
    """A provider whose vendor has a batch service, cheaper and slower. Optional.

    `Capabilities.batch` says which models can be asked in batches.
    """

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Submit questions as a batch and return the vendor's id of the batch.

        Args:
            questions: Questions to one model, by our ids: up to 64 letters, digits and hyphens.

        Raises:
            ProviderFailed: when the vendor did not accept the batch, or may have (`ambiguous`).
            ProviderUnavailable: when the provider cannot be used at all.
        """

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the progress of a batch, and all replies once it has ended. The call is free.

        Args:
            batch: The vendor's id of the batch.
            questions: The submitted questions, by our ids.

        Raises:
            ProviderFailed: when the vendor does not report the state.
            ProviderUnavailable: when the provider cannot be used at all.
        """

    async def cancel(self, batch: str) -> None:
        """Cancel the unanswered questions of a batch. Finished answers are charged and kept.

        Raises:
            ProviderUnavailable: when the request does not reach the vendor.
        """


@runtime_checkable
class Recovering(Batching, Protocol):
    """A batching provider that finds a batch again whose submission broke off, by a tag. Optional.

    Where a check would wait long for its last answers, it is told without them; they are added
    when they arrive.
    """

    async def submit_once(
        self, questions: Mapping[str, Question], tag: str, since: datetime | None, buy: bool
    ) -> str:
        """Return the vendor's id of the batch with a tag: found at the vendor, or submitted now.
        Nothing is bought a second time.

        Args:
            questions: Questions to one model, by our ids, as for `submit`.
            tag: Unique for the batch: up to 80 letters, digits and ``-:._``.
            since: When an earlier submission may have begun; None for the first.
            buy: Whether questions that the vendor does not have are submitted; else the id is empty
                if it has none of them.

        Raises:
            ProviderFailed: as for `submit`; `ambiguous` when it remains unknown.
            ProviderUnavailable: when the provider cannot be used at all.
        """


@runtime_checkable
class Scorer(Protocol):
    """Computes metrics of a brand from an answer.

    A scorer that reads `Reading.facts` has the attribute ``reads_facts = True``: when a fact
    changes, this scorer scores the history again. One with ``reads_none = True`` also reads where a
    product has shown no answer (`Finish.NONE`).
    """

    @property
    def name(self) -> str:
        """Unique among scorers."""

    @property
    def version(self) -> str:
        """The version. It must change whenever the same answer could get another score: scores of
        two versions are never compared.
        """

    @property
    def metrics(self) -> Sequence[Metric]:
        """The metrics that the scorer computes. Every metric belongs to one scorer."""

    def score(self, reading: Reading) -> Iterable[Score] | Awaitable[Iterable[Score]]:
        """Return the scores of one brand in one answer, in any order; may be async.

        The same reading must give the same scores. Omit a metric that the answer does not show; do
        not return 0.
        """


class JudgeClient(Protocol):
    """Asks the model of a judge, within the judge's budget."""

    async def ask(self, text: str, *, schema: Mapping[str, object] | None = None) -> Reply:
        """Return a complete reply to a text; a repeated text gets the stored reply, free of charge.

        Args:
            text: The request.
            schema: The JSON schema of the reply, for services with structured output; others
                ignore it.

        Raises:
            ProviderFailed: when there is no complete reply.
            ProviderUnavailable: when the model cannot be asked at all.
            JudgeBudgetUsedUp: when the judge's budget is used up.
        """


@runtime_checkable
class Judge(Scorer, Protocol):
    """A scorer that asks a model. Optional.

    Three further attributes are optional: ``schema``, the JSON schema of the replies to
    `rehearsals`; ``verdicts``, the number of verdicts read so far, by ``kept`` or the reason of a
    loss; and ``losses(replies)``, the same numbers for replies to `rehearsals`.
    """

    @property
    def model(self) -> Model:
        """The model to ask; preferably a dated snapshot, which the vendor does not change."""

    @property
    def budget(self) -> float:
        """The judge's budget a month, in US dollars; config.toml may limit it further."""

    @property
    def rehearsals(self) -> Sequence[str]:
        """Fixed texts that are asked in every round, to detect a change of the judge's model."""

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies to `rehearsals` match, and the number of gold
        labels.
        """

    def connect(self, asker: JudgeClient) -> None:
        """Receive the client for the judge's model. Called once, before the first score."""


@runtime_checkable
class SecondReader(Judge, Protocol):
    """A judge without metrics of its own, which reads those of other scorers again. Optional.

    Its scores are no streams: they are held against those of the streams, and the false statements
    that it finds count.
    """

    @property
    def reads(self) -> Collection[str]:
        """The names of the metrics that it reads."""

    @property
    def share(self) -> float:
        """The share of the answers, 0 to 1, that `score` reads; for the others it has no score."""

    async def read(self, reading: Reading) -> Iterable[Score]:
        """Return the scores of an answer as `score` does, whatever the share."""

    async def confirm(self, reading: Reading, finding: Detail) -> bool | None:
        """Return whether the answer says of `Reading.brand` what another scorer has found, by its
        verdict and quote; None when that is not settled. Raises what `JudgeClient.ask` does.
        """


@runtime_checkable
class UpdateFeed(Protocol):
    """A source of model updates, such as a vendor's changelog."""

    @property
    def name(self) -> str:
        """Unique among feeds."""

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the updates since a moment, in any order.

        Called repeatedly: the same update must always have the same model and time.

        Raises:
            OverheardError: when the source cannot be read; the message is shown.
        """


class History(Protocol):
    """Read access to runs, answers, scores, updates and alerts."""

    async def runs(self, *, limit: int | None = None) -> list[Run]:
        """Return up to `limit` runs, newest first."""

    def answers(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Yield the answers of some runs, prompt keys and numbers (None: of all), in the order of
        their numbers.
        """

    def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Yield the scores of some runs (None: of all), in the order of their answers."""

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
    ) -> list[Block]:
        """Return sums of scores by run, prompt, model, brand and metric, the oldest run first.

        Args:
            brand: The brand; None for all.
            model: The model; None for all.
            metric: The metric; None for all.
            since: The earliest start of the runs; None for the beginning.
        """

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of a model, or of all models, oldest first."""

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return the alerts of a brand, or of all brands, newest first."""


class Work(Protocol):
    """What the commands of a plugin may do beyond reading and asking: keep values, tell people."""

    async def kept(self) -> dict[str, Mapping[str, Any]]:
        """Return the values that this plugin keeps, by name."""

    async def keep(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Keep a JSON object under a name; None forgets it. Of one with the keys ``models``, ids of
        models, and ``told``, a few words, `models` shows the words at these models. Scheduled
        checks ask the models of ``also_ask``, too, and then not those of ``leave``. All cards on
        how a brand stands tell ``tells`` until a time: ``{"brand", "title", "line", "until",
        "good"}``, of which ``until`` is in ISO format, in UTC, and ``good`` says whether it is good
        news.
        """

    async def report(self, update: ModelUpdate) -> None:
        """Store that a model may have changed, unless an update of that model and time is known.
        Its questions are asked again then, as far as ``[bursts]`` allows.
        """

    async def post(
        self, key: str, command: str, due_at: datetime | None = None, **given: Any
    ) -> None:
        """Post the card of a command of this plugin, once for each key, in the channels that get
        alerts: now, or at a time, as it is then.
        """

    async def listed(self, provider: str) -> list[Mapping[str, Any]]:
        """Return the entries of a service's own list of models, as the service writes them, with
        the id of each as ``id``; empty where there is no such list.

        Raises:
            ProviderUnavailable: when the list cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers to a panel that a plugin's command has asked.

    Attributes:
        answers: All answers, also incomplete ones; they are stored outside the history.
        spent_usd: Their price.
        failures: Why questions have no answer, each reason once, as sentences. An empty answer is
            an answer, with the finish FAILED.
    """

    answers: tuple[Answer, ...]
    spent_usd: float
    failures: tuple[str, ...]


class Quoting(Protocol):
    """Prices panels for a plugin's command."""

    async def __call__(self, *panels: Panel) -> ConfirmationNeeded:
        """Return the highest price of some panels together, to be raised by the command until a
        person has agreed.

        Raises:
            BudgetExceeded: when the budget does not cover the usual price.
            BudgetUnknown: when there is a budget and a price that is not known.
        """


@dataclass(frozen=True, slots=True)
class View:
    """The argument of the function of a plugin's command.

    Attributes:
        catalogue: Brands, prompts, facts and schedules.
        history: Read access to runs, answers, scores and alerts.
        clock: The source of the current time.
        zone: The reader's time zone.
        who: The user of the command, as the audit log names users.
        channel: The channel, as ``platform:id``; ``terminal`` for the terminal.
        progress: Shows how far the command is, if it takes long.
        tables: The plugin's own tables of the configuration, as `PluginSettings` by section, such
            as ``providers`` or ``chats``.
        face: Whether the result is read in a terminal or a chat.
        models: The models that are asked, by provider.
        in_market: Returns the models that can be asked in a `Market`, as they are named there.
        named_models: The same, with those that config.toml names at providers without a key.
        names: The names of models for readers.
        landscapes: Knowledge of vendors by name, as the configuration has corrected it.
        approvals: The answers that people have approved for datasets, to be read and written, and
            the items of the brief that they have marked as published.
        score: Returns the scores that all scorers give to answers with the names and facts of now.
            Nothing is stored; judges ask at their own cost, unless ``judged=False``.
        mentions: Returns the mentions of all brands of the catalogue in an answer, in order.
        metrics: The metrics of all scorers, by name.
        find_model: Returns the model of a name on cards, or of ``provider/model``; raises
            `UnknownName`.
        quote: Prices panels that a command with ``spends`` is going to ask.
        ask: Asks a panel outside the history, once a person has agreed to its price; parts of what
            was priced can be asked one by one, and nothing else.
        readable: Returns the text of an answer as prose, for a quote.
        draw: Draws a chart as a picture with this file name.
        p_values_at: Returns the p-value of a change at the run with a number for each brand of some
            blocks, which may be of the plugin's own making, of one model and one metric of 0 and 1;
            and the least that the same answers could have. Brands that cannot be tested are left
            out.
        work: What the command may do beyond reading and asking.
        desk: Carries out requests with the rights of the person who makes them; only for a command
            that `serves`, else None.
    """

    catalogue: Catalogue
    history: History
    clock: Clock
    zone: tzinfo
    who: str
    channel: str
    progress: Progress
    tables: Mapping[str, Any]
    face: Face
    models: Sequence[Model]
    in_market: Callable[[Any], Sequence[Model]]
    named_models: Sequence[Model]
    names: ModelNames
    landscapes: Mapping[str, Landscape]
    approvals: Approvals
    score: Callable[..., Awaitable[list[ScoreRecord]]]
    mentions: Callable[[Answer], Sequence[Mention]]
    metrics: Mapping[str, Metric]
    find_model: Callable[[str], Model]
    quote: Quoting
    ask: Callable[[Panel], Awaitable[Asked]]
    readable: Callable[[str], str]
    draw: Callable[[Spans | Bars | Rates, str], Awaitable[Image]]
    p_values_at: Callable[[Iterable[Block], int], dict[str, tuple[float, float]]]
    work: Work
    desk: Desk | None


class ScoredListener(Protocol):
    """Called for each scored answer."""

    async def __call__(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Handle the event; exceptions are logged and have no other effect."""


class ShiftListener(Protocol):
    """Called for each shift that raises an alert."""

    async def __call__(self, shift: Shift, alert: Alert) -> None:
        """Handle the event; exceptions are logged and have no other effect."""


class PostedListener(Protocol):
    """Called when the message of an alert was posted."""

    async def __call__(self, alert: Alert, channel: str, message: str) -> None:
        """Handle the event; exceptions are logged and have no other effect.

        Args:
            alert: The alert as it was posted.
            channel: The channel, as ``platform:id``.
            message: The platform's id of the message.
        """


Listener = ScoredListener | ShiftListener | PostedListener
