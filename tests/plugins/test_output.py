"""Tests of what plugins print while the streams of the process change."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overheard.plugins import sorted_output
from overheard.plugins.aside import Aside

PRINTING = """
import os, sys, threading
from overheard.plugins import sort_output, sorted_output

sort_output()
sys.setswitchinterval(1e-6)

def go_on():
    while True:
        print("x", end="")

for _ in range(4):
    threading.Thread(target=go_on, daemon=True).start()
for _ in range(1000):
    with sorted_output(), sorted_output():
        pass
os._exit(0)
"""


def test_threads_that_go_on_printing_do_not_end_the_process() -> None:
    """CPython's ``print`` uses a stream that may be gone by then."""
    program = [sys.executable, "-c", PRINTING]
    done = subprocess.run(program, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0


def test_results_are_shown_although_a_plugin_has_taken_the_streams_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What stood for them before does so again."""
    with sorted_output():
        sys.stdout = sys.stderr = None  # as plugins do it
        with sorted_output():
            print("result")  # noqa: T201 - as a command does

    assert capsys.readouterr() == ("result\n", "")


async def test_the_folder_is_put_back_whoever_changed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that are made beside each other do not take another's folder for ours."""
    monkeypatch.chdir(tmp_path)
    moved, left = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def move() -> None:
        os.chdir("/")
        loop.call_soon_threadsafe(moved.set)
        await asyncio.to_thread(asyncio.run_coroutine_threadsafe(left.wait(), loop).result)

    async def good() -> None:
        loop.call_soon_threadsafe(left.set)
        await asyncio.sleep(0.1)

    one, other = Aside(), Aside()
    with sorted_output():
        moving = asyncio.create_task(one.call(move))
        await moved.wait()
        (await other.call(good)).get()
        (await moving).get()
        assert Path.cwd() == tmp_path
        os.chdir("/")  # as a thread does that nobody waits for
    assert Path.cwd() == tmp_path
    one.close()
    other.close()
