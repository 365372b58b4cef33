"""Questions in words: how many of the lists are answered right, not at all, and wrongly.

    python bench/questions.py

The lists are `tests/data/questions_*.txt`. Those that are only measured were written after all
words and rules, and nothing was adjusted to them.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit.question_lists import answer, questions, right


def main() -> None:
    """Print a line for each language and kind of list."""
    for language in ("en", "de"):
        for only_measured in (True, False):
            asked = [row for row in questions(language) if row[2] or not only_measured]
            got = [(expected, answer(question)) for expected, question, _ in asked]
            fitting = sum(right(*pair) for pair in got)
            silent = sum(found == "-" and not right(wanted, found) for wanted, found in got)
            print(
                f"{language}, {'only measured' if only_measured else 'all'}: {fitting} of "
                f"{len(got)} right, {silent} not answered, {len(got) - fitting - silent} wrong"
            )


if __name__ == "__main__":
    main()
