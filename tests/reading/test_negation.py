"""Tests of where a brand is named in order to advise against it."""

from datetime import UTC, datetime

import pytest

from overheard.domain import Answer, Brand, Finish, Model, Prompt, Question, Reply
from overheard.reading.reader import Reader

READER = Reader([Brand("Acme"), Brand("Bolt")])


def against(text: str) -> list[str]:
    """Return the brands that an answer advises against, in order."""
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    answer = Answer(1, question, Reply(text, Finish.COMPLETE), datetime(2026, 3, 2, tzinfo=UTC))
    return [mention.brand for mention in READER.read(answer).mentions if mention.negated]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Avoid Acme.", ["Acme"]),
        ("I would avoid Bolt and Acme.", ["Bolt", "Acme"]),
        ("Use Bolt instead of Acme.", ["Acme"]),
        ("Choose Bolt rather than Acme.", ["Acme"]),
        ("I do not recommend Acme.", ["Acme"]),
        ("I wouldn't recommend using Acme for that.", ["Acme"]),
        ("Steer clear of Acme if you can.", ["Acme"]),
        ("Acme is not recommended.", ["Acme"]),
        ("Acme is best avoided.", ["Acme"]),
        ("Acme isn't worth the money.", ["Acme"]),
        ("Acme's app is not a good choice; Bolt is.", ["Acme"]),
        ("Acme should be avoided.", ["Acme"]),
        ("Don't bother with Acme.", ["Acme"]),
        ("Statt Acme würde ich Bolt nehmen.", ["Acme"]),
        ("Je déconseille Acme.", ["Acme"]),
        ("Au lieu de Acme, prenez Bolt.", ["Acme"]),
        ("No recomiendo Acme.", ["Acme"]),
        ("Think twice before buying from Acme.", ["Acme"]),
        ("Nobody should use Acme.", ["Acme"]),
        ("### Who should avoid Acme?", []),
        ("## When to avoid Acme", []),
        ("You should avoid Acme.", ["Acme"]),
        ("Recomiendo Acme.", []),
        ("Don't avoid Acme because of its price.", []),
        ("Don't skip Acme.", []),
        ("Acme is recommended.", []),
        ("Acme helps you avoid mistakes.", []),
        ("Avoid delays: use Acme.", []),
        ("Acme is not cheap.", []),
        ("I recommend Acme.", []),
    ],
)
def test_a_brand_that_is_advised_against_is_marked(text: str, expected: list[str]) -> None:
    """And a brand that is only near such a word is not."""
    assert against(text) == expected
