import numpy as np
import pytest

from overheard.detection.update_signs import compare_styles
from overheard.reading.style import FEATURES, style

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


def test_the_same_style_is_seldom_taken_for_another() -> None:
    """Of 15 pairs of panels from one writer at most two are hits, at a level of 0.01."""
    hits = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        hits += compare_styles(panel(rng), panel(rng), seed=seed).hit
    assert hits <= 2


def test_a_changed_style_is_found_and_named() -> None:
    """Three more bullets an answer are seen in 20 prompts, and called by their name."""
    verdicts = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        verdicts.append(compare_styles(panel(rng), panel(rng, more=3.0), seed=seed))
    assert sum(verdict.hit for verdict in verdicts) >= 9
    for verdict in verdicts:
        assert not verdict.hit or ("bullets", True) in [(t.feature, t.rose) for t in verdict.moved]


def test_the_same_seed_gives_the_same_verdict() -> None:
    """All randomness comes from the seed."""
    rng = np.random.default_rng(3)
    before, after = panel(rng), panel(rng, more=1.0)
    assert compare_styles(before, after, seed=1) == compare_styles(before, after, seed=1)


def test_all_exchanges_are_tried_when_there_are_few() -> None:
    """Eight prompts that all got longer: 2 of 256 patterns of signs are so extreme."""
    before = {str(n): ["one two"] for n in range(8)}
    after = {str(n): ["one two one two"] for n in range(8)}
    verdict = compare_styles(before, after, seed=1)
    assert verdict.p_value == pytest.approx(2 / 256)
    assert {trait.feature for trait in verdict.moved} == {"length", "different words"}
    assert sorted(verdict.note.split(", ")) == ["different words down", "length up"]


def test_too_few_prompts_say_nothing() -> None:
    """Below eight shared prompts there is no verdict, and answers to others do not help."""
    before = {str(n): ["one two"] for n in range(7)} | {"old": ["a"]}
    after = {str(n): ["many more words than that"] for n in range(7)} | {"new": ["b"]}
    verdict = compare_styles(before, after, seed=1)
    assert (verdict.p_value, verdict.prompts, verdict.hit) == (1.0, 7, False)


def test_hostile_text_takes_no_long_time() -> None:
    """Endless runs of markup are read once."""
    for piece in ("**", "__a", "- ", "#", "'", "a'"):
        style(piece * 100_000)
