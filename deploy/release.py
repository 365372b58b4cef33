"""Makes a release: the version, the changelog, the wheel, its parts list and its hashes.

``python deploy/release.py 0.2.0`` writes the version into pyproject.toml and the date into
CHANGELOG.md, and then into ``dist/``: the wheel and the source archive, ``requirements.txt`` with
the versions of constraints.txt and the hash of each file (no address is in it), ``sbom.json`` in
CycloneDX, and ``SHA256SUMS``. It commits and pushes nothing; it prints what is left to do.
``--check`` changes no file of the repository and uses the present version.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
UNRELEASED = "## Unreleased\n"


def run(*command: str | Path, **variables: str) -> str:
    """Run a command in the repository and return its output.

    Raises:
        CalledProcessError: when it fails.
    """
    env = os.environ | variables
    return subprocess.run(
        command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def version_written() -> str:
    """Return the version in pyproject.toml."""
    found, *_ = re.findall(
        r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    return str(found)


def write_version(version: str) -> None:
    """Write a version into pyproject.toml, and the version and the date into CHANGELOG.md."""
    project, log = ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"
    text = project.read_text(encoding="utf-8")
    project.write_text(
        re.sub(r'^version = ".*"$', f'version = "{version}"', text, count=1, flags=re.MULTILINE)
    )
    changes = log.read_text(encoding="utf-8")
    if UNRELEASED not in changes:
        sys.exit("CHANGELOG.md has no section Unreleased; write what changed.")
    head = f"{UNRELEASED}\n## {version}, {datetime.now(UTC):%d %B %Y}\n"
    log.write_text(changes.replace(UNRELEASED, head, 1), encoding="utf-8")


def hashed_requirements() -> str:
    """Return the requirements of the product with all extras, each version with its hashes.

    The versions are those of constraints.txt.

    Raises:
        SystemExit: when an address is in them.
    """
    text = run(
        *("uv", "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--quiet"),
        *("--constraint", "constraints.txt", "--generate-hashes", "--no-header", "--no-annotate"),
        *("--python-version", "3.11", "--no-emit-index-url"),
    )
    if "://" in text:
        sys.exit("The requirements hold an address; make them with an index that needs none.")
    return text


def main() -> None:
    """Make the files of a release."""
    parser = argparse.ArgumentParser(description="Make a release.")
    parser.add_argument("version", nargs="?", default=version_written())
    parser.add_argument("--check", action="store_true", help="change nothing, use dist/ alone")
    given = parser.parse_args()
    if not re.fullmatch(r"\d+\.\d+\.\d+(?:rc\d+)?", given.version):
        sys.exit(f"{given.version} is no version such as 1.2.0 or 1.2.0rc1.")
    if not given.check:
        write_version(given.version)
    DIST.mkdir(exist_ok=True)
    run("uv", "build", "--quiet", "--out-dir", DIST, SOURCE_DATE_EPOCH="315532800")
    requirements = DIST / "requirements.txt"
    requirements.write_text(hashed_requirements(), encoding="utf-8")
    sbom = DIST / "sbom.json"
    run(
        *("uvx", "--from", "cyclonedx-bom", "cyclonedx-py", "requirements", requirements),
        *("--pyproject", ROOT / "pyproject.toml", "--output-reproducible", "-o", sbom),
    )
    made = sorted(file for file in DIST.iterdir() if file.name not in {"SHA256SUMS", ".gitignore"})
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in made]
    (DIST / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    print("".join(sums), end="")
    if not given.check:
        print(f'Now: git commit -am "Version {given.version}", git tag v{given.version}, .ci/run')


if __name__ == "__main__":
    main()
