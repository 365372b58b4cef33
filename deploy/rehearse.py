"""Carries out the steps of the Dockerfile without Docker, in a temporary folder.

``python deploy/rehearse.py`` copies what the image copies, runs what its build stage runs, with the
paths of the image moved below the folder, and uses the result as the image would: with a read-only
installation, a folder for data, and the health check. It prints the size of the installation.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 60.0


def stage(text: str) -> list[str]:
    """Return the instructions of the build stage, one a line."""
    joined = re.sub(r"\\\n", " ", text)
    return joined.split("\nFROM ")[0].splitlines() if "\nFROM " in joined else []


def build(folder: Path) -> Path:
    """Carry out the build stage below a folder; return the path of the installation."""
    source, target = folder / "src", folder / "opt" / "overheard"
    source.mkdir(parents=True)
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    first = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    variables = dict(os.environ)
    for line in stage(first):
        word, _, rest = line.strip().partition(" ")
        if word == "ARG":
            name, _, value = rest.partition("=")
            variables[name] = value
        elif word == "COPY":
            *names, _ = rest.split()
            for name in names:
                place = ROOT / name
                copy = shutil.copytree if place.is_dir() else shutil.copy
                copy(place, source / name)  # type: ignore[operator] # both take two paths
        elif word == "RUN":
            script = rest.replace("/opt/overheard", str(target))
            subprocess.run(["sh", "-euc", script], cwd=source, env=variables, check=True)
    return target


def use(target: Path, folder: Path) -> None:
    """Set up, start and examine a deployment as in the container."""
    data = folder / "data"
    data.mkdir()
    variables = os.environ | {
        "OVERHEARD_CONFIG": str(data / "config.toml"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    text = '[[brands]]\nname = "Acme"\n[[prompts]]\ntext = "Which tool?"\n'
    (data / "config.toml").write_text(text, encoding="utf-8")
    program = target / "bin" / "overheard"
    subprocess.run([program, "plugins", "--json"], cwd=data, env=variables, check=True)
    with subprocess.Popen([program, "run"], cwd=data, env=variables) as bot:
        deadline = time.monotonic() + START_TIMEOUT_S
        check = [target / "bin" / "python", ROOT / "deploy" / "healthcheck.py"]
        while subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode:
            if time.monotonic() > deadline:
                bot.kill()
                sys.exit("it is not healthy")
            time.sleep(0.5)
        bot.terminate()
    print(f"healthy after at most {START_TIMEOUT_S:.0f} s; ended with {bot.returncode}")


def main() -> None:
    """Build, use and measure."""
    with tempfile.TemporaryDirectory(prefix="overheard-image-") as name:
        folder = Path(name)
        target = build(folder)
        use(target, folder)
        size = sum(file.lstat().st_size for file in target.rglob("*") if not file.is_symlink())
        print(f"installation: {size / 2**20:,.0f} MB")


if __name__ == "__main__":
    main()
