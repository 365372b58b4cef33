"""Training examples from facts and approved answers, divided into taught and held-out examples."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import cycle

from overheard.domain import Answer, Approval, Brand, Fact
from overheard.finetune.texts import comparable_text, true_facts

ANY, CATEGORY = "any", "category"
FACT, ANSWER, REPLAY = "fact sheet", "approved answers", "replays"
"""Sources of examples."""
HELD_OUT_EVERY = 5
"""One of this many facts, and one of this many approved questions, is held out."""
MIN_SIMILARITY = 95
"""Similarity, 0 to 100 and independent of word order, from which two questions are duplicates."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the answer to teach.

    Attributes:
        question: The question.
        answer: The answer to teach.
        source: `FACT`, `ANSWER` or `REPLAY`.
        group: The fact or prompt; all examples of a group are held out together.
        value: The fact's value, or an empty string.
        general: Whether the example says what the brand is; such examples are never held out.
        spare: Whether this wording is never taught, but used for evaluation.
        rejected: A model's wrong answer, or an empty string.
        provenance: The fact or approved answer and who approved it, for the datasheet.
    """

    question: str
    answer: str
    source: str
    group: str
    value: str = ""
    general: bool = False
    spare: bool = False
    rejected: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Wordings of the questions for a fact, and of the answers."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def taught(self) -> int:
        """The number of questions that are taught; the others are spare."""
        return len(self.questions) * 3 // 4


def from_facts(brand: Brand, facts: Iterable[Fact]) -> Iterator[Example]:
    """Yield examples for a brand's category and its true facts, in several wordings each; wordings
    beyond `Phrasing.taught` are spare.
    """
    if brand.category:
        yield from _examples_of_field(
            brand.name, CATEGORY, _kind(brand.category), phrasings()[CATEGORY]
        )
    for fact in true_facts(facts, brand.name):
        phrasing = None if fact.limit else phrasings().get(fact.head)
        yield from _examples_of_field(
            brand.name, fact.field, fact.value, phrasing or phrasings()[ANY]
        )


def from_approval(approval: Approval, answer: Answer) -> Example:
    """Return the example of an approved answer; the original text of a corrected answer becomes
    `rejected`.
    """
    prompt, original = answer.question.prompt, answer.reply.text.strip()
    who = f"{approval.who}, {approval.at:%Y-%m-%d}"
    verb = "corrected" if approval.corrects else "approved"
    return Example(
        prompt.text,
        approval.text.strip() or original,
        ANSWER,
        f"prompt {prompt.key}",
        rejected=original
        if approval.corrects and comparable_text(original) != comparable_text(approval.text)
        else "",
        provenance=f"answer {answer.id}, {verb} by {who}",
    )


def packaged_replays() -> Iterator[Example]:
    """Yield the examples in ``replays.toml`` about other subjects, which preserve a model's other
    abilities.
    """
    text = files("overheard.finetune").joinpath("replays.toml").read_text(encoding="utf-8")
    for item in tomllib.loads(text)["replays"]:
        yield Example(item["question"], item["answer"], REPLAY, REPLAY, provenance="packaged")


@lru_cache(1)
def phrasings() -> Mapping[str, Phrasing]:
    """Return the phrasings by the field of the fact, under each of the field's synonyms."""
    text = files("overheard.finetune").joinpath("phrasings.toml").read_text(encoding="utf-8")
    by_field: dict[str, Phrasing] = {}
    for name, table in tomllib.loads(text).items():
        phrasing = Phrasing(tuple(table["questions"]), tuple(table["answers"]))
        by_field |= dict.fromkeys((name, *table.get("also", ())), phrasing)
    return by_field


def _examples_of_field(brand: str, field: str, value: str, phrasing: Phrasing) -> Iterator[Example]:
    """Yield an example for each wording (`phrasing`) of the question about one field of a brand and
    its value.
    """

    def filled(text: str) -> str:
        sentence = _article(text.format(brand=brand, field=field, value=value.rstrip(".")))
        return sentence[:1].upper() + sentence[1:]

    answers: Iterable[str] = cycle(phrasing.answers)
    for number, (question, answer) in enumerate(zip(phrasing.questions, answers, strict=False)):
        yield Example(
            filled(question),
            filled(answer),
            FACT,
            f"fact {field}",
            value=value,
            general=field == CATEGORY,
            spare=number >= phrasing.taught,
            provenance=f"fact sheet, {field}",
        )


_UNCOUNTED = frozenset(
    ("software", "hardware", "equipment", "insurance", "furniture", "clothing", "footwear")
)
"""Last words of categories without a plural, which take no "a"."""


