"""What is taught and what is held out, by fact and by wording, and whether anything leaks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from overheard.finetune.examples import FACT, REPLAY, Example
from overheard.finetune.texts import plain

SHARE = 5
"""One of so many facts, and one of so many approved questions, is held out."""
NEAR = 95
"""Two questions that are as alike as this (0 to 100, whatever the order of words) are one."""


@dataclass(frozen=True, slots=True)
class Split:
    """A dataset, divided.

    Attributes:
        train: What is taught.
        wordings: Facts that are taught, asked in words that are not.
        held_out: Facts and buyers' questions that are not taught at all.
    """

    train: tuple[Example, ...]
    wordings: tuple[Example, ...]
    held_out: tuple[Example, ...]

    @property
    def pairs(self) -> tuple[Example, ...]:
        """Examples that are taught and have a wrong answer beside the right one."""
        return tuple(example for example in self.train if example.rejected)


def divide(examples: Sequence[Example], seed: str) -> Split:
    """Divide examples; the same examples and seed give the same division.

    Replays are taught only. A fact whose value an approved answer states is always taught, or the
    answer would give it away.

    Args:
        examples: All there are, each once.
        seed: What the choice depends on, such as the brand's name.
    """
    free = [e for e in examples if e.source != REPLAY]
    told = " ".join(plain(e.answer) for e in free if e.source != FACT)
    facts = {e.group: e for e in free if e.source == FACT and not e.general}
    out = _chosen(facts, [g for g, e in facts.items() if not _in(e, told)], seed)
    questions = {e.group for e in free if e.source != FACT}
    out |= _chosen(questions, questions, seed)
    return Split(
        tuple(e for e in examples if e.group not in out and not e.spare),
        tuple(e for e in examples if e.group not in out and e.spare),
        tuple(e for e in examples if e.group in out),
    )


def sealed(split: Split) -> Split:
    """Return a division without those held-out examples that leak."""
    return Split(
        split.train,
        tuple(e for e in split.wordings if not _leak(e, split, stated=False)),
        tuple(e for e in split.held_out if not _leak(e, split, stated=True)),
    )


def leaks(split: Split) -> Iterator[str]:
    """Yield what of the held-out examples is taught all the same, as sentences."""
    for examples, stated in ((split.wordings, False), (split.held_out, True)):
        for example in examples:
            if leak := _leak(example, split, stated=stated):
                yield f"“{example.question}” is held out, and {leak}"


def _leak(example: Example, split: Split, *, stated: bool) -> str:
    """Say how a held-out example leaks; with `stated`, its value must not be taught either."""
    if near(example.question, (taught.question for taught in split.train)):
        return "nearly the same is taught"
    answers = (plain(e.answer) for e in split.train if e.source != REPLAY)
    if stated and example.value and any(_in(example, answer) for answer in answers):
        return "an answer that is taught states it"
    return ""


def near(question: str, known: Iterable[str]) -> bool:
    """Whether a question is nearly the same as a known one, whatever the order of its words."""
    from rapidfuzz import fuzz  # only this needs it

    line = plain(question)
    return any(fuzz.token_sort_ratio(line, plain(each), score_cutoff=NEAR) for each in known)


def _in(example: Example, text: str) -> bool:
    """Whether a plain text states a fact's value; one of a few letters proves nothing."""
    value = plain(example.value)
    return len(value) > 3 and value in text


def _chosen(every: Collection[str], free: Iterable[str], seed: str) -> set[str]:
    """Return one of so many groups, of those that are free to be held out."""
    return set(sorted(free, key=lambda group: _draw(seed, group))[: len(every) // SHARE])


def _draw(seed: str, group: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{group}".encode(), digest_size=8).digest()
