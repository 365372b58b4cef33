"""Training examples from facts and approved answers, divided into taught and held-out examples."""

import hashlib
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from overheard import Answer, Approval, Brand, Fact, fact_wordings
from overheard_finetune.texts import comparable_text

CATEGORY = "category"
"""The field of the examples of what a brand is."""
TAUGHT_SHARE = 0.75
"""The share of the wordings of a question that may be taught."""
FACT, ANSWER, REPLAY = "fact sheet", "approved answers", "replays"
"""Sources of examples."""
HELD_OUT_EVERY = 5
"""One of this many facts, and one of this many approved questions, is held out."""
MIN_SIMILARITY = 95
"""Similarity, 0 to 100 and independent of word order, from which two questions are duplicates."""
MIN_VALUE_CHARS = 4
"""Characters of a fact's value from which on a text that contains it is taken to state it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the answer to teach.

    Attributes:
        source: `FACT`, `ANSWER` or `REPLAY`.
        group: The fact or prompt; all examples of a group are held out together.
        value: The fact's value, or an empty string.
        general: Whether the example says what the brand is; such examples are never held out.
        evaluation_only: Whether this wording is never taught, but used for evaluation.
        rejected: A model's wrong answer, or an empty string.
        provenance: The fact or approved answer and who approved it, for the datasheet.
    """

    question: str
    answer: str
    source: str
    group: str
    value: str = ""
    general: bool = False
    evaluation_only: bool = False
    rejected: str = ""
    provenance: str = ""


def from_facts(brand: Brand, facts: Iterable[Fact]) -> Iterator[Example]:
    """Yield examples of what a brand is (if it has a category) and of each of its true facts, in
    several wordings each. The last quarter of the wordings is for evaluation only.

    Args:
        facts: Facts of any brands; those of other brands, and false values, are left out.
    """
    yield from _examples_of_field(CATEGORY, brand.category, fact_wordings(brand))
    for fact in facts:
        if fact.brand == brand.name and not fact.untrue:
            yield from _examples_of_field(fact.field, fact.value, fact_wordings(brand, fact))


def _examples_of_field(
    field: str, value: str, wordings: Sequence[tuple[str, str]]
) -> Iterator[Example]:
    """Yield an example for each wording of one field of a brand; all are one group, so that they
    are held out together.

    Args:
        field: The field, such as ``price``; `CATEGORY` for what the brand is.
        wordings: Questions with their answers; the first `TAUGHT_SHARE` of them may be taught.
    """
    taught = int(len(wordings) * TAUGHT_SHARE)
    for number, (question, answer) in enumerate(wordings):
        yield Example(
            question,
            answer,
            FACT,
            f"fact {field}",
            value=value,
            general=field == CATEGORY,
            evaluation_only=number >= taught,
            provenance=f"fact sheet, {field}",
        )


def from_approval(approval: Approval, answer: Answer) -> Example:
    """Return the example that an approved answer teaches: its question, and the correction or else
    the answer itself. The original text of a corrected answer becomes `Example.rejected`, unless it
    differs from the correction in case, accents and spaces only.

    Args:
        answer: The answer as it is stored.
    """
    prompt, original = answer.question.prompt, answer.reply.text.strip()
    who = f"{approval.who}, {approval.at:%Y-%m-%d}"
    verb = "corrected" if approval.corrects else "approved"
    differs = comparable_text(original) != comparable_text(approval.text)
    return Example(
        question=prompt.text,
        answer=approval.text.strip() or original,
        source=ANSWER,
        group=f"prompt {prompt.key}",
        rejected=original if approval.corrects and differs else "",
        provenance=f"answer {answer.id}, {verb} by {who}",
    )


def packaged_replays() -> Iterator[Example]:
    """Yield the examples that come with the program, in ``replays.toml``. They are about other
    subjects than brands, and preserve a model's other abilities.
    """
    text = files("overheard_finetune").joinpath("replays.toml").read_text(encoding="utf-8")
    for item in tomllib.loads(text)["replays"]:
        yield Example(item["question"], item["answer"], REPLAY, REPLAY, provenance="packaged")


