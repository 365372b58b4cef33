"""Tests of the risks that are reported about a name before it is counted."""

import pytest

from overheard.domain import Brand, Rule
from overheard.reading.spellings import possible_spellings, risks


@pytest.mark.parametrize(
    ("brand", "reason"),
    [
        (Brand("Target"), "is made of ordinary words"),
        (Brand("Made In"), "is made of ordinary words"),
        (Brand("Wise"), "is made of ordinary words"),
        (Brand("Best Buy"), "holds a word of praise or blame (best)"),
        (Brand("Liquid Death"), "holds a word of praise or blame (death)"),
        (Brand("HP"), "is short"),
        (Brand("Ninja"), "is a part of Ninja Foodi"),
        (Brand("Trello", aliases=("Globex",)), "also stands for Globex"),
    ],
)
def test_a_risky_name_is_told_with_its_remedy(brand: Brand, reason: str) -> None:
    """One sentence that says why, and what to do."""
    told = [str(risk) for risk in risks(brand, [Brand("Ninja Foodi"), Brand("Globex"), brand])]
    assert any(reason in sentence and ";" in sentence for sentence in told)


@pytest.mark.parametrize(
    "brand", [Brand("Trello"), Brand("Target", rules=(Rule("Target", near=("store",)),))]
)
def test_a_safe_name_and_one_with_a_rule_are_not_told(brand: Brand) -> None:
    """Whoever has written a rule knows."""
    assert risks(brand, [Brand("Globex")]) == []


def test_a_part_of_the_brand_is_no_risk() -> None:
    """Ninja Foodi counts for Ninja where that is declared."""
    assert not risks(Brand("Sharkly"), [Brand("Sharkly Vac", parent="Sharkly")])


def test_names_that_look_alike_are_suggested_by_frequency() -> None:
    """What is declared already is left out, and so is what only shares a letter or two."""
    bodies = ["Brindle Board and Brindlebord.", "Brindlebord! Globex, Brindleboard.", "Board."]
    found = possible_spellings(Brand("Brindleboard"), bodies)
    assert found == [("Brindlebord", 2), ("Brindle Board", 1)]


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("Яндекс", "Многие берут Яндэкс. Яндекс и почта.", "Яндэкс"),
        ("ブライトデスク", "人気のブライトディスクは便利。ブライトデスクも。", "ブライトディスク"),
        ("برايتديسك", "يفضل الناس برايتدسك كثيرا", "برايتدسك"),
        ("브라이트데스크", "브라이트데스크는 좋고 브라이드데스크 역시", "브라이드데스크"),
        ("字节跳动科技", "有人写成字節跳动科技这样", "字節跳动科技"),
        ("Ångström", "Ängström is fine, and Ångstrøm too", "Ångstrøm"),
    ],
)
def test_names_of_any_script_are_suggested(name: str, body: str, expected: str) -> None:
    """Also where there are no capitals, or no spaces."""
    found = [spelling for spelling, _ in possible_spellings(Brand(name), [body])]

    assert found == [expected]
