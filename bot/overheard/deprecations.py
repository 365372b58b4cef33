"""What plugins and people should no longer use, in one place: what instead, and when it ends.

A name or command that moved or was renamed is listed here and keeps working until the release in
which it ends; a test fails in that release until it is taken out.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A public name that will be removed.

    Attributes:
        instead: The public name that replaces it.
        since: The release of Overheard that first warned.
        ends: The release without the name; at least two minor releases later.
    """

    instead: str
    since: str
    ends: str


DEPRECATIONS: Mapping[str, Deprecation] = {
    "Asker": Deprecation("JudgeClient", since="0.1", ends="0.3"),
    "BatchLook": Deprecation("BatchStatus", since="0.1", ends="0.3"),
    "Failing": Deprecation("FailureKind", since="0.1", ends="0.3"),
    "Topic": Deprecation("LandscapeTopic", since="0.1", ends="0.3"),
}
"""The deprecations by the public name that will be removed."""


def replacement(name: str) -> str:
    """Return the public name that replaces a deprecated one, and warn the module that uses it.

    Args:
        name: The deprecated name, such as ``Asker``.

    Raises:
        AttributeError: when the name is not deprecated.
    """
    if name not in DEPRECATIONS:
        raise AttributeError(f"module 'overheard' has no attribute '{name}'")
    old = DEPRECATIONS[name]
    warnings.warn(
        f"overheard.{name} ends in Overheard {old.ends}; use overheard.{old.instead}",
        DeprecationWarning,
        stacklevel=3,  # the importing module: `replacement` is called by the face's `__getattr__`
    )
    return old.instead


@dataclass(frozen=True, slots=True)
class OldCommand:
    """The words of a command that was renamed, became a part of another one, or was removed.

    Attributes:
        instead: The words that do the same; what follows the old words follows these. Empty when
            nothing does.
        reason: What does the work of a command that was removed, as the end of a sentence.
        ends: The release of Overheard that no longer knows the old words.
    """

    instead: str = ""
    reason: str = ""
    ends: str = "0.4"


_BURSTS = (
    "alerts recheck asks again for an alert, check for a brand, and overheard run by itself where "
    "something may have changed"
)
_CANARY = (
    "watch start asks a model fixed questions each day, and every check looks at the served model "
    "and its fingerprint"
)
_SCORES = (
    "history is scored again by itself, a slice in each check and in overheard run, and scores "
    "list shows how far it is; take the change back to read the scores from before it"
)
OLD_COMMANDS: Mapping[str, OldCommand] = {
    "subscribe": OldCommand("routes add"),
    "unsubscribe": OldCommand("routes remove"),
    "answers list": OldCommand("answers"),
    "answers questions": OldCommand("answers --show questions"),
    "answers sources": OldCommand("answers --show sources"),
    "share": OldCommand("report --share"),
    "digest": OldCommand("report --week"),
    "voice": OldCommand("trend --show voice"),
    "versus": OldCommand("trend --show versus"),
    "shifts": OldCommand("changes --show all"),
    "updates list": OldCommand("changes --show updates"),
    "brands restore": OldCommand("brands remove --undo"),
    "prompts restore": OldCommand("prompts remove --undo"),
    "facts restore": OldCommand("facts remove --undo"),
    "alerts reopen": OldCommand("alerts close --undo"),
    "brief reopen": OldCommand("brief done --undo"),
    "summary off": OldCommand("summary set --off"),
    "facts ask": OldCommand("prompts suggest --facts"),
    "prompts choose": OldCommand("prompts suggest"),
    "plugins show": OldCommand("plugins list"),
    "schedules resume": OldCommand("schedules pause --undo"),
    "schedules plan": OldCommand("setup places"),
    "simulate": OldCommand(
        reason="in the folder bench of a clone, run: uv run python -m overheard_lab simulate"
    ),
    "plugins pin": OldCommand(reason="an installer checks the hashes of files, by its lock file"),
    "bursts list": OldCommand(reason=_BURSTS),
    "bursts run": OldCommand(reason=_BURSTS),
    "bursts": OldCommand(reason=_BURSTS),
    "scores rescore": OldCommand(reason=_SCORES),
    "scores switch": OldCommand(reason=_SCORES),
    "scores cancel": OldCommand(reason=_SCORES),
    "canary setup": OldCommand(reason=_CANARY),
    "canary run": OldCommand(reason=_CANARY),
    "canary": OldCommand(reason=_CANARY),
}
"""The commands of earlier releases by their words."""


def old_command(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return which of `OLD_COMMANDS` some words begin with, in any case of letters, and the words
    after it; "" and all words for none. A noun alone, or with options, is its old list.
    """
    lowered = [word.casefold() for word in words[:2]]
    for size in (2, 1):
        if (name := " ".join(lowered[:size])) in OLD_COMMANDS:
            return name, words[size:]
    old_list = OLD_COMMANDS.get(f"{lowered[0]} list") if lowered else None
    is_alone = lowered[1:] != ["--help"] and all(word.startswith("-") for word in lowered[1:])
    if old_list and is_alone and not old_list.instead.startswith(lowered[0]):
        return f"{lowered[0]} list", words[1:]
    return "", words


REMOVED_TABLES = frozenset({"canary"})
"""Tables of ``config.toml`` that earlier releases knew; they are ignored until 0.4."""
