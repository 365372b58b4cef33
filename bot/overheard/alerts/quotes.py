"""The sentences before and after a shift that an alert shows, picked from its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from overheard.alerts.evidence import AlertEvidence, moved_prompts
from overheard.cards import wording
from overheard.cards.card import Quote, Tainted
from overheard.domain import Answer, PromptShift, Shift
from overheard.reading.reader import Reader

QUOTED_PROMPTS = 2
MAX_QUOTE_CHARS, MAX_QUESTION_CHARS = 300, 100


def quotes(
    shift: Shift, evidence: AlertEvidence, *, most: int = QUOTED_PROMPTS
) -> tuple[Quote, ...]:
    """Return quotes from answers that show a shift: for each prompt one from before the shift and
    one from after it, in this order. A side whose answers have no text has no quote.

    On the side with the higher value of the brand, answers that name the brand go first, and on the
    other side answers that do not name it.

    Args:
        most: The largest number of prompts, of those that moved most in the shift's direction.
    """
    reader = Reader((evidence.brand, *evidence.rivals))
    quotes_in_order = []
    for moved in moved_prompts(shift)[:most]:
        rose = moved.after > moved.before
        for after in (False, True):
            answers = _answers_on_side(evidence, moved, after=after)
            sentence = _first_sentence_about_brand(
                reader, evidence, answers, prefer_named=after == rose
            )
            if sentence:
                quotes_in_order.append(_quote_of_sentence(evidence, moved, sentence, after=after))
    return tuple(quotes_in_order)


def _answers_on_side(evidence: AlertEvidence, moved: PromptShift, *, after: bool) -> list[Answer]:
    """Return the answers of the evidence to a prompt on one side of the beginning of the shift, the
    nearest in time first. An answer asked at the beginning is after it.

    Args:
        after: Whether to return the answers since the shift began, or those before.
    """
    answers = [
        answer
        for answer in evidence.answers
        if answer.question.prompt.key == moved.prompt
        if (answer.asked_at >= evidence.began) == after
    ]
    return answers if after else answers[::-1]


def _first_sentence_about_brand(
    reader: Reader, evidence: AlertEvidence, answers: Sequence[Answer], *, prefer_named: bool
) -> str:
    """Return a sentence of the first answer that has any: the first sentence that names the brand,
    or else the first that names a competitor, or else the first of all. Empty without such an
    answer.

    Args:
        answers: The answers to choose from, in the order of preference.
        prefer_named: Whether answers that name the brand go before the others; otherwise answers
            that do not name it go first.
    """
    readings = [reader.read(answer).reading(evidence.brand, evidence.rivals) for answer in answers]
    readings.sort(key=lambda reading: bool(reading.of(evidence.brand.name)) != prefer_named)
    for reading in readings:
        mentions = reading.of(evidence.brand.name) or reading.mentions
        if mentions:
            return reading.sentence(mentions[0].sentence)
        if reading.sentences:
            return reading.sentence(0)
    return ""


def _quote_of_sentence(
    evidence: AlertEvidence, moved: PromptShift, sentence: str, *, after: bool
) -> Quote:
    """Return a sentence of an answer as a quote on one line of at most `MAX_QUOTE_CHARS`
    characters. Its source is ``After, asked “best crm”``, with "Before" for an answer from before
    the shift and at most `MAX_QUESTION_CHARS` characters of the question.
    """
    question = wording.shorten(wording.line(evidence.text(moved.prompt)), MAX_QUESTION_CHARS)
    source = f"{'After' if after else 'Before'}, asked “{question}”"
    return Quote(source, Tainted(wording.shorten(" ".join(sentence.split()), MAX_QUOTE_CHARS)))
