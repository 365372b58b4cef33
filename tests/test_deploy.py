"""Tests of what `deploy/` ships: units, the image and the compose files."""

import configparser
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
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


GUIDES = ("README.md", "docs/deploying.md")
OTHERS = frozenset({"apt", "createdb", "git", "install", "journalctl", "pg_dump", "pg_restore"})
OTHERS |= {"pip", "pipx", "pytest", "python3", "useradd", "uv"}
"""Programs of others, whose options are not looked at."""


def documented() -> Iterator[str]:
    """Yield each command that a guide shows, in a block or within a sentence."""
    for guide in GUIDES:
        text = (ROOT / guide).read_text(encoding="utf-8")
        blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
        for line in lines:
            program, _, rest = line.partition(" ")
            known = OTHERS | {"overheard", "overheard-admin", "docker", "systemctl", "cp", "python"}
            if rest and (program in known or program.endswith(("/pip", "/uv"))):
                yield from (one for one in line.split(" && ") if not one.startswith("PATH="))


def exists(*words: str) -> bool:
    """Return whether the program has a command, given as its words, and the options in it."""
    command = list(words[: next((n for n, w in enumerate(words) if not w.isalpha()), len(words))])
    help_ = ""
    while command and "Usage: " not in help_:  # the last words may be arguments
        help_ = CliRunner().invoke(app, [*command, "--help"]).output
        if "Usage: " not in help_:
            command.pop()
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return bool(command) and all(option in help_ for option in options - {"--config", "--json"})


@pytest.mark.parametrize("line", sorted(set(documented())))
def test_a_documented_command_names_what_exists(line: str) -> None:
    """Programs, commands, options, files, services and extras of this project."""
    words = shlex.split(line, comments=True)
    if words[:2] == ["uv", "run"] or words[0].endswith("/uv"):
        words = words[2:] if "run" in words[:2] else words
    program, *rest = words
    if program in {"overheard", "overheard-admin"}:
        assert exists(*rest)
    elif program == "docker" and rest[0] == "compose" and "--file" in rest:
        services = yaml.safe_load((ROOT / rest[2]).read_text(encoding="utf-8"))["services"]
        _, _, _, verb, *given = rest
        command = [word for word in given if not word.startswith("--")]
        assert not command or command[0] in services
        if verb in {"run", "exec"}:
            assert exists(*command[1 if verb == "run" else 2 :])
    elif program == "python":
        text = (ROOT / rest[0]).read_text(encoding="utf-8")
        assert all(f'"{word}"' in text for word in rest if word.startswith("--"))
    elif program == "systemctl" and rest[0] == "enable":
        units = [re.sub(r"@.*", "@", name) for name in rest[2:]]
        assert all((DEPLOY / "systemd" / _unit_file(name)).exists() for name in units)
    else:
        assert program in OTHERS | {"cp", "systemctl", "docker"} or program.endswith(
            ("/pip", "/uv")
        )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.findall(r"\.\[([a-z,]+)\]", line)
    assert {e for each in extras for e in each.split(",")} <= set(project["optional-dependencies"])
    files = [word for word in words if re.match(r"(deploy|bench|docs)/|constraints\.txt$", word)]
    assert all((ROOT / file).exists() for file in files if not file.endswith(".env"))


def _unit_file(name: str) -> str:
    return name if "." in name else f"{name}.service"


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
    assert int(service["RestartSec"]) <= 2, "chats wait for what it says then"
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
        "--from=build /opt/overheard /opt/overheard",
        "deploy/healthcheck.py /opt/overheard/healthcheck.py",
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


def test_the_environment_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    """An address with & and $ arrives whole, quotes around a value go, comments are none."""
    secrets = {
        "MAIL_URL": "mailto://u:p@smtp.example.com?smtp=smtp.example.com&to=ann@example.com",
        "KEY": "a$b`c d'e",
        "QUOTED": "x y",
    }
    file, shown = tmp_path / "environment", tmp_path / "shown"
    lines = [f"{n}={v}" for n, v in secrets.items() if n != "QUOTED"]
    file.write_text("\n".join(["# KEY=old", *lines, 'QUOTED="x y"', "nonsense"]) + "\n")
    script = (DEPLOY / "systemd" / "overheard-admin").read_text(encoding="utf-8")
    script = script.partition("cd /var/lib")[0] + f"exec env >{shown}\n"
    subprocess.run(
        ["sh", "-c", script], env={"OVERHEARD_ENVIRONMENT": str(file), "PATH": "/bin:/usr/bin"},
        check=True,
    )  # fmt: skip
    read = dict(line.split("=", 1) for line in shown.read_text().splitlines() if "=" in line)
    assert {name: read[name] for name in secrets} == secrets


@pytest.mark.parametrize(("state", "code"), [("frozen", -9), ("absent", 1), ("well", 0)])
def test_the_container_is_ended_when_the_bot_listens_and_does_not_answer(
    state: str, code: int
) -> None:
    """One that does not listen, such as a set-up, is left alone. Here it ends its own group."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if state != "absent":
            listening.listen(8)
        if state == "well":
            threading.Thread(target=_answer, args=(listening,), daemon=True).start()
        text = (DEPLOY / "healthcheck.py").read_text(encoding="utf-8").replace("10.0", "0.5")
        done = subprocess.run(
            [sys.executable, "-c", text, str(port)], start_new_session=True, check=False, timeout=30
        )
    assert done.returncode == code


def _answer(listening: socket.socket) -> None:
    """Answer every request with success."""
    while True:
        connection, _ = listening.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.close()
