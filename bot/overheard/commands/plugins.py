"""`plugins`: which plugins are installed, what is wrong with them, adding one, and a project for a
new one.

The project of `plugins new` is copied from ``plugins/plugin-template``, a working project with a
plugin of each kind. The name ``my_scorer`` becomes the name that is wanted, and everything about
other kinds is left out.
"""

import asyncio
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement

import overheard
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, fitting, picked
from overheard.cards.command import IN_TERMINAL, CommandSpec, Face, Role, argument, option
from overheard.commands.registry import first_words
from overheard.config.problems import unknown_name
from overheard.config.sections import ON_TOP
from overheard.config.settings_base import described
from overheard.deployment import Call
from overheard.errors import BadUsage, FileUnwritable, InstallFailed
from overheard.installation import extra_packages, installer
from overheard.plugins import PluginReport, installed_plugins
from overheard.session import Session


async def plugins(
    call: Call | Session, *, name: Annotated[str, argument("Show this one alone.")] = ""
) -> Card:
    """Return the card of all plugins: which are loaded, which failed and why, and which are paused
    after faults. With a name, return the card of that plugin.

    Args:
        call: In a chat, the call, and in a terminal the session: a chat gets names, and a terminal
            a table.
        name: The name of one plugin, such as ``openai``; empty for all.

    Raises:
        UnknownName: when the named plugin is not installed.
        ConfigError: when a terminal's configuration is invalid.
    """
    if name:
        return _plugin_card(call, name)
    loaded = call.plugins
    faults = "\n\n".join([*(report.sentence for report in loaded.faulty), *loaded.paused])
    listed = wording.listing([report.name for report in loaded.reports])
    return Card(
        title=wording.count(len(loaded.reports), "plugin"),
        text=faults or f"All of them are loaded: {listed}.",
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


def _plugin_card(call: Call | Session, name: str) -> Card:
    """Return the card of one plugin: what is wrong with it, else what it provides, else why it
    provides nothing. A terminal also shows each key that its tables of the configuration can have,
    with its type and default.
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


async def resume_plugin(call: Call, *, name: Annotated[str, argument("Its name.")]) -> Card:
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
PLUGINS_RESUME = CommandSpec(
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


async def search_plugins(
    _: object, *, word: Annotated[str, argument("A part of its name or of what it does.")] = ""
) -> Card:
    """Return the card of the plugins that are known by name and have a word in their name or in
    what they do; all of them without a word.
    """
    wanted = word.casefold()
    found = {
        name: entry["text"]
        for name, entry in _index().items()
        if wanted in f"{name} {entry['text']}".casefold()
    }
    return Card(
        title=f"Plugins with “{word}”" if word else "Plugins that can be added",
        text="Add one with plugins install NAME." if found else "None is known.",
        table=Table(("Plugin", "What it does"), tuple(found.items())) if found else None,
        data={"plugins": [{"name": name, "text": text} for name, text in found.items()]},
    )


async def install_plugin(
    _: object,
    *,
    name: Annotated[str, argument("A name of plugins search, a requirement, or a folder.")],
) -> Card:
    """Install a plugin with the installer that made the environment: ``uv tool``, ``pipx``, ``pip``
    or ``uv pip``.

    Args:
        name: A name in the index, a requirement as pip takes it (``overheard-acme>=1``), or the
            path of a project or a wheel.

    Raises:
        BadUsage: when the name is none of these.
        InstallFailed: when the environment cannot be written, or the installer is missing or fails.
    """
    before = {point.name for point in installed_plugins()[0]}
    command = _installer(_requirements(name))
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=sys.stderr)
    except FileNotFoundError:
        raise InstallFailed(name=name, reason=f"{command[0]} is not on the PATH") from None
    if status := await process.wait():
        reason = f"{command[0]} ended with {status}; its lines above say why"
        raise InstallFailed(name=name, reason=reason)
    added = sorted({point.name for point in installed_plugins()[0]} - before)
    text = "It runs with the bot's rights. Restart the bot; overheard plugins shows its state."
    return Card(
        title=f"{name} is installed" + (f": {', '.join(added)}" if added else ""),
        text=text,
        severity=Severity.GOOD,
        data={"name": name, "plugins": added},
    )


def _index() -> dict[str, dict[str, str]]:
    """Return the plugins known by name, each with its text and its requirement or extra."""
    text = (files("overheard.commands") / "plugin_index.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _requirements(name: str) -> list[str]:
    """Return what an installer has to be given for a name, a requirement or a path."""
    entry = _index().get(name, {})
    if extra := entry.get("extra"):
        return extra_packages(extra)
    if Path(name).exists():
        return [str(Path(name).resolve())]
    try:
        return [str(Requirement(entry.get("requirement", name)))]
    except InvalidRequirement:
        problem = f'"{name}" is neither a known plugin, a requirement nor a folder'
        raise BadUsage(problem=problem, usage=PLUGINS_INSTALL.usage) from None


def _installer(requirements: list[str]) -> list[str]:
    """Return the command line that installs requirements into the environment that runs.

    What made the environment has to know of them, or its next upgrade removes them: ``uv tool`` and
    ``pipx`` keep a record of what was asked for.
    """
    prefix = Path(sys.prefix)
    if not os.access(prefix, os.W_OK):
        reason = f"{prefix} cannot be written; run this as its owner, or build an image with it"
        raise InstallFailed(name=requirements[0], reason=reason)
    if (receipt := prefix / "uv-receipt.toml").is_file():
        asked = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]["requirements"]
        own = [_of_receipt(one) for one in asked if one["name"] == "overheard"]
        others = [_of_receipt(one) for one in asked if one["name"] != "overheard"]
        options = [word for one in (*others, *requirements) for word in ("--with", one)]
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return ["uv", "tool", "install", "--python", python, *own, *options]
    if (metadata := prefix / "pipx_metadata.json").is_file():
        package = json.loads(metadata.read_bytes())["main_package"]["package"]
        return ["pipx", "inject", package, *requirements]
    return [*installer(), *requirements]


def _of_receipt(entry: dict[str, Any]) -> str:
    """Return a requirement in a receipt of ``uv tool`` as its command line takes it."""
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    folder = entry.get("directory") or entry.get("path") or entry.get("editable")
    git = f"git+{entry['git']}" if "git" in entry else ""
    if place := Path(folder).as_uri() if folder else entry.get("url") or git:
        return f"{entry['name']}{extras} @ {place}"
    return f"{entry['name']}{extras}{entry.get('specifier', '')}"


PLUGINS_SEARCH = _of_plugins(
    "plugins search",
    "List plugins that can be added.",
    search_plugins,
    examples=("plugins search", "plugins search gemini"),
    faces=IN_TERMINAL,
)
PLUGINS_INSTALL = _of_plugins(
    "plugins install",
    "Add a plugin to what is installed, also for later upgrades.",
    install_plugin,
    examples=("plugins install mcp", "plugins install ./overheard-reading-level"),
    faces=IN_TERMINAL,
)
