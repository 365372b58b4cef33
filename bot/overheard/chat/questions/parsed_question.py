"""What a question asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overheard.chat.questions.calendar import NamedTime

METRICS = {
    "recommended": "first_choice",
    "sentiment": "sentiment",
    "drawback": "drawback",
    "accuracy": "accuracy",
    "share": "share_of_voice",
    "rank": "position",
    "named": "visibility",
}
"""The metric of each concept; of several concepts in a question, the first in this order counts."""
SLOTS = frozenset(
    {
        "we",
        "own",
        "it",
        "rival",
        "asked",
        "how",
        "what",
        "light",
        "passive",
        "alert_number",
        "hello",
    }
    | {
        "thanks",
        "show",
        "your",
        "past",
        "count",
        "yesno",
        "much",
        "removal",
        "anything",
        "send",
        "would",
    }
)
"""What may be in any question, next to the concepts of its rule."""


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question, parsed.

    Attributes:
        intent: The intent of the rule that explains it; empty when it was not understood.
        brands: The brands that are named, in their order; without "we".
        we: Whether the question is about "us", in words or by the name of a tracked brand.
        models: The models that are named, by readers' names.
        metric: The metric that is named, or an empty string.
        topic: The topic of answers that is named, or an empty string.
        period: The time that is named, or None.
        alert: The number of an alert, or 0.
        follows: Whether the question continues the one before: "and at Claude?".
        concepts: All concepts of the question.
        unknown: Words that were not understood, as typed.
        not_asked: Names of models that are not asked here.
        guessed: Spellings that were corrected, each with its correction.
        typed: The words as typed, by concept.
        language: The language, such as ``en``.
    """

    intent: str = ""
    brands: tuple[str, ...] = ()
    we: bool = False
    models: tuple[str, ...] = ()
    metric: str = ""
    topic: str = ""
    period: NamedTime | None = None
    alert: int = 0
    follows: bool = False
    concepts: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    guessed: tuple[tuple[str, str], ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    @property
    def understood(self) -> bool:
        """Whether every word that carries a meaning is explained: an intent, and no unknown word or
        model.
        """
        return bool(self.intent) and not self.unknown and not self.not_asked

    @property
    def bare(self) -> bool:
        """Whether the question names a brand, a model, a time, a metric or "us", and has no further
        concept that asks something about it: "ChatGPT last week?".
        """
        return not (self.concepts - SLOTS - {"models"}) and bool(
            self.brands or self.models or self.period or self.we or self.metric
        )
