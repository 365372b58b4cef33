"""What one plugin registers: imported, asked for by each hook, and checked for its shape."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from inspect import isasyncgen, iscoroutine, iscoroutinefunction
from itertools import chain, islice
from math import inf
from typing import Any

import pluggy

from overheard import hookspecs
from overheard.cards.command import CommandSpec
from overheard.config.problems import suggestion
from overheard.config.secrets import one_line, redacted, safe_str
from overheard.config.sections import Config
from overheard.domain import Landscape, Metric, Model
from overheard.errors import OverheardError
from overheard.hookspecs import API_VERSION, HOOKS, PluginSettings
from overheard.installation import PROJECT, reinstall_command
from overheard.interfaces import Chat, Judge, LaterChat, OpenChat, Provider, Scorer, UpdateFeed
from overheard.plugins.guard import ASK
from overheard.plugins.validation import Nonsense, validated

MAX_NAME_CHARS = 200
MAX_HELP_CHARS = 500
"""The longest summary of a command, example, or help of an option."""
KINDS = ("provider", "scorer", "landscape", "chat", "feed", "command")
"""Kinds of objects that are registered by name."""
NOTICES = ("overheard_answer_scored", "overheard_shift_detected", "overheard_alert_posted")
"""The hooks that register listeners."""
MAX_OBJECTS = 1_000
"""Objects that a plugin may register by one hook."""
MAX_MODELS = 1_000
"""Models of one provider that a check asks when no model is named."""
MAX_SETTINGS_REASON = 1_000
"""Characters of what a plugin says of its own settings."""
RESERVED_OPTIONS = frozenset({"chart", "help", "json", "yes"})
"""Options that commands have in common in the terminal."""
BUILT_IN_CHATS = frozenset({"terminal", "schedule"})
"""Names that channels begin with already."""

_COMMAND = re.compile("[a-z0-9_-]+( [a-z0-9_-]+)?")
_OPTION = re.compile(r"[a-z]\w*")
_WRITTEN = re.compile("[a-z][a-z0-9-]{0,31}")


class Fault(Exception):
    """The reason why one plugin cannot be used, with the remedy, as the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The objects that one plugin registers, by kind and name."""

    providers: dict[str, Provider]
    scorers: dict[str, Scorer]
    landscapes: dict[str, Landscape]
    chats: dict[str, Chat | LaterChat]
    feeds: dict[str, UpdateFeed]
    commands: dict[str, CommandSpec]
    listeners: dict[str, list[Any]] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return the kinds and names of the objects, such as ``scorer visibility``, in the order of
        `KINDS`; then, for each listener, its hook: ``listener shift_detected``.
        """
        names = [f"{kind} {name}" for kind in KINDS for name in getattr(self, f"{kind}s")]
        listeners = [
            f"listener {hook.removeprefix('overheard_')}"
            for hook, listeners in self.listeners.items()
            for _ in listeners
        ]
        return (*names, *listeners)


def register(
    point: EntryPoint, distribution: str, settings: Mapping[str, PluginSettings]
) -> Registered:
    """Import a plugin, call each of its hooks, and return the checked objects by kind and name.

    Args:
        point: The plugin's entry point.
        distribution: Name of the distribution, for messages.
        settings: The plugin's tables by section.

    Raises:
        Fault: when the import fails, a hook is unknown or async, or an object has the wrong shape.
        Exception: as a hook of the plugin raises it.
    """
    hooks = _hooks(point, distribution)

    def objects(hook: str, section: str) -> list[Any]:
        return _hook_results(getattr(hooks, hook)(settings=settings[section]))

    landscapes = _hook_results(hooks.overheard_landscapes())
    specs = objects("overheard_commands", "commands")
    commands = _by_name("command", CommandSpec, specs, _command_flaw)
    return Registered(
        _by_name("provider", Provider, objects("overheard_providers", "providers"), _provider_flaw),
        _by_name("scorer", Scorer, objects("overheard_scorers", "scorers"), _scorer_flaw),
        _by_name("landscape", Landscape, landscapes, _landscape_flaw),
        _by_name("chat", Chat, objects("overheard_chats", "chats"), _chat_flaw),
        _by_name("feed", UpdateFeed, objects("overheard_update_feeds", "feeds"), _feed_flaw),
        {name: validated(spec, CommandSpec) for name, spec in commands.items()},
        {hook: _checked_listeners(hook, objects(hook, "listeners")) for hook in NOTICES},
    )