def without_duplicates(examples: Iterable[Example]) -> Sequence[Example]:
    """Return examples without repetitions. Of several whose question and answer differ in case,
    accents and spaces only, the last is kept, at the place of the first.
    """
    by_text = {
        (comparable_text(example.question), comparable_text(example.answer)): example
        for example in examples
    }
    return list(by_text.values())


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
    """Return the examples divided into those that are taught, other wordings of taught facts for
    evaluation, and those that are held out. Equal examples and seeds give equal divisions.

    One in `HELD_OUT_EVERY` facts, and one in as many approved questions, is held out with all its
    examples; fewer than that many hold out none. Replays and the examples of what the brand is are
    never held out. Nor is a fact whose value an approved answer states, because that answer may be
    taught and would leak it.

    Args:
        examples: All examples, without duplicates.
        seed: Determines the choice, such as the brand's name.
    """
    about_brand = [e for e in examples if e.source != REPLAY]
    approved_text = " ".join(comparable_text(e.answer) for e in about_brand if e.source != FACT)
    facts = {e.group: e for e in about_brand if e.source == FACT and not e.general}
    unstated = [group for group, e in facts.items() if not _is_stated(e, approved_text)]
    questions = {e.group for e in about_brand if e.source != FACT}
    held_out = _draw_groups(facts, unstated, seed) | _draw_groups(questions, questions, seed)
    return DataSplit(
        tuple(e for e in examples if e.group not in held_out and not e.evaluation_only),
        tuple(e for e in examples if e.group not in held_out and e.evaluation_only),
        tuple(e for e in examples if e.group in held_out),
    )


def without_leaks(split: DataSplit) -> DataSplit:
    """Return a split without the evaluation examples that leak: those whose question is taught
    nearly in the same words and, of the held-out ones, those whose fact's value is stated in a
    taught answer. The taught examples stay.
    """
    return DataSplit(
        split.train,
        tuple(e for e in split.wordings if not _leak_clause(e, split, stated=False)),
        tuple(e for e in split.held_out if not _leak_clause(e, split, stated=True)),
    )


def leaks(split: DataSplit) -> Iterator[str]:
    """Yield a sentence for each evaluation example of a split that leaks: its question is taught
    nearly in the same words or, if it is held out, its fact's value is stated in a taught answer.
    Nothing is yielded for a split from `without_leaks`.
    """
    for examples, stated in ((split.wordings, False), (split.held_out, True)):
        for example in examples:
            if leak := _leak_clause(example, split, stated=stated):
                yield f"“{example.question}” is held out, and {leak}"


def _leak_clause(example: Example, split: DataSplit, *, stated: bool) -> str:
    """Return how an evaluation example leaks, as a clause; empty if it does not.

    Args:
        split: The split, whose taught examples it is compared with.
        stated: Whether it leaks also if a taught answer about the brand states its fact's value,
            and not only if nearly the same question is taught.
    """
    if is_near_duplicate(example.question, (taught.question for taught in split.train)):
        return "nearly the same is taught"
    answers = (comparable_text(e.answer) for e in split.train if e.source != REPLAY)
    if stated and example.value and any(_is_stated(example, answer) for answer in answers):
        return "an answer that is taught states it"
    return ""


def is_near_duplicate(question: str, others: Iterable[str]) -> bool:
    """Return whether a question has a similarity of `MIN_SIMILARITY` or more to one of other
    questions, without regard to the order of words, case and accents. False without others.
    """
    from rapidfuzz import fuzz  # only this needs it

    line = comparable_text(question)
    return any(
        fuzz.token_sort_ratio(line, comparable_text(other), score_cutoff=MIN_SIMILARITY)
        for other in others
    )


def _is_stated(example: Example, text: str) -> bool:
    """Return whether a text contains the value of an example's fact. A value of fewer than
    `MIN_VALUE_CHARS` characters never counts, because it may stand there by chance.

    Args:
        example: The example; without a value, the result is False.
        text: The text, from `comparable_text`.
    """
    value = comparable_text(example.value)
    return len(value) >= MIN_VALUE_CHARS and value in text


def _draw_groups(groups: Collection[str], drawable: Iterable[str], seed: str) -> set[str]:
    """Return the groups to hold out, drawn by a hash of the seed.

    Args:
        groups: All groups. Their number divided by `HELD_OUT_EVERY`, rounded down, is the number to
            hold out.
        drawable: The groups that may be held out; if they are fewer, all of them are.
    """
    count = len(groups) // HELD_OUT_EVERY
    return set(sorted(drawable, key=lambda group: _draw_key(seed, group))[:count])


def _draw_key(seed: str, group: str) -> bytes:
    """Return the sort key by which groups are drawn: a hash of the seed and the group."""
    return hashlib.blake2b(f"{seed}\n{group}".encode(), digest_size=8).digest()
