"""The log has the ids of its subjects, and neither secrets nor what models wrote."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.office import executed
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.config.sections import LoggingTable
from overheard.deployment import Call, Deployment
from overheard.domain import Task, TaskKind
from overheard.runtime.wiring import open_deployment
from overheard.runtime.worker import Worker
from overheard.telemetry import about, write_log
from overheard.testing import EchoProvider

TOKEN = "xoxb-1234567890-secret"
KEY = "sk-from-a-file-0123456789"
SAID = "Acme is a marvel of nature"
JSON = LoggingTable(format="json", level="info")
log = logging.getLogger("overheard.tests")


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Leave the loggers as they were."""
    root, ours = logging.getLogger(), logging.getLogger("overheard")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    root.handlers = []  # those of the test runner must not be closed
    yield
    root.handlers = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Deployment]:
    """Open a deployment that measures a brand."""
    config = f"""
        [storage]
        url = "sqlite:///{folder}/o.db"
        [[brands]]
        name = "Acme"
        [[prompts]]
        text = "Which tracker is best?"
    """
    async with open_deployment(parse_config(config)) as deployment:
        yield deployment


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the JSON objects that were logged."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_each_line_says_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    """Also in tasks that were started; parallel work is not mixed up with it."""
    write_log(JSON)

    async def work(run: str) -> None:
        about(run=run)
        await asyncio.sleep(0)
        await asyncio.create_task(tell())

    async def tell() -> None:
        log.info("It goes on.")

    about(command="c-1")
    await asyncio.gather(*(asyncio.create_task(work(run)) for run in ("one", "two")))
    log.warning("It ends.")
    one, two, end = lines(capsys)
    assert {(line["run"], line["command"]) for line in (one, two)} == {
        ("one", "c-1"),
        ("two", "c-1"),
    }
    assert end["command"] == "c-1"
    assert "run" not in end
    assert (end["level"], end["logger"], end["message"]) == (
        "warning",
        "overheard.tests",
        "It ends.",
    )
    assert end["at"].endswith("+00:00")


def test_a_line_for_people_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """On one line, and below the configured level there is none."""
    write_log(LoggingTable())
    about(run="first")
    log.info("Nobody hears this.")
    log.warning("It\ngoes on.")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" overheard.tests: It goes on. [run=first]")


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_is_told_without_its_text(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its kind and where it came from: its text may quote an answer, or a key."""
    write_log(LoggingTable.model_validate({"format": form}))
    try:
        int(f"{SAID} {KEY}")
    except ValueError:
        log.exception("It failed.")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "test_health_logs.py:" in written
    assert SAID not in written
    assert KEY not in written


def test_secrets_are_covered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the environment, those that are named, and logins in addresses; also by others."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    write_log(JSON, [KEY])
    logging.getLogger("slack_sdk").warning("%s %s postgresql://me:hunter2@db/x", TOKEN, KEY)
    (line,) = lines(capsys)
    assert line["message"] == "*** *** postgresql://***@db/x"


async def test_secrets_of_plugins_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever they were read from."""
    (tmp_path / "key").write_text(KEY)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    config = f"""
        [storage]
        url = "sqlite:///{tmp_path}/o.db"
        [discord]
        [providers.svc]
        plugin = "compatible"
        base_url = "http://127.0.0.1:9/v1"
        models = ["m-1"]
        api_key_file = "{tmp_path}/key"
    """
    async with open_deployment(parse_config(config)) as deployment:
        assert {TOKEN, KEY} <= set(deployment.plugins.secrets)
        assert KEY not in repr(deployment.plugins)


async def test_a_run_is_followed_by_its_key_and_nothing_of_its_answers_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether the provider answers, or fails with the answer and the key in its error."""
    write_log(JSON, [KEY])
    for given in (SAID, RuntimeError(f"{SAID} {KEY}")):
        async with deployed(tmp_path) as deployment:
            deployment.plugins.providers["echo"] = EchoProvider(given)
            await executed(check(Call(deployment)))
    written = capsys.readouterr().err
    told = [json.loads(line) for line in written.splitlines()]
    assert len({line["run"] for line in told if "run" in line}) == 2
    assert {"complete.", "failed."} <= {line["message"].split()[-1] for line in told}
    assert SAID not in written
    assert KEY not in written


async def test_a_worker_names_the_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In addition to the run that it belongs to."""
    write_log(JSON)
    async with deployed(tmp_path) as deployment:
        deployment.plugins.providers["echo"] = EchoProvider()
        await executed(check(Call(deployment)))
        (run,) = await deployment.store.runs.find()
        capsys.readouterr()
        task = Task(TaskKind.SCORE, run.id)
        await Worker(deployment, list(TaskKind), 2)._carry_out(task)
    begun, done = lines(capsys)
    assert begun["task"] == done["task"] == task.key
    assert done["run"] == run.key
