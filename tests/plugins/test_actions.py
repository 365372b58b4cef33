"""Whether an action has helped: the rule, and what people are told of it."""

import contextlib
import json
import random
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.program import Program, sentences
from overheard import Block, Model
from overheard.testing.fakes import Screen
from overheard_sources.actions import ACTIONS_ADD
from overheard_sources.effects import CHECKS, Finding, Verdict, found_gain

NOW = datetime.now(UTC).replace(hour=0, minute=30)
PRICE = [f"What is the cheapest tool for {who}?" for who in ("firms", "teams", "schools", "shops")]
OTHER = [f"Which tool is best for {who}?" for who in "abcdefg"] + ["Which tool suits lawyers?"]
CONFIG = (
    """
[storage]
url = "sqlite:///store.db"
[[routes]]
channel = "slack:C0123456789"
[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""
    + "".join(f'[[prompts]]\ntext = "{text}"\ntopic = "price"\n' for text in PRICE)
    + "".join(f'[[prompts]]\ntext = "{text}"\ntopic = "teams"\n' for text in OTHER)
)
SEARCHING = "m-1+search"


@pytest.fixture
def there(tmp_path: Path) -> Program:
    """The program, with a brand whose questions have two topics."""
    return Program(tmp_path, CONFIG)


Named = Callable[[int, str, int], bool]
"""Whether the brand is named: by how many weeks ago, the question and the repeat."""


def at(weeks: int) -> datetime:
    """Return when the check of so many weeks ago took place."""
    return NOW - timedelta(weeks=weeks, days=1)


def learn(there: Program, weeks: range, named: Named, model: str = SEARCHING) -> None:
    """Bring checks along, each question asked three times."""
    lines = [
        {
            "asked_at": at(week).isoformat(),
            "run": f"week {week}",
            "prompt": prompt,
            "topic": "price" if prompt in PRICE else "teams",
            "provider": "svc",
            "model": model,
            "repeat": repeat,
            "text": f"Zeta is good. {'Acme is, too.' if named(week, prompt, repeat) else ''}",
        }
        for week in weeks
        for prompt in PRICE + OTHER
        for repeat in range(3)
    ]
    file = there.folder / f"weeks {weeks.start}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    there.run("import", file.name)


def improved(week: int, prompt: str, repeat: int) -> bool:
    """Of the questions about the price, all but every third answer name Acme since week 4."""
    if prompt in OTHER:
        return (week + OTHER.index(prompt) + repeat) % 3 > 0
    return week < 5 and (week + PRICE.index(prompt) + repeat) % 3 > 0


def unchanged(week: int, prompt: str, repeat: int) -> bool:
    """Two of three answers name Acme, always."""
    return (week + len(prompt) + repeat) % 3 > 0


@pytest.fixture(scope="module")
def twelve_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with twelve weeks, in the last four of which the price improved."""
    made = Program(tmp_path_factory.mktemp("weeks"), CONFIG)
    learn(made, range(12, -1, -1), improved)
    return made.folder / "store.db"


@pytest.fixture
def grown(tmp_path: Path, twelve_weeks: Path) -> Program:
    """The program with these weeks."""
    return Program(tmp_path, CONFIG, copied=twelve_weeks)


def published(weeks: int) -> str:
    """Return the day after the check of so many weeks ago."""
    return (at(weeks) + timedelta(days=1)).date().isoformat()


def test_a_verdict_comes_by_itself_and_stands_on_all_cards(there: Program) -> None:
    """First the size that will be noticed, then how many checks are missing, then the verdict."""
    learn(there, range(12, 4, -1), improved)
    noted = there.json("actions", "add", "pricing page", "--when", published(5))
    assert (noted["verdict"], noted["questions"], noted["others"]) == ("too early", 4, 8)
    assert 0.05 < noted["visible"] < 0.6
    learn(there, range(4, 2, -1), improved)
    there.run("actions", "run")
    early = sentences(there.run("actions", "list")[0])
    learn(there, range(2, -1, -1), improved)
    assert there.run("actions", "run")[0].count("1 new verdict") == 1
    assert "0 new verdicts" in there.run("actions", "run")[0]
    card = sentences(there.run("actions", "list", "Acme")[0])

    assert "Your pricing page: too early to tell, 2 more checks" in early
    assert "with 8 other questions and your rivals, and would notice" in early
    assert "Your pricing page likely helped" in card
    assert "On the 4 questions about it m-1 named you in 0 of 12 answers, now 8." in card
    assert "The other questions did not rise. Against them and your rivals: +" in card
    assert "I had said beforehand that I would notice" in card
    for words in (["status"], ["changes"], ["report", "--week"]):
        assert "our pricing page likely helped" in sentences(there.run(*words)[0]), words


def test_without_an_effect_it_says_how_large_one_is_ruled_out(there: Program) -> None:
    """And that is told as well."""
    learn(there, range(12, -1, -1), unchanged)
    there.run("actions", "add", "pricing page", "--when", published(5))
    there.run("actions", "run")
    card = sentences(there.run("actions", "list")[0])
    found = there.json("actions", "list")

    assert found["verdict"] == "no effect"
    bound = max(high for _, high in found["gains"])
    assert f"Your pricing page: no effect of {-int(-100 * bound // 1)} points or more" in card


def test_an_update_in_the_middle_makes_it_unknown(grown: Program) -> None:
    """One before it shortens what it is compared with."""
    grown.run("actions", "add", "pricing page", "--when", published(5))
    grown.run("updates", "add", f"svc/{SEARCHING}", "--when", at(9).date().isoformat())
    assert grown.json("actions", "list")["before"] == 5
    grown.run("updates", "add", f"svc/{SEARCHING}", "--when", at(3).date().isoformat())
    card = sentences(grown.run("actions", "list")[0])

    assert "I cannot tell whether your pricing page helped" in card
    assert "was updated on" in card


def test_actions_at_once_are_not_told_apart(grown: Program) -> None:
    """But one on other questions is, and these are no longer compared with."""
    grown.run("actions", "add", "pricing page", "--when", published(5))
    grown.run("actions", "add", "FAQ", "--about", "price", "--when", published(6))
    grown.run("actions", "add", "case study", "--about", "lawyers", "--when", published(5))
    key = grown.json("actions", "add", "pricing page", "--when", published(5))["key"]
    card = sentences(grown.run("actions", "list", "--about", key)[0])

    assert "Your pricing page and FAQ likely helped" in card
    assert "which of them it is, I cannot tell" in card
    assert "FAQ and pricing page" not in card
    assert grown.json("actions", "list", "--about", key)["others"] == 7
    assert "2 new verdicts" in grown.run("actions", "run")[0]  # of three actions
    assert sentences(grown.run("status")[0]).count("likely helped") == 1


def test_checks_before_it_can_be_read_count_for_neither_side(grown: Program) -> None:
    """From when that is, is said with it; the day after is the earliest."""
    early = published(7)
    added = grown.json("actions", "add", "pricing page", "--when", early, "--read", published(5))
    card = sentences(grown.run("actions", "list")[0])
    _, refused = grown.run("actions", "add", "price", "--when", early, "--read", early, code=1)

    assert (added["before"], added["after"], added["verdict"]) == (6, 4, "helped")
    assert ", read from " in card
    assert "is no day within 200 days after it" in sentences(refused)


def test_what_was_marked_before_actions_were_noted_is_compared_too(there: Program) -> None:
    """As far as its questions are known; it is taken back in the brief, and no news of it comes."""
    learn(there, range(12, 4, -1), improved)
    item = there.json("brief", "--days", "90")["items"][0]["item"]
    there.run("brief", "done", item, "--when", published(5))
    learn(there, range(4, -1, -1), improved)
    with contextlib.closing(sqlite3.connect(there.folder / "store.db")) as store, store:
        store.execute("DELETE FROM settings WHERE name LIKE '%action %'")
    followed = there.json("actions", "list", "--about", item)
    _, refused = there.run("actions", "remove", item, code=1)

    assert (followed["key"], followed["verdict"]) == (item, "helped")
    assert len(followed["prompts"]) == 4
    assert "0 new verdicts" in there.run("actions", "run")[0]
    assert f"brief done {item} --brand Acme --undo" in sentences(refused)
    there.run("brief", "done", item, "--undo")
    assert there.json("actions", "list") == []


def test_a_model_that_does_not_search_has_not_read_it(there: Program) -> None:
    """Before its next update it cannot know."""
    learn(there, range(12, -1, -1), improved, "m-1")
    card = sentences(there.run("actions", "add", "pricing page", "--when", published(5))[0])
    assert "No model that you ask searches the web" in card


def test_what_is_missing_is_said(there: Program) -> None:
    """The remedy too."""
    learn(there, range(6, 4, -1), improved)
    _, unknown = there.run("actions", "add", "Zebra", code=1)
    _, future = there.run("actions", "add", "pricing page", "--when", "2999-01-01", code=1)
    _, ancient = there.run("actions", "add", "pricing page", "--when", "0001-01-01", code=1)
    few = there.json("actions", "add", "pricing page", "--when", published(5))

    assert "No question is about “Zebra”; topics are price and teams" in sentences(unknown)
    assert "is no day from 2000 up to today" in sentences(future)
    assert "“0001-01-01” is no day from 2000" in sentences(ancient)
    assert "--read" not in ancient
    assert few["reason"] == "3 checks from before are needed; there are 2."


def test_where_the_scorer_is_off_visibility_is_compared(there: Program) -> None:
    """An item of the brief may ask for another metric."""
    learn(there, range(6, 4, -1), improved)
    there.run("actions", "add", "pricing page", "--when", published(5))
    with contextlib.closing(sqlite3.connect(there.folder / "store.db")) as store, store:
        kept = "UPDATE settings SET value = replace(value, 'visibility', 'gone')"
        assert store.execute(f"{kept} WHERE name LIKE '%action %'").rowcount == 1

    assert there.json("actions", "list")["metric"] == "visibility"


def test_what_a_brief_asked_for_is_followed(there: Program) -> None:
    """With the questions that had the gap; taken back, it is not."""
    learn(there, range(12, 4, -1), improved)
    item = there.json("brief", "--days", "90")["items"][0]["item"]
    marked = sentences(there.run("brief", "done", item, "--when", published(5))[0])
    brief = sentences(there.run("brief")[0])
    followed = there.json("actions", "list")
    there.run("brief", "done", item, "--undo")

    assert "and would notice" in marked
    assert "Published: Answer “" in brief
    assert (followed["key"], len(followed["prompts"])) == (item, 4)
    assert there.json("actions", "list") == []


def history(chance: random.Random, gained: float) -> Finding:
    """Return what is found in a history of twelve checks whose runs have effects."""
    days = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(8 + CHECKS)]
    blocks: dict[str, list[Block]] = {"Acme": [], "Zeta": []}
    for brand, found in blocks.items():
        for number in range(24):
            level = chance.betavariate(0.62, 0.76)
            for week, day in enumerate(days):
                rate = min(1.0, max(0.0, level + [-0.1, 0.0, 0.1][(week * week) % 3]))
                if brand == "Acme" and number < 8 and week >= 8:
                    rate = rate + (1 - rate) * gained
                hits = float(sum(chance.random() < rate for _ in range(3)))
                moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
                found.append(
                    Block(week, moment, str(number), Model("a", "b"), brand, "v", 3, hits, hits)
                )
    treated, split = {str(number) for number in range(8)}, ({*days[:8]}, {*days[8:]})
    return found_gain(blocks["Acme"], blocks["Zeta"], treated, *split, is_done=True)


