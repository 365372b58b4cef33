"""Tests of variants of prompts, versions of sets of prompts, and suggestions."""

import pytest

from overheard.config.loader import parse_config
from overheard.domain import Brand, Model, Panel, Prompt, prompt_variants
from overheard.errors import ConfigError
from overheard.runs.suggestions import read_suggestions, suggestion_request

ACME = Brand("Acme", ("ACME Inc",), category="project tracker")


def test_a_prompt_is_filled_in_for_each_persona_in_each_market() -> None:
    """Different texts have different keys; the labels say for whom the text is."""
    base = Prompt("What suits {persona} in {market}?", ("t",), ("Acme",), "fit", language="en")
    made = prompt_variants(base, ("a nurse", "a chef"), ("Peru", "Chad"))

    assert [prompt.text for prompt in made] == [
        "What suits a nurse in Peru?",
        "What suits a nurse in Chad?",
        "What suits a chef in Peru?",
        "What suits a chef in Chad?",
    ]
    assert len({prompt.key for prompt in made}) == 4
    assert (made[3].persona, made[3].market, made[3].topic) == ("a chef", "Chad", "fit")
    assert prompt_variants(Prompt("Best?")) == [Prompt("Best?")]


def test_a_table_with_personas_stands_for_several_prompts() -> None:
    """They are in the catalogue like any other."""
    config = parse_config(
        '[[prompts]]\ntext = "Best for {persona}?"\npersonas = ["a", "b"]\ntopic = "fit"\n'
    )

    assert config.catalogue().prompts == (
        Prompt("Best for a?", topic="fit", persona="a"),
        Prompt("Best for b?", topic="fit", persona="b"),
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('text = "Best?"\nmarkets = ["a", "b"]', "text needs the place {market}"),
        ('text = "In {market}?"', "markets is missing; the text has the place {market}"),
        ('text = "{persona}?"\npersonas = ["a", "a"]', "personas must not name the same twice"),
    ],
)
def test_variants_that_would_not_differ_are_refused(table: str, sentence: str) -> None:
    """The same question asked twice would be paid twice."""
    with pytest.raises(ConfigError, match="number 1") as refused:
        parse_config(f"[[prompts]]\n{table}\n")

    assert sentence in str(refused.value)


def test_a_set_of_prompts_has_a_version() -> None:
    """It changes with every text, and with nothing else."""

    def edition(*texts: str) -> str:
        return Panel((), tuple(map(Prompt, texts)), (Model("svc", "m"),)).edition

    assert edition("a", "b") == edition("b", " a ")
    assert len({edition("a"), edition("b"), edition("a", "b"), edition()}) == 4


def test_a_model_is_asked_about_the_category_and_not_about_the_brand() -> None:
    """Its suggestions would else be about the brand."""
    asked = suggestion_request(ACME, 7)

    assert "7 different questions" in asked.text
    assert "project tracker" in asked.text
    assert "acme" not in asked.text.casefold()
    assert asked.brands == ("Acme",)


def test_only_new_questions_that_name_no_brand_are_suggested() -> None:
    """In lists of all kinds."""
    text = (
        """Sure! Here are some questions:
1. Which tracker is best?
 2) **What does a tracker cost?**
- "Is ACME Inc any good?"
• Which tracker  is best?
* Do I need one?
Which is known already?
A statement.
"""
        + "x" * 400
        + "?"
    )

    assert read_suggestions(text, [ACME], [Prompt("Which is known already?")]) == [
        "Which tracker is best?",
        "What does a tracker cost?",
        "Do I need one?",
    ]
