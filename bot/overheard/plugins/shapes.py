"""What a plugin registers is looked at before anything relies on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import iscoroutinefunction
from itertools import islice
from math import inf
from typing import Any

from overheard.cards.command import CommandSpec
from overheard.domain import Landscape, LandscapeEntry, Metric, Model, Scale
from overheard.interfaces import Chat, Judge, Provider, Scorer, UpdateFeed
from overheard.plugins.copies import copied
from overheard.plugins.guard import Nonsense

MOST_RESULTS = 1_000
"""Scores of one reading, or updates of one feed; more is a fault."""
MOST_MODELS = 1_000
"""Models of one provider that a check asks when nobody names one."""
RESERVED = frozenset({"chart", "help", "json", "yes"})
"""Options that commands have in common in the terminal."""
BUILT_IN_CHATS = frozenset({"slack", "discord", "terminal", "schedule"})
"""Names by which channels are known already."""


_WRITTEN = re.compile("[a-z][a-z0-9-]{0,31}")


class Fault(Exception):
    """Why one plugin cannot be used, and the remedy."""


def providers(made: Iterable[Any], taken: Mapping[str, Provider]) -> dict[str, Provider]:
    """Return providers by name."""
    return _named("provider", Provider, made, taken, _provider_flaw)


def scorers(made: Iterable[Any], taken: Mapping[str, Scorer]) -> dict[str, Scorer]:
    """Return scorers by name."""
    found: dict[str, Scorer] = _named("scorer", Scorer, made, taken, _scorer_flaw)
    _refuse_shared_metrics(found, taken)
    return found


def chats(made: Iterable[Any], taken: Mapping[str, Chat]) -> dict[str, Chat]:
    """Return chats by name."""
    known = dict.fromkeys(BUILT_IN_CHATS) | dict(taken)
    return _named("chat", Chat, made, known, _chat_flaw)


def feeds(made: Iterable[Any], taken: Mapping[str, UpdateFeed]) -> dict[str, UpdateFeed]:
    """Return feeds by name."""
    return _named("feed", UpdateFeed, made, taken, _feed_flaw)


def landscapes(made: Iterable[Any], taken: Mapping[str, Landscape]) -> dict[str, Landscape]:
    """Return landscapes by name."""
    return _named("landscape", Landscape, made, taken, _landscape_flaw)


def commands(
    made: Iterable[Any], taken: Mapping[str, CommandSpec], words: Iterable[str]
) -> dict[str, CommandSpec]:
    """Return commands by name; the first word of each is none of these words."""
    used = {*words, *map(first_word, taken)}
    named: dict[str, CommandSpec] = _named("command", CommandSpec, made, {}, _command_flaw)
    found = {name: copied(spec, CommandSpec) for name, spec in named.items()}
    for name in found:
        if first_word(name) in used:
            raise Fault(
                f'registers the command "{name}", and there is a command that begins with '
                f'"{first_word(name)}"; remove one of the two'
            )
    return found


def first_word(name: str) -> str:
    """Return the word under which a command stands."""
    return name.partition(" ")[0]


def listeners(hook: str, made: Iterable[Any]) -> list[Any]:
    """Return listeners."""
    found = list(made)
    for one in found:
        if not iscoroutinefunction(one) and not iscoroutinefunction(
            getattr(one, "__call__", None)  # noqa: B004 - whether that one is async
        ):
            raise Fault(f"returns from {hook} what is no async function; ask its author")
    return found


def listed(result: Iterable[Any]) -> list[Any]:
    """Draw what a plugin returns.

    Raises:
        OverflowError: when there is more than anybody wants; some of it never ends.
    """
    found = list(islice(result, MOST_RESULTS + 1))
    if len(found) > MOST_RESULTS:
        raise OverflowError
    return found


def _named(
    kind: str,
    shape: type,
    made: Iterable[Any],
    taken: Mapping[str, Any],
    flaw_of: Callable[[Any], str],
) -> dict[str, Any]:
    """Return objects by name, once they are of the right shape and their names are free."""
    named: dict[str, Any] = {}
    for thing in made:
        lacking = ", ".join(_missing(shape, thing))
        if flaw := f"it lacks {lacking}" if lacking else flaw_of(thing):
            raise Fault(
                f"registers {type(thing).__name__} as a {kind}, and {flaw}; "
                "ask its author, or remove it"
            )
        if thing.name in taken or thing.name in named:
            raise Fault(
                f'registers a {kind} called "{thing.name}", and that name is taken; '
                "remove one of the two"
            )
        named[thing.name] = thing
    return named


def _provider_flaw(provider: Provider) -> str:
    if not is_word(provider.name) or "/" in provider.name:
        return 'its name, that of its table, is not a word without "/"'
    if type(provider.concurrency) is not int or provider.concurrency < 1:
        return "its concurrency is not a whole number, 1 or more"
    models = provider.models()
    if not _are(is_word, models) or len(models) > MOST_MODELS:
        return f"its models() are not a list of ids, {MOST_MODELS:,} at most"
    return ""


def _scorer_flaw(scorer: Scorer) -> str:
    if not (is_word(scorer.name) and is_word(scorer.version)):
        return "its name or version is not a word"
    if not scorer.metrics or not _are(_is_metric, scorer.metrics):
        return "its metrics are not a list of one Metric or more"
    return _judge_flaw(scorer) if isinstance(scorer, Judge) else ""


def _judge_flaw(judge: Judge) -> str:
    if not isinstance(judge.model, Model):
        return "its model is not a Model"
    if not (isinstance(judge.budget, int | float) and 0 <= judge.budget < inf):
        return "its budget is not a number of dollars"
    if not _are(lambda text: isinstance(text, str), judge.rehearsals):
        return "its rehearsals are not a list of texts"
    return ""


def _chat_flaw(chat: Chat) -> str:
    if not is_word(chat.name) or ":" in chat.name:
        return 'its name is not a word without ":"'
    return ""


def _feed_flaw(feed: UpdateFeed) -> str:
    return "" if is_word(feed.name) else "its name is not a word"


def _landscape_flaw(landscape: Landscape) -> str:
    if not (is_word(landscape.name) and is_word(landscape.title)):
        return "its name or title is not a word"
    if not _are(lambda entry: isinstance(entry, LandscapeEntry), landscape.entries):
        return "its entries are not a list of LandscapeEntry"
    return ""


def _command_flaw(spec: CommandSpec) -> str:
    if not isinstance(spec.name, str) or not re.fullmatch(r"[a-z0-9_-]+( [a-z0-9_-]+)?", spec.name):
        return "its name is not one or two words of small letters"
    try:
        options = copied(spec, CommandSpec).options
    except Nonsense as nonsense:
        return str(nonsense)
    written = [option.written for option in options]
    for option in options:
        if not re.fullmatch(r"[a-z]\w*", option.name) or not _WRITTEN.fullmatch(option.written):
            return f'its option "{option.name}" is not a word of small letters, up to 32'
        if option.written in RESERVED or written.count(option.written) > 1:
            return f'its option "{option.written}" is there already'
    return ""


def is_word(given: object) -> bool:
    """Return whether something can be a name: text that is not empty and can be printed."""
    return isinstance(given, str) and given != "" and given.isprintable()


def _is_metric(given: object) -> bool:
    return (
        isinstance(given, Metric)
        and is_word(given.name)
        and isinstance(given.scale, Scale)
        and isinstance(given.label, str)
    )


def _are(fits: Callable[[object], bool], given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str) and all(map(fits, given))


def _refuse_shared_metrics(made: Mapping[str, Scorer], taken: Mapping[str, Scorer]) -> None:
    measured = {metric.name: name for name, scorer in taken.items() for metric in scorer.metrics}
    for name, scorer in made.items():
        for metric in scorer.metrics:
            if metric.name in measured:
                raise Fault(
                    f'measures "{metric.name}", which the scorer {measured[metric.name]} '
                    "measures already; remove one of the two"
                )
            measured[metric.name] = name


def _missing(shape: type, thing: object) -> list[str]:
    if shape is CommandSpec:
        return [] if isinstance(thing, CommandSpec) else ["the shape of a CommandSpec"]
    wanted = sorted(name for name in vars(shape) if not name.startswith("_"))
    return [name for name in wanted if not hasattr(thing, name)]
