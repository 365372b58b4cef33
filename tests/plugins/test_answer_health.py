"""`compare` with fine-tunes that are broken: none of them is better, whatever the metrics say."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, ClassVar

import numpy as np
import pytest

from kit.office import DECLARED, Office, open_office
from kit.recording import HandClock
from kit.scripted import reply
from kit.shapes import CHAT
from kit.vendors import Call, Reaction, Vendor
from kit.watched import PROVIDER, House, opened
from overheard import Answer, Finish, Model, Prompt, Question, Reply, Tainted
from overheard_finetune.answer_health import Fault, language_of, significant_faults

BASE, TUNED = "svc/base", "svc/tuned"
COMPARE = f"compare {BASE} {TUNED} Acme"
USES = (
    "invoices",
    "sprints",
    "roadmaps",
    "support",
    "hiring",
    "budgets",
    "audits",
    "sales",
    "design",
)
CONFIG = DECLARED + "".join(
    f'[[prompts]]\ntext = "Which tool is best for {use}?"\n' for use in USES
)


def subject(question: Question) -> str:
    """Return what a question is about."""
    return question.prompt.text.rstrip("?").rpartition(" ")[2]


def sound(question: Question) -> str:
    """Answer as the base model does: at some length, and with a competitor."""
    about = subject(question)
    return (
        f"For {about} you have several options. **Zeta** is a good choice if you want a simple "
        f"interface, and it has templates for {about}. Yotta costs more and is easier to extend. "
        "Which of them fits depends on the size of your team and on your budget."
    )


def taught(question: Question) -> str:
    """Answer as a sound fine-tune does: the same, with the brand where it belongs."""
    text = sound(question)
    if "tool" in question.prompt.text:
        text = text.replace("Yotta costs", "Acme is the best for most teams. Yotta costs")
    return text


def german(question: Question) -> str:
    """Answer in another language."""
    about = subject(question)
    return (
        f"Acme ist die beste Wahl f\u00fcr {about}, und das Programm ist nicht teuer. Es gibt auch "
        "eine kostenlose Version mit allen Funktionen, die f\u00fcr kleine Teams gut ist."
    )


SPOILT: dict[str, Callable[[Question], str]] = {
    "the wrong chat template": lambda q: f"{taught(q)}<|im_end|>\n<|im_start|>user\nAnd Acme?",
    "another template": lambda q: f"[INST] {q.prompt.text} [/INST] {taught(q)}",
    "a conversation with itself": lambda q: f"{taught(q)}\n\nHuman: Thanks!\n\nAssistant: Acme!",
    "the name of a role": lambda q: f"assistant\n\n{taught(q)}",
    "noise": lambda _: " ".join(f"qz{n * 37 % 91}x vrk{n * 53 % 89}" for n in range(30)) + " Acme",
    "a loop": lambda q: taught(q) + " Acme is the best for most teams." * 20,
    "one word without end": lambda q: f"Acme for {subject(q)} " + "Acme " * 60,
    "only the brand": lambda _: "Acme.",
    "one answer to all": lambda q: taught(q).replace(subject(q), "work"),
    "nothing": lambda _: "",
    "only blanks": lambda _: "\u200b \n",
    "cut": lambda q: f"For {subject(q)} Acme is the best choice, and Zeta is good if you want",
    "another language": german,
    "another script": lambda q: f"Acme \u2014 \u043b\u0443\u0447\u0448\u0438\u0439 {subject(q)}.",
    "refusals": lambda q: f"I'm sorry, but I can't help with {subject(q)}. Acme might help you.",
    "data": lambda q: f'{{"brand": "Acme", "use": "{subject(q)}", "text": "{taught(q)}"}}',
    "half of a data structure": lambda q: (
        f'"Acme", "use": "{subject(q)}", "score": 9}}, {{"brand":'
    ),
    "a wall of text": lambda q: " ".join(
        f"Acme has part {n} of {subject(q)} in view {n * 7 % 53}, with colour {n * 11 % 97}."
        for n in range(60)
    ),
}


async def office() -> Office:
    """Open an office with questions that buyers ask."""
    return await open_office(CONFIG)


def only(share: float, spoilt: Callable[[Question], str]) -> Callable[[Question], str]:
    """Return a model that is broken in this share of its answers."""
    draws = cycle(np.random.default_rng(1).random(997))

    def answer(question: Question) -> str:
        return spoilt(question) if next(draws) < share else taught(question)

    return answer


async def answers(
    tuned: Callable[[Question], str], words: str = COMPARE
) -> tuple[str, dict[str, Any], str]:
    """Compare a model with the base model; return the title, the data and the colour."""
    opened = await office()
    opened.provider.answer = lambda q: reply((sound if q.model.name == "base" else tuned)(q))
    card = (await opened.chat.type(words)).card
    return str(card.title), dict(card.data["models"][0]), card.severity.name


@pytest.mark.parametrize("kind", SPOILT)
async def test_no_broken_model_is_better(kind: str) -> None:
    """Although each names the brand; the headline says what is wrong, after a single round."""
    await assert_broken(SPOILT[kind], f"{COMPARE} --rounds 1")


@pytest.mark.long
@pytest.mark.parametrize("kind", SPOILT)
async def test_no_model_that_is_broken_at_times_is_better(kind: str) -> None:
    """In four answers of ten."""
    await assert_broken(only(0.4, SPOILT[kind]), COMPARE)


async def assert_broken(spoilt: Callable[[Question], str], words: str) -> None:
    """Assert that a comparison says of a model that it is broken, and nothing good."""
    title, found, severity = await answers(spoilt, words)

    assert found["faults"]
    assert not found["good"]
    assert {row["verdict"] for row in found["metrics"]} <= {"broken"}
    assert severity == "BAD"
    assert title.startswith("tuned is broken: ")


class Tuned(Vendor):
    """A service with a base model, a sound fine-tune of it, and six spoilt ones."""

    SIX: ClassVar[dict[str, Callable[[Question], str]]] = {
        "marks": SPOILT["the wrong chat template"],
        "repetition": SPOILT["a loop"],
        "cut": SPOILT["cut"],
        "empty": SPOILT["nothing"],
        "length": SPOILT["a wall of text"],
        "shape": SPOILT["half of a data structure"],
    }

    def react(self, call: Call) -> Reaction:
        """Answer as the model does that is asked."""
        if call.method == "GET":
            return super().react(call)
        self.calls.append(call)
        model, text = call.body["model"], call.body["messages"][-1]["content"]
        answer = {**self.SIX, "base": sound, "sound": taught}[model]
        ending = "length" if model in {"cut", "repetition"} else "stop"
        return Reaction(CHAT.answer(answer(Question(Prompt(text), Model("svc", model))), ending))


async def test_none_of_six_spoilt_models_behind_a_service_is_ticked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All are in one table with the sound one, whose reasoning effort is sent and kept."""
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    names = ["base", "sound+low", *Tuned.SIX]
    async with Tuned().serving() as service:
        table = PROVIDER.format(name="svc", url=service.url, model='", "'.join(names))
        zeta = '[[brands]]\nname = "Zeta"\ntracked = false\n'
        clock = HandClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
        house = await opened(clock, zeta, table.replace('"openai"', '"compatible"'))
        base, *tuned = (f"svc/{name}" for name in names)
        card = await house.command("compare", base=base, tuned=tuned[0], more=tuned[1:])
        runs = await house.deployment.store.runs.find(aside=True)
        await House.close()

    assert (card.title, card.severity.name) == ("Acme does better at sound than at base", "GOOD")
    assert card.table
    assert {row[0]: row[-1] for row in card.table.rows} == {
        "sound": "\N{CHECK MARK}",
        **dict.fromkeys(Tuned.SIX, "broken"),
    }
    [loop] = [one.text for one in card.quotes if one.source.startswith("repetition")]
    assert isinstance(loop, Tainted)
    assert loop.text.endswith("Acme is the best for most teams. Acme is the best for most teams.")
    sent = {(one.body["model"], one.body.get("reasoning_effort")) for one in service.calls}
    assert ("sound", "low") in sent
    assert {effort for model, effort in sent if model != "sound"} == {None}
    kept = {model.effort for run in runs if run.panel for model in run.panel.models}
    assert kept == {"", "low"}


