"""The scanner of questions: reads names, times and concepts word by word, without the intent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from overheard.chat.questions.calendar import NamedTime
from overheard.chat.questions.names import KnownNames, NameReader
from overheard.chat.questions.parsed_question import METRICS, ParsedQuestion
from overheard.chat.questions.times import TimeReader
from overheard.chat.questions.vocabulary import LIGHT, WEAK, Token, implied, vocabulary

MAX_NAME_WORDS = 2
"""Longer phrases without a meaning go before the times in them: "for my Monday meeting"."""
QUESTION_WORDS = frozenset(
    {"how", "what", "who", "why", "when", "where", "which_models", "often", "much", "count"}
)
"""Concepts of the words that questions begin with."""
SPOKEN = frozenset({"say", "named", "recommended"})
"""Concepts of what models do, and no brand."""
_NUMBERED = frozenset(
    {"snooze", "close", "take", "show", "reopen", "explain", "why", "mute", "ack", "dismiss"}
)
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,4}")
OF_ANSWERS = frozenset({*METRICS, "say", "praise", "lose"}) - {"share"}
"""Concepts of what an answer holds."""
YEAR_TOPICS = frozenset({"founded"})
"""Topics of which a year is the value, and not the time that is asked about."""


class QuestionScanner:
    """Reads the names, times and concepts of questions of one language.

    Args:
        language: The code of the language.
        names: The names that questions may have.
        today: The day of the reader.

    Attributes:
        known: The reader of names.
    """

    def __init__(self, language: str, names: KnownNames, today: date) -> None:
        self._language = language
        self._words = vocabulary(language)
        self._times = TimeReader(self._words, today)
        self._names = names
        self.known = NameReader(names, self._words, self._times)

    def scan(self, tokens: Sequence[Token]) -> ParsedQuestion:
        """Return the names, times and concepts of a question, without its intent."""
        found = _Found()
        at = 0
        while at < len(tokens):
            at += self._read_name(tokens, at, found) or self._read_word(tokens, at, found)
        return found.reading(self._names, self._language)

    def _read_name(self, tokens: Sequence[Token], index: int, found: _Found) -> int:
        """Add the name or time at an index to what was found; return its number of words, or 0
        without one.

        Args:
            tokens: The words of the question.
            index: The index.
            found: What was found so far, which is changed.
        """
        concept, size = self._words.phrase(tokens, index)
        if concept == WEAK and size > MAX_NAME_WORDS:
            return size
        if numbered := self._alert_number(tokens, index):
            found.alert, size = numbered
            found.concepts.add("alert_number")
        elif concept == "only" and self._names_beside(tokens, index, size):
            return size
        elif brand := self.known.brand(tokens, index):
            found.brands[brand[0]] = None
            found.order.append("we" if brand[0] in self._names.own else "rival")
            size = brand[1]
        elif model := self.known.model(tokens, index):
            shown, size = model
            found.models |= dict.fromkeys(shown)
            found.concepts.add("asked")
            if self.known.other_version(tokens, index + size):
                found.not_asked.append(" ".join(t.text for t in tokens[index : index + size + 1]))
                size += 1
        elif category := self.known.category(tokens, index):
            size = self._category(tokens, index, category[1], found)
        elif other := self.known.other_model(tokens, index):
            found.not_asked.append(other[0])
            size = other[1]
        elif time := self._times.read(tokens, index):
            period, size = time
            if found.period:
                found.periods.append((period, tokens[index].text))
            found.period = found.period or period
        elif found.period is None and (event := self._event_of_models(tokens, index)):
            found.period, found.models, size = event[0], found.models | event[1], event[2]
            found.concepts.add("asked")
        else:
            return 0
        return size

    def _category(self, tokens: Sequence[Token], index: int, size: int, found: _Found) -> int:
        """Add the category of brands at an index, such as "CRM tools", to `found`.

        Args:
            tokens: The words of the question.
            index: The index of the category's first word.
            size: The number of its words.
            found: What was found so far, which is changed.

        Returns:
            The number of words, with words such as "tools" after the category.
        """
        asked = index and self._words.concept([tokens[index - 1].word]) == "what"
        found.concepts.add("who" if asked else LIGHT)  # "which CRM do they recommend?"
        size = self._words.index_after("kind", tokens, index + size) - index
        if index + size < len(tokens) and self.known.topic(tokens, index + size):
            found.unknown.append(tokens[index].text)  # "CRM prices" are not ours
        return size

    def _names_beside(self, tokens: Sequence[Token], index: int, size: int) -> bool:
        """Return whether a name or a time is directly before or after "only": "only ChatGPT",
        "HubSpot only".

        Such an "only" adds nothing to the name.

        Args:
            tokens: The words of the question.
            index: The index of "only".
            size: The number of words of its phrase.
        """
        after = self._words.index_after(WEAK, tokens, index + size)
        places = [(place, 0) for place in (index + size, after) if place < len(tokens)]
        places += [(place, index) for place in range(max(0, index - 2), index)]
        return any(self._has_name(tokens, *place) for place in places)

    def _has_name(self, tokens: Sequence[Token], index: int, end: int) -> bool:
        """Return whether a name or time begins at an index and, unless `end` is 0, ends before the
        index `end`.
        """
        read = (self.known.model, self.known.brand, self._times.read)
        found = [reader(tokens, index) for reader in read]
        concept, size = self._words.phrase(tokens, index)
        found.append((concept, size) if concept in {"on_days", "recurring"} else None)
        return any(name and (not end or index + name[1] == end) for name in found)

    def _read_word(self, tokens: Sequence[Token], index: int, found: _Found) -> int:
        """Add a phrase, or a misspelt name or word, at an index to what was found; return its
        number of words.

        Args:
            tokens: The words of the question.
            index: The index.
            found: What was found so far, which is changed; an unknown word is added to `unknown`.
        """
        topic = self.known.topic(tokens, index)
        concept, size = self._untimed_phrase(tokens, index)
        if topic and topic[1] >= size and concept not in {"facts", "models"}:
            words = tokens[index : index + topic[1]]
            found.topic = found.topic or topic[0]
            found.note("topic", words)
            if found.topic != topic[0] and index != found.topic_end:
                found.unknown.append(" ".join(token.text for token in words))
            found.topic_end = index + topic[1]
            return topic[1]
        if concept == "when" and self._begins_condition(tokens, index, found):
            return size
        if concept := concept or _shape(tokens[index].word):
            concept = "and_also" if concept == "and" and not index else concept
            if concept == "and" and self._begins_question(tokens, index + 1):
                concept = "two"
            found.note(concept, tokens[index : index + size])
            return size
        near = self.known.near(tokens, index)
        if near is None:
            found.unknown.append(tokens[index].text)
            return 1
        found.guessed.append((near.typed, near.name))
        if near.brand:
            found.brands[near.brand] = None
        else:
            found.models |= dict.fromkeys(near.models)
            found.concepts.add("asked")
        return near.size

    def _untimed_phrase(self, tokens: Sequence[Token], index: int) -> tuple[str, int]:
        """Return the concept and the number of words of the longest phrase at an index that takes
        no word from a time: "improve" and not "improve this" before "this year".
        """
        concept, size = self._words.phrase(tokens, index)
        last = index + size - 1
        calendar = any(
            (tokens[last].word,) in self._words.times[k] for k in ("this", "last", "next")
        )
        if size > 1 and calendar and self._times.read(tokens, last):
            shorter = self._words.phrase(tokens[:last], index)
            return shorter if shorter[0] else (concept, size)
        return concept, size

    def _begins_question(self, tokens: Sequence[Token], index: int) -> bool:
        """Return whether another question begins at an index."""
        if index >= len(tokens):
            return False
        opening = tokens[index].word in self._words.opening
        return not opening and self._words.phrase(tokens, index)[0] in QUESTION_WORDS

    def _begins_condition(self, tokens: Sequence[Token], index: int, found: _Found) -> bool:
        """Return whether "when" begins a condition without meaning: "where do we rank when ChatGPT
        makes a list".

        Args:
            tokens: The words of the question.
            index: The index of "when".
            found: What was found before it.
        """
        previous = self._words.concept([tokens[index - 1].word]) if index else None
        model = self.known.model(tokens, index + 1)
        return bool(model and previous != "and" and found.concepts & OF_ANSWERS)

    def _event_of_models(
        self, tokens: Sequence[Token], index: int
    ) -> tuple[NamedTime, dict[str, None], int] | None:
        """Return an event such as ``since the Claude update`` at an index, or None.

        Returns:
            The event, the readers' names of its models as keys, and its number of words.
        """
        for place in (index + 1, index + 2):
            model = self.known.model(tokens, place)
            if model and place < len(tokens):
                rest = [*tokens[:place], *tokens[place + model[1] :]]
                time = self._times.read(rest, index)
                if time and time[0].event and index + time[1] > place:
                    return time[0], dict.fromkeys(model[0]), time[1] + model[1]
        return None

    def _alert_number(self, tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
        """Return the number of an alert at an index, and its number of words; None without one.

        Such as ``alert 3``, ``alert #3`` or ``#3``; after a verb such as "close", also ``3``.
        """
        word = tokens[index].word
        if (
            self._words.concept([word]) == "ahead"
            and index
            and tokens[index - 1].word not in _NUMBERED
        ):
            return None  # "who is #1"
        if word.startswith("#") and word[1:].isdigit():
            return int(word[1:]), 1
        if index and tokens[index - 1].word in _NUMBERED and word.isdigit() and len(word) <= 6:
            return (int(word), 1) if self._times.read(tokens, index) is None else None
        if index + 1 < len(tokens) and self._words.concept([word]) == "alert":
            number = tokens[index + 1].word.removeprefix("#")
            number = str(self._words.times["numbers"].get((number,), number))
            if number.isdigit() and len(number) <= 6:
                return int(number), 2
        return None


def _shape(word: str) -> str:
    """Return the concept of a word that no list contains: a number, a channel or a web domain; else
    "".
    """
    if word.isdigit():
        return "number"
    if word.startswith("#"):
        return "channel"
    return "site" if DOMAIN.fullmatch(word) else ""


@dataclass(slots=True)
class _Found:
    """The names, times and concepts that are found in a question so far; see `ParsedQuestion`."""

    brands: dict[str, None] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    concepts: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    guessed: list[tuple[str, str]] = field(default_factory=list)
    topic: str = ""
    topic_end: int = 0
    period: NamedTime | None = None
    periods: list[tuple[NamedTime, str]] = field(default_factory=list)
    alert: int = 0
    typed: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def note(self, concept: str, tokens: Sequence[Token]) -> None:
        """Add a concept, with the words as which it was typed."""
        self.concepts.add(concept)
        if concept not in {WEAK, LIGHT}:
            self.order.append(concept)
        self.typed.setdefault(concept, " ".join(token.text for token in tokens if token.text))

    def reading(self, names: KnownNames, language: str) -> ParsedQuestion:
        """Return everything that was found as a parsed question without an intent; this object is
        used up.

        Args:
            names: The known names, of which the tracked brands mean "we".
            language: The language of the question, such as ``en``.
        """
        concepts, brands = self.concepts, tuple(self.brands)
        for concept in concepts & set(implied()):
            for more in implied()[concept]:
                concepts.add(more)
                self.typed.setdefault(more, self.typed.get(concept, concept))
        if any(name in names.own for name in brands):
            concepts |= {"we", "own"}
        if any(name not in names.own for name in brands):
            concepts.add("rival")
        if self.periods and "compare" in concepts:
            self._merge_periods()
        self.unknown += [typed for _, typed in self.periods]
        for who, verb, whom in zip(self.order, self.order[1:], self.order[2:], strict=False):
            if who in {"rival", "competitors"} and verb in SPOKEN and whom == "we":
                self.unknown.append(self.typed[verb])  # "does HubSpot recommend us?"
        if self.topic in YEAR_TOPICS and self.period and self.period.is_year:
            self.period = None
            concepts.add("number")
        metric = next((METRICS[c] for c in METRICS if c in concepts), "")
        return ParsedQuestion(
            brands=brands,
            we="we" in concepts,
            models=tuple(self.models),
            metric=metric,
            topic=self.topic,
            period=self.period,
            alert=self.alert,
            follows="and_also" in concepts,
            concepts=frozenset(concepts - {WEAK, "and", "and_also"}),
            unknown=tuple(self.unknown),
            not_asked=tuple(self.not_asked),
            guessed=tuple(self.guessed),
            typed=self.typed,
            language=language,
        )

    def _merge_periods(self) -> None:
        """Replace all compared times by one time that begins with the earliest and has no end."""
        starts = [p.start for p in (self.period, *(p for p, _ in self.periods)) if p and p.start]
        self.period, self.periods = NamedTime(min(starts)) if starts else None, []
