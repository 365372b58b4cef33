"""The family of errors. A class declares its message and the fields that fill it in.

Every message names the place and the remedy, in one sentence that a person who has never read
this code can act on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, ClassVar, dataclass_transform

from overheard.domain import FailureKind, RateLimits


@dataclass_transform(kw_only_default=True)
class OverheardError(Exception):
    """An error that people read.

    A subclass declares its fields as a dataclass does; they are the keyword arguments of its
    constructor, and type checkers check them. A subclass without a `message` has its docstring for
    one, which `python -OO` removes.

    Attributes:
        message: The sentence, with the fields in braces.
        details: The values of the fields, by name.
    """

    message: ClassVar[str] = "Something went wrong in Overheard."

    def __init__(self, **details: Any) -> None:
        self.details = details
        self.__dict__.update(details)
        super().__init__(_inherited_message(type(self)).format(**details))


@contextmanager
def ungrouped() -> Iterator[None]:
    """Raise, in place of an exception group within the block, its first error, without the group as
    its cause. Of nested groups the first error of the first group is raised; other errors pass.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


class ConfigError(OverheardError):
    message = "{problems}"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems="\n".join(problems))
        self.problems = problems
        """One sentence for each problem."""


class SettingsError(OverheardError):
    message = "{problem}"

    problem: str


class UnknownName(OverheardError):
    message = 'There is no {kind} called "{name}"{hint}; known: {known}.'

    kind: str
    name: str
    hint: str
    known: str


class NothingToAsk(OverheardError):
    message = "There is nothing to ask: {missing}."

    missing: str


class NotSetUp(NothingToAsk):
    message = "There is nothing to ask: no {kind} is configured, {remedy}."

    missing: str = ""
    kind: str
    remedy: str


class SearchUnknown(OverheardError):
    message = (
        "{model} would be asked without a web search, because [providers.{provider}] does not"
        " say that it can search; take {id}, or a provider that searches."
    )

    model: object
    provider: str
    id: str


class TooBusy(OverheardError):
    message = "{waiting:,} commands wait already; try again in a minute."

    waiting: int


class RunUnderWay(OverheardError):
    message = (
        "Another process is asking these questions just now, as run {run}; wait for it to end."
    )

    run: str


class RunPaused(OverheardError):
    message = (
        "Stopped. Run {run} is paused: workers begin no more of its questions. Go on with:"
        " overheard runs resume {run}, or give it up with: overheard runs cancel {run}"
    )

    run: str


class WorkerUnused(OverheardError):
    message = (
        '{file} has the queue of a single process; workers need engine = "pgqueuer" in [queue].'
    )

    file: str


class HoldLost(OverheardError):
    message = (
        "The database of [storage] url was lost; a run goes on by itself, or repeat the command."
    )


class RunInUse(OverheardError):
    message = "Run {run} is in use by another process; wait for that to end and repeat the command."

    run: str


class RunEnded(OverheardError):
    message = "Run {run} has ended ({state}); it cannot be {verb}."

    run: str
    state: str
    verb: str


class RunTooOld(OverheardError):
    message = (
        "Run {run} was begun {age} ago, and its answers would not compare with new ones; "
        "begin a new check."
    )

    run: str
    age: str


class NothingBatched(OverheardError):
    message = "None of these models can be asked in a batch: {models}; ask without --batch."

    models: str


class BatchUncollected(OverheardError):
    message = (
        "The batch of run {run} cannot be collected now and stays at its vendor. {reason} "
        "Collect it later with: runs resume {run}."
    )

    run: str
    reason: object


class BudgetExceeded(OverheardError):
    message = (
        "This run would cost about {typical}, and [budget] {key} leaves {left}; raise it "
        "there, or ask fewer questions, models or repeats."
    )

    typical: str
    key: str
    left: str


class BudgetUnknown(OverheardError):
    message = (
        "[budget] {key} cannot be kept, because the price of {models} is unknown; write "
        "it into the prices of its [providers.*] table."
    )

    key: str
    models: str


class BudgetUsedUp(OverheardError):
    message = (
        "What is left of [budget] {key} does not cover the most that such a question may "
        "cost; raise it there."
    )

    key: str


class BudgetHeld(BudgetUsedUp):
    message = (
        "Others are asking, and what is left of [budget] {key} is held for them; try again in a "
        "minute."
    )


class JudgeBudgetUsedUp(OverheardError):
    message = "The money for judging is used up; raise budget in [scorers.{scorer}], or [budget]."

    scorer: str


class ConfirmationNeeded(OverheardError):
    message = "This run needs a yes before it spends: {price}; repeat the command with --yes."

    price: str = ""
    usd: float = inf
    """The most dollars that it may cost; infinite when the price is not known."""
    usual_usd: float = inf
    """What it usually costs."""

    @property
    def reason(self) -> str:
        """Why a yes is needed: the price, as a sentence."""
        return f"{self.price}."

    @property
    def question(self) -> str:
        """The question for the person: the reason and "Go on?"."""
        return f"{self.reason} Go on?"


