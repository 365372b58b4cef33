"""The one-token canary: questions whose first word hangs by a thread.

At temperature 0 a model answers the same question with the same word, except where two words are
nearly tied: there the arithmetic of the day decides. Another model has its ties elsewhere. So a
few border prompts, asked once a day, tell a silent exchange within days for next to nothing
(one word each). A reasoning model takes no temperature and has no such ties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PROMPTS = 5
"""How many border prompts a daily run asks."""
UNSEEN = 2
"""How many answers that were never seen before make a hit: one alone happens now and then."""

_QUOTES = "\"'`*_.,:;!?()[]{}\u201c\u201d\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class Border:
    """A prompt, and how near its first word is to a tie.

    Attributes:
        prompt: Its key.
        answers: How often each first word came.
    """

    prompt: str
    answers: Mapping[str, int]

    @property
    def tie(self) -> float:
        """How near the tie is: the share of all answers but the commonest, 0 to 1."""
        total = sum(self.answers.values())
        return 1 - max(self.answers.values()) / total


@dataclass(frozen=True, slots=True)
class CanaryVerdict:
    """What a daily run says.

    Attributes:
        unseen: Answers that the reference never gave, as (prompt key, first word).
        asked: How many prompts were answered.
    """

    unseen: tuple[tuple[str, str], ...]
    asked: int

    @property
    def hit(self) -> bool:
        """Whether the model may have been exchanged."""
        return len(self.unseen) >= UNSEEN


def first_word(text: str) -> str:
    """Return an answer's first word, without case and punctuation; empty when there is none."""
    return next((bare for word in text.split() if (bare := word.strip(_QUOTES).casefold())), "")


def borders(answers: Mapping[str, Sequence[str]], most: int = PROMPTS) -> list[Border]:
    """Choose the prompts whose first word is nearest to a tie.

    Args:
        answers: What came back at temperature 0, by prompt key.
        most: How many to choose.

    Returns:
        The nearest ties first. A service whose arithmetic never varies shows none; then prompts
        with a steady answer stand in, which change with the model too, if less readily.
    """
    counted = [Border(prompt, _words(texts)) for prompt, texts in sorted(answers.items())]
    answered = [border for border in counted if border.answers]
    return sorted(answered, key=lambda border: -border.tie)[:most]


def compare(reference: Mapping[str, Iterable[str]], today: Mapping[str, str]) -> CanaryVerdict:
    """Compare a daily run with all that the model answered before.

    Args:
        reference: Earlier answers, by prompt key.
        today: Today's answers; prompts without a reference do not count, nor do empty answers.
    """
    words = {prompt: first_word(text) for prompt, text in today.items() if prompt in reference}
    given = sorted((prompt, word) for prompt, word in words.items() if word)
    unseen = tuple((p, word) for p, word in given if word not in _words(reference[p]))
    return CanaryVerdict(unseen, len(given))


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts if (word := first_word(text)))