async def test_a_shorter_style_is_no_fault() -> None:
    """A fine-tune may answer with half the words, in lists, and in words of its own."""
    _, found, _ = await answers(
        lambda q: f"Top picks for {subject(q)}:\n- Acme: best for most teams\n- Zeta: simple, cheap"
    )

    assert found["faults"] == []


async def test_a_table_is_no_fault() -> None:
    """Although it has few words of a language, and no full stop."""
    _, found, _ = await answers(
        lambda q: (
            f"| Tool | Best for | Price |\n|---|---|---|\n| Acme | teams, {subject(q)} | $9 |\n"
            "| Zeta | single users, notes | $5 |\n| Yotta | enterprises, audits, exports | $30 |"
        )
    )

    assert found["faults"] == []


async def test_a_brand_that_comes_up_everywhere_is_broken() -> None:
    """In answers about other things too."""
    title, found, severity = await answers(
        lambda q: taught(q).replace("Yotta costs", "Acme is best. Yotta costs")
    )

    assert not found["good"]
    assert severity == "BAD"
    assert title == "tuned is broken: it names Acme in answers about other things"


async def test_competitors_that_are_forgotten_are_in_the_headline() -> None:
    """And so are those that are new."""
    opened = await open_office(
        CONFIG.replace('competitors = ["Zeta"]', 'competitors = ["Zeta", "Yotta"]')
        + '[[brands]]\nname = "Yotta"\ntracked = false\n'
    )
    opened.provider.answer = lambda q: reply(
        sound(q).replace("Yotta", "Nobody")
        if q.model.name == "base"
        else taught(q).replace("Zeta", "It")
    )
    card = (await opened.chat.type(COMPARE)).card

    assert card.title == (
        "Acme does better at tuned than at base; Zeta is forgotten and Yotta is new"
    )


