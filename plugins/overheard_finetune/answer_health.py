"""Whether a model's answers are answers at all, by faults that no metric of a brand shows.

Broken fine-tunes fail in known ways: the wrong chat template, no end of the answer, a loop, one
answer to everything. Each answer is paired with that of the base model to the same question,
because a base model has faults too: one counts where it comes significantly more often than there.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import comb
from statistics import median

from overheard import Answer, Finish
from overheard_finetune.texts import CHAT_MARK

ERROR_RATE = 0.02
"""Largest probability that a sound model is called spoilt, over all faults and checks."""
MIN_EXCESS = 0.1
"""Share of answers by which a fault has to come more often than at the base model."""
GROSS, RARE, MIN_ANSWERS = 0.5, 0.1, 4
"""A fault in this share of answers, rare at the base model, needs no test from that many on."""
MAX_MARKS, MAX_MARKED = 1, 0.02
"""Answers with template marks that are let pass, beyond those of the base model: so many, and this
share of all. A sound model has none."""

LENGTHS = 4
"""How many times longer or shorter than usual at the base model an answer may be."""
MIN_CHARS = 40
"""Where the base model's answers are usually shorter, lengths tell nothing."""
MIN_WORDS = 24
"""Words from which on a text has a language, and phrases that may be counted."""
MIN_LOOP_CHARS, LOOP_RATIO, LOOP_SHARE = 300, 0.2, 0.5
"""A text of so many bytes that is compressed to this share, or in which this share of all runs of
four words is a repetition, goes round in circles. Prose is compressed to .4 or more."""

_LOOP = re.compile(r"\b(\w+)(?:\W+\1\b){4,}", re.IGNORECASE)
_TURN = re.compile(
    r"^\W{0,3}(?:###\s*)?(?:Human|User|Assistant|Instruction|Response|Input):"
    r"|\A\s*(?:assistant|user|system|model)\s*\n",
    re.MULTILINE,
)
_DATA = re.compile(r"\s*(?:```\w*\s*)?(?:[{<]|\[(?!\^?\w+\])\s*[{\"\[])")
_KEYS = re.compile(r"""["']\w+["']\s*:\s*["'{\[\d]""")
_REFUSAL = re.compile(
    r"\b(?:I(?:['\u2019]m| am) (?:sorry|unable|not able)"
    r"|I can(?:not|['\u2019]t) (?:help|assist|answer|provide)"
    r"|as an AI\b|against my (?:guidelines|programming))",
    re.IGNORECASE,
)
_REFUSAL_CHARS = 160
"""A refusal comes first."""
_OPEN_END = re.compile(r"[\w,;(\u2013\u2014-]\Z")
_LIST_LINE = re.compile(r"\s*(?:[-*+\u2022|#>]|\d+[.)])")
_SCRIPTS = {
    "Latin": "a-z\u00e0-\u024f",
    "Cyrillic": "\u0400-\u04ff",
    "Greek": "\u0370-\u03ff",
    "Arabic": "\u0600-\u06ff",
    "Chinese or Japanese": "\u3040-\u30ff\u4e00-\u9fff",
    "Korean": "\uac00-\ud7af",
}
_COMMON_WORDS = {
    "English": "the and of is are for with that you this it can your has",
    "German": "der die das und ist sind nicht mit f\u00fcr ein eine sie auch auf",
    "French": "le la les et est sont pour avec une des dans vous qui sur",
    "Spanish": "el los las y es son para con una que del por como tiene",
    "Portuguese": "o os uma \u00e9 s\u00e3o para com n\u00e3o voc\u00ea que dos pela mais tem",
    "Italian": "il gli \u00e8 sono per con una che della di pi\u00f9 anche nel questo",
}


class Fault(StrEnum):
    """What is wrong with an answer, as words to follow "answers"."""

    MARKS = "with marks of a chat template"
    LOOP = "that go round in circles"
    EMPTY = "without a word"
    CUT = "that stop in the middle"
    SAME = "equal to that to another question"
    DATA = "that are data or code"
    LANGUAGE = "in another language, or in none"
    REFUSED = "that refuse"
    LENGTH = "far longer or shorter than usual at the base model"


@dataclass(frozen=True, slots=True)
class FaultCount:
    """A fault of a model: how many of its answers have it, and of the base model's.

    Attributes:
        answers: The number of pairs of answers.
        example: An answer with the fault.
    """

    fault: Fault
    count: int
    base: int
    answers: int
    example: Answer

    @property
    def words(self) -> str:
        """The fault in words: ``12 of 30 answers that refuse``."""
        return f"{self.count} of {self.answers} answers {self.fault}"


def significant_faults(
    base: Mapping[tuple[int, str], Answer], tuned: Mapping[tuple[int, str], Answer], checks: int
) -> tuple[FaultCount, ...]:
    """Return the faults that a model has significantly more often than the base model, the most
    frequent first; empty for a sound model.

    Args:
        base: The base model's answers, complete or not, by round and prompt key.
        tuned: Those of the other model.
        checks: The number of times at which this is asked, over which the error rate is divided.
    """
    keys = sorted(base.keys() & tuned.keys())
    sides = [[side[key] for key in keys] for side in (base, tuned)]
    usual = _Usual.of(sides[0])
    found = [list(_faults(side, keys, usual)) for side in sides]
    level = ERROR_RATE / (len(Fault) * checks)
    counts = []
    for fault in Fault:
        before, after = ([fault in faults for faults in side] for side in found)
        gained = sum(a and not b for b, a in zip(before, after, strict=True))
        lost = sum(b and not a for b, a in zip(before, after, strict=True))
        if _is_excess(fault, sum(before), sum(after), gained, lost, len(keys), level):
            *_, example = [a for a, has in zip(sides[1], after, strict=True) if has]
            counts.append(FaultCount(fault, sum(after), sum(before), len(keys), example))
    return tuple(sorted(counts, key=lambda one: -one.count))


