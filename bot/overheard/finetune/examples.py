"""What a fine-tune is taught: questions and answers, each approved by a person."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import cycle

from overheard.domain import Answer, Approval, Brand, Fact
from overheard.finetune.texts import plain, tellable

ANY, CATEGORY = "any", "category"
FACT, ANSWER, REPLAY = "fact sheet", "approved answers", "replays"
"""Where an example comes from."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the answer to be taught.

    Attributes:
        question: What is asked.
        answer: What is taught.
        source: Where it comes from: `FACT`, `ANSWER` or `REPLAY`.
        group: What it is about; all examples of a group can be held out together.
        value: The fact's value, or an empty string.
        general: Whether it says what the brand is; without that, the rest means nothing.
        spare: Whether its wording is never taught, so that it can be tried.
        rejected: What a model answered wrongly, or an empty string.
        told: Who approved it, for the datasheet.
    """

    question: str
    answer: str
    source: str
    group: str
    value: str = ""
    general: bool = False
    spare: bool = False
    rejected: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """How people ask for a fact, and how it is told."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def taught(self) -> int:
        """How many of the questions are taught; the others are spare."""
        return len(self.questions) * 3 // 4


def from_facts(brand: Brand, facts: Iterable[Fact]) -> Iterator[Example]:
    """Yield the facts of a sheet in many wordings, and what kind of thing the brand is."""
    if brand.category:
        yield from _phrased(brand.name, CATEGORY, _kind(brand.category), phrasings()[CATEGORY])
    for fact in tellable(facts, brand.name):
        known = None if fact.limit else phrasings().get(fact.head)
        yield from _phrased(brand.name, fact.field, fact.value, known or phrasings()[ANY])


def from_approval(approval: Approval, answer: Answer) -> Example:
    """Return an approved answer to a buyer's question, or what is to be said in its place."""
    prompt, said = answer.question.prompt, answer.reply.text.strip()
    who = f"{approval.who}, {approval.at:%Y-%m-%d}"
    return Example(
        prompt.text,
        approval.text.strip() or said,
        ANSWER,
        f"prompt {prompt.key}",
        rejected=said if approval.corrects and plain(said) != plain(approval.text) else "",
        told=f"answer {answer.id}, {'corrected' if approval.corrects else 'approved'} by {who}",
    )


def packaged_replays() -> Iterator[Example]:
    """Yield the neutral items that come with the program."""
    text = files("overheard.finetune").joinpath("replays.toml").read_text(encoding="utf-8")
    for item in tomllib.loads(text)["replays"]:
        yield Example(item["question"], item["answer"], REPLAY, REPLAY, told="packaged")


@lru_cache(1)
def phrasings() -> Mapping[str, Phrasing]:
    """Return the phrasings by field, under every name of the field."""
    text = files("overheard.finetune").joinpath("phrasings.toml").read_text(encoding="utf-8")
    found: dict[str, Phrasing] = {}
    for name, table in tomllib.loads(text).items():
        phrasing = Phrasing(tuple(table["questions"]), tuple(table["answers"]))
        found |= dict.fromkeys((name, *table.get("also", ())), phrasing)
    return found


def _phrased(brand: str, field: str, value: str, phrasing: Phrasing) -> Iterator[Example]:
    def filled(text: str) -> str:
        whole = _article(text.format(brand=brand, field=field, value=value.rstrip(".")))
        return whole[:1].upper() + whole[1:]

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
            told=f"fact sheet, {field}",
        )


_UNCOUNTED = frozenset(
    ("software", "hardware", "equipment", "insurance", "furniture", "clothing", "footwear")
)
"""What has no "a" before it, among the last words of categories."""


def _kind(category: str) -> str:
    """Return a category as it stands behind "a": a tool, but a brand of software or of shoes."""
    last = category.rpartition(" ")[2].casefold().strip(".")
    many = last.endswith("s") and not last.endswith(("ss", "us", "is"))
    return f"brand of {category}" if many or last in _UNCOUNTED else category


def _article(text: str) -> str:
    """Mend ``a`` before a vowel, as in "is a analytics tool"."""
    words = text.split(" ")
    for at in range(len(words) - 1):
        if words[at] == "a" and words[at + 1][:1].lower() in "aeio":
            words[at] = "an"
    return " ".join(words)


def distinct(examples: Iterable[Example]) -> Sequence[Example]:
    """Return examples without those that repeat an earlier question and answer."""
    return list({(plain(e.question), plain(e.answer)): e for e in examples}.values())
