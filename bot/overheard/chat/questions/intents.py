"""Chooses the rule that explains a question: the intent of all that was read in it. Pure."""

from __future__ import annotations

from dataclasses import replace

from overheard.chat.questions.parsed_question import METRICS, SLOTS, ParsedQuestion
from overheard.chat.questions.vocabulary import IntentRule, denied, rules

SUBJECTS = frozenset({"we", "rival", "asked", "competitors", "it"})
"""Concepts of what a question is about."""


GREETINGS = frozenset({"hello", "thanks", "help"})
"""Intents of questions that name nothing."""


def intent_of(parsed: ParsedQuestion, *, short: bool) -> str:
    """Return the intent of the rule that explains every concept of a question; "" without one.

    Of several such rules, the one that needs the most groups of concepts wins; of equal ones, the
    first in ``rules.toml``.

    Args:
        short: Whether the question is short enough for a greeting.
    """
    explaining = [
        rule for rule in _possible_rules(parsed, short=short) if not _unexplained(rule, parsed)
    ]
    return max(explaining, key=lambda rule: len(rule.needs)).intent if explaining else ""


def partly_understood(parsed: ParsedQuestion, *, short: bool) -> ParsedQuestion:
    """Return a question with the intent of the rule that leaves the fewest concepts unexplained.

    The words of these concepts, in the alphabetical order of the concepts, are added to the unknown
    words. Of equal rules, the one that needs the most groups of concepts wins, then the first.
    Without a possible rule, the question is returned unchanged.

    Args:
        short: Whether the question is short enough for a greeting.
    """
    possible = _possible_rules(parsed, short=short)
    if not possible:
        return parsed
    best = max(possible, key=lambda rule: (-len(_unexplained(rule, parsed)), len(rule.needs)))
    unexplained = sorted(_unexplained(best, parsed))
    words = [parsed.typed.get(concept, concept) for concept in unexplained]
    return replace(parsed, intent=best.intent, unknown=(*parsed.unknown, *words))


def _possible_rules(parsed: ParsedQuestion, *, short: bool) -> list[IntentRule]:
    """Return the rules that can explain a question, in the order of ``rules.toml``.

    Such a rule needs groups of concepts, and the question has at least one concept of each. Rules
    are left out whose intent a concept of the question excludes. A question that names something (a
    brand, model, time, topic or "us"), or that is not short, has no intent of `GREETINGS`. Empty
    for a comparison of metrics without a subject.
    """
    concepts = parsed.concepts
    compares_metrics = "compare" in concepts and len(concepts & set(METRICS)) > 1
    if compares_metrics and not concepts & SUBJECTS:
        return []  # "the difference between being named and being recommended"
    names_something = bool(
        parsed.brands or parsed.models or parsed.period or parsed.topic or parsed.we
    )
    excluded_intents = frozenset().union(*(denied().get(concept, ()) for concept in concepts))
    if names_something or not short:
        excluded_intents |= GREETINGS
    return [
        rule
        for rule in rules()
        if rule.intent not in excluded_intents and all(group & concepts for group in rule.needs)
    ]


def _unexplained(rule: IntentRule, parsed: ParsedQuestion) -> frozenset[str]:
    """Return the concepts of a question that a rule neither needs nor allows, and that not every
    question may have (`SLOTS`).
    """
    return parsed.concepts - frozenset().union(*rule.needs) - rule.allows - SLOTS