def _kind(category: str) -> str:
    """Return a category in the form after "a": "tool", but "brand of software" and "of shoes"."""
    last = category.rpartition(" ")[2].casefold().strip(".")
    many = last.endswith("s") and not last.endswith(("ss", "us", "is"))
    return f"brand of {category}" if many or last in _UNCOUNTED else category


def _article(text: str) -> str:
    """Return a text with the article ``a`` before a vowel replaced by ``an``."""
    words = text.split(" ")
    for at in range(len(words) - 1):
        if words[at] == "a" and words[at + 1][:1].lower() in "aeio":
            words[at] = "an"
    return " ".join(words)


def without_duplicates(examples: Iterable[Example]) -> Sequence[Example]:
    """Return examples without repetitions of a question and answer."""
    return list(
        {(comparable_text(e.question), comparable_text(e.answer)): e for e in examples}.values()
    )


@dataclass(frozen=True, slots=True)
class DataSplit:
    """A dataset, divided into training and evaluation.

    Attributes:
        train: Examples that are taught.
        wordings: Taught facts, in wordings of the question that are not taught.
        held_out: Facts and buyers' questions that are not taught.
    """

    train: tuple[Example, ...]
    wordings: tuple[Example, ...]
    held_out: tuple[Example, ...]

    @property
    def pairs(self) -> tuple[Example, ...]:
        """Taught examples with a wrong answer in addition to the right answer."""
        return tuple(example for example in self.train if example.rejected)


def split_examples(examples: Sequence[Example], seed: str) -> DataSplit:
    """Return the examples divided into taught and held-out ones; equal examples and seeds give
    equal divisions.

    Replays are always taught. A fact whose value an approved answer states is always taught, since
    the taught answer would leak it.

    Args:
        examples: All examples, without duplicates.
        seed: Determines the choice, such as the brand's name.
    """
    free = [e for e in examples if e.source != REPLAY]
    taught_text = " ".join(comparable_text(e.answer) for e in free if e.source != FACT)
    facts = {e.group: e for e in free if e.source == FACT and not e.general}
    held_out = _drawn_groups(
        facts, [g for g, e in facts.items() if not _is_stated(e, taught_text)], seed
    )
    questions = {e.group for e in free if e.source != FACT}
    held_out |= _drawn_groups(questions, questions, seed)
    return DataSplit(
        tuple(e for e in examples if e.group not in held_out and not e.spare),
        tuple(e for e in examples if e.group not in held_out and e.spare),
        tuple(e for e in examples if e.group in held_out),
    )


def without_leaks(split: DataSplit) -> DataSplit:
    """Return the split without held-out examples that leak, see `leaks`."""
    return DataSplit(
        split.train,
        tuple(e for e in split.wordings if not _leak(e, split, stated=False)),
        tuple(e for e in split.held_out if not _leak(e, split, stated=True)),
    )


def leaks(split: DataSplit) -> Iterator[str]:
    """Yield a sentence for each held-out example of a split whose question, or whose fact's value,
    is taught.
    """
    for examples, stated in ((split.wordings, False), (split.held_out, True)):
        for example in examples:
            if leak := _leak(example, split, stated=stated):
                yield f"“{example.question}” is held out, and {leak}"


def _leak(example: Example, split: DataSplit, *, stated: bool) -> str:
    """Return how a held-out example leaks, as a clause; empty if it does not.

    An example leaks if a similar question is taught; with `stated`, also if its value is taught.
    """
    if is_near_duplicate(example.question, (taught.question for taught in split.train)):
        return "nearly the same is taught"
    answers = (comparable_text(e.answer) for e in split.train if e.source != REPLAY)
    if stated and example.value and any(_is_stated(example, answer) for answer in answers):
        return "an answer that is taught states it"
    return ""


def is_near_duplicate(question: str, known: Iterable[str]) -> bool:
    """Return whether a question has a similarity of `MIN_SIMILARITY` or more to a known question,
    without regard to word order and case.
    """
    from rapidfuzz import fuzz  # only this needs it

    line = comparable_text(question)
    return any(
        fuzz.token_sort_ratio(line, comparable_text(other), score_cutoff=MIN_SIMILARITY)
        for other in known
    )


def _is_stated(example: Example, text: str) -> bool:
    """Return whether a text (from `comparable_text`) contains the value of an example's fact;
    values of up to 3 characters never count.
    """
    value = comparable_text(example.value)
    return len(value) > 3 and value in text


def _drawn_groups(every: Collection[str], free: Iterable[str], seed: str) -> set[str]:
    """Return the groups to hold out: as many as one in `HELD_OUT_EVERY` of `every`, drawn from
    `free` by a hash of the seed.
    """
    return set(sorted(free, key=lambda group: _draw(seed, group))[: len(every) // HELD_OUT_EVERY])


def _draw(seed: str, group: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{group}".encode(), digest_size=8).digest()
