"""Benches are run by hand and seldom, so a test shows when a renamed module breaks one."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
MODULES = sorted(path.stem for path in BENCH.glob("*.py"))
IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(name, repr(error))
"""


def test_each_bench_imports() -> None:
    """Every name that it uses of the program still exists."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(BENCH), *MODULES],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == ""


@pytest.mark.long
def test_three_weeks_with_a_moved_clock_are_right_in_count() -> None:
    """Over the night in which the clocks of Berlin go back."""
    bench = [sys.executable, str(BENCH / "half_year.py"), "--weeks", "3"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
