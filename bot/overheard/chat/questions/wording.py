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
"""Buttons of a card."""
MAX_UNKNOWN_WORDS, MAX_WORD_CHARS = 3, 40
"""Words that are repeated as not understood, and the most characters of each."""
MAX_HINTS = 2
"""Questions that are proposed below an answer."""
_REASONS = {
    "future": "I do not forecast; I show what models say now and what they said before.",
    "opinion": "I have no opinion of my own; I show what the models say.",
    "export": "I send nothing to other places; the report and all answers I can put here as files.",
    "two": "I read two questions in it. Ask one after the other.",
    "limit": "I read a word in it that limits what you ask, and will not answer without that.",
    "neg": "I read a “not” in it, and will not guess what you leave out.",
}
"""What is said of a question with some concept that is not understood; the first one counts."""
_LABELS = {
    "report": "How are we doing?",
    "trend": "Over time",
    "trend versus": "Against a competitor",
    "trend voice": "Share of voice",
    "changes": "What changed?",
    "alerts show": "The alert",
    "alerts list": "Alerts",
    "answers": "What they say",
    "answers questions": "Questions you lose",
    "answers sources": "Cited sources",
    "evidence": "Read answers",
    "claims": "False claims",
    "brief list": "What to do?",
    "spend": "What it cost",
    "schedules list": "Next check",
    "runs list": "Checks",
    "changes updates": "Model updates",
    "models list": "Models",
    "prompts list": "Questions",
    "facts list": "Facts",
    "brands list": "Brands",
    "status": "Overview",
    "power": "What I would notice",
}


def not_understood(
    parsed: ParsedQuestion, situation: Situation, guess: Action | None, note: str = ""
) -> Card:
    """Return the card for a question that was not understood: why, and up to `MAX_ACTIONS` buttons.

    The first `MAX_UNKNOWN_WORDS` words that were not understood are repeated, each cut to
    `MAX_WORD_CHARS`. The button for what may have been meant comes first; then those of
    `useful_buttons`. Of several buttons with the same label, the first is kept.

    Args:
        parsed: The question, as far as it was understood.
        situation: The state of the deployment.
        guess: A button for what may have been meant, or None.
        note: Why no model helped to understand it, as a sentence; or empty.
    """
    unknown = [
        f"“{wording.shorten(wording.line(word), MAX_WORD_CHARS)}”"
        for word in parsed.unknown[:MAX_UNKNOWN_WORDS]
    ]
    words = Tainted(", ".join(unknown))
    fields = (Field("Not understood", words, wide=True),) if unknown else ()
    offered = [*([guess] if guess else []), *useful_buttons(situation)]
    labels = [action.label for action in offered]
    actions = [action for i, action in enumerate(offered) if action.label not in labels[:i]]
    return Card(
        "I understood only a part of that" if guess else "I did not understand that",
        "\n\n".join(filter(None, (_refusal_reason(parsed, situation, guess), note))),
        fields=fields,
        actions=tuple(actions[:MAX_ACTIONS]),
        severity=Severity.WARNING,
        data={"unknown": list(parsed.unknown), "not_asked": list(parsed.not_asked)},
    )


def _refusal_reason(parsed: ParsedQuestion, situation: Situation, guess: Action | None) -> str:
    """Return why a question is not answered, as one or two sentences.

    The first of these reasons counts:

    - It names models that are not asked; up to `MAX_UNKNOWN_WORDS` of them are listed, and then
      those that are asked.
    - It has a concept of `_REASONS`, such as a forecast, an opinion or a "not".
    - Only a part was understood (there is a guess); that part is named.
    - Otherwise nothing was understood.

    Args:
        parsed: The question, as far as it was understood.
        guess: The button for the part that was understood, or None.
    """
    if parsed.not_asked:
        asked = wording.listing(sorted(set(situation.models.values())))
        not_asked = parsed.not_asked[:MAX_UNKNOWN_WORDS]
        names = wording.listing([wording.line(name)[:MAX_WORD_CHARS] for name in not_asked])
        return f"{names}: not asked here." + (f" I ask {asked}." if asked else "")
    for concept, reason in _REASONS.items():
        if concept in parsed.concepts:
            return reason
    if guess:
        names = wording.listing([wording.line(n) for n in (*parsed.brands, *parsed.models)])
        understood = f"“{guess.label}”" + (f" and {names}" if names else "")
        return f"I read {understood}, but not the rest, so I will not guess. Without it:"
    return "So I will not guess. I can do these, for example:"


