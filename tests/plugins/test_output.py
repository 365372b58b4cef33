"""Tests of what plugins print while the streams of the process change."""

import subprocess
import sys

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