def test_chance_is_hardly_ever_called_help() -> None:
    """And a large gain nearly always."""
    chance = random.Random(5)  # noqa: S311 - no secret
    nothing = [history(chance, 0.0).verdict for _ in range(100)]
    much: list[Any] = [history(chance, 0.7).verdict for _ in range(30)]

    assert nothing.count(Verdict.HELPED) <= 5
    assert much.count(Verdict.HELPED) >= 24


async def asked(office: Office, question: str) -> Screen:
    """Ask in words."""
    return await office.chat.bring(office.chat.request(question=question))


async def test_what_people_did_is_noted_with_a_button() -> None:
    """In words, with its day; about an alert it is the alert's cause."""
    office = await open_office()
    told = await asked(office, "we've updated the new pricing page on 3 Nov")
    act, *_ = [one for one in told.card.actions if one.words.startswith("actions add")]
    other = await asked(office, "we updated our price to $19")

    assert 'actions add "pricing page"' in act.words
    assert "11-03" in act.words
    assert not any(one.words.startswith("actions add") for one in other.card.actions)


def test_a_hostile_question_takes_no_time() -> None:
    """However many dots it ends with."""
    question = f"we updated the page on {'.' * 50_000}\nx"
    begun = time.process_time()

    assert not any(pattern.fullmatch(question) for pattern in ACTIONS_ADD.asked)
    assert time.process_time() - begun < 1