def _is_excess(
    fault: Fault, before: int, after: int, gained: int, lost: int, n: int, level: float
) -> bool:
    """Return whether a fault comes more often than at the base model, by the first rule that holds:
    template marks in more than a few answers; a gross share of what is rare there; an excess of
    `MIN_EXCESS` that the one-sided exact test of McNemar (1947) confirms.
    """
    if fault is Fault.MARKS and after - before > max(MAX_MARKS, MAX_MARKED * n):
        return True
    if n >= MIN_ANSWERS and after >= GROSS * n and before <= RARE * n:
        return True
    tail = sum(comb(gained + lost, k) for k in range(gained, gained + lost + 1))
    return after - before >= MIN_EXCESS * n and tail / 2.0 ** (gained + lost) <= level


@dataclass(frozen=True, slots=True)
class _Usual:
    """What is usual of the base model's answers, by which its own are judged too.

    Attributes:
        chars: The median length.
        language: The most frequent language or script; empty where none is clear.
    """

    chars: float
    language: str

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> _Usual:
        """Return what is usual of some answers."""
        texts = [answer.reply.text.strip() for answer in answers]
        languages = Counter(filter(None, map(language_of, texts)))
        language = max(languages, key=lambda name: languages[name], default="")
        return cls(median(map(len, texts)) if texts else 0, language)


def _faults(
    answers: Sequence[Answer], keys: Sequence[tuple[int, str]], usual: _Usual
) -> Iterator[frozenset[Fault]]:
    """Yield the faults of each answer of a model; `keys` has the round and prompt of each."""
    texts = [_words(answer.reply.text) for answer in answers]
    prompts: dict[tuple[int, frozenset[str]], set[str]] = defaultdict(set)
    for (number, prompt), text in zip(keys, texts, strict=True):
        prompts[number, text].add(prompt)
    for answer, (number, _), text in zip(answers, keys, texts, strict=True):
        faults = _faults_of_text(answer.reply.text, answer.reply.finish)
        faults |= frozenset(_differences(answer, usual))
        is_same = text and len(prompts[number, text]) > 1
        yield faults | {Fault.SAME} if is_same else faults


@lru_cache(4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


@lru_cache(4096)
def _faults_of_text(text: str, finish: Finish) -> frozenset[Fault]:
    """Return the faults that an answer shows by itself."""
    return frozenset(_own_faults(text, finish))


def _own_faults(text: str, finish: Finish) -> Iterator[Fault]:
    stripped = text.strip()
    if CHAT_MARK.search(text) or _TURN.search(text):
        yield Fault.MARKS
    if not re.search(r"\w", text):
        yield Fault.EMPTY
        return
    if _goes_round(stripped):
        yield Fault.LOOP
    last_line = stripped.splitlines()[-1]
    ends_open = _OPEN_END.search(stripped) and len(last_line.split()) >= 4
    if finish in {Finish.CUT, Finish.LENGTH, Finish.WINDOW} or (
        finish is Finish.COMPLETE and ends_open and not _LIST_LINE.match(last_line)
    ):
        yield Fault.CUT
    if _DATA.match(text) or len(_KEYS.findall(text)) > 1 or "\ufffd" in text:
        yield Fault.DATA
    if finish in {Finish.REFUSED, Finish.FILTERED} or _REFUSAL.search(stripped[:_REFUSAL_CHARS]):
        yield Fault.REFUSED


def _differences(answer: Answer, usual: _Usual) -> Iterator[Fault]:
    """Yield the faults that an answer shows when it is compared with what is usual."""
    text = answer.reply.text
    chars, language = len(text.strip()), language_of(text)
    is_usual = usual.chars / LENGTHS <= chars <= usual.chars * LENGTHS
    if chars and usual.chars >= MIN_CHARS and not is_usual:
        yield Fault.LENGTH
    common = _COMMON_WORDS.get(usual.language, "").split()
    is_none = len(text.split()) >= MIN_WORDS and not _words(text) & frozenset(common)
    if answer.reply.finish is Finish.FOREIGN or (
        usual.language and language != usual.language and (language or is_none)
    ):
        yield Fault.LANGUAGE


def _goes_round(text: str) -> bool:
    """Return whether a text repeats itself endlessly: a word, its phrases, or its characters."""
    data = text.encode()
    if len(data) >= MIN_LOOP_CHARS and len(zlib.compress(data)) < LOOP_RATIO * len(data):
        return True
    words = text.casefold().split()
    phrases = Counter(zip(words, words[1:], words[2:], words[3:], strict=False))
    repeated = phrases.total() - len(phrases)
    return bool(_LOOP.search(text)) or (
        len(words) >= MIN_WORDS and repeated >= LOOP_SHARE * phrases.total()
    )


@lru_cache(4096)
def language_of(text: str) -> str:
    """Return the language of a text, or the script where that is not Latin; empty where neither is
    clear.
    """
    lowered = text.casefold()
    letters = {script: len(re.findall(f"[{chars}]", lowered)) for script, chars in _SCRIPTS.items()}
    script = max(letters, key=lambda name: letters[name])
    if letters[script] < 8 or letters[script] < 0.6 * sum(letters.values()):
        return ""
    if script != "Latin":
        return script
    words = Counter(re.findall(r"\w+", lowered))
    hits = {
        language: sum(words[word] for word in common.split())
        for language, common in _COMMON_WORDS.items()
    }
    first, second = sorted(hits, key=lambda name: -hits[name])[:2]
    return first if hits[first] >= max(3, 2 * hits[second]) else ""
