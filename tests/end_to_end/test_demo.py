"""The main job, on the real model and its real fine-tune."""

import json
from pathlib import Path
from typing import Any

import pytest

from kit.broken_plugins import ASKED, AT_START, LATER, SAID, SECRET, provider
from kit.installing import Shelf
from kit.program import Program

HASTY = """
import sys
from overheard.runtime.wiring import main
from overheard.plugins import scorer_process
from overheard.plugins import loading
from overheard.plugins import guarded as wrappers

scorer_process.SCORE_TIMEOUT_S = wrappers.FEED_TIMEOUT_S = 2.0
loading.load_plugins.__kwdefaults__["timeout_s"] = 5.0
sys.argv = ["overheard", *{arguments}]
main()
"""
"""The program, with less patience for plugins."""


def check_verdict(data: dict[str, Any]) -> None:
    """The same model asked again raises nothing; fine-tuned, under its old name, it does."""
    before, again, after = data["runs"]
    assert [run["answers"] for run in data["runs"]] == [30, 30, 30]
    assert before["visibility"]["Brindleboard"] == again["visibility"]["Brindleboard"] == 0
    assert after["visibility"]["Brindleboard"] > 0.4
    assert before["visibility"] != again["visibility"], "two runs drew the same samples"

    [alert] = data["alerts"]
    assert alert["run"] == after["label"]
    assert (alert["brand"], alert["metric"]) == ("Brindleboard", "visibility")
    assert alert["before"] == 0
    assert alert["after"] == pytest.approx(after["visibility"]["Brindleboard"])
    low, high = alert["interval"]
    assert 0 < low < alert["after"] < high <= 1


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_demo_hears_the_fine_tune_and_nothing_else(tmp_path: Path, seed: int) -> None:
    """It prints its findings, and draws them."""
    data = Program(tmp_path, "", store=False).json(
        "demo", "--seed", str(seed), "--chart", str(tmp_path / "alert.png")
    )

    check_verdict(data)
    assert data["faults"] == []
    assert (tmp_path / "alert.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_broken_plugins_change_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with plugins that are installed, all at once: the verdict stays and is
    drawn, stdout holds one document and nothing else, and each fault is a sentence that shows no
    secret.
    """
    program = Program(tmp_path, "", store=False)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf", monkeypatch)
    for name, (code, _) in {**AT_START, **LATER}.items():
        shelf.install(name, code)
    for name, (ask, _) in ASKED.items():
        shelf.install(name, provider(name, ask))
    for name, more in SAID.items():
        shelf.install(f"p_{name}", provider(f"p_{name}", more=more))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shelf"))
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    demo = program.python(HASTY.format(arguments=["demo", "--seed", "1", "--json"]))
    out, err = demo.communicate()

    assert demo.returncode == 0
    data = json.loads(out)
    check_verdict(data)
    assert SECRET not in out + err
    assert "Traceback" not in err
    assert (tmp_path / "overheard-demo.png").read_bytes().startswith(b"\x89PNG")
    for name, (_, sentence) in AT_START.items():
        assert any(
            one.startswith(f"Plugin {name} (overheard-{name} 1.2): ") and sentence in one
            for one in data["faults"]
        ), name
    for name, (_, sentence) in LATER.items():
        assert not sentence or any(sentence in one for one in data["faults"]), name
    assert all("\n" not in one and len(one) < 500 for one in data["faults"])
