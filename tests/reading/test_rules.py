"""Tests of what people say of a brand's names."""

import pytest

from overheard.domain import Brand, Rule
from overheard.reading.mentions import MentionFinder
from overheard.reading.text import sentences


def named(brand: Brand, text: str, *others: Brand, language: str = "") -> list[str]:
    """Return the brands that a text names, in order."""
    finder = MentionFinder([brand, *others])
    return [mention.brand for mention in finder.find(text, sentences(text), language)]


@pytest.mark.parametrize(
    ("rule", "text", "counts"),
    [
        (Rule("Bolt", exact_case=True), "The Bolt app.", True),
        (Rule("Bolt", exact_case=True), "The BOLT app.", False),
        (Rule("Bolt", near=("ride", "taxi")), "Bolt has a taxi app.", True),
        (Rule("Bolt", near=("ride", "taxi")), "Bolt has an app. I took a taxi.", False),
        (Rule("Bolt", not_near=("Usain",)), "Usain Bolt runs.", False),
        (Rule("Bolt", not_near=("Usain",)), "Bolt runs.", True),
        (Rule("Bolt", inside_words=True), "Die Boltfahrer warten.", True),
        (Rule("Bolt"), "Die Boltfahrer warten.", False),
    ],
)
def test_a_spelling_counts_where_its_rule_allows_it(rule: Rule, text: str, counts: bool) -> None:
    """By case, by words that must or must not be in the same sentence, inside of words."""
    assert named(Brand("Bolt", rules=(rule,)), text) == ["Bolt"] * counts


def test_a_rule_can_be_for_answers_in_one_language() -> None:
    """Where the language of the prompt is unknown, the spelling counts."""
    brand = Brand("Zalando", aliases=("Zala",), rules=(Rule("Zala", languages=("de",)),))
    assert named(brand, "Zala ist gut.", language="de") == ["Zalando"]
    assert named(brand, "Zala is good.", language="en") == []
    assert named(brand, "Zala is good.") == ["Zalando"]


def test_a_rule_of_one_brand_leaves_another_of_the_same_spelling_alone() -> None:
    """Each brand has its own rules."""
    one, two = Brand("One", ("Duo",), rules=(Rule("Duo", near=("app",)),)), Brand("Two", ("Duo",))
    assert named(one, "Duo is here.", two) == ["Two"]
    assert named(one, "The Duo app.", two) == ["One", "Two"]


def test_a_part_of_a_brand_counts_for_the_whole() -> None:
    """Both are named, and a brand that is its own parent is no error."""
    ninja, foodi = Brand("Ninja"), Brand("Ninja Foodi", parent="Ninja")
    assert named(ninja, "The Ninja Foodi is new.", foodi) == ["Ninja Foodi", "Ninja"]
    assert named(Brand("Loop", parent="Loop"), "Loop.") == ["Loop"]