class ChangeNeedsYes(ConfirmationNeeded):
    message = "This needs a yes: {change}; repeat the command with --yes."

    change: str

    @property
    def reason(self) -> str:
        """Why a yes is needed: the change, as a sentence with a capital letter."""
        return f"{self.change[:1].upper()}{self.change[1:]}."


class NothingAnswered(OverheardError):
    message = "Nothing was answered. {reasons}"

    reasons: str


class NotJudgedYet(OverheardError):
    message = "{scorer} has not been asked about this answer, and may not be asked now."

    scorer: str


class ProviderFailed(OverheardError):
    message = "{model} did not answer: {reason}"

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
        """Create the error with what is known of the failed call.

        Args:
            model: The model, for the message.
            reason: The reason, as a sentence or clause for the message.
            kind: What went wrong.
            status: The HTTP status, or None without a response.
            retryable: Whether the same call may succeed later.
            retry_after: Seconds after which the service asks to be tried again, or None.
            limits: The rate limits that the service reports, or None.
            ambiguous: Whether the call may be charged all the same, such as after a timeout.
        """
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
    message = "{model} is paused for {wait}. {reason}"

    model: str
    wait: str
    reason: str


class ProviderUnavailable(OverheardError):
    message = "{provider} cannot be used: {reason}; {remedy}."

    provider: str
    reason: str
    remedy: str


class PluginFault(OverheardError):
    message = "{part} {problem}."

    part: str
    problem: str


class PluginPaused(PluginFault):
    message = "{part} {problem}."  # it was not called, since it is paused after earlier faults

    part: str
    problem: str


class CommandRefused(OverheardError):
    message = "{reason}"  # what a plugin's command says in place of a result

    reason: str


class UnknownCommand(OverheardError):
    message = 'There is no command "{name}"{hint}; "help" shows all of them.'

    name: str
    hint: str


class CommandRemoved(OverheardError):
    message = 'There is no command "{name}" any more: {reason}.'

    name: str
    reason: str


class BadUsage(OverheardError):
    message = "{problem}; write it as {usage}."

    problem: str
    usage: str


class InstallFailed(OverheardError):
    message = "{name} was not installed: {reason}."

    name: str
    reason: str


class ReadOnly(OverheardError):
    message = "{thing} is declared in {file} and read-only here; change it there and restart."

    thing: str
    file: str


class NameTaken(OverheardError):
    message = (
        '"{name}" already stands for {owner}; change that with the command edit, or choose '
        "another name."
    )

    name: str
    owner: str


class AlreadyThere(OverheardError):
    message = "{thing} is there already; change it with the command edit."

    thing: str


class NothingToChange(OverheardError):
    message = "Nothing would change; say what is to be different, as {usage}."

    usage: str


class ChatUnavailable(OverheardError):
    message = "{chat} cannot be used: {reason}; {remedy}."

    chat: str
    reason: str
    remedy: str


class ChatLost(OverheardError):
    message = "The connection to {chat} is lost: {reason}."

    chat: str
    reason: str


class ChatFailed(OverheardError):
    message = "{chat} did not take a message: {reason}."

    chat: str
    reason: str
    retry_after: float | None = None
    """Seconds after which the platform asks to be tried again, or None."""
    ambiguous: bool = False
    """Whether the message may have gone through all the same, such as after a time-out."""


class StoreError(OverheardError):
    message = "The store at {url} cannot be used: {reason}; {remedy}."

    url: str
    reason: str
    remedy: str


class SetupRefused(OverheardError):
    message = "Nothing is set up: {problem}; {remedy}."

    problem: str
    remedy: str


class StoreMissing(OverheardError):
    message = "There is no store at {url} yet; overheard check creates it."

    url: str


class FileUnreadable(OverheardError):
    message = "{file} cannot be read: {reason}; check its name and who may read it."

    file: object
    reason: str | None


class FileUnwritable(OverheardError):
    message = "{file} cannot be written: {reason}; check its name and who may write there."

    file: object
    reason: str | None


class AlertUnchanged(OverheardError):
    message = "This alert is {state} already{by}."

    number: int
    state: str
    by: str


class NotUndone(OverheardError):
    message = "This alert has changed since; nothing was taken back."

    number: int


class BadSchedule(OverheardError):
    message = "A schedule's {key} {problem}."

    key: str
    problem: object


def _inherited_message(kind: type[OverheardError]) -> str:
    """Return the message of a class of errors, with white space joined to one line.

    It is the class's own `message`, else its docstring, else the same of the nearest base class.
    """
    for base in kind.__mro__:
        if own := vars(base).get("message") or base.__doc__:
            return " ".join(str(own).split())
    return OverheardError.message
