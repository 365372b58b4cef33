"""The installation that this process runs from: commands that add to it or repair it."""

import json
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec

PROJECT = "overheard"


def install_command(*arguments: str, extra: str = "") -> str:
    """Return a shell command that installs packages into the environment of this process.

    It uses pip, or uv in an environment without pip.

    Args:
        arguments: Packages, and options of pip.
        extra: An extra of Overheard such as ``otel``, whose packages are added; "" for none.
    """
    return shlex.join([*installer(), *arguments, *extra_packages(extra)])


def installer() -> list[str]:
    """Return the words of a command that installs packages into the environment of this process."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    return ["uv", "pip", "install", "--python", sys.executable]  # environments of uv have no pip


def reinstall_command(name: str) -> str:
    """Return a shell command that installs a distribution again: from the folder, file or Git
    commit it was installed from, else from the package index.
    """
    return install_command("--force-reinstall", _install_source(name))


def extra_packages(extra: str) -> list[str]:
    """Return the requirements of an extra of Overheard, such as ``google-genai<4,>=3``; [] for ""
    and for an unknown extra. Those that other platforms or Python versions need are left out.
    """
    from packaging.requirements import Requirement  # only a remedy needs it

    extras = []
    for line in distribution(PROJECT).requires or [] if extra else []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}):
            requirement.marker = None
            extras.append(str(requirement))
    return extras


def _install_source(name: str) -> str:
    """Return the source of a distribution for pip: a folder, a wheel, a Git URL with its commit.

    It is the distribution's name when its source is not recorded, as for the package index, or
    cannot be read.
    """
    try:
        found: Distribution = distribution(name)
        record = json.loads(found.read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError, OSError):
        return name
    url = str(record.get("url", ""))
    vcs = record.get("vcs_info", {})
    if vcs:
        return f"{vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', '')}".rstrip("@")
    return url.removeprefix("file://") or name