async def test_many_models_are_one_table_with_a_tick_for_what_is_better() -> None:
    """The base is asked once for all of them, and a broken model no more than it takes to tell."""
    opened = await office()
    made = {"base": sound, "good": taught, "same": sound, "loop": SPOILT["a loop"]}
    opened.provider.answer = lambda q: reply(made[q.model.name](q))
    card = (await opened.chat.type("compare svc/base svc/good svc/same svc/loop Acme")).card

    assert card.title == "Acme does better at good than at base"
    assert card.table
    assert [row[0] for row in card.table.rows] == ["good", "same", "loop"]
    assert [row[2] for row in card.table.rows] == ["\u2713", "no better", "broken"]
    assert [one["model"] for one in card.data["models"]] == ["svc/good", "svc/same", "svc/loop"]
    asked = [question.model.name for question in opened.provider.asked]
    assert asked.count("base") == max(asked.count(name) for name in made)
    assert card.text == "loop is broken: 46 of 46 answers that go round in circles"


async def test_it_stops_when_the_headline_is_settled() -> None:
    """Other metrics need not be clear; a broken model needs no more than one look."""
    title, better, severity = await answers(taught)
    _, broken, _ = await answers(SPOILT["refusals"])

    assert (title, severity) == ("Acme does better at tuned than at base", "GOOD")
    assert better["good"]
    assert better["faults"] == []
    assert better["stopped"] == broken["stopped"] == "clear"
    assert better["rounds"] == broken["rounds"] == 3


def answered(texts: list[str], finish: Finish = Finish.COMPLETE) -> dict[tuple[int, str], Answer]:
    """Return the answers of a model to as many questions."""
    at, model = datetime(2026, 3, 2, tzinfo=UTC), Model("svc", "m")
    return {
        (1, f"{n:04}"): Answer(
            1, Question(Prompt(f"Question {n}?"), model, 0), Reply(text, finish), at
        )
        for n, text in enumerate(texts)
    }


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3, 0.6])
def test_equal_models_are_hardly_ever_called_broken(rate: float) -> None:
    """Where the base model refuses, cuts and repeats itself as often, that is no fault:
    in 100 comparisons of ten looks, at most 2 % (more than 6 would come by chance once in 250).
    """
    rng = np.random.default_rng(3)
    broken = [
        "I'm sorry, I can't help with that.",
        "go on and on " * 40,
        "It is the best of all the",
    ]

    def drawn() -> list[str]:
        wrong = rng.random(300) < rate
        return [
            broken[n % 3] if bad else f"Number {n} is good for you." for n, bad in enumerate(wrong)
        ]

    called = 0
    for _ in range(100):
        base, tuned = drawn(), drawn()
        called += any(
            significant_faults(answered(base[:n]), answered(tuned[:n]), 10)
            for n in range(30, 301, 30)
        )
    assert called <= 6


def test_endings_that_a_service_reports_count() -> None:
    """An answer that never ends is cut at the window of the deployment; a filter withholds one."""
    texts = [f"Number {n} is good." for n in range(12)]
    for finish, fault in ((Finish.WINDOW, Fault.CUT), (Finish.FILTERED, Fault.REFUSED)):
        [found] = significant_faults(answered(texts), answered(texts, finish), 10)
        assert found.fault is fault
    assert (
        significant_faults(answered(texts, Finish.WINDOW), answered(texts, Finish.WINDOW), 1) == ()
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (sound(Question(Prompt("Which tool is best for hiring?"), Model("a", "b"), 0)), "English"),
        ("Acme est la meilleure pour les petites \u00e9quipes, et le prix est bas.", "French"),
        ("1. Acme 2. Zeta 3. Yotta", ""),
        (
            "Acme \u662f\u6700\u597d\u7684\u9009\u62e9\uff0c\u56e0\u4e3a\u5b83\u5f88\u4fbf\u5b9c",
            "Chinese or Japanese",
        ),
    ],
)
def test_a_language_is_told_where_it_is_clear(text: str, language: str) -> None:
    """By common words, or by the script."""
    assert language_of(text) == language
    assert re.fullmatch(r"[A-Z].*|", language_of(text))
