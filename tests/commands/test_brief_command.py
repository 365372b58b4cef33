"""The brief, as people ask for it and act on it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.program import Program

CONFIG = """
[storage]
url = "sqlite:///store.db"

[[brands]]
name = "Acme"
competitors = ["Zeta"]

[[facts]]
brand = "Acme"
field = "founded"
value = "1999"
"""
ASKED = ("Which tool is best?", "Who is Acme?", "Is Acme old?", "When did Acme start?")


def history(days: int, *, named: bool, runs: int = 3) -> list[dict[str, Any]]:
    """Make runs that end so many days ago; they name the brand for the first prompt, or not."""
    now = datetime.now(UTC)
    first = "Acme and Zeta are good." if named else "Zeta is best."
    texts = (first, "Acme was founded in 2005.", "Acme is fine.", "Acme is a tool.")
    return [
        {
            "asked_at": (now - timedelta(days=days, hours=run)).isoformat(),
            "run": f"r{days}-{run}",
            "prompt": prompt,
            "provider": "svc",
            "model": "m-1",
            "text": text,
        }
        for run in range(runs)
        for prompt, text in zip(ASKED, texts, strict=True)
    ]


MARKET = CONFIG + "".join(f'[[prompts]]\ntext = "{text}"\n' for text in ASKED)


@pytest.fixture(scope="module")
def market_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with a history."""
    program = Program(tmp_path_factory.mktemp("market"), MARKET)
    lines = [*history(9, named=False, runs=5), *history(2, named=True, runs=5)]
    file = program.folder / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    program.run("import", "history.jsonl")
    return program.folder / "store.db"


@pytest.fixture
def market(tmp_path: Path, market_store: Path) -> Program:
    """The program, with a history and its prompts."""
    return Program(tmp_path, MARKET, copied=market_store)


def test_a_brief_says_what_to_write_from_evidence(market: Program) -> None:
    """Each item has its count, its interval and what the page should state."""
    found = market.json("brief", "Acme", "--days", "90")
    claim = next(item for item in found["items"] if item["kind"] == "claim")
    absent = next(item for item in found["items"] if item["kind"] == "absent")

    assert found["answers"] == 40
    assert claim["stated"] == "2005"
    assert claim["state"] == ["founded: 1999"]
    assert (absent["hits"], absent["answers"]) == (5, 40)
    assert absent["interval"][0] < 5 / 40 < absent["interval"][1]


def test_days_limit_what_is_read(market: Program) -> None:
    """In the last days, the brand is named everywhere."""
    found = market.json("brief", "--days", "5")

    assert found["answers"] == 20
    assert "absent" not in {item["kind"] for item in found["items"]}


def test_a_published_item_shows_what_became_of_it(market: Program) -> None:
    """It is no longer among what is to be written, until it is reopened."""
    before = market.json("brief", "--days", "90")
    key = next(item["item"] for item in before["items"] if item["kind"] == "absent")
    when = (datetime.now(UTC) - timedelta(days=5)).date().isoformat()
    market.run("brief", "done", key, "--when", when)
    [done] = market.json("brief")["published"]
    out, _ = market.run("brief")
    market.run("brief", "reopen", key)

    assert done["shows"] is None
    assert "It shows no longer." in out
    assert [item["item"] for item in market.json("brief", "--days", "90")["items"]] == [
        item["item"] for item in before["items"]
    ]


def test_what_is_published_already_or_still_to_come_is_not_marked(market: Program) -> None:
    """A day to come would hide an item that nobody has written."""
    key = market.json("brief")["items"][0]["item"]
    later = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    _, early = market.run("brief", "done", key, "--when", later, code=1)
    market.run("brief", "done", key)
    _, again = market.run("brief", "done", key, code=1)

    assert "is still to come; write it as yesterday" in early
    assert (
        f"is published already, so take that back first; write it as brief done {key} --undo"
        in again
    )


def test_a_brief_is_a_page_too(market: Program) -> None:
    """On standard output, or in a file."""
    text, _ = market.run("brief", "--format", "html")
    market.run("brief", "Acme", "--format", "html", "--out", "brief.html")
    _, refused = market.run("brief", "--out", "brief.txt", code=1)

    assert "founded: 1999" in text
    page = (market.folder / "brief.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "A file is a page: add --format html" in refused


def test_history_that_was_brought_along_is_read_too(terminal: Program) -> None:
    """Its questions need not be asked by a check; those about other things are left out."""
    terminal.configure(CONFIG)
    lines = history(9, named=False)
    for line in lines[::4]:
        lines.append({**line, "prompt": "How is rice cooked?", "tags": ["control"]})
    file = terminal.folder / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    terminal.run("import", "history.jsonl")
    newest, brief = terminal.json("brief"), terminal.json("brief", "--days", "90")

    assert newest["answers"] < brief["answers"] == 12
    assert "Answer “Which tool is best?”" in [item["title"] for item in brief["items"]]
    assert "rice" not in str(brief["items"])


async def test_a_chat_writes_no_files() -> None:
    """The option is not there, and a page is a file of the card."""
    office: Office = await open_office()
    file = await office.chat.type("brief Acme --out /tmp/x --format html")
    page = await office.chat.type("brief Acme --format html")
    card = (await office.chat.type("brief")).card

    assert "--out" in str(file.card.text)
    assert page.card.file
    assert page.card.file.name == "what-to-write-for-acme.html"
    assert "No answers. Ask with check" in str(card.text)


async def test_an_item_that_does_not_exist_is_one_sentence(office: Office) -> None:
    """Published or not."""
    done = await office.chat.type("brief done abcdef")
    reopened = await office.chat.type("brief reopen abcdef")

    assert 'There is no task called "abcdef"' in str(done.card.text)
    assert 'There is no published task called "abcdef"' in str(reopened.card.text)
