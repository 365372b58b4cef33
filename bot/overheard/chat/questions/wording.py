"""The cards of questions that no command answers, and what is added to those that one does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Tainted, divided
from overheard.cards.command import Kind, Role, quoted
from overheard.chat.parser import Order, fill
from overheard.chat.questions.assistant import Reading
from overheard.chat.questions.grammar import ParsedQuestion
from overheard.chat.questions.planner import buttons, primary_first
from overheard.chat.questions.situation import Situation
from overheard.chat.questions.tools import notes, reads
from overheard.chat.replies import NO_BRAND, form_title

MAX_ACTIONS = 3
"""Buttons of a card."""
MAX_UNKNOWN_WORDS, MAX_WORD_CHARS = 3, 40
"""Words that are repeated as not understood, and the most characters of each."""
_ADDED = {"country": "market", "persona": "persona", "language": "language"}
"""The option of `prompts add` that adds what is lacking."""
USUAL_READINGS = (
    ("trend --show voice", "Share of voice"),
    ("report", "How are we doing"),
    ("changes", "What changed"),
)
"""The buttons of another reading, where a model gives none: the first that is not there yet."""


def reading_words(order: Order, situation: Situation) -> str:
    """Return how a question was read: ``Against a competitor: Acme, Zeta, since 1 Oct``."""
    values = [
        _value_words(str(value), option.name, option.kind, situation)
        for option in order.spec.options
        for value in _listed(order.given.get(option.name, ()))
        if option.name != "show"
    ]
    return ": ".join(filter(None, (_label_of(order, situation), ", ".join(values))))


def _label_of(order: Order, situation: Situation) -> str:
    """Return the words of a button for a command, and for what it shows (`answers --show`)."""
    name, shows, labels = order.spec.name, str(order.given.get("show", "")), notes()["labels"]
    spec = situation.commands.get(name)
    shown = labels.get(f"{name} {shows}".strip()) or labels.get(name)
    return (shown or (spec and spec.title) or name.capitalize()).rstrip("?")


def _value_words(value: str, name: str, kind: Kind, situation: Situation) -> str:
    if kind is Kind.TIME:
        day = date.fromisoformat(value[:10]) if value[:4].isdigit() else None
        value = f"{day.day} {wording.MONTHS[day.month - 1]}" if day else value
        return f"{name} {value}"
    if kind is Kind.MODEL:
        return situation.models.get(value, value)
    if kind is Kind.METRIC:
        return value.replace("_", " ")
    if kind in {Kind.FLAG, Kind.INTEGER}:
        return name if kind is Kind.FLAG else f"{value} {name}"
    return wording.shorten(wording.line(value), MAX_WORD_CHARS)


def with_reading(card: Card, reading: Reading, situation: Situation) -> Card:
    """Return a command's card with how a model read the question, and a button for another reading
    as its last one.
    """
    if reading.order is None:
        return card
    footer = f"{card.footer} I read this as: {reading_words(reading.order, situation)}.".strip()
    shown, menu = divided(card.actions)
    others = [(o.words, _label_of(o, situation)) for o in (reading.other,) if o]
    there = {_label_of(reading.order, situation), *(action.label for action in shown[:2])}
    pairs = [
        (words, f"Other reading: {label}")
        for words, label in (*others, *USUAL_READINGS)
        if label not in there
    ]
    other = buttons(situation.commands, pairs)[:1]
    return replace(card, footer=footer, actions=(*shown[:2], *other, *menu))


def offered_card(order: Order, situation: Situation, price: str) -> Card:
    """Return the card that offers a command that costs or changes something, with its values: a
    button for it, and one for its form.

    Args:
        price: What it costs, such as "8 questions for about $0.04."; or empty.
    """
    spec, words = order.spec, order.words
    needed = {o.name: order.options[o.name] for o in spec.options if o.required}
    form = fill(spec, needed).words if spec.fill else spec.name
    named = {option.name: option for option in spec.options}
    fields = tuple(
        Field(
            named[name].shown,
            Tainted("yes" if value is True else ", ".join(map(str, _listed(value)))),
            wide=True,
        )
        for name, value in order.given.items()
    )
    pairs = [(words, form_title(spec))]
    # with nothing typed, a viewer's command may take what there is only one of and open no form
    opens = spec.role > Role.VIEWER and any(option.required for option in spec.options)
    if form != words and (spec.fill or opens):
        pairs.append((form, "Fill it in myself"))
    actions = primary_first(buttons(situation.commands, pairs))
    return Card(
        "Shall I do that?", f"{spec.summary} {price}".strip(), fields=fields, actions=actions
    )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, tuple) else (value,)


def lacking_card(
    reading: Reading, situation: Situation, price: str, market: Order | None = None
) -> Card:
    """Return the card that says what a question lacks, with the nearest buttons.

    Args:
        price: What adding it costs, as a sentence; or empty.
        market: The command that asks all questions in the country that is lacking too, or None.
    """
    lacks, order = reading.lacks, reading.order
    text = notes()["lacking"].get(lacks, "")
    if lacks == "model":
        text += f" I ask {wording.listing(sorted(set(situation.models.values())))}."
    pairs = []
    if market:
        pairs.append((market.words, "Ask there too"))
        text = f"{text} {price}"
    elif lacks in _ADDED and reading.lacking:
        value = quoted(reading.lacking)
        pairs.append((f"prompts add --{_ADDED[lacks]} {value}", f"Add {reading.lacking.title()}"))
        text = f"{text} {price}".strip()
    if lacks == "brand":
        brand = f" {quoted(situation.own[0])}" if len(situation.own) == 1 else ""
        pairs.append((f"brands edit{brand}", "Add a competitor"))
    for one in filter(None, (order, reading.other)):
        words, label = reading_words(one, situation), "Without it: " if one is order else ""
        pairs.append((one.words, f"{label}{words}" if reads(one.spec) else words))
    added = {words for words, _ in pairs}
    useful = (one for one in useful_buttons(situation) if one.words not in added)
    actions = (*buttons(situation.commands, pairs), *useful)[: MAX_ACTIONS - 1]
    return Card(
        "I cannot say that",
        text,
        fields=(Field("Missing", Tainted(reading.lacking), wide=True),) if reading.lacking else (),
        actions=primary_first(actions),
        severity=Severity.WARNING,
        data={"lacks": lacks, "lacking": reading.lacking},
    )


def not_understood(
    parsed: ParsedQuestion, situation: Situation, nearest: Order | None, problem: str
) -> Card:
    """Return the card for a question that was not understood: why, and what can be done.

    Args:
        parsed: The question, as far as it was understood.
        nearest: The command without what was not understood, for a button; or None.
        problem: Why no model has helped to understand it, as a sentence; or empty.
    """
    unknown = [
        f"“{wording.shorten(wording.line(word), MAX_WORD_CHARS)}”"
        for word in parsed.unknown[:MAX_UNKNOWN_WORDS]
    ]
    fields = (Field("Not understood", Tainted(", ".join(unknown)), wide=True),) if unknown else ()
    text = "I answer short questions that I know word by word, for example:"
    if parsed.not_asked:
        asked = wording.listing(sorted(set(situation.models.values())))
        not_asked = parsed.not_asked[:MAX_UNKNOWN_WORDS]
        names = wording.listing([wording.line(name)[:MAX_WORD_CHARS] for name in not_asked])
        text = f"{names}: not asked here." + (f" I ask {asked}." if asked else "")
    elif nearest:
        text = "I know the rest, and will not guess."
    label = reading_words(nearest, situation) if nearest else ""
    pairs = [(nearest.words, f"Without it: {label}")] if nearest else []
    useful = [one for one in useful_buttons(situation) if one.label.rstrip("?") != label]
    actions = (*buttons(situation.commands, pairs), *useful)
    return Card(
        "I did not understand that",
        " ".join(filter(None, (problem, text))),
        fields=() if parsed.not_asked else fields,
        actions=actions[:MAX_ACTIONS],
        severity=Severity.WARNING,
        data={"unknown": list(parsed.unknown), "not_asked": list(parsed.not_asked)},
    )


def useful_buttons(situation: Situation) -> tuple[Action, ...]:
    """Return buttons for commands that are useful in the present state, the most useful first.

    These are the newest open alert if there is one; the report, what changed, what to do, and what
    is said of the first tracked brand. Commands that the chat does not offer are left out.
    """
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
    what is useful now; without a tracked brand, the way to the set-up.
    """
    if not situation.own:
        return NO_BRAND
    examples = "\n".join(f"• {question}" for question in notes()["examples"]["questions"])
    return Card(
        "Ask me in your own words",
        f"I show what AI models say about your brand. For example:\n{examples}",
        actions=useful_buttons(situation)[:MAX_ACTIONS],
    )


def too_many_card(seconds: int) -> Card:
    """Return the card for a person who asks faster than questions are answered.

    Args:
        seconds: After how many seconds the person can ask again.
    """
    text = f"Ask again in {wording.count(seconds, 'second')}."
    return Card("One moment, please", text, severity=Severity.WARNING)
