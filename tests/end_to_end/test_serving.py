"""How a deployment starts, and what ends it besides a signal."""

import platform
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kit.program import Program
from overheard.config.loader import load_config
from overheard.runtime.server import serve
from overheard.runtime.supervisor import Supervisor
from overheard.runtime.wiring import open_deployment


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Leave the signals of the test's process as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


async def test_a_deployment_that_breaks_does_not_look_as_if_it_had_been_stopped(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person who started it gets a message, and can start it again."""

    async def breaks(_: Supervisor) -> None:
        raise LookupError

    monkeypatch.setattr(Supervisor, "run", breaks)
    config = load_config(program.folder / "config.toml")
    async with open_deployment(config) as deployment:
        with pytest.raises(LookupError):
            await serve(deployment, exit_within=lambda _: None)


def test_what_a_bot_imports_before_it_has_a_chat_and_an_answer() -> None:
    """Neither the commands, with which a desk, jobs and deliveries work, nor PostgreSQL's dialect,
    rich, numpy or the patterns by which answers are read.
    """
    code = (
        "import sys, overheard.runtime.server, overheard.runtime.wiring, overheard_storage;"
        "import overheard.chat.terminal.execution; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())

    assert {"overheard.runtime.server", "overheard_storage.tables", "sqlalchemy"} <= imported
    assert not imported & {"numpy", "rich", "sqlalchemy.dialects.postgresql", "alembic"}
    assert not imported & {"overheard.chat.desk", "overheard.reading.markdown"}
    assert not imported & {"overheard.commands.check", "overheard.detection.decide"}


def test_a_deployment_opens_where_python_has_no_ctypes(program: Program) -> None:
    """Some are built without; nothing but memory depends on it."""
    code = """
import asyncio, sys
from pathlib import Path
sys.modules["ctypes"] = sys.modules["_ctypes"] = None
from overheard.config.loader import load_config
from overheard.runtime.wiring import open_deployment

async def main():
    async with open_deployment(load_config(Path("config.toml"))):
        print("open")

asyncio.run(main())
"""
    out, err = program.python(code).communicate()

    assert out.strip() == "open", err


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")
def test_all_threads_of_a_deployment_share_one_area_of_memory(program: Program) -> None:
    """With an area for each, a process that checks again and again takes more and more."""
    pytest.importorskip("ctypes")
    code = """
import asyncio, ctypes
from pathlib import Path
from overheard.config.loader import load_config
from overheard.runtime.wiring import open_deployment

def is_in_main_area():
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = ctypes.c_void_p
    place, maps = malloc(5_000), Path("/proc/self/maps").read_text().splitlines()
    first, last = next(one for one in maps if "[heap]" in one).split()[0].split("-")
    return int(first, 16) <= place < int(last, 16)

async def main():
    async with open_deployment(load_config(Path("config.toml"))):
        print(await asyncio.gather(*(asyncio.to_thread(is_in_main_area) for _ in range(4))))

asyncio.run(main())
"""
    process = program.python(code)
    out, err = process.communicate()

    assert out.strip() == str([True] * 4), err
