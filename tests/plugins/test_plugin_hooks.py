"""Each hook with the plugin that uses it, from registration to what comes of it."""

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from kit.installing import Shelf
from kit.office import open_office
from overheard import Card, ChatFailed, Model, ModelUpdate
from overheard.commands.registry import commands, first_words
from overheard.config.loader import parse_config
from overheard.domain import Alert, Brand, Catalogue, Shift
from overheard.plugins import Plugins, load_plugins
from overheard.runs.update_feeds import read_feeds
from overheard.scoring.service import Scoring
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins."""
    return Shelf(tmp_path, monkeypatch)


@pytest.fixture
def hook() -> Iterator[Any]:
    """A webhook on loopback: its address, what it was sent, and the status it answers with."""

    class Handler(BaseHTTPRequestHandler):
        sent: ClassVar[list[dict[str, Any]]] = []
        status = 200

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.sent.append(json.loads(body))
            self.send_response(type(self).status)
            self.send_header("Retry-After", "7")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    Handler.url = f"http://127.0.0.1:{server.server_address[1]}/secret-path"  # type: ignore[attr-defined]
    yield Handler
    server.shutdown()
    server.server_close()


def load(config: str = "") -> Plugins:
    """Load all that is installed, and see that nothing is wrong with it."""
    plugins = load_plugins(parse_config(config))
    assert plugins.faulty == []
    return plugins


def test_the_words_of_our_commands_are_reserved() -> None:
    """No plugin can take the first word of one."""
    assert first_words() == {spec.name.split()[0] for spec in commands()}


async def test_a_chat_of_a_plugin_says_when_to_try_again(
    shelf: Shelf, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is reported with the time to wait, and without the address."""
    shelf.example("webhook")
    monkeypatch.setenv("HOOK", hook.url)
    hook.status = 429
    chat = load('[chats.team]\nplugin = "webhook"\nurl_env = "HOOK"').chats["team"]

    with pytest.raises(ChatFailed, match="HTTP 429") as failed:
        await chat.post("here", Card("T"), key="k")
    assert failed.value.retry_after == 7.0
    assert "secret-path" not in str(failed.value)


async def test_a_listener_is_told_of_each_shift_of_an_alert(
    shelf: Shelf, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example sends it to its address."""
    shift = Shift("Acme", Model("svc", "m-1"), "visibility", 1, 0.7, 0.4, -0.3, (-0.4, -0.1))
    shelf.example("webhook")
    monkeypatch.setenv("HOOK", hook.url)
    plugins = load('[listeners.team]\nplugin = "webhook"\nurl_env = "HOOK"')
    await plugins.listeners.alert_raised(Alert(shift, NOW))

    [sent] = hook.sent
    assert (sent["brand"], sent["metric"]) == ("Acme", "visibility")


async def test_a_feed_is_read_once_for_each_update(shelf: Shelf, tmp_path: Path) -> None:
    """Updates of models that are not asked, and those still to come, are left out."""
    shelf.example("changelog")
    file = tmp_path / "changes.jsonl"
    told = [("openai/gpt-5", 20), ("openai/gpt-5", 28), ("other/m", 20)]
    file.write_text(
        "\n".join(
            json.dumps({"model": model, "at": f"2026-11-{day}T09:00:00+00:00", "note": "new"})
            for model, day in told
        )
    )
    plugins, store = (
        load(f'[feeds.vendor]\nplugin = "changelog"\nfile = "{file}"'),
        open_test_store(),
    )
    for _ in range(2):
        assert await read_feeds(plugins.feeds.values(), store.updates, ["openai"], NOW) == []

    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert await store.updates.find() == [
        ModelUpdate(Model("openai", "gpt-5"), at, "feed", "new", id=1)
    ]


async def test_a_feed_that_cannot_be_read_is_one_sentence(shelf: Shelf, tmp_path: Path) -> None:
    """Nothing else suffers."""
    shelf.example("changelog")
    plugins = load(f'[feeds.vendor]\nplugin = "changelog"\nfile = "{tmp_path}/none"')

    [problem] = await read_feeds(plugins.feeds.values(), open_test_store().updates, ["openai"], NOW)
    assert problem.startswith("The feed vendor says: The changelog")


async def test_a_scorer_with_a_service_and_its_listener(shelf: Shelf) -> None:
    """The scorer is watched and keeps its name and version; the tally counts its scores."""
    shelf.example("readability")
    plugins = load()
    scorer = plugins.scorers["readability"]
    assert (scorer.name, scorer.version) == ("readability", "1")

    scoring = Scoring([scorer], Catalogue((Brand("Acme"),)), scored=plugins.listeners.answer_scored)
    await plugins.listeners.answer_scored(None, [])  # type: ignore[arg-type]
    assert scoring.metrics["reading_ease"].label == "Ease of reading"
    assert sys.modules["overheard_readability"].TALLY.given == {}


async def test_a_command_of_a_plugin_is_there_in_chats_and_in_help(shelf: Shelf) -> None:
    """It is typed, taught and listed like our own."""
    shelf.example("changelog")
    chat = (await open_office()).chat

    assert (await chat.type("changelog --most 3")).card.title == "Changelog"
    assert "changelog" in (await chat.type("help")).card.data["commands"]
    assert (await chat.type("help changelog")).card.title == "changelog"
