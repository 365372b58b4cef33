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
    """Return the intent of the rule that explains every concept of a question, or "".

    Args:
        parsed: The question.
        short: Whether the question is short enough for a greeting.
    """
    fitting = [rule for rule in _rules(parsed, short=short) if not _unexplained(rule, parsed)]
    return max(fitting, key=lambda rule: len(rule.needs)).intent if fitting else ""


def partly_understood(parsed: ParsedQuestion, *, short: bool) -> ParsedQuestion:
    """Return a question with the intent of the rule that explains most of its concepts.

    The words of the other concepts become unknown. Without a rule, the question is unchanged.
    """
    rules_left = _rules(parsed, short=short)
    if not rules_left:
        return parsed
    best = max(rules_left, key=lambda rule: (-len(_unexplained(rule, parsed)), len(rule.needs)))
    unused = [parsed.typed.get(concept, concept) for concept in sorted(_unexplained(best, parsed))]
    return replace(parsed, intent=best.intent, unknown=(*parsed.unknown, *unused))


def _rules(parsed: ParsedQuestion, *, short: bool) -> list[IntentRule]:
    """Return the rules whose needed concepts a question has, and whose intent is not ruled out, in
    their order.

    Args:
        parsed: The question.
        short: Whether the question is short enough for a greeting.
    """
    concepts = parsed.concepts
    if "compare" in concepts and len(concepts & set(METRICS)) > 1 and not concepts & SUBJECTS:
        return []  # "the difference between being named and being recommended"
    named = bool(parsed.brands or parsed.models or parsed.period or parsed.topic or parsed.we)
    refused = frozenset().union(*(denied().get(concept, ()) for concept in concepts))
    if named or not short:
        refused |= GREETINGS
    return [
        rule
        for rule in rules()
        if rule.intent not in refused and all(group & concepts for group in rule.needs)
    ]


def _unexplained(rule: IntentRule, parsed: ParsedQuestion) -> frozenset[str]:
    """Return the concepts of a question that a rule neither needs nor allows."""
    return parsed.concepts - frozenset().union(*rule.needs) - rule.allows - SLOTS
