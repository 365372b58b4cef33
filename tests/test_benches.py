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


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """Import all benches in one process; return why each that failed did, by its name."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(BENCH), *MODULES],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", MODULES)
def test_a_bench_imports(name: str, failures: dict[str, str]) -> None:
    """Every name that it uses of the program still exists."""
    assert name not in failures, failures[name]


@pytest.mark.long
def test_three_weeks_with_a_moved_clock_are_right_in_count() -> None:
    """Over the night in which the clocks of Berlin go back."""
    bench = [sys.executable, str(BENCH / "half_year.py"), "--weeks", "3"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
