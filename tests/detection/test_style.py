from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import t as student

from overheard.detection import silent_updates
from overheard.detection.silent_updates import compare_styles
from overheard.reading.language import FEATURES, style

WORDS = ["the", "a", "project", "team", "tool", "plan", "board", "software", "price", "easy"]
WORDS += ["cheap", "good", "best", "simple", "report", "chart", "small", "large", "free", "start"]


def answer(rng: np.random.Generator, words: float, bullets: float) -> str:
    """Write an answer of about so many words and bullets, some of them in bold."""
    lines = [
        " ".join(rng.choice(WORDS, 12)) + rng.choice(list(".,!"))
        for _ in range(max(1, round(rng.normal(words, 15) / 12)))
    ]
    for _ in range(max(0, round(rng.normal(bullets, 2)))):
        mark = "**" if rng.random() < 0.4 else ""
        lines.append(f"- {mark}{rng.choice(WORDS)}{mark} {' '.join(rng.choice(WORDS, 5))}")
    return "\n".join(lines)


def panel(rng: np.random.Generator, more: float = 0.0) -> dict[str, list[str]]:
    """Write two answers to each of 20 prompts, which differ in what their answers look like."""
    shape = np.random.default_rng(1).uniform([20, 0], [90, 6], (20, 2))
    return {
        f"p{n}": [answer(rng, words, bullets + more) for _ in range(2)]
        for n, (words, bullets) in enumerate(shape)
    }


def test_the_features_by_hand() -> None:
    """Each of them is read off a small answer."""
    text = "# Tools\n\nI like **Trello**, really!\n\n- One\n- Two \U0001f600\n1. Why? https://a.b"
    found = dict(zip(FEATURES, style(text) or (), strict=True))
    assert found["bullets"] == pytest.approx(1.0986, abs=1e-3)  # log(1 + 2)
    for once in ("numbered items", "headings", "bold", "links", "emoji", "questions"):
        assert found[once] == pytest.approx(0.6931, abs=1e-3), once
    assert found["exclamations"] == pytest.approx(0.6931, abs=1e-3)
    assert found["first person"] == pytest.approx(1 / 11)  # https, a and b are words too
    assert found["different words"] == 1
    assert len(FEATURES) == 13


def test_an_answer_without_words_has_no_style() -> None:
    """It is left out rather than counted as short."""
    assert style("123 --- !") is None


def sessions(rng: np.random.Generator, effects: list[float]) -> list[dict[str, list[str]]]:
    """Write a panel for each session, with so many more bullets an answer."""
    return [panel(rng, more=effect) for effect in effects]


Effects = Callable[[np.random.Generator, int], np.ndarray]
F = len(FEATURES)
EFFECTS: dict[str, Effects] = {
    "normal": lambda rng, n: rng.normal(size=(n, F)),
    "heavy tails": lambda rng, n: rng.standard_t(3, size=(n, F)) / 3**0.5,
    "two states": lambda rng, n: (
        (rng.random((n, 1)) < 0.15) * rng.normal(size=F) * 2.5 + 0.3 * rng.normal(size=(n, F))
    ),
    "drift": lambda rng, n: drifting(rng.normal(size=(n, F))),
}
"""How the features of sessions of one unchanged model differ, sessions x features. Two states: in
15 % of the sessions the model is asked with another search setting."""


def drifting(shocks: np.ndarray) -> np.ndarray:
    """Return autocorrelated series with a correlation of 0.7."""
    for i in range(1, len(shocks)):
        shocks[i] = 0.7 * shocks[i - 1] + 0.51**0.5 * shocks[i]
    return shocks


