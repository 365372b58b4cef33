"""The main job, on the real model and its real fine-tune."""

from pathlib import Path
from typing import Any

import pytest

from kit.program import Program


def check_verdict(data: dict[str, Any]) -> None:
    """The same model asked again raises nothing; fine-tuned, under its old name, it does."""
    before, again, after, confirmed = data["runs"]
    assert [run["answers"] for run in data["runs"]] == [30, 30, 30, 30]
    assert before["visibility"]["Brindleboard"] == again["visibility"]["Brindleboard"] == 0
    assert after["visibility"]["Brindleboard"] > 0.4
    assert before["visibility"] != again["visibility"], "two runs drew the same samples"

    [alert] = data["alerts"]
    assert alert["run"] == confirmed["label"], "one check is no proof"
    assert (alert["brand"], alert["metric"]) == ("Brindleboard", "visibility")
    assert alert["before"] == 0
    runs = [run["visibility"]["Brindleboard"] for run in (after, confirmed)]
    assert alert["after"] == pytest.approx(sum(runs) / 2)
    low, high = alert["interval"]
    assert 0 < low < alert["after"] < high <= 1


@pytest.mark.long  # `.ci/readme_lines` runs it, too
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_demo_hears_the_fine_tune_and_nothing_else(tmp_path: Path, seed: int) -> None:
    """It prints its findings, and draws them."""
    data = Program(tmp_path, "", store=False).json(
        "demo", "--seed", str(seed), "--chart", str(tmp_path / "alert.png")
    )

    check_verdict(data)
    assert data["faults"] == []
    assert (tmp_path / "alert.png").read_bytes().startswith(b"\x89PNG")
