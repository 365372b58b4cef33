"""The cards of questions that no command answers, and what is added to those that one does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Tainted
from overheard.cards.command import CommandSpec, quoted
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.resolution import Plan, buttons
from overheard.chat.questions.situation import Situation
from overheard.chat.questions.vocabulary import vocabulary

MAX_ACTIONS = 3
_REASONS = {
    "future": "I do not forecast; I show what models say now and what they said before.",
    "opinion": "I have no opinion of my own; I show what the models say.",
    "export": "I send nothing to other places; the report and all answers I can put here as files.",
    "two": "I read two questions in it. Ask one after the other.",
    "limit": "I read a word in it that limits what you ask, and will not answer without that.",
    "neg": "I read a “not” in it, and will not guess what you leave out.",
}
_LABELS = {
    "report": "How are we doing?",
    "trend": "Over time",
    "versus": "Against a competitor",
    "voice": "Share of voice",
    "changes": "What changed?",
    "alerts show": "The alert",
    "alerts list": "Alerts",
    "answers list": "What they say",
    "answers questions": "Questions you lose",
    "answers sources": "Cited sources",
    "evidence": "Read answers",
    "claims": "False claims",
    "brief list": "What to do?",
    "spend": "What it cost",
    "schedules list": "Next check",
    "runs list": "Checks",
    "updates list": "Model updates",
    "models list": "Models",
    "prompts list": "Questions",
    "facts list": "Facts",
    "brands list": "Brands",
    "status": "Overview",
    "power": "What I would notice",
}


def not_understood(
    reading: ParsedQuestion, situation: Situation, guess: Action | None, note: str = ""
) -> Card:
    """Return the card for a question that was not understood: why, and up to three buttons.

    Args:
        reading: The question, as far as it was understood.
        situation: The state of the deployment.
        guess: A button for what may have been meant, or None.
        note: Why no model helped to understand it, or an empty string.
    """
    words = ", ".join(f"“{wording.shorten(wording.line(w), 40)}”" for w in reading.unknown[:3])
    fields = (Field("Not understood", Tainted(words), wide=True),) if words else ()
    offered = [*([guess] if guess else []), *fitting_buttons(situation)]
    distinct = {action.label: action for action in reversed(offered)}
    actions = [action for action in offered if distinct.pop(action.label, None)]
    return Card(
        "I understood only a part of that" if guess else "I did not understand that",
        "\n\n".join(filter(None, (_refusal_reason(reading, situation, guess), note))),
        fields=fields,
        actions=tuple(actions[:MAX_ACTIONS]),
        severity=Severity.WARNING,
        data={"unknown": list(reading.unknown), "not_asked": list(reading.not_asked)},
    )


def _refusal_reason(reading: ParsedQuestion, situation: Situation, guess: Action | None) -> str:
    """Return why a question is not answered, as a sentence.

    Args:
        reading: The question, as far as it was understood.
        situation: The state of the deployment.
        guess: The button for what may have been meant, or None.
    """
    if reading.not_asked:
        asked = wording.listing(sorted(set(situation.models.values())))
        names = wording.listing([wording.line(name)[:40] for name in reading.not_asked[:3]])
        return f"{names}: not asked here." + (f" I ask {asked}." if asked else "")
    for concept, reason in _REASONS.items():
        if concept in reading.concepts:
            return reason
    if guess:
        named = wording.listing([wording.line(n) for n in (*reading.brands, *reading.models)])
        read = f"“{guess.label}”" + (f" and {named}" if named else "")
        return f"I read {read}, but not the rest, so I will not guess. Without it:"
    return "So I will not guess. I can do these, for example:"


def fitting_buttons(situation: Situation) -> tuple[Action, ...]:
    """Return buttons for useful commands in the present state of the deployment, the most useful
    first.
    """
    if not situation.own:
        return buttons(situation.commands, [("setup brand", "Set up"), ("status", "Overview")])
    brand = quoted(situation.own[0])
    pairs = [(f"alerts show {alert.id}", "What happened?") for alert in situation.alerts[:1]]
    pairs += [
        (f"report {brand}", "How are we doing?"),
        ("changes", "What changed?"),
        (f"brief {brand}", "What should we do?"),
        (f"answers list {brand}", "What do they say?"),
    ]
    return buttons(situation.commands, pairs)


def hello(situation: Situation) -> Card:
    """Return the card for a greeting or a request for help: examples of questions, and buttons."""
    examples = [
        "How are we doing at ChatGPT?",
        "What changed this week?",
        "What do they say about our price?",
        "Which questions do we lose?",
        "What should we do?",
    ]
    return Card(
        "Ask me in your own words",
        "I show what AI models say about your brand. For example:\n"
        + "\n".join(f"• {example}" for example in examples),
        actions=fitting_buttons(situation)[:MAX_ACTIONS],
    )


def thanks() -> Card:
    """Return the answer to thanks."""
    return Card("You are welcome", "")


def too_many(seconds: int) -> Card:
    """Return the card for a person who asks faster than questions are answered."""
    text = f"Ask again in {wording.count(seconds, 'second')}."
    return Card("One moment, please", text, severity=Severity.WARNING)


def of_plan(made: Plan) -> Card:
    """Return the card of an answer without a command."""
    text = "\n\n".join(filter(None, (made.text, *made.notes)))
    return Card(made.title, text, actions=made.actions)


def label(command: str, specs: Mapping[str, CommandSpec]) -> str:
    """Return the words of a button for a command."""
    spec = specs.get(command)
    return _LABELS.get(command) or (spec.name.capitalize() if spec else command)


def with_hints(card: Card, reading: ParsedQuestion, made: Plan, situation: Situation) -> Card:
    """Return a command's card with a longer footer: how the question was understood, and what to
    ask next.

    Args:
        card: The card.
        reading: The parsed question.
        made: The plan of the answer, whose notes are added.
        situation: The state of the deployment.
    """
    notes = [f"I read “{typed[:40]}” as {name}." for typed, name in reading.guessed]
    notes += made.notes
    if tried := _following_questions(reading, made, situation):
        notes.append("Try: " + " · ".join(f"“{hint}”" for hint in tried))
    footer = " ".join(filter(None, (card.footer, *notes)))
    return replace(card, footer=footer)


def _following_questions(
    reading: ParsedQuestion, made: Plan, situation: Situation
) -> Sequence[str]:
    """Return up to two questions that continue an answer, in the language of the question.

    Args:
        reading: The parsed question.
        made: The plan of the answer.
        situation: The state of the deployment.
    """
    hints = vocabulary(reading.language).hints
    asked = dict.fromkeys(situation.models.values())
    others = [name for name in asked if reading.models and name not in reading.models]
    kinds: Iterable[tuple[str, bool]] = (
        ("model", bool(others)),
        ("answers", made.command in {"trend", "alerts show"}),
        ("todo", made.command in {"report", "versus", "answers questions", "alerts show"}),
        ("changes", made.command in {"report", "claims"}),
    )
    names = {"model": others[0] if others else ""}
    return [hints[kind].format(**names) for kind, fits in kinds if fits and kind in hints][:2]