@pytest.mark.parametrize("world", EFFECTS)
def test_sessions_of_one_model_are_seldom_taken_for_a_change(
    world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below 2 % a session, with four or eight sessions before, and an effect of its own for each of
    thirteen features.
    """
    monkeypatch.setattr(silent_updates, "_session_style", lambda one, _: one["style"])
    rng = np.random.default_rng(1)
    prompts = {f"p{n}": ["text"] for n in range(8)}
    hits = trials = 0
    for count in (4, 8):
        for _ in range(300):
            drawn = [{**prompts, "style": row} for row in EFFECTS[world](rng, count + 2)]
            hits += compare_styles(drawn[:count], drawn[count:]).hit
            trials += 1
    assert hits / trials < 0.02


def test_a_changed_style_is_found_and_named() -> None:
    """Three more bullets an answer are seen in the second session, and called by their name."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        before = sessions(rng, [0.0, 0.2, -0.2, 0.1, 0.0, 0.1, -0.1, 0.2])
        verdict = compare_styles(before, sessions(rng, [3.0, 3.0]))
        assert ("bullets", True) in [(t.feature, t.rose) for t in verdict.moved]
        assert "bullets up" in verdict.note


def test_one_session_is_not_enough() -> None:
    """A model that wrote otherwise once was perhaps asked with another search setting."""
    rng = np.random.default_rng(1)
    before = sessions(rng, [0.0] * 6)
    assert not compare_styles(before, sessions(rng, [4.0, 0.0])).hit
    assert not compare_styles(before[:3], sessions(rng, [4.0, 4.0])).hit, "three are too few before"


def test_too_few_prompts_say_nothing() -> None:
    """Below eight shared prompts there is no verdict, and answers to others do not help."""
    before = [{str(n): ["one two"] for n in range(7)} | {"old": ["a"]}] * 5
    after = [{str(n): ["many more words than that"] for n in range(7)} | {"new": ["b"]}] * 2
    verdict = compare_styles(before, after)
    assert not verdict.hit


def test_hostile_text_takes_no_long_time() -> None:
    """Endless runs of markup are read once."""
    for piece in ("**", "__a", "- ", "#", "'", "a'"):
        style(piece * 100_000)


def drawn(rows: np.ndarray) -> list[dict[str, list[str]]]:
    """Return sessions whose features are given, of eight prompts each."""
    prompts = {f"p{n}": ["text"] for n in range(7)}
    return [{**prompts, "style": row} for row in rows]


@pytest.fixture
def features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions have the features that `drawn` gives them."""
    monkeypatch.setattr(silent_updates, "_session_style", lambda one, _: one["style"])


@pytest.mark.usefixtures("features")
@pytest.mark.parametrize("count", [4, 8])
def test_a_feature_stands_out_beyond_its_prediction_interval(count: int) -> None:
    """Of Student's t, at 1 % over 13 features: just beyond it in both sessions is a change."""
    before = np.random.default_rng(count).normal(5, 2, (count, F))
    centre = before.mean(axis=0)
    level = student.isf(0.01 / F / 2, count - 1)
    half = level * before.std(axis=0, ddof=1) * (1 + 1 / count) ** 0.5
    beyond = np.zeros(F)
    beyond[[2, 7]] = (1.02, -1.01)
    after = centre + np.array([[1.0], [1.5]]) * beyond * half
    found = compare_styles(drawn(before), drawn(after))
    assert [(t.feature, t.rose) for t in found.moved] == [(FEATURES[2], True), (FEATURES[7], False)]
    assert found.note == f"{FEATURES[2]} up, {FEATURES[7]} down"
    assert found.hit
    first = found.moved[0]
    assert (first.before, first.after) == pytest.approx((centre[2], after[:, 2].mean()))
    scale = before[:, 2].std(ddof=1) * (1 + 1 / count) ** 0.5
    assert first.t == pytest.approx((after[0, 2] - centre[2]) / scale)
    within = centre + np.array([[0.99], [1.5]]) * np.sign(beyond) * half
    assert not compare_styles(drawn(before), drawn(within)).hit
    apart = centre + np.array([[1.5], [-1.5]]) * beyond * half
    assert not compare_styles(drawn(before), drawn(apart)).hit, "to either side"
    assert not compare_styles(drawn(before), drawn(after[:1])).hit
    assert not compare_styles(drawn(before), drawn(np.repeat(after, 2, axis=0)[:3])).hit


@pytest.mark.usefixtures("features")
def test_a_feature_that_never_varied_stands_out_when_it_does() -> None:
    """No headings in any session, then some in both; an unchanged one is no change."""
    before = np.ones((5, F))
    after = np.ones((2, F))
    assert not compare_styles(drawn(before), drawn(after)).hit
    after[:, 4] = 1.001
    assert [t.feature for t in compare_styles(drawn(before), drawn(after)).moved] == [FEATURES[4]]


def test_each_prompt_weighs_the_same_in_a_session() -> None:
    """However often it was answered; answers without words are left out, other prompts too."""
    long, short = "many more words than that one had " * 9, "one two"
    usual = {f"p{n}": [short, "123"] for n in range(7)}
    before = [{**usual, "p7": [long, short, short], "q": [long]} for _ in range(4)]
    after = [{**usual, "p7": [long] * 3} for _ in range(2)]
    found = {t.feature: t for t in compare_styles(before, after).moved}
    texts = style(long), style(short)
    place = FEATURES.index("length")
    tall, low = (text[place] for text in texts if text)
    assert found["length"].before == pytest.approx((7 * low + (tall + 2 * low) / 3) / 8)
    assert found["length"].after == pytest.approx((7 * low + tall) / 8)
    silent = [{prompt: ["!"] for prompt in after[0]}] * 2
    assert not compare_styles(before, silent).hit
    assert not compare_styles([], after).hit
