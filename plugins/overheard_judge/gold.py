"""Gold labels: texts that people have judged, which the model is asked about again and again."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from overheard_judge.quotes import quote_offsets
from overheard_judge.replies import Loss, judged_brand
from overheard_judge.requests import reading_request


@dataclass(frozen=True, slots=True)
class Gold:
    """A text, and how it speaks of brands.

    Attributes:
        labels: The tone toward each brand, by name.
    """

    text: str
    labels: dict[str, str]


def rehearsals() -> list[str]:
    """Return the text of the request about each gold text, in the order of the gold texts."""
    return [reading_request(gold.text, list(gold.labels))[0] for gold in _gold()]


def agreement(replies: Sequence[str]) -> tuple[int, int]:
    """Return (number of gold labels with which the replies agree, number of gold labels).

    A verdict that cannot be read, or whose quote does not occur in the gold text, agrees with
    nothing.

    Args:
        replies: The model's reply to each of `rehearsals()`, in the same order.
    """
    labelled = [
        (label, _gold_verdict(gold, reply, brand))
        for gold, reply in zip(_gold(), replies, strict=True)
        for brand, label in gold.labels.items()
    ]
    return sum(verdict == label for label, verdict in labelled), len(labelled)


def losses(replies: Sequence[str]) -> Counter[str]:
    """Return the number of verdicts that do not count, by reason (a `Loss` value); reasons that do
    not occur are absent.

    Args:
        replies: The model's reply to each of `rehearsals()`, in the same order.
    """
    return Counter(
        verdict.value
        for gold, reply in zip(_gold(), replies, strict=True)
        for brand in gold.labels
        if isinstance(verdict := _gold_verdict(gold, reply, brand), Loss)
    )


def _gold_verdict(gold: Gold, reply: str, brand: str) -> str | Loss:
    """Return the tone toward a brand in the reply about a gold text, or the reason why the
    reply has no valid verdict on the brand. The verdict's quote must occur in the gold text.
    """
    _, mark = reading_request(gold.text, list(gold.labels))
    judged = judged_brand(reply, mark, [brand])
    if isinstance(judged, Loss):
        return judged
    return judged.tone if any(quote_offsets(judged.quote, gold.text)) else Loss.INVENTED


@cache
def _gold() -> tuple[Gold, ...]:
    """Return the gold texts of ``gold.jsonl``, in its order."""
    lines = files("overheard_judge").joinpath("gold.jsonl").read_text(encoding="utf-8")
    return tuple(Gold(**json.loads(line)) for line in lines.splitlines())