def registered_scorers(
    point: EntryPoint, distribution: str, settings: PluginSettings
) -> dict[str, Scorer]:
    """Import a plugin, and return its scorers by name, after a check of their shape; other hooks
    are not called.

    Args:
        point: The plugin's entry point.
        distribution: Name of the distribution, for messages.
        settings: The plugin's ``[scorers.*]`` tables.

    Raises:
        Fault: when the import fails, the hook is async, or a scorer has the wrong shape.
        Exception: as the hook raises it.
    """
    scorers = _hook_results(_hooks(point, distribution).overheard_scorers(settings=settings))
    return _by_name("scorer", Scorer, scorers, _scorer_flaw)


def refuse_clashes(registered: Registered, in_use: Any, reserved: Iterable[str]) -> None:
    """Raise an error when a name that a plugin registers is in use already.

    Objects of one kind need different names, scorers also different metrics. Commands need another
    first word than those of Overheard and of other plugins.

    Args:
        in_use: The objects that other plugins have registered: `overheard.plugins.Plugins`.
        reserved: The first words of commands that the plugin may not take.

    Raises:
        Fault: when another plugin, or Overheard itself, uses a name.
    """
    for kind in KINDS:
        if kind == "command":  # these are compared by their first words
            continue
        names = {*getattr(in_use, f"{kind}s"), *(BUILT_IN_CHATS if kind == "chat" else ())}
        for name in getattr(registered, f"{kind}s"):
            if name in names:
                raise Fault(_taken_message(kind, name))
    _refuse_shared_metrics(registered.scorers, in_use.scorers)
    words = {*reserved, *map(command_word, in_use.commands)}
    for name in registered.commands:
        if command_word(name) in words:
            raise Fault(
                f'registers the command "{name}", and there is a command that begins with '
                f'"{command_word(name)}"; remove one of the two'
            )


def refuse_open_chats(registered: Registered, config: Config) -> None:
    """Raise `Fault` for a chat that anyone can add, unless ``[access]`` lists channels or says what
    everyone may do.
    """
    access = config.access
    if access.channels or "everyone" in access.model_fields_set:
        return
    for name, chat in registered.chats.items():
        if isinstance(chat, OpenChat) and chat.open_to_all:
            raise Fault(
                f"lets any workspace install the bot in {name}, and its people could spend; write "
                f'everyone = "nothing", "viewer" or "operator" into {config.file}, [access]'
            )


def fault_of(error: BaseException, secrets: Iterable[str], failing: str, remedy: str) -> Fault:
    """Return an exception of a plugin's start as a fault.

    A fault is returned unchanged. An error of Overheard gives its own text, redacted and cut to
    `MAX_SETTINGS_REASON` characters. Any other exception, and an error of Overheard without text,
    gives ``failing``, its class, and ``remedy``: its text may hold a secret. What is not found
    while importing is named.

    Args:
        error: The exception, which may also be an attempt to exit.
        secrets: Values to remove from the text.
        failing: The words before an unexpected exception, such as "cannot be imported".
        remedy: The remedy for an unexpected exception.
    """
    if isinstance(error, Fault):
        return error
    if isinstance(error, OverheardError) and (words := safe_str(error)):
        return Fault(redacted(words, [*secrets])[:MAX_SETTINGS_REASON])
    missing = f" ({error.name})" if isinstance(error, ImportError) and error.name else ""
    return Fault(f"{failing}: {type(error).__name__}{missing}; {remedy}")


def command_word(name: str) -> str:
    """Return the first word of a command's name."""
    return name.partition(" ")[0]


def is_word(given: object) -> bool:
    """Return whether a value can be a name: a printable text that is not empty, of at most
    `MAX_NAME_CHARS` characters.
    """
    return isinstance(given, str) and 0 < len(given) <= MAX_NAME_CHARS and given.isprintable()


def _is_sentence(given: object) -> bool:
    """Return whether help can show a value: a printable line of at most `MAX_HELP_CHARS`
    characters.
    """
    return isinstance(given, str) and len(given) <= MAX_HELP_CHARS and given.isprintable()


def _hook_results(results: Iterable[Iterable[Any]]) -> list[Any]:
    """Return the objects in the results of a hook, one after another."""
    for result in results:
        if iscoroutine(result):
            result.close()
        if iscoroutine(result) or isasyncgen(result):
            raise Fault(f"has an async hook, and hooks are plain functions; {ASK}")
    objects = list(islice(chain.from_iterable(results), MAX_OBJECTS + 1))
    if len(objects) > MAX_OBJECTS:
        raise Fault(f"registers more than {MAX_OBJECTS} objects of one kind; {ASK}")
    return objects


