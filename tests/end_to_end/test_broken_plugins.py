"""With broken plugins of all kinds, results stay, and each fault is reported once."""

from pathlib import Path
from typing import Any

import pytest

from kit.broken_plugins import ASKED, AT_START, LATER, SAID, SECRET, provider
from kit.installing import Shelf
from kit.loopback import ChatService
from kit.program import Program, sentences

KEPT = ("state", "results", "alerts", "answers")


def results(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a check found with our own scorers."""
    ours = [row for row in card["results"] if row["metric"] not in LATER]
    return {key: card.get(key) for key in KEPT} | {"results": ours}


@pytest.mark.slow
def test_many_broken_plugins_change_no_result(
    program: Program,
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    service: ChatService,
) -> None:
    """A check finds what it finds without them, prints one document, and tells each fault in a
    sentence that shows no secret.
    """
    asked_for = config.split("[[prompts]]")
    program.configure("[[prompts]]".join(asked_for[:4]))  # each question costs each of them a fault
    service.answer = lambda prompt: f"Acme is good, and Zeta is bad. ({prompt})"
    plain = program.json("check", "--yes")
    (tmp_path / "store.db").unlink()
    monkeypatch.setattr("overheard.plugins.scorer_process.SCORE_TIMEOUT_S", 0.5)
    monkeypatch.setattr("overheard.plugins.guarded.FEED_TIMEOUT_S", 0.5)
    defaults = {"reserved": (), "timeout_s": 2.0}
    monkeypatch.setattr("overheard.plugins.loading.load_plugins.__kwdefaults__", defaults)
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf", monkeypatch)
    for name, (code, _) in {**AT_START, **LATER}.items():
        shelf.install(name, code)
    broken = program.json("check", "--yes")

    assert results(broken) == results(plain)
    told = [*broken["faults"], *broken["warnings"]]
    for name, (_, sentence) in LATER.items():
        assert not sentence or any(sentence in one for one in told), (name, told)
        assert not sentence or any(
            f"ask the author of overheard-{name} 1.2, or remove it" in one
            or f"The scorer {name} gives values outside" in one
            for one in told
        )
    assert all("\n" not in one and len(one) < 500 for one in told)
    assert SECRET not in str(broken)

    shown, _ = program.run("plugins")
    for name, (_, sentence) in AT_START.items():
        assert name in shown
        assert sentence in sentences(shown) or len(sentence) > 60 or " " in sentence


@pytest.mark.slow
def test_many_broken_providers_change_no_result(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """The one that works is asked as ever; each fault of the others is one sentence that names
    the package, and shows no secret.
    """
    service.answer = lambda prompt: f"Acme is good, and Zeta is bad. ({prompt})"
    plain = program.json("check", "--yes")
    (tmp_path / "store.db").unlink()
    monkeypatch.setattr("overheard.plugins.guarded.CLOSE_TIMEOUT_S", 0.1)
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf", monkeypatch)
    for name, (ask, _) in ASKED.items():
        shelf.install(name, provider(name, ask))
    for name, more in SAID.items():
        shelf.install(name, provider(name, more=more))
    broken = program.json("check", "--yes", code=3)

    assert broken["state"] == "partial"
    assert SECRET not in str(broken)
    failures = list(broken["failures"])
    for name, (_, told) in ASKED.items():
        problem = told.format(module=f"overheard_{name}")
        ask = f"ask the author of overheard-{name} 1.2, or remove it"
        assert f"The model {name}/m-1 {problem}; {ask}." in failures
        assert [one for one in failures if one.startswith(f"The model {name}/m-2")]
    assert all("\n" not in one and len(one) < 500 for one in failures)
    asked = [row for row in broken["results"] if row["model"] == "svc/m-1"]
    assert asked == plain["results"] != []
