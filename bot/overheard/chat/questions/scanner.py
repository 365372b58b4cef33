"""The scanner of questions: reads names, times and concepts word by word, without the intent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from overheard.chat.questions.calendar import NamedTime
from overheard.chat.questions.names import FoundName, KnownNames, NameReader
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
MAX_ALERT_DIGITS = 6
"""The most digits of an alert's number."""
_VERBS_OF_ALERTS = frozenset(
    {"snooze", "close", "take", "show", "reopen", "explain", "why", "mute", "ack", "dismiss"}
)
"""Verbs after which a number is that of an alert."""
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
        name_reader: Reads the names of brands, models and topics.
    """

    def __init__(self, language: str, names: KnownNames, today: date) -> None:
        self._language = language
        self._vocabulary = vocabulary(language)
        self._times = TimeReader(self._vocabulary, today)
        self._names = names
        self.name_reader = NameReader(names, self._vocabulary, self._times)

    def scan(self, tokens: Sequence[Token]) -> ParsedQuestion:
        """Return the names, times and concepts of a question, without its intent.

        The words are read from the first to the last. At each, the first of these that fits wins: a
        name or a time, a phrase of the vocabulary, a misspelt name. A word that is none of them is
        unknown. No words give an empty question.
        """
        found = _Findings()
        at = 0
        while at < len(tokens):
            at += self._read_name(tokens, at, found) or self._read_phrase(tokens, at, found)
        return found.parsed_question(self._names, self._language)

    def _read_name(self, tokens: Sequence[Token], index: int, found: _Findings) -> int:
        """Add the name or time at an index to `found`, and return its number of words; 0 when there
        is none.

        The first of these that fits wins: the number of an alert, a brand, an asked model, a
        category, a model that is not asked, a time, an event such as ``since the Claude update``
        (only while the question has no time).
        Two cases add nothing and return the number of their words: a phrase without a meaning of
        more than `MAX_NAME_WORDS` words, and an "only" beside a name. An asked model with another
        version ("GPT 4") is added both as asked and as not asked. The first time is the period of
        the question; each further one goes to `_Findings.further_periods`.

        Args:
            index: The index of the first word.
        """
        concept, size = self._vocabulary.phrase(tokens, index)
        if concept == WEAK and size > MAX_NAME_WORDS:
            return size
        if numbered := self._alert_number(tokens, index):
            found.alert, size = numbered
            found.concepts.add("alert_number")
        elif concept == "only" and self._is_beside_name(tokens, index, size):
            return size
        elif brand := self.name_reader.brand(tokens, index):
            found.brands[brand.meaning] = None
            found.order.append("we" if brand.meaning in self._names.own else "rival")
            size = brand.size
        elif model := self.name_reader.model(tokens, index):
            size = model.size
            found.add_models(model.meaning)
            if self.name_reader.is_other_version(tokens, index + size):
                size += 1
                found.not_asked.append(_typed(tokens[index : index + size]))
        elif category := self.name_reader.category(tokens, index):
            size = self._read_category(tokens, index, category.size, found)
        elif unasked_model := self.name_reader.other_model(tokens, index):
            found.not_asked.append(unasked_model.meaning)
            size = unasked_model.size
        elif time := self._times.read(tokens, index):
            size = time.size
            if found.period:
                found.further_periods.append((time.time, tokens[index].text))
            found.period = found.period or time.time
        elif found.period is None and (event := self._event_of_models(tokens, index)):
            found.period, models, size = event
            found.add_models(models)
        else:
            return 0
        return size

    def _read_category(
        self, tokens: Sequence[Token], index: int, size: int, found: _Findings
    ) -> int:
        """Add the category of brands at an index, such as "CRM tools", to `found`.

        After "which" it adds the concept ``who``: "which CRM do they recommend?". Otherwise it adds
        `LIGHT`, a concept without a meaning. Directly before a topic of answers, as in "CRM
        prices", its first word is also added to the unknown ones, because the topic is not ours.

        Args:
            index: The index of the category's first word.
            size: The number of the category's words.

        Returns:
            The number of the category's words and of words such as "tools" after it.
        """
        is_asked_for = index and self._vocabulary.concept([tokens[index - 1].word]) == "what"
        found.concepts.add("who" if is_asked_for else LIGHT)  # "which CRM do they recommend?"
        size = self._vocabulary.index_after("kind", tokens, index + size) - index
        if index + size < len(tokens) and self.name_reader.topic(tokens, index + size):
            found.unknown.append(tokens[index].text)  # "CRM prices" are not ours
        return size

    def _is_beside_name(self, tokens: Sequence[Token], index: int, size: int) -> bool:
        """Return whether a name or a time is next to "only": "only ChatGPT", "HubSpot only".

        Words without a meaning may stand between "only" and a name after it. A name before it ends
        directly before "only" and has one or two words.

        Args:
            index: The index of "only".
            size: The number of words of the phrase that means "only".
        """
        next_at = index + size
        after_weak = self._vocabulary.index_after(WEAK, tokens, next_at)
        follows = any(
            self._begins_name(tokens, at) for at in (next_at, after_weak) if at < len(tokens)
        )
        return follows or any(
            self._begins_name(tokens, at, end=index) for at in range(max(0, index - 2), index)
        )

    def _begins_name(self, tokens: Sequence[Token], index: int, end: int = 0) -> bool:
        """Return whether a brand, an asked model, a time or days such as "every Monday" begin at an
        index.

        Args:
            index: The index of the first word.
            end: The index of the word that has to follow directly after the name; 0 for any word.
        """
        concept, phrase_size = self._vocabulary.phrase(tokens, index)
        found = (
            self.name_reader.model(tokens, index),
            self.name_reader.brand(tokens, index),
            self._times.read(tokens, index),
        )
        sizes = [name.size for name in found if name]
        sizes += [phrase_size] if concept in {"on_days", "recurring"} else []
        return any(not end or index + size == end for size in sizes)

    def _read_phrase(self, tokens: Sequence[Token], index: int, found: _Findings) -> int:
        """Add the phrase, or the misspelt name, at an index to `found`; return its number of words.

        The first of these that fits wins:

        - a topic of answers, unless a phrase here is longer or means facts or models;
        - a "when" that begins a condition without meaning, which adds nothing;
        - a phrase, or else a number, channel or domain, which its shape tells. "and" as the first
          word means a continued question, and before a question word a second question;
        - a misspelt brand or model, which is added with its correction;
        - otherwise the one word is added to the unknown ones.

        Args:
            index: The index of the first word.
        """
        topic = self.name_reader.topic(tokens, index)
        concept, size = self._untimed_phrase(tokens, index)
        if topic and topic.size >= size and concept not in {"facts", "models"}:
            self._add_topic(topic, tokens, index, found)
            return topic.size
        if concept == "when" and self._begins_condition(tokens, index, found):
            return size
        if concept := concept or _concept_by_shape(tokens[index].word):
            if concept == "and" and index == 0:
                concept = "and_also"
            elif concept == "and" and self._begins_question(tokens, index + 1):
                concept = "two"
            found.add_concept(concept, tokens[index : index + size])
            return size
        similar = self.name_reader.near(tokens, index)
        if similar is None:
            found.unknown.append(tokens[index].text)
            return 1
        found.guessed.append((similar.typed, similar.name))
        if similar.brand:
            found.brands[similar.brand] = None
        else:
            found.add_models(similar.models)
        return similar.size

    def _add_topic(
        self, topic: FoundName[str], tokens: Sequence[Token], index: int, found: _Findings
    ) -> None:
        """Add a topic of answers to `found`.

        The first topic of a question counts. The words of another topic are added to the unknown
        ones, unless they follow directly after a topic: "price plans" is one topic.

        Args:
            topic: The topic and its number of words.
            index: The index of the topic's first word.
        """
        words = tokens[index : index + topic.size]
        found.topic = found.topic or topic.meaning
        found.add_concept("topic", words)
        if found.topic != topic.meaning and index != found.topic_end:
            found.unknown.append(_typed(words))
        found.topic_end = index + topic.size

    def _untimed_phrase(self, tokens: Sequence[Token], index: int) -> tuple[str, int]:
        """Return the concept and the number of words of the longest phrase at an index, without a
        last word that begins a time.

        In "improve this year", the phrase is "improve" and not "improve this". If no such shorter
        phrase is known, the longer one is returned. ("", 1) without a known phrase.

        Args:
            index: The index of the first word of the phrase.
        """
        concept, size = self._vocabulary.phrase(tokens, index)
        last = index + size - 1
        may_begin_time = any(
            (tokens[last].word,) in self._vocabulary.times[kind]
            for kind in ("this", "last", "next")
        )
        if size > 1 and may_begin_time and self._times.read(tokens, last):
            shorter = self._vocabulary.phrase(tokens[:last], index)
            return shorter if shorter[0] else (concept, size)
        return concept, size

    def _begins_question(self, tokens: Sequence[Token], index: int) -> bool:
        """Return whether a question word such as "how" or "which" is at an index.

        False for words such as "do", which begin questions that are answered by yes or no. False
        also for an index after the last word.

        Args:
            index: The index of the word; may be after the last word.
        """
        if index >= len(tokens):
            return False
        if tokens[index].word in self._vocabulary.opening:
            return False
        concept, _ = self._vocabulary.phrase(tokens, index)
        return concept in QUESTION_WORDS

    def _begins_condition(self, tokens: Sequence[Token], index: int, found: _Findings) -> bool:
        """Return whether "when" begins a condition without meaning: "where do we rank when ChatGPT
        makes a list".

        True when the word before is not "and", an asked model follows directly, and the question so
        far asks for something that answers hold, such as a rank or a sentiment (`OF_ANSWERS`).

        Args:
            index: The index of "when".
            found: What was found before it.
        """
        previous = self._vocabulary.concept([tokens[index - 1].word]) if index else None
        model = self.name_reader.model(tokens, index + 1)
        return bool(model and previous != "and" and found.concepts & OF_ANSWERS)

    def _event_of_models(
        self, tokens: Sequence[Token], index: int
    ) -> tuple[NamedTime, tuple[str, ...], int] | None:
        """Return an event with the name of an asked model in it, such as ``since the Claude
        update``; None when none begins at the index.

        The name begins at the second or third word, and the words around it are an event without
        it: ``since the update``. The first name that fits wins.

        Args:
            index: The index of the first word of the event.

        Returns:
            The event, the readers' names of its models, and the number of words with the name.
        """
        for model_at in (index + 1, index + 2):
            model = self.name_reader.model(tokens, model_at)
            if model and model_at < len(tokens):
                without_model = [*tokens[:model_at], *tokens[model_at + model.size :]]
                event = self._times.read(without_model, index)
                surrounds_model = event is not None and index + event.size > model_at
                if event and event.time.event and surrounds_model:
                    return event.time, model.meaning, event.size + model.size
        return None

    def _alert_number(self, tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
        """Return the number of an alert at an index, and its number of words; None without one.

        ``alert 3``, ``alert three``, ``alert #3`` and ``#3`` are numbers of alerts. After a verb
        such as "close", ``3`` is one as well, unless it begins a time. ``#1`` is the number of an
        alert only as the first word or after such a verb; after any other word it is the first
        place ("who is #1"). A number above `MAX_ALERT_DIGITS` digits counts only as ``#1234567``.

        Args:
            index: The index of the first word of the phrase.
        """
        word = tokens[index].word
        concept = self._vocabulary.concept([word])
        is_after_verb = index > 0 and tokens[index - 1].word in _VERBS_OF_ALERTS
        if concept == "ahead" and index > 0 and not is_after_verb:
            return None  # "who is #1"
        if word.startswith("#") and word[1:].isdigit():
            return int(word[1:]), 1
        if is_after_verb and _is_alert_number(word):
            return (int(word), 1) if self._times.read(tokens, index) is None else None
        if index + 1 < len(tokens) and concept == "alert":
            number = tokens[index + 1].word.removeprefix("#")
            number = str(self._vocabulary.times["numbers"].get((number,), number))
            if _is_alert_number(number):
                return int(number), 2
        return None


def _is_alert_number(word: str) -> bool:
    return word.isdigit() and len(word) <= MAX_ALERT_DIGITS


def _typed(tokens: Sequence[Token]) -> str:
    """Return words as they were typed."""
    return " ".join(token.text for token in tokens)


def _concept_by_shape(word: str) -> str:
    """Return the concept of a word that no list contains: ``number``, ``channel`` (``#brand``) or
    ``site`` (``acme.com``); "" for any other.
    """
    if word.isdigit():
        return "number"
    if word.startswith("#"):
        return "channel"
    return "site" if DOMAIN.fullmatch(word) else ""


@dataclass(slots=True)
class _Findings:
    """The names, times and concepts that are found in a question so far.

    Attributes:
        brands: The names of brands, as keys in their order.
        models: The readers' names of asked models, as keys in their order.
        concepts: The concepts of all phrases.
        unknown: Words without a meaning, as typed.
        not_asked: Names of models that are not asked.
        guessed: Spellings that were corrected, each with its correction.
        topic: The first topic of answers, or empty.
        topic_end: The index after the latest topic.
        period: The first time, or None.
        further_periods: Further times, each with its first word.
        alert: The number of an alert, or 0.
        typed: The first words of each concept, as typed.
        order: The concepts with a meaning and the brands (``we`` or ``rival``), in their order.
    """

    brands: dict[str, None] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    concepts: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    guessed: list[tuple[str, str]] = field(default_factory=list)
    topic: str = ""
    topic_end: int = 0
    period: NamedTime | None = None
    further_periods: list[tuple[NamedTime, str]] = field(default_factory=list)
    alert: int = 0
    typed: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def add_models(self, names: Iterable[str]) -> None:
        """Add models by their readers' names."""
        self.models |= dict.fromkeys(names)
        self.concepts.add("asked")

    def add_concept(self, concept: str, tokens: Sequence[Token]) -> None:
        """Add a concept with its words as typed; of several phrases, the first words are kept."""
        self.concepts.add(concept)
        if concept not in {WEAK, LIGHT}:
            self.order.append(concept)
        self.typed.setdefault(concept, " ".join(token.text for token in tokens if token.text))

    def parsed_question(self, names: KnownNames, language: str) -> ParsedQuestion:
        """Return everything that was found as a parsed question without an intent.

        - A concept brings those that it includes (``rules.toml``): ``record`` brings ``configure``.
        - A tracked brand adds the concept ``we``, any other brand ``rival``.
        - In a comparison ("March and May"), all times are merged into one without an end.
          Otherwise the first word of each time after the first is added to the unknown ones.
        - In "does HubSpot recommend us?", the verb is added to the unknown ones: brands do not
          answer.
        - A year beside a topic such as the founding is a number, and no time.
        - Of several metrics, the first in the order of `METRICS` counts.

        This changes the object, which must not be used afterwards.

        Args:
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
        if self.further_periods and "compare" in concepts:
            self._merge_periods()
        self.unknown += [typed for _, typed in self.further_periods]
        for subject, verb, object_ in zip(self.order, self.order[1:], self.order[2:], strict=False):
            if subject in {"rival", "competitors"} and verb in SPOKEN and object_ == "we":
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
        """Replace all times by one that begins with the earliest first day and has no end.

        When none of them has a first day, the question is left without a time.
        """
        periods = (self.period, *(period for period, _ in self.further_periods))
        starts = [period.start for period in periods if period and period.start]
        self.period = NamedTime(min(starts)) if starts else None
        self.further_periods = []