def useful_buttons(situation: Situation) -> tuple[Action, ...]:
    """Return buttons for commands that are useful in the present state, the most useful first.

    Without a tracked brand, these are the set-up and the overview. Otherwise: the newest open alert
    if there is one; the report, what changed, what to do, and what is said of the first tracked
    brand. Commands that the chat does not offer are left out.
    """
    if not situation.own:
        return buttons(situation.commands, [("setup brand", "Set up"), ("status", "Overview")])
    brand = quoted(situation.own[0])
    pairs = [(f"alerts show {alert.id}", "What happened?") for alert in situation.alerts[:1]]
    pairs += [
        (f"report {brand}", "How are we doing?"),
        ("changes", "What changed?"),
        (f"brief {brand}", "What should we do?"),
        (f"answers {brand}", "What do they say?"),
    ]
    return buttons(situation.commands, pairs)


def hello_card(situation: Situation) -> Card:
    """Return the card for a greeting or a request for help: examples of questions, and buttons for
    what is useful now.
    """
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
        actions=useful_buttons(situation)[:MAX_ACTIONS],
    )


def thanks_card() -> Card:
    """Return the card that answers thanks."""
    return Card("You are welcome", "")


def too_many_card(seconds: int) -> Card:
    """Return the card for a person who asks faster than questions are answered.

    Args:
        seconds: After how many seconds the person can ask again.
    """
    text = f"Ask again in {wording.count(seconds, 'second')}."
    return Card("One moment, please", text, severity=Severity.WARNING)


def plan_card(plan: Plan) -> Card:
    """Return the card of an answer without a command."""
    text = "\n\n".join(filter(None, (plan.text, *plan.notes)))
    return Card(plan.title, text, actions=plan.actions)


def button_label(command: str, shows: str, specs: Mapping[str, CommandSpec]) -> str:
    """Return the words of a button for a command, and for what it shows (`answers --show`)."""
    spec = specs.get(command)
    return (
        _LABELS.get(f"{command} {shows}".strip())
        or _LABELS.get(command)
        or (spec.name.capitalize() if spec else command)
    )


def with_hints(card: Card, parsed: ParsedQuestion, plan: Plan, situation: Situation) -> Card:
    """Return a command's card with a longer footer.

    After the footer's own text come, as sentences: the spellings that were corrected, the notes of
    the plan, and up to `MAX_HINTS` questions to ask next. What is missing is left out.

    Args:
        plan: The plan of the answer.
        situation: The state of the deployment.
    """
    notes = [f"I read “{typed[:MAX_WORD_CHARS]}” as {name}." for typed, name in parsed.guessed]
    notes += plan.notes
    if hints := _following_questions(parsed, plan, situation):
        notes.append("Try: " + " · ".join(f"“{hint}”" for hint in hints))
    footer = " ".join(filter(None, (card.footer, *notes)))
    return replace(card, footer=footer)


def _following_questions(parsed: ParsedQuestion, plan: Plan, situation: Situation) -> Sequence[str]:
    """Return up to `MAX_HINTS` questions that continue an answer, in the language of the question.

    In this order, if they fit: the same at another model, when the question names models and not
    all; and by the command of the plan, what the models say, what to do, and what changed. Empty
    when none fits.

    Args:
        plan: The plan of the answer, whose command decides what fits.
    """
    hints = vocabulary(parsed.language).hints
    models = dict.fromkeys(situation.models.values())
    other_models = [name for name in models if parsed.models and name not in parsed.models]
    shows = plan.options.get("show")
    kinds: Iterable[tuple[str, bool]] = (
        ("model", bool(other_models)),
        ("answers", plan.command in {"trend", "alerts show"}),
        ("todo", plan.command in {"report", "alerts show"} or shows in {"versus", "questions"}),
        ("changes", plan.command in {"report", "claims"}),
    )
    names = {"model": next(iter(other_models), "")}
    fitting = [kind for kind, fits in kinds if fits and kind in hints]
    return [hints[kind].format(**names) for kind in fitting[:MAX_HINTS]]
