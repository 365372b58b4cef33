"""The sentences before and after a shift that an alert shows, picked from its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from overheard.alerts.evidence import AlertEvidence, moved_prompts
from overheard.cards import wording
from overheard.cards.card import Quote, Tainted
from overheard.domain import Answer, PromptShift, Shift
from overheard.reading.reader import Reader

QUOTED_PROMPTS = 2
LONGEST_QUOTE = 300
"""In characters."""


def quotes(
    shift: Shift, evidence: AlertEvidence, *, most: int = QUOTED_PROMPTS
) -> tuple[Quote, ...]:
    """Return quotes from answers for the ``most`` prompts that moved most: for each prompt at most
    one from before the shift and one from after.
    """
    reader = Reader((evidence.brand, *evidence.rivals))
    chosen = []
    for moved in moved_prompts(shift)[:most]:
        for after in (False, True):
            answers = _answers_on_side(evidence, moved, after=after)
            sentence = _telling_sentence(
                reader, evidence, answers, named=after == (moved.after > moved.before)
            )
            if sentence:
                chosen.append(_quote_of_sentence(evidence, moved, sentence, after=after))
    return tuple(chosen)


def _answers_on_side(evidence: AlertEvidence, moved: PromptShift, *, after: bool) -> list[Answer]:
    """Return the answers to the prompt of ``moved`` after the shift began (``after``) or before;
    those nearest to the beginning come first.
    """
    mine = [a for a in evidence.answers if a.question.prompt.key == moved.prompt]
    side = [a for a in mine if (a.asked_at >= evidence.began) == after]
    return side if after else side[::-1]


def _telling_sentence(
    reader: Reader, evidence: AlertEvidence, answers: Sequence[Answer], *, named: bool
) -> str:
    """Return, from the first answer with text, the first sentence that names the brand, or else a
    competitor, or else the first sentence; empty without answers.

    Args:
        reader: Finds the names of the market's brands in answers.
        evidence: The alert's brand and its competitors.
        answers: The answers to choose from.
        named: Whether answers that name the brand come first, or answers that do not.
    """
    readings = [reader.read(answer).reading(evidence.brand, evidence.rivals) for answer in answers]
    readings.sort(key=lambda reading: bool(reading.of(evidence.brand.name)) != named)
    for reading in readings:
        mentions = reading.of(evidence.brand.name) or reading.mentions
        if mentions:
            return reading.sentence(mentions[0].sentence)
        if reading.sentences:
            return reading.sentence(0)
    return ""


def _quote_of_sentence(
    evidence: AlertEvidence, moved: PromptShift, said: str, *, after: bool
) -> Quote:
    """Return a sentence of an answer as a quote of at most `LONGEST_QUOTE` characters, whose source
    is the question and "Before" or "After".
    """
    prompt = wording.shorten(wording.line(evidence.text(moved.prompt)), 100)
    source = f"{'After' if after else 'Before'}, asked “{prompt}”"
    return Quote(source, Tainted(wording.shorten(" ".join(said.split()), LONGEST_QUOTE)))
