"""`plugins`: which plugins are installed, what is wrong with them, and a project for a new plugin.

The project of `plugins new` is copied from ``plugins/plugin-template``, a working project with a
plugin of each kind. The name ``my_scorer`` becomes the name that is wanted, and everything about
other kinds is left out.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import overheard
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, fitting, picked
from overheard.cards.command import IN_TERMINAL, CommandSpec, Face, Role, argument, option
from overheard.commands.registry import first_words
from overheard.config.problems import unknown_name
from overheard.config.sections import ON_TOP
from overheard.config.settings_base import described
from overheard.deployment import Call
from overheard.errors import BadUsage, FileUnwritable
from overheard.plugins import PluginReport, installed_plugins
from overheard.session import Session


async def plugins(
    call: Call | Session, *, name: Annotated[str, argument("Show this one alone.")] = ""
) -> Card:
    """Return the card of all plugins: which are loaded, which failed and why, and which are paused
    after faults. With a name, return the card of that plugin, as `show_plugin` does.

    Args:
        deployment: The open deployment, or in a terminal the session.
        call: Tells whether a chat asks, which gets names, or a terminal, which gets a table.
        name: The name of one plugin, such as ``openai``; empty for all.

    Raises:
        UnknownName: when the named plugin is not installed.
        ConfigError: when a terminal's configuration is invalid.
    """
    if name:
        return await show_plugin(call, name=name)
    loaded = call.plugins
    faults = "\n\n".join([*(report.sentence for report in loaded.faulty), *loaded.paused])
    listed = wording.listing([report.name for report in loaded.reports])
    names = f": {listed}" if call.face is Face.CHAT else ""
    return Card(
        title=wording.count(len(loaded.reports), "plugin"),
        text=faults or f"All of them are loaded{names}.",
        table=Table(
            ("Plugin", "Version", "State", "Provides"),
            tuple(
                (r.name, r.version, _load_state(r), ", ".join(r.provides)) for r in loaded.reports
            ),
        )
        if call.face is Face.TERMINAL
        else None,
        severity=Severity.WARNING if faults else Severity.GOOD,
        data={
            "plugins": [
                picked(report, "name", "version", "provides", "problem")
                | {"state": _load_state(report).lower()}
                for report in loaded.reports
            ],
            "paused": loaded.paused,
        },
    )


async def show_plugin(call: Call | Session, *, name: Annotated[str, argument("Its name.")]) -> Card:
    """Return the card of one plugin: what is wrong with it, else what it provides, else why it
    provides nothing. A terminal also shows each key that its tables of the configuration can have,
    with its type and default.

    Args:
        deployment: The open deployment, or in a terminal the session.
        call: Tells whether a chat or a terminal asks.
        name: The name of the plugin, such as ``openai``.

    Raises:
        UnknownName: when the plugin is not installed.
        ConfigError: when a terminal's configuration is invalid.
    """
    reports = {report.name: report for report in call.plugins.reports}
    report = reports.get(name)
    if report is None:
        raise unknown_name("plugin", name, list(reports))
    keys = [
        (f"[{name if name in ON_TOP else table}]", key, kind, default)
        for table, settings in report.settings.items()
        for key, kind, default in described(settings)
    ]
    return Card(
        title=f"{report.name} {report.version}".rstrip(),
        text=report.problem
        or "\n\n".join(filter(None, (", ".join(report.provides), _idle(report)))),
        table=Table(("Table", "Key", "Value", "Default"), tuple(keys))
        if keys and call.face is Face.TERMINAL
        else None,
        severity=Severity.WARNING if report.problem else Severity.GOOD,
        data={
            **picked(report, "name", "version", "distribution", "provides", "problem"),
            "settings": [
                dict(zip(("table", "key", "value", "default"), k, strict=True)) for k in keys
            ],
        },
    )


def _idle(report: PluginReport) -> str:
    """Return a sentence on what a loaded plugin does not provide: the configuration has no table
    that names it (with an example of one), or its settings make it provide nothing; empty if none.
    """
    missing = [
        f"[{table}]"
        for table in report.settings
        if table.endswith(".NAME")
        and not any(part.startswith(table.removesuffix("s.NAME")) for part in report.provides)
    ]
    if not missing:
        return "" if report.provides else "It provides nothing as it is set."
    nothing = "nothing more" if report.provides else "nothing"
    example = f'{" or ".join(missing)} with plugin = "{report.name}"'
    return f"It provides {nothing} until the configuration has a table for it: {example}."


def _load_state(report: PluginReport) -> str:
    """Return ``Loaded`` for a plugin that can be used at least in part, else ``Failed``."""
    return "Loaded" if report.loaded else "Failed"


async def resume_plugin(
    call: Call | Session, *, name: Annotated[str, argument("Its name.")]
) -> Card:
    """End the pauses of all objects of a plugin (scorers, providers ...) that were paused after
    faults, so that they are called again, and let the next start load one that is left out. Nothing
    changes if it is neither.

    Raises:
        UnknownName: when the plugin is not installed.
    """
    reports = [report.name for report in call.plugins.reports]
    if name not in reports:
        raise unknown_name("plugin", name, reports)
    resumed = call.plugins.resume(name)
    parts = ", ".join(f"{part[:1].lower()}{part[1:]}" for part in resumed)
    text = f"Tried again from now on: {parts}."
    return Card(
        title=name,
        text=text if resumed else "Nothing of it is paused.",
        severity=Severity.GOOD,
        data={"name": name, "resumed": resumed},
    )


def notice_card(plugin: str, text: str) -> Card:
    """Return the warning that admins get about a plugin, with a button that ends the pause of what
    it provides.

    Args:
        plugin: The name of the plugin; empty for a warning about something else, which has no
            button.
        text: What happened.
    """
    resume = Action(f"{PLUGINS_RESUME.name} {plugin}", "Try it again now")
    return Card(
        title=f"The plugin {plugin} needs you" if plugin else "Overheard needs you",
        text=text,
        severity=Severity.WARNING,
        actions=fitting(resume) if plugin else (),
    )


_of_plugins = partial(CommandSpec, opens=False)

PLUGINS = _of_plugins(
    "plugins list",
    "Show what is installed, and what is wrong with it.",
    plugins,
    examples=("plugins", "plugins openai"),
)
PLUGINS_SHOW = _of_plugins(
    "plugins show",
    "Show what a plugin provides, and what can be set for it.",
    show_plugin,
    examples=("plugins show openai",),
)
PLUGINS_RESUME = _of_plugins(
    "plugins resume",
    "Resume a plugin that is paused after faults, or left out.",
    resume_plugin,
    role=Role.ADMIN,
    examples=("plugins resume acme",),
)


KINDS = ("provider", "scorer", "chat", "feed", "command")
SECTION_STARTS = {"pyproject.toml": r"^", "README.md": r"^(?=## )"}
"""Files of the template with sections about single kinds, and the pattern at which a section
begins: each line, or each heading.
"""


async def new_plugin(
    _: object,
    *,
    name: Annotated[str, argument("What it is called.")],
    kind: Annotated[str, option("What it brings.", choices=KINDS)] = "scorer",
) -> Card:
    """Write an installable project with one plugin and its tests into a new folder of the current
    directory, such as ``overheard-reading-level``.

    Args:
        name: The name of the plugin, in small letters, figures, hyphens and underscores.
        kind: The kind of plugin, one of `KINDS`.

    Raises:
        BadUsage: when the name has another form, is taken by an installed plugin or a command, or
            would give a class a name that Overheard exports.
        FileUnwritable: when the folder exists already, or cannot be written.
    """
    word = name.replace("-", "_")
    project = dict(_project_files(word, kind))
    if problem := _name_problem(name, word, kind, project):
        raise BadUsage(problem=problem, usage=PLUGINS_NEW.usage)
    folder = Path(f"overheard-{word.replace('_', '-')}")
    try:
        for part in ("tests", ".github/workflows"):
            (folder / part).mkdir(parents=True, exist_ok=part != "tests")
        for file, text in project.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=folder, reason=error.strerror) from None
    return Card(
        title=f"{folder} is written",
        text=f"Try it: cd {folder}; pip install -e '.[test]'; pytest; overheard plugins",
        severity=Severity.GOOD,
        data={"folder": str(folder), "kind": kind},
    )


def template() -> Traversable:
    """Return the folder of the template project: the one inside the installed package, else
    ``plugins/plugin-template`` of a checkout.
    """
    installed = files("overheard.commands") / "template"
    checkout = Path(__file__).parents[3] / "plugins" / "plugin-template"
    return installed if (installed / "README.md").is_file() else checkout


def _project_files(word: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the path in the project and the text of each file of a new project, from the packaged
    template.
    """
    mine = f"my_{kind}"
    own = (f"overheard_{mine}.py", f"tests/test_{mine}.py", ".github/workflows/test.yml")
    for file in (*SECTION_STARTS, *own):
        text = (template() / file).read_text(encoding="utf-8")
        text = _without_other_kinds(text, file, kind)
        yield file.replace(mine, word), _renamed_text(text, word, kind)


