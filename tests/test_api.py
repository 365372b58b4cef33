"""The face: what plugins may use, and for how long."""

import subprocess
import sys
import warnings
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any

import pytest
from packaging.version import Version

import overheard
from overheard import Model, Shift
from overheard.deprecations import DEPRECATIONS, OLD_COMMANDS, Deprecation, replacement

FACE: Any = overheard
"""Its names are listed when they are asked for."""


def test_nothing_else_is_public() -> None:
    """Apart from the internal rooms and what types need."""
    others = {
        name
        for module in (overheard, import_module("overheard.api"))
        for name, thing in vars(module).items()
        if not name.startswith("_") and not isinstance(thing, ModuleType)
    }

    assert others - {*FACE.__all__} == {"TYPE_CHECKING", "Any", "import_module"}


def test_all_of_it_can_be_imported_at_once() -> None:
    """Although none of it is loaded before its first use."""
    given: dict[str, object] = {}
    exec("from overheard import *", given)  # noqa: S102 - as a plugin may write it

    assert {*FACE.__all__} <= {*given}


def test_names_are_completed_before_any_of_them_is_loaded() -> None:
    """`dir` shows them all, in a program that has done nothing yet, and so does a shell's Tab."""
    code = (
        "import overheard, rlcompleter; shell = rlcompleter.Completer({'overheard': overheard});"
        "print(*dir(overheard)); print(shell.complete('overheard.ScoredL', 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, completed = done.stdout.splitlines()

    assert {*FACE.__all__} <= {*names.split()}
    assert completed.startswith("overheard.ScoredListener")


def overdue(release: str) -> list[str]:
    """Return the names that a release should no longer have."""
    ends = {name: old.ends for name, old in DEPRECATIONS.items()}
    ends |= {name: old.ends for name, old in OLD_COMMANDS.items()}
    return [name for name, end in ends.items() if Version(end) <= Version(release)]


def test_what_is_deprecated_is_taken_out_in_time() -> None:
    """No name outlives the release in which it ends, and each has a public replacement."""
    assert overdue(version("overheard")) == []
    assert all(old.instead in FACE.__all__ for old in DEPRECATIONS.values())
    assert not DEPRECATIONS.keys() & set(FACE.__all__)


def test_who_uses_a_name_that_is_to_go_is_warned_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on working, and the warning says what to write instead and until when."""
    monkeypatch.setitem(DEPRECATIONS, "Estimate", Deprecation("Score", "0.1", "0.3"))

    with pytest.warns(DeprecationWarning, match="ends in Overheard 0.3; use overheard.Score") as w:
        assert overheard.Estimate is overheard.Score  # type: ignore[attr-defined]
    assert w[0].filename == __file__


def test_a_plugin_that_reads_the_dates_of_a_shift_is_warned() -> None:
    """The attribute of 0.1 goes on working until 0.3, in which this test and it are taken out."""
    model = Model("acme", "one")
    shift = Shift(
        "Acme",
        model,
        "visibility",
        run_id=7,
        before=0.5,
        after=0.2,
        change=-0.3,
        interval=(-0.4, -0.2),
        prompts=(),
        likely_first_runs=(6, 7),
    )

    assert Version(version("overheard")) < Version("0.3")
    with pytest.warns(DeprecationWarning, match="use Shift.likely_first_runs"):
        assert shift.dates == (6, 7)


def test_a_name_that_never_was_is_an_attribute_error() -> None:
    """As for any module."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AttributeError, match="'Nowhere'"):
            replacement("Nowhere")
