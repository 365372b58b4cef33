"""Gold labels: texts that people have judged, which the model is asked about again and again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from overheard_judge.replies import places, portrayals
from overheard_judge.requests import portrayal


@dataclass(frozen=True, slots=True)
class Gold:
    """A text, and how it speaks of brands.

    Attributes:
        text: The text.
        labels: The sentiment toward each brand, by name.
    """

    text: str
    labels: dict[str, str]


def rehearsals() -> list[str]:
    """Return what is asked about the gold texts."""
    return [portrayal(gold.text, list(gold.labels))[0] for gold in _gold()]


def agreement(replies: Sequence[str]) -> tuple[int, int]:
    """Return the number of labels that the replies agree with, and the number of labels.

    A verdict whose quote does not occur in the text counts as no agreement.
    """
    right = total = 0
    for gold, reply in zip(_gold(), replies, strict=True):
        _, mark = portrayal(gold.text, list(gold.labels))
        judged = portrayals(reply, mark)
        total += len(gold.labels)
        right += sum(
            brand in judged
            and judged[brand].sentiment == label
            and any(places(judged[brand].quote, gold.text))
            for brand, label in gold.labels.items()
        )
    return right, total


@cache
def _gold() -> tuple[Gold, ...]:
    lines = files("overheard_judge").joinpath("gold.jsonl").read_text(encoding="utf-8")
    return tuple(Gold(**json.loads(line)) for line in lines.splitlines())
