"""Tests of what `deploy/` ships: units, the image and the compose files."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from overheard.cli import app

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSED = sorted(DEPLOY.glob("compose*.yaml"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
MAX_EXPOSURE = 3.0


def unit(file: Path) -> configparser.SectionProxy:
    """Return the [Service] section of a unit; of a setting that occurs twice, the last value."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.read(file, encoding="utf-8")
    return parsed["Service"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_exposes_little(file: Path) -> None:
    """As systemd-analyze rates it, from 0 to 10."""
    command = ["systemd-analyze", "security", "--offline=true", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    [level] = re.findall(r"exposure level for .*: ([\d.]+)", told)
    assert float(level) <= MAX_EXPOSURE


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_starts_a_command_that_exists(file: Path) -> None:
    """With options that exist, as the user of the service."""
    service = unit(file)
    words = re.split(r"config\.toml ", service["ExecStart"])[1].rstrip("'").split()
    command = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    help_ = CliRunner().invoke(app, [*command, "--help"]).output
    assert "Usage" in help_
    assert all(word in help_ for word in words if word.startswith("--"))
    assert service["User"] == "overheard"


@pytest.mark.parametrize("name", ["overheard.service", "overheard-worker@.service"])
def test_a_process_that_hangs_is_started_again(name: str) -> None:
    """By the watchdog, which needs Type=notify."""
    service = unit(DEPLOY / "systemd" / name)
    assert (service["Type"], service["WatchdogSec"]) == ("notify", "60")
    assert service["Restart"] in {"on-failure", "always"}
    assert int(service["TimeoutStopSec"]) >= 10


@pytest.mark.parametrize("file", COMPOSED, ids=lambda file: file.name)
def test_a_container_has_no_rights_that_it_does_not_need(file: Path) -> None:
    """It is not root, cannot write to its image, and gains no rights."""
    services = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    ours = {name: one for name, one in services.items() if one["image"] == "overheard"}
    assert ours
    for service in ours.values():
        assert service["user"] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}
        assert CliRunner().invoke(app, [service["command"][0], "--help"]).exit_code == 0


def test_postgresql_is_shared_by_a_bot_and_two_workers() -> None:
    """They start when it is ready."""
    services = yaml.safe_load((DEPLOY / "compose.postgres.yaml").read_text())["services"]
    assert services["worker"]["deploy"]["replicas"] == 2
    for name in ("overheard", "worker"):
        assert services[name]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert "healthcheck" in services["postgres"]


def test_the_image_is_small_healthy_and_not_root() -> None:
    """Its last stage has neither the sources nor pip; it is byte-compiled when it is built."""
    _, build, image = DOCKERFILE.split("\nFROM ")
    assert "compileall" in build
    assert "USER 10001" in image
    assert "HEALTHCHECK" in image
    assert re.findall(r"^COPY (.*)", image, re.MULTILINE) == [
        "--from=build /opt/overheard /opt/overheard"
    ]


def test_the_image_is_built_from_all_that_the_wheel_needs() -> None:
    """What is copied is there, and is not ignored."""
    copied = {
        name
        for line in re.findall(r"^COPY (?!--)(.*)", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"pyproject.toml", "bot", "storage", "plugins"} <= copied
    assert all((ROOT / name).exists() and f"!{name}" in ignored for name in copied)