def _without_other_kinds(text: str, file: str, kind: str) -> str:
    """Return a file's text without the sections that mention other kinds of plugin and not `kind`,
    and without comments such as ``# my_scorer``.
    """
    if file not in SECTION_STARTS:
        return text
    mine, others = f"my_{kind}", [f"my_{other}" for other in KINDS if other != kind]
    sections = re.split(SECTION_STARTS[file], text, flags=re.MULTILINE)
    kept = [
        section
        for section in sections
        if mine in section or not any(other in section for other in others)
    ]
    return re.sub(r"  # my_.*", "", "".join(kept)).rstrip() + "\n"


def _renamed_text(text: str, word: str, kind: str) -> str:
    """Return a text of the template with a new plugin's name in place of ``my_scorer``, in each
    spelling: ``my_scorer``, ``MY_SCORER``, ``my-scorer``, ``My scorer`` and class names such as
    ``MySettings``.
    """
    dashed = word.replace("_", "-")
    title = "".join(map(str.capitalize, word.removesuffix(f"_{kind}").split("_")))
    names = {
        f"my_{kind}": word,
        f"MY_{kind.upper()}": word.upper(),
        f"my-{kind}": dashed,
        f"My {kind}": word.replace("_", " ").capitalize(),
        "overheard-my-plugin": f"overheard-{dashed}",
    }
    for old, new in names.items():
        text = text.replace(old, new)
    return re.sub(r"\bMy(?=[A-Z])", title, text)


def _name_problem(name: str, word: str, kind: str, project: Mapping[str, str]) -> str:
    """Return why a new plugin cannot have a name, as a sentence without its full stop; empty if it
    can.

    The name has to consist of words of small letters and figures, joined by hyphens or underscores.
    An installed plugin must not have it. A command must not have the name of another command. The
    classes of the new project must not have names that Overheard exports.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name):
        return f'"{name}" is no name of a plugin: small letters, figures and hyphens'
    if any(point.name == word for point in installed_plugins()[0]):
        return f'a plugin called "{word}" is installed'
    if kind == "command" and word.replace("_", "-") in first_words():
        return f'there is a command "{name}"'
    classes = re.findall(r"^class (\w+)", project[f"overheard_{word}.py"], re.MULTILINE)
    if taken := sorted({*classes} & {*dir(overheard)}):
        return f'"{name}" would make a class {taken[0]}, as Overheard has one'
    return ""


PLUGINS_NEW = _of_plugins(
    "plugins new",
    "Write a project for a plugin, with tests, that works as it stands.",
    new_plugin,
    examples=("plugins new reading-level", "plugins new acme --kind provider"),
    faces=IN_TERMINAL,
)
