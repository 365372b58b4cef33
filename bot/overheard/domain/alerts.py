"""Model updates, shifts, alerts, and the messages that show them."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from overheard.domain.models import Model


@dataclass(frozen=True, slots=True)
class ModelUpdate:
    """A moment at which a model may have changed.

    Attributes:
        at: The time of the change, in UTC.
        source: How the update is known: ``announced``, ``feed``, ``served model``,
            ``fingerprint``, ``watch`` (its answers changed), or ``people`` for a mark by a user; in
            stores of 0.1 also ``style`` and ``canary``.
        note: A few words, or an empty string.
        id: The store's number, 0 before it is stored.
    """

    model: Model
    at: datetime
    source: str = "announced"
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class ServedModelCount:
    """The number of complete answers of a run that came from one back end, as the replies report
    it.

    Attributes:
        model: The requested model.
        served_model: The model id that the replies report, with its version if there
            is one, or an empty string.
        fingerprint: The back end's fingerprint, or an empty string.
        answers: The number of answers; 1 or more.
    """

    run_id: int
    model: Model
    served_model: str
    fingerprint: str
    answers: int


@dataclass(frozen=True, slots=True)
class PromptShift:
    """The mean of one prompt (by key) before and after a shift, each with its number of answers."""

    prompt: str
    before: float
    after: float
    n_before: int
    n_after: int


class StatementKind(StrEnum):
    """Why a statement is news without any statistics."""

    CLAIM = "claim"
    """The fact sheet rules it out."""
    GRAVE = "grave"
    """It reports a recall, a breach, a lawsuit and the like."""

    @property
    def metric(self) -> str:
        """The name that stands for such statements among metrics; no scorer measures it."""
        return "false claims" if self is StatementKind.CLAIM else "grave statements"


@dataclass(frozen=True, slots=True)
class ReportedStatement:
    """A statement about a brand that a model repeats, and that is news by itself.

    Attributes:
        kind: Why the statement is news.
        topic: The field of the fact, such as ``price``; of a grave statement its subject, such as
            ``recall``.
        said: The stated value in the words of an answer; of a grave statement the sentence.
        truth: The value of the fact; empty for a grave statement.
        verdict: ``wrong``, ``stale`` (true once) or ``grave``.
        quote: A sentence of an answer, or an empty string.
        sources: The hosts that the answers with the statement cite, the most frequent first.
        answers: Number of answers of the run with the statement; 1 or more.
        asked: Number of answers of the model in the run.
    """

    kind: StatementKind
    topic: str
    said: str
    truth: str = ""
    verdict: str = "wrong"
    quote: str = ""
    sources: tuple[str, ...] = ()
    answers: int = 1
    asked: int = 1


WHOLE_MODEL = ""
"""Brand of a shift of a model as a whole: of how it speaks of all brands."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of one stream that the statistics hold, of a model as a whole, or a statement that
    is news by itself.

    Attributes:
        brand: The brand's name; `WHOLE_MODEL` for a change of the model as a whole, whose values
            are then the means over its brands.
        model: The model whose answers changed.
        metric: The name of the metric that changed.
        run_id: The number of the run in which the change was detected.
        before: The mean over the shared prompts before the change, on the metric's scale.
        after: The mean over the shared prompts after the change, on the metric's scale.
        change: after - before, each prompt weighing the same.
        interval: 90 % interval of the change (low, high).
        prompts: The prompts, those that moved most first.
        answers: Number of answers the verdict rests on (before, after).
        began: The number of the run with which the change most likely began; 0 means `run_id`. Read
            it as `first_run_id`.
        likely_first_runs: The numbers of the runs with one of which the change began, with a
            probability of 90 %, the oldest first; empty where only `first_run_id` is known.
        chance_a_year: How often a year chance would show as much in the whole deployment; None
            where there is a p-value, and for alerts of earlier versions.
        updates: Known updates of the model that fall among `likely_first_runs`.
        explanation: The likeliest cause in sentences: a model, this brand, the web.
        recovery: Whether the shift takes back an earlier shift of its alert, or a part of it.
        statement: The repeated statement, when that is the news; the values are then the shares of
            answers with the statement.
        id: The store's number, 0 before it is stored.
    """

    brand: str
    model: Model
    metric: str
    run_id: int
    before: float
    after: float
    change: float
    interval: tuple[float, float]
    prompts: tuple[PromptShift, ...] = ()
    answers: tuple[int, int] = (0, 0)
    began: int = 0
    likely_first_runs: tuple[int, ...] = ()
    chance_a_year: float | None = None
    updates: tuple[ModelUpdate, ...] = ()
    explanation: str = ""
    recovery: bool = False
    statement: ReportedStatement | None = None
    id: int = 0

    @property
    def first_run_id(self) -> int:
        """The number of the run with which the change most likely began: `run_id` if `began` is
        0.
        """
        return self.began or self.run_id

    @property
    def dates(self) -> tuple[int, ...]:
        """`likely_first_runs` by its name of Overheard 0.1; warns, and ends in 0.3."""
        warnings.warn(
            "Shift.dates ends in Overheard 0.3; use Shift.likely_first_runs",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.likely_first_runs


NEVER = datetime.min.replace(tzinfo=UTC)
"""A time that is always past."""


class AlertState(StrEnum):
    """The state of an alert."""

    OPEN = "open"
    """It has not been acknowledged yet."""
    GROWING = "growing"
    """It has become worse since the last acknowledgement, and needs attention again."""
    ACKNOWLEDGED = "acknowledged"
    """A person takes care of it."""
    SNOOZED = "snoozed"
    """It is silent until a time, or until the model is updated."""
    RECOVERED = "recovered"
    """The brand is back where it was before."""
    CLOSED = "closed"
    """A person has closed it."""

    @property
    def over(self) -> bool:
        """Whether the alert has recovered or was closed, so that nothing more happens to it unless
        a person opens it again.
        """
        return self in {AlertState.RECOVERED, AlertState.CLOSED}


@dataclass(frozen=True, slots=True)
class Alert:
    """A shift that is reported: the strongest of a brand at one model in one run, or that of a
    model as a whole.

    Attributes:
        shift: The strongest shift, with its certainty.
        opened_at: When the alert was raised, in UTC.
        also: Shifts of other metrics of the same brand and model in the same run; of a model as a
            whole, the shifts of the brands that moved most, the largest first.
        later: Further shifts in later runs, the oldest first: growth and returns. Of a model as a
            whole, also the shifts that brands' own evidence shows.
        by: Who acknowledged, snoozed or closed the alert, or an empty string.
        until: When a snooze ends; None for a snooze until the next update of the model.
        follows: The number of the alert of the same brand, model and metric before it, or 0.
        revision: How often the alert has changed; the number of its events.
        over_at: When the alert recovered or was closed; None while it is not over. The time is
            read from the alert's events and not stored with the alert.
        id: The store's number, 0 before it is stored.
    """

    shift: Shift
    opened_at: datetime
    also: tuple[Shift, ...] = ()
    later: tuple[Shift, ...] = ()
    state: AlertState = AlertState.OPEN
    by: str = ""
    until: datetime | None = None
    follows: int = 0
    revision: int = 1
    over_at: datetime | None = None
    id: int = 0

    @property
    def moved(self) -> tuple[Shift, ...]:
        """All shifts of the alert: the strongest, those of the same run, then those of later
        runs.
        """
        return (self.shift, *self.also, *self.later)

    @property
    def statements(self) -> tuple[ReportedStatement, ...]:
        """The statements among the shifts, in the order in which they were reported."""
        return tuple(shift.statement for shift in self.moved if shift.statement)

    @property
    def of_model(self) -> bool:
        """Whether the alert reports a change of the model as a whole."""
        return self.shift.brand == WHOLE_MODEL

    @property
    def brands(self) -> tuple[str, ...]:
        """The names of the brands of the shifts, each once, in the order of `moved`.

        One brand, unless `of_model`; the name `WHOLE_MODEL` is left out.
        """
        return tuple(dict.fromkeys(shift.brand for shift in self.moved if shift.brand))


class AlertEventKind(StrEnum):
    """The kinds of events of an alert."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    GREW = "grew"
    EASED = "eased"
    """A part of it is over, or it is partly back."""
    RELAPSED = "relapsed"
    """It recovered, and happened again."""
    RECOVERED = "recovered"
    CLOSED = "closed"
    REOPENED = "reopened"
    UPDATE = "update"
    """A person reported an update of the model."""
    UNDONE = "undone"
    """A person took back what a person did."""
    CONTINUED = "continued"
    """It goes on as it was; the message is edited and nothing is posted."""
    REVISED = "revised"
    """A later run makes another explanation the likeliest."""
    JOINED = "joined"
    """It turned out to be part of a change of the model as a whole."""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """An event of an alert: a change of its state, its shifts or its explanation.

    Attributes:
        at: The time of the event, in UTC.
        who: The user who caused the event; empty when the statistics or the clock did.
        note: A further sentence, or an empty string.
        alert_id: The alert's number.
        id: The store's number, 0 before it is stored.
    """

    what: AlertEventKind
    at: datetime
    who: str = ""
    note: str = ""
    alert_id: int = 0
    id: int = 0


