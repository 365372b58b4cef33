"""One family of errors. A class's docstring is its message, filled in from the arguments.

Every message names the place and the remedy, in one sentence that a person who has never read
this code can act on.
"""

from __future__ import annotations

from typing import Any


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


class RunUnderWay(OverheardError):
    """Another process is asking these questions just now, as run {run}; wait for it to end."""


class RunInUse(OverheardError):
    """Run {run} is in use by another process; wait for that to end and repeat the command."""


class BudgetExceeded(OverheardError):
    """This run would cost about {typical}, and [budget] {key} leaves {left}; raise it there, \
or ask fewer prompts, models or repeats.
    """


class BudgetUnknown(OverheardError):
    """[budget] {key} cannot be kept, because nobody has told the price of {models}; \
write it into the prices of its [providers.*] table.
    """


class BudgetUsedUp(OverheardError):
    """The budget was used up before these were asked; raise it in [budget]."""


class ConfirmationNeeded(OverheardError):
    """This run needs a yes before it spends: {price}; repeat the command with --yes."""


class NothingAnswered(OverheardError):
    """Nothing was answered. {reasons}"""  # noqa: D415 - the reasons are whole sentences


class ProviderFailed(OverheardError):
    """{model} did not answer: {reason}"""  # noqa: D415 - the reason ends the sentence


class ProviderUnavailable(OverheardError):
    """{provider} cannot be used: {reason}; {remedy}."""


class ChatUnavailable(OverheardError):
    """{chat} cannot be used: {reason}; {remedy}."""


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
