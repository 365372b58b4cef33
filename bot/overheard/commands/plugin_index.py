"""`plugins search` and `plugins install`: what can be added, and adding it to the environment that
runs, so that it survives an upgrade.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement

from overheard.cards.card import Card, Severity, Table
from overheard.cards.command import IN_TERMINAL, CommandSpec, argument
from overheard.errors import BadUsage, InstallFailed
from overheard.installation import extra_packages, installer
from overheard.plugins import installed_plugins


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


PLUGINS_SEARCH = CommandSpec(
    "plugins search",
    "List plugins that can be added.",
    search_plugins,
    examples=("plugins search", "plugins search gemini"),
    faces=IN_TERMINAL,
    opens=False,
)
PLUGINS_INSTALL = CommandSpec(
    "plugins install",
    "Add a plugin to what is installed, also for later upgrades.",
    install_plugin,
    examples=("plugins install mcp", "plugins install ./overheard-reading-level"),
    faces=IN_TERMINAL,
    opens=False,
)