class DeliveryKind(StrEnum):
    """The kinds of messages that a channel is to show."""

    ALERT = "alert"
    """An alert, in one message that is edited as long as it lives."""
    EVENT = "event"
    """What happened to an alert, in the thread of its message."""
    QUIET_HOURS = "digest"
    """A card of all alerts that quiet hours held back; the alerts are posted after it."""
    WEEKLY_DIGEST = "report"
    """The card of the command `digest`, on a schedule."""
    SCORES = "scores"
    """That the scores follow a change, or wait for a yes to it."""
    NOTICE = "notice"
    """What admins should know, such as a plugin that is disabled."""
    ALIVE = "alive"
    """The weekly sign of life."""
    CARD = "card"
    """The card of a plugin's command: the subject has its name and options as JSON."""
    RESULT = "result"
    """What came of a run that was cut off, and was finished by another process."""
    PROGRESS = "progress"
    """That a command was cut off, in the message that shows its progress. It becomes due when the
    process that carries the command out does not put it off any more.
    """


def alert_key(alert_id: int, channel: str) -> str:
    """Return the key of the message that shows an alert in a channel, such as
    ``alert-7@slack:C0123``.

    Args:
        alert_id: The store's number of the alert.
        channel: The channel, as ``platform:id``.
    """
    return f"alert-{alert_id}@{channel}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a channel is to show, written down before it is posted.

    Attributes:
        key: The unique name of the message; there are no two deliveries of one key.
        channel: The channel to post to, as ``platform:id``.
        due_at: When the delivery is tried next, in UTC.
        subject: The name of the report, or the key of the run; for a card of quiet hours, and for
            the alerts in that card, the end of the quiet hours; for a notice, its plugin and in
            the next line its words; else an empty string.
        alert_id: The number of the alert that is shown, or 0.
        event_id: The number of the event of the alert that is shown, or 0.
        wanted: The revision that the message should show.
        shown: The revision that the message shows; 0 as long as nothing was posted.
        message: The platform's id of the message, or an empty string.
        thread: The platform's id of the message in whose thread it belongs, or an empty string.
        attempts: The number of failed attempts since the last successful one.
        uncertain: Whether it is unknown if the last attempt has posted the message.
        problem: Why the last attempt failed, or an empty string.
        leased_until: End of the lease of the process that has claimed the delivery.
        id: The store's number, 0 before it is stored.
    """

    kind: DeliveryKind
    key: str
    channel: str
    due_at: datetime
    subject: str = ""
    alert_id: int = 0
    event_id: int = 0
    wanted: int = 1
    shown: int = 0
    message: str = ""
    thread: str = ""
    attempts: int = 0
    uncertain: bool = False
    problem: str = ""
    leased_until: datetime = NEVER
    id: int = 0


def deliveries_to(
    channels: Iterable[str], kind: DeliveryKind, key: str, due_at: datetime, subject: str = ""
) -> list[Delivery]:
    """Return one delivery of the same to each of several channels, under keys of their own."""
    return [
        Delivery(kind, f"{key}@{channel}", channel, due_at, subject)
        for channel in dict.fromkeys(channels)
    ]
