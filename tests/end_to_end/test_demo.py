"""The main job, on the real model and its real fine-tune."""

from pathlib import Path

import pytest

from broken_plugins import provider
from installing import Shelf
from program import Program


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_demo_hears_the_fine_tune_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The same model asked again raises nothing; fine-tuned, under its old name, it does. Another
    provider that is installed is not asked.
    """
    program = Program(tmp_path, "")
    (tmp_path / "shelf").mkdir()
    Shelf(tmp_path / "shelf", monkeypatch).install("odd", provider("odd", "raise RuntimeError"))
    data = program.json("demo", "--seed", str(seed), "--chart", str(tmp_path / "alert.png"))

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
    assert (tmp_path / "alert.png").read_bytes().startswith(b"\x89PNG")
