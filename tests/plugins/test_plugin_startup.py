"""What is slow to import is imported at its first use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.broken_plugins import SCORER
from overheard.plugins import built_in_plugins

SLOW = {
    "aiohttp",
    "alembic",
    "anthropic",
    "apscheduler",
    "discord",
    "google.genai",
    "httpx2",
    "numpy",
    "openai",
    "overheard.cards.charts.renderer",
    "overheard.commands.delivery_cards",
    "overheard.runtime.scheduled_work",
    "pyromark",
    "overheard_accuracy.words",
    "overheard_sentiment.lists",
    "overheard_visibility.pick_words",
    "rapidfuzz",
    "resvg_py",
    "scipy",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "vaderSentiment",
    "xllamacpp",
}
NEEDED = {"alembic", "apscheduler", "sqlalchemy"}
"""What a bot cannot work without."""
SEARCHING = ("alembic", "apscheduler")
"""Libraries of the bot that look for plugins of their own when they are imported."""
PROGRAM = """
import importlib.metadata, json, logging, os, signal, sys

class End(logging.Handler):
    def emit(self, record):
        if "Overheard is running" in record.getMessage():
            os.kill(os.getpid(), signal.SIGTERM)

def counted(search=importlib.metadata.entry_points, **group):
    searches.append(group["group"])
    return search(**group)

searches = []
importlib.metadata.entry_points = counted
logging.getLogger("overheard").addHandler(End())
sys.argv = ["overheard", *{words}]
from overheard.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps([searches, [*sys.modules]]))
"""


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["help"], ["plugins"], ["run"]])
def test_the_program_starts_without_what_is_slow(tmp_path: Path, words: list[str]) -> None:
    """With thirty plugins installed, no SDK and no statistics library is imported; no store either,
    but where the bot goes to work. All installed packages are looked through once.
    """
    (tmp_path / "config.toml").write_text("[health]\nport = 0\n", encoding="utf-8")
    for number in range(30):
        name = f"quick{number}"
        code = SCORER.format(name=name, definition="def", body="return []").replace("\n    ", "\n")
        (tmp_path / f"overheard_{name}.py").write_text(code)
        info = tmp_path / f"overheard_{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: overheard-{name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[overheard]\n{name} = overheard_{name}\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(words=words)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    searches, modules = json.loads(done.stdout.splitlines()[-1])
    imported = set(modules)
    searches = [group for group in searches if not group.startswith(SEARCHING)]
    assert searches == ([] if words == ["--version"] else ["overheard"])
    assert not (SLOW - NEEDED if words == ["run"] else SLOW) & imported
    if words == ["plugins"]:
        assert "overheard_quick29" in imported
        assert f"{len(built_in_plugins()) + 30} plugins" in done.stdout


def test_a_thread_that_a_plugin_has_begun_does_not_keep_the_program(tmp_path: Path) -> None:
    """It is no daemon, and prints without end; the command ends, and its result comes first."""
    (tmp_path / "overheard_stuck.py").write_text(
        "import threading, time\n"
        "def call():\n    while True: time.sleep(0.05); print('x')\n"
        "threading.Thread(target=call, daemon=False).start()\n"
    )
    info = tmp_path / "overheard_stuck-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: overheard-stuck\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[overheard]\nstuck = overheard_stuck\n")
    program = (
        "import sys; from overheard.runtime import wiring as w; w.EXIT_TIMEOUT_S = 0.2; w.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "plugins", "--json"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "stuck" in [p["name"] for p in json.loads(done.stdout.splitlines()[0])["plugins"]]
