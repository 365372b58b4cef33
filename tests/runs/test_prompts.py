"""Tests of variants of prompts, versions of sets of prompts, and suggestions."""

import pytest

from overheard.config.loader import parse_config
from overheard.domain import Brand, Fact, Model, Panel, Prompt, prompt_variants
from overheard.errors import ConfigError
from overheard.runs.suggestions import (
    Profile,
    branded_questions,
    fact_question,
    fact_questions,
    profile_request,
    read_profile,
    read_suggestions,
    suggestion_request,
    template_questions,
)

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


def test_long_lines_and_repeated_questions_are_not_suggested() -> None:
    """300 characters are the most; a question that comes twice is there once."""
    longest = "x" * 299 + "?"
    text = f"{longest}\nx{longest}\nWhich?\n- which ?\n-Which?\n"

    assert read_suggestions(text, [], []) == [longest, "Which?", "which ?"]
    assert "before they buy a product." in suggestion_request(Brand("Acme"), 1).text
    rivals = Brand("Acme", competitors=("Zeta", "Umbra"))
    assert "before they buy a product like Zeta." in suggestion_request(rivals, 1).text


@pytest.mark.parametrize(
    ("field", "question"),
    [
        ("founded", "When was Acme founded?"),
        ("HQ", "Where is Acme headquartered?"),
        ("price", "How much does Acme cost?"),
        ("price (Pro plan)", "How much does Acme cost on its Pro plan?"),
        ("price: Pro", "How much does Acme cost on its Pro plan?"),
        ("CEO", "Who is the chief executive of Acme?"),
        ("free_plan", "Does Acme have a free plan?"),
        ("motto", "What is the motto of Acme?"),
        ("never say", None),
    ],
)
def test_a_fact_is_asked_for_without_its_value(field: str, question: str | None) -> None:
    """An untrue claim is not asked for: the question would repeat it."""
    asked = fact_question(Fact("Acme", field, "1999"))

    assert (asked and asked.text) == question
    if asked:
        assert (asked.tags, asked.brands) == (("fact",), ("Acme",))


def test_facts_that_share_a_question_ask_it_once() -> None:
    """In the order of the facts."""
    facts = [Fact("Acme", name, "x") for name in ("hq", "never say", "founded", "headquarters")]

    assert [prompt.text for prompt in fact_questions(facts)] == [
        "Where is Acme headquartered?",
        "When was Acme founded?",
    ]


def test_a_model_is_asked_for_a_profile_of_a_brand() -> None:
    """With what is known of it."""
    known = Brand("Acme", domains=("acme.test", "acme.example"), category="project tracker")

    assert profile_request(known).text.startswith(
        'The brand "Acme" (acme.test) sells: project tracker. Answer only'
    )
    assert profile_request(Brand("Acme")).text.startswith('The brand "Acme" sells: a product. A')
    asked = profile_request(known)
    assert (asked.tags, asked.brands) == (("set-up",), ("Acme",))
    assert "8 closest competitors" in asked.text


def test_a_profile_has_the_names_and_facts_of_its_lines() -> None:
    """In forms of all kinds; the first value of a fact counts, and the brand is none of its own
    competitors.
    """
    profile = read_profile(
        """Here you are:
- **Competitor**: Zeta (the leader), acme inc; Beta
Competitor = Gamma [1], N, NAME, Zeta
* Competitors: "Delta"
Also called: Acme Boards
ALSO CALLED - Acme HQ, Boards; Akme, Acme Four
Founded: in 1899 or 2004
Founded: 2005
Lowest price: $9 a   month
Free plan: Yes, for three people
Competitor:
Owner: Nobody
""",
        ACME,
    )

    assert profile == Profile(
        ("Zeta", "Beta", "Gamma", "Delta"),
        ("Acme Boards", "Acme HQ", "Boards"),
        {"founded": "1899", "price": "$9 a month", "free plan": "yes"},
    )
    many = read_profile("\n".join(f"Competitor: Brand {n}" for n in range(9)), ACME)
    assert many.competitors == tuple(f"Brand {n}" for n in range(8))
    assert read_profile("Competitor: " + "x" * 60 + "," + "y" * 61, ACME).competitors == ("x" * 60,)


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("Founded: 1799", {}),
        ("Founded: 2099", {"founded": "2099"}),
        ("Founded: 12004", {}),
        ("Founded: long ago", {}),
        ("Free plan: no.", {"free plan": "no"}),
        ("Free plan: maybe", {}),
        ("Free plan: **", {}),
        ("Lowest price: free", {}),
        ("Lowest price: `9 EUR`", {"price": "9 EUR"}),
        (f"Lowest price: 9{'x' * 59}", {"price": f"9{'x' * 59}"}),
        (f"Lowest price: 9{'x' * 60}", {}),
    ],
)
def test_a_text_that_can_be_no_value_is_left_out(line: str, facts: dict[str, str]) -> None:
    """People confirm the rest."""
    assert read_profile(line, ACME) == Profile(facts=facts)


@pytest.mark.parametrize(
    ("category", "noun"),
    [
        ("project tracker", "project tracker"),
        (" a  project tracker. ", "project tracker"),
        ("The tracker", "tracker"),
        ("an app", "app"),
        ("antenna", "antenna"),
    ],
)
def test_questions_fit_any_category(category: str, noun: str) -> None:
    """The known ones are left out."""
    made = template_questions(category)

    assert len(made) == 10
    assert made[0] == f"What is the best {noun}?"
    assert all(text.endswith("?") and noun in text for text in made)
    assert template_questions(category, [made[0].upper(), "x"]) == made[1:]


def test_few_questions_are_about_a_product_of_no_category() -> None:
    """No buyer asks for the best product."""
    assert template_questions(" ") == [
        "What is the best product?",
        "Which product is easiest to learn?",
    ]


def test_questions_that_name_the_brand_compare_it_with_one_competitor() -> None:
    """If there is one."""
    alone = branded_questions("Acme", [])
    assert alone == [
        "What are the pros and cons of Acme?",
        "Is Acme worth its price?",
        "Who is Acme not for?",
    ]
    assert branded_questions("Acme", ["Zeta", "Beta"]) == [*alone, "Acme or Zeta: which is better?"]
