"""Tests of what plugins print while the streams of the process change."""

import subprocess
import sys

import pytest

from overheard.plugins import separated_output
from overheard.plugins.guard import plugin_code

PRINTING = """
import os, sys, threading
from overheard.plugins import separate_output, separated_output

separate_output()
sys.setswitchinterval(1e-6)

def go_on():
    while True:
        print("x", end="")

for _ in range(4):
    threading.Thread(target=go_on, daemon=True).start()
for _ in range(1000):
    with separated_output(), separated_output():
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
    """The former streams are in place again."""
    with separated_output():
        sys.stdout = sys.stderr = None  # as plugins do it
        with separated_output():
            print("result")  # noqa: T201 - as a command does

    assert capsys.readouterr() == ("result\n", "")


def test_what_a_plugin_prints_is_redacted_and_printable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a secret nor a control sequence of a terminal reaches stderr."""
    monkeypatch.setenv("ACME_API_KEY", "k-very-secret-0815")
    with separated_output(), plugin_code():
        print("a k-very-secret-0815\n\tb \x1b[31m")  # noqa: T201 - as plugins do it
        print("c http://me:pass@host/", file=sys.stderr)  # noqa: T201 - as plugins do it

    assert capsys.readouterr() == ("", "a ***\n\tb \ufffd[31m\nc http://***@host/\n")
