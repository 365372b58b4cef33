"""Types the commands of a guide in one shell, as a person does who has only the guide."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote
from time import monotonic

ROOT = Path(__file__).resolve().parents[1]
KEPT = re.compile(r"(PIP|UV|SSL)_\w+|\w+_proxy", re.IGNORECASE)
"""The variables by which this machine reaches the package registries."""


def guide(name: str) -> str:
    """Return the text of a guide of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, section: str) -> list[list[str]]:
    """Return the commands in each block of a section of a guide."""
    part = re.split(rf"^## {section}$", text, flags=re.MULTILINE)[1].split("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"^```\n(.*?)^```", part, re.M | re.S)]


def silent_options() -> str:
    """Return the options of a set-up that asks nothing, from a sentence of the README."""
    [options] = re.findall(r"`[^`]*overheard setup ([^`]*--yes)`", guide("README.md"))
    return options


def variables() -> dict[str, str]:
    """Return the variables that lead to the registries, and the caches of what they gave before."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    caches = {"UV_CACHE_DIR": str(cache / "uv"), "PIP_CACHE_DIR": str(cache / "pip")}
    return caches | {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}


def clone(folder: Path) -> None:
    """Clone the checkout, with its changes that are not committed of files that git knows."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    changes = subprocess.run(
        ["git", "diff", "--binary", "HEAD"], cwd=ROOT, check=True, capture_output=True
    )
    if changes.stdout:
        subprocess.run(["git", "apply"], cwd=folder, input=changes.stdout, check=True)


def type_lines(
    lines: Iterable[str], folder: Path, environment: Mapping[str, str], name: str
) -> str:
    """Type commands in a folder, show what they print, and return it. Exits at the first that
    fails, with the name of the guide.
    """
    # A shell goes on after a command of a list that fails; a stranger stops, and leaves nothing
    # running, which would hold the output open.
    script = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n" + "".join(
        f"printf '\\n$ %s\\n' {quote(line)}\n{line}\n[ $? = 0 ] || exit 1\n" for line in lines
    )
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert shell.stdout
    began_s, printed = monotonic(), ""
    for line in shell.stdout:
        if line.startswith("$ "):
            print(f"({monotonic() - began_s:.0f} s)")
        print(line, end="", flush=True)
        printed += line
    if shell.wait():
        sys.exit(f"{name}: the last command above failed")
    return printed
