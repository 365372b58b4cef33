"""Questions in words: how many of the lists the grammar answers right, leaves, and answers wrongly.

    python bench/questions.py

The lists are `tests/data/questions_*.txt`. What the grammar leaves is read by a model, where one is
configured.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit.question_lists import answer, questions, right


def main() -> None:
    """Print a line for each language."""
    for language in ("en", "de"):
        got = [(expected, answer(question)) for expected, question in questions(language)]
        fitting = sum(right(*pair) for pair in got)
        left = sum(found == "-" and not right(wanted, found) for wanted, found in got)
        wrong = len(got) - fitting - left
        print(f"{language}: {fitting} of {len(got)} right, {left} left, {wrong} wrong")


if __name__ == "__main__":
    main()
