"""One family of errors. A class's docstring is its message, filled in from the arguments.

Every message names the place and the remedy, in one sentence that a person who has never read
this code can act on.
"""

from __future__ import annotations

from typing import Any

from overheard.domain import FailureKind, RateLimits


class OverheardError(Exception):
    """Something went wrong in Overheard."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message())

    def message(self) -> str:
        """Return the one sentence that people read."""
        return " ".join((type(self).__doc__ or "").split()).format(**self.details)


class ConfigError(OverheardError):
    """{problems}"""  # noqa: D415 - the problems are whole sentences themselves

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(problems="\n".join(problems))

    def message(self) -> str:
        """Return all problems, one on each line."""
        return "\n".join(self.problems)


class SettingsError(OverheardError):
    """{problem}"""  # noqa: D415 - the problem is a whole sentence itself


class UnknownName(OverheardError):
    """There is no {kind} called "{name}"{hint}; known: {known}."""


class NothingToAsk(OverheardError):
    """There is nothing to ask: {missing}."""


class SearchUnknown(OverheardError):
    """{model} would be asked without a web search, because [providers.{provider}] does not say \
that it can search; take {id}, or a provider that searches.
    """


class TooBusy(OverheardError):
    """{waiting:,} commands wait already; try again in a minute."""


class RunUnderWay(OverheardError):
    """Another process is asking these questions just now, as run {run}; wait for it to end."""


class WorkerUnused(OverheardError):
    """{file} says that whoever begins a run does its work; write engine = "pgqueuer" in [queue]."""


class HoldLost(OverheardError):
    """The database of [storage] url was lost; a run goes on by itself, or repeat the command."""


class RunInUse(OverheardError):
    """Run {run} is in use by another process; wait for that to end and repeat the command."""


class BadAge(OverheardError):
    """The age "{age}" is no length of time; write it as 30min, 24h or 7d."""


class RunEnded(OverheardError):
    """Run {run} has ended ({state}); it cannot be {verb}."""


class RunTooOld(OverheardError):
    """Run {run} was begun {age} ago, and its answers would not compare with new ones; \
begin a new check.
    """


class NothingBatched(OverheardError):
    """None of these models can be asked in a batch: {models}; ask without --batch."""


class BatchUncollected(OverheardError):
    """The batch of run {run} cannot be collected now and stays at its vendor. {reason} \
Collect it later with: runs resume {run}.
    """


class BudgetExceeded(OverheardError):
    """This run would cost about {typical}, and [budget] {key} leaves {left}; raise it there, \
or ask fewer prompts, models or repeats.
    """


class BudgetUnknown(OverheardError):
    """[budget] {key} cannot be kept, because nobody has told the price of {models}; \
write it into the prices of its [providers.*] table.
    """


class BudgetUsedUp(OverheardError):
    """What is left of [budget] {key} does not cover the most that such a question may cost; \
raise it there.
    """


class JudgeBudgetUsedUp(OverheardError):
    """The money for judging is used up; raise budget in [scorers.{scorer}], or [budget]."""


class ConfirmationNeeded(OverheardError):
    """This run needs a yes before it spends: {price}; repeat the command with --yes."""

    @property
    def reason(self) -> str:
        """Why it asks, as a sentence."""
        return f"{self.details['price']}."

    @property
    def question(self) -> str:
        """What to ask."""
        return f"{self.reason} Go on?"

    @property
    def usd(self) -> float:
        """The most dollars that it may cost; infinite when nobody knows."""
        return float(self.details.get("usd", "inf"))


class ChangeNeedsYes(ConfirmationNeeded):
    """This needs a yes: {change}; repeat the command with --yes."""

    @property
    def reason(self) -> str:
        """Why it asks, as a sentence."""
        change = str(self.details["change"])
        return f"{change[:1].upper()}{change[1:]}."


class NothingAnswered(OverheardError):
    """Nothing was answered. {reasons}"""  # noqa: D415 - the reasons are whole sentences


class NothingToSwitch(OverheardError):
    """No other scores wait to be read; scores list shows which there are."""


class NotJudgedYet(OverheardError):
    """{scorer} has not been asked about this answer, and may not be asked now."""


class ProviderFailed(OverheardError):
    """{model} did not answer: {reason}"""  # noqa: D415 - the reason ends the sentence

    def __init__(
        self,
        *,
        model: object,
        reason: str,
        kind: FailureKind = FailureKind.OTHER,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        limits: RateLimits | None = None,
        ambiguous: bool = False,
    ) -> None:
        super().__init__(model=model, reason=reason)
        self.kind = kind
        """What went wrong."""
        self.status = status
        """The HTTP status, where there was a response."""
        self.retryable = retryable
        """Whether the same call may well succeed later."""
        self.retry_after = retry_after
        """Seconds after which the service asks to be tried again, or None."""
        self.limits = limits
        """What the service says that it still allows, or None."""
        self.ambiguous = ambiguous
        """Whether the call may be charged all the same, such as after a time-out."""


class ModelResting(OverheardError):
    """{model} is left alone for {wait}. {reason}"""  # noqa: D415 - the reason is a sentence


class ProviderUnavailable(OverheardError):
    """{provider} cannot be used: {reason}; {remedy}."""


class PluginFault(OverheardError):
    """{part} {problem}."""


class UnknownCommand(OverheardError):
    """There is no command "{name}"{hint}; "help" shows all of them."""


class BadUsage(OverheardError):
    """{problem}; write it as {usage}."""


class CanaryImpossible(OverheardError):
    """{model} cannot have a canary: {reason}; take a model that answers at once, without search."""


class TimeUnreadable(OverheardError):
    """The time "{text}" cannot be read; write it as 2026-11-24, 2026-11-24T07:00 or yesterday."""


class ReadOnly(OverheardError):
    """{thing} is declared in {file} and read-only here; change it there and restart."""


class NameTaken(OverheardError):
    """"{name}" already stands for {owner}; change that with the command edit, or choose \
another name.
    """


class AlreadyThere(OverheardError):
    """{thing} is there already; change it with the command edit."""


class NothingToChange(OverheardError):
    """Nothing would change; say what is to be different, as {usage}."""


class ChatUnavailable(OverheardError):
    """{chat} cannot be used: {reason}; {remedy}."""


class ChatLost(OverheardError):
    """The connection to {chat} is lost: {reason}."""


class ChatFailed(OverheardError):
    """{chat} did not take a message: {reason}."""

    retry_after: float | None = None
    """Seconds after which the platform asks to be tried again, or None."""
    ambiguous: bool = False
    """Whether the message may have gone through all the same, such as after a time-out."""


class StoreError(OverheardError):
    """The store at {url} cannot be used: {reason}; {remedy}."""


class FileUnreadable(OverheardError):
    """{file} cannot be read: {reason}; check its name and who may read it."""


class FileUnwritable(OverheardError):
    """{file} cannot be written: {reason}; check its name and who may write there."""


class NothingToTeach(OverheardError):
    """There is nothing to teach about {brand}; add facts with facts add, or approve answers with \
dataset review.
    """


class DatasetUnfit(OverheardError):
    """The dataset for {brand} cannot be written. {problems}."""

    def __init__(self, *, brand: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(brand=brand, problems="; ".join(problems))


class NotApproved(OverheardError):
    """Answer {number} cannot be taught: {reason}; {remedy}."""


class AlertUnchanged(OverheardError):
    """Alert {number} is {state} already{by}; see what happened to it with: alerts show {number}."""


class BadSchedule(OverheardError):
    """A schedule's {key} {problem}."""