class _Manager(pluggy.PluginManager):
    """A manager that looks for hooks among the names of hooks alone.

    pluggy looks at every name of `hookspecs`, which for forty plugins takes 20 ms.
    """

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        """Return the options of a hook, or None for a name that is no hook."""
        return super().parse_hookspec_opts(module_or_class, name) if name in HOOKS else None


def _hooks(point: EntryPoint, distribution: str) -> Any:
    """Import a plugin into a pluggy manager of its own and return the manager's hooks, which call
    this plugin only.
    """
    manager = _Manager(PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        plugin = point.load()
    except BaseException as error:
        remedy = f"reinstall it with: {reinstall_command(distribution)}, or remove it"
        raise fault_of(error, (), "cannot be imported", remedy) from None
    _check_api(getattr(plugin, "overheard_api", ""))
    try:
        manager.register(plugin, point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Fault(_hook_flaw(error, plugin)) from None
    return manager.hook


def _hook_flaw(error: pluggy.PluginValidationError, plugin: object) -> str:
    """Return what is wrong with the hooks of a plugin, as the rest of a sentence.

    That is the name of a hook that does not exist, with the most similar name or all names, or else
    the text of the error.
    """
    for name in dir(plugin):
        if hasattr(getattr(plugin, name, None), f"{PROJECT}_impl") and name not in HOOKS:
            hint = suggestion(name, HOOKS) or f"; known: {', '.join(HOOKS)}"
            return f"has a hook {name}, which does not exist{hint}"
    return f"has a hook of the wrong shape: {one_line(error)}; compare it with the documentation"


def _check_api(supported: object) -> None:
    """Raise `Fault` unless this version of the plugin API is in the range that a plugin states."""
    if supported == "":
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # few plugins state a range

    supported = redacted(str(supported))
    try:
        fits = SpecifierSet(supported).contains(API_VERSION)
    except InvalidSpecifier:
        raise Fault(
            f'states overheard_api = "{supported[:80]}", which is no version range; '
            'write one such as ">=1.0,<2"'
        ) from None
    if not fits:
        raise Fault(
            f"works with plugin API {supported}, and this is {API_VERSION}; "
            "install a version of it that fits"
        )


def _by_name(
    kind: str, shape: type, objects: Iterable[Any], flaw_of: Callable[[Any], str]
) -> dict[str, Any]:
    """Return objects by name, in their order, after a check of their shape."""
    by_name: dict[str, Any] = {}
    for given in objects:
        missing = ", ".join(_missing(shape, given))
        flaw = f"it lacks {missing}" if missing else flaw_of(given)
        if flaw:
            raise Fault(f"registers {type(given).__name__} as a {kind}, and {flaw}; {ASK}")
        if given.name in by_name:
            raise Fault(_taken_message(kind, given.name))
        by_name[given.name] = given
    return by_name


def _taken_message(kind: str, name: str) -> str:
    return f'registers a {kind} called "{name}", and that name is taken; remove one of the two'


def _missing(shape: type, given: object) -> list[str]:
    """Return the public attributes of a protocol that an object lacks, sorted. An object that has
    to be a `CommandSpec` itself and is not lacks "the shape of a CommandSpec".
    """
    if shape is CommandSpec:
        return [] if isinstance(given, CommandSpec) else ["the shape of a CommandSpec"]
    if shape is Chat and isinstance(given, LaterChat):
        return []
    wanted = sorted(name for name in vars(shape) if not name.startswith("_"))
    return [name for name in wanted if not hasattr(given, name)]


def _provider_flaw(provider: Provider) -> str:
    """Return what is wrong with a provider's name, concurrency or models, as a clause; empty when
    nothing is.

    The name is a printable text without a slash, the concurrency an int of 1 or more, and the
    models a sequence of at most `MAX_MODELS` printable texts.
    """
    if not is_word(provider.name) or "/" in provider.name:
        return 'its name, that of its table, is not a word without "/"'
    if type(provider.concurrency) is not int or provider.concurrency < 1:
        return "its concurrency is not a whole number, 1 or more"
    models = provider.models()
    if not _are(is_word, models) or len(models) > MAX_MODELS:
        return f"its models() are not a list of ids, {MAX_MODELS:,} at most"
    return ""


def _scorer_flaw(scorer: Scorer) -> str:
    """Return what is wrong with a scorer, as a clause; empty when nothing is.

    Its name and version are printable texts, and its metrics a sequence of at least one valid
    `Metric`; a judge may have none, and has valid attributes of a judge in addition.
    """
    if not (is_word(scorer.name) and is_word(scorer.version)):
        return "its name or version is not a word"
    if not _are(_is_metric, scorer.metrics) or not (scorer.metrics or isinstance(scorer, Judge)):
        return "its metrics are not a list of one Metric or more"
    return _judge_flaw(scorer) if isinstance(scorer, Judge) else ""


def _is_metric(given: object) -> bool:
    try:
        return is_word(validated(given, Metric).name)
    except Nonsense:
        return False


def _judge_flaw(judge: Judge) -> str:
    """Return the first flaw of a judge as words to follow its name (``its model is not a Model``):
    of its model, its budget (US dollars a month) or its rehearsals (the texts with which its drift
    is tested); an empty text when there is none.
    """
    if not isinstance(judge.model, Model):
        return "its model is not a Model"
    if not (isinstance(judge.budget, int | float) and 0 <= judge.budget < inf):
        return "its budget is not a number of dollars"
    if not _are(lambda text: isinstance(text, str), judge.rehearsals):
        return "its rehearsals are not a list of texts"
    return ""


def _chat_flaw(chat: Chat | LaterChat) -> str:
    if not is_word(chat.name) or ":" in chat.name:
        return 'its name is not a word without ":"'
    return ""


def _feed_flaw(feed: UpdateFeed) -> str:
    return "" if is_word(feed.name) else "its name is not a word"


def _landscape_flaw(landscape: Landscape) -> str:
    """Return the first flaw of a landscape's name, title or entries, as words to follow its name;
    an empty text when there is none.
    """
    if not (is_word(landscape.name) and is_word(landscape.title)):
        return "its name or title is not a word"
    try:
        validated(landscape, Landscape)
    except Nonsense as nonsense:
        return str(nonsense)
    return ""


def _command_flaw(spec: CommandSpec) -> str:
    """Return what is wrong with a command, as a clause; empty when nothing is.

    The name is one or two words of small letters, digits, ``_`` and ``-``. Each option has a name
    of small letters, is written with at most 32 characters, differs from the other options, and is
    not one of `RESERVED_OPTIONS`. Its help is of lines that `_is_sentence` takes.
    """
    if not isinstance(spec.name, str) or not _COMMAND.fullmatch(spec.name):
        return "its name is not one or two words of small letters"
    try:
        checked = validated(spec, CommandSpec)
    except Nonsense as nonsense:
        return str(nonsense)
    options = checked.options
    if not all(map(_is_sentence, (checked.summary, *checked.examples, *(o.help for o in options)))):
        return f"its help is not of printable lines of at most {MAX_HELP_CHARS} characters"
    written = [option.written for option in options]
    for option in options:
        if not _OPTION.fullmatch(option.name) or not _WRITTEN.fullmatch(option.written):
            return f'its option "{option.name}" is not a word of small letters, up to 32'
        if option.written in RESERVED_OPTIONS or written.count(option.written) > 1:
            return f'its option "{option.written}" is there already'
    return ""


def _checked_listeners(hook: str, listeners: Sequence[Any]) -> list[Any]:
    """Return the listeners of a hook, in their order."""
    for listener in listeners:
        if not iscoroutinefunction(listener) and not iscoroutinefunction(
            getattr(listener, "__call__", None)  # noqa: B004 - whether the call is async
        ):
            raise Fault(f"returns from {hook} what is no async function; ask its author")
    return list(listeners)


def _are(fits: Callable[[object], bool], given: object) -> bool:
    """Return whether a value is a sequence other than a text, and all of its items fit."""
    return isinstance(given, Sequence) and not isinstance(given, str) and all(map(fits, given))


def _refuse_shared_metrics(new: Mapping[str, Scorer], in_use: Mapping[str, Scorer]) -> None:
    """Raise `Fault` if a new scorer measures a metric of another scorer, new or in use."""
    scorer_of_metric = {
        metric.name: name for name, scorer in in_use.items() for metric in scorer.metrics
    }
    for name, scorer in new.items():
        for metric in scorer.metrics:
            if metric.name in scorer_of_metric:
                raise Fault(
                    f'measures "{metric.name}", which the scorer {scorer_of_metric[metric.name]} '
                    "measures already; remove one of the two"
                )
            scorer_of_metric[metric.name] = name
