"""Maps a question in words to what it asks for. Pure: no store, no clock.

A question is understood when a rule explains every word that carries a meaning. It is the free
first pass: one word that is not known, such as another brand, is enough to leave a question to the
model that reads questions, where one is configured.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from overheard.chat.questions.names import KnownNames, longest_name
from overheard.chat.questions.times import Period, TimeReader
from overheard.chat.questions.vocabulary import (
    LANGUAGES,
    LIGHT,
    WEAK,
    IntentRule,
    Token,
    rules,
    tokenize,
    vocabulary,
)

MAX_CHARS = 600
"""Longer texts are no questions."""
MAX_UNKNOWN_CHARS = 40
"""Characters of such a text that are repeated as not understood."""
MAX_SHORT_WORDS = 8
"""Longer texts are no greetings, and go on with no question before."""
MAX_NAME_WORDS = 2
"""Longer phrases without a meaning go before the times in them: "for my Monday meeting"."""
GREETINGS = frozenset({"hello", "thanks", "help"})
"""Intents of questions that name nothing."""
QUESTION_WORDS = frozenset({"how", "what", "who", "why", "when", "where", "which_models"})
"""Concepts of the words that questions begin with."""
SPOKEN = frozenset({"say", "named", "recommended", "rank", "praise", "drawback", "false"})
"""Concepts of what models do, and no brand."""
_TWO_QUESTIONS = re.compile(r"\w[^?]*\?[^?]*\w[^?]*\?")
_ALERT_NUMBER = re.compile(r"#?(\d{1,6})")


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
        concepts: All concepts of the question.
        unknown: Words that were not understood, as typed.
        not_asked: Names of models that are not asked here.
    """

    intent: str = ""
    brands: tuple[str, ...] = ()
    we: bool = False
    models: tuple[str, ...] = ()
    metric: str = ""
    topic: str = ""
    period: Period | None = None
    alert: int = 0
    concepts: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether every word that carries a meaning is explained."""
        return bool(self.intent) and not self.unknown and not self.not_asked

    @property
    def names_something(self) -> bool:
        """Whether it names a brand, a model, a time, a topic, a metric or "us"."""
        named = self.brands or self.models or self.period or self.topic or self.metric
        return bool(named or self.we)


def parse_question(
    text: str, names: KnownNames, today: date, before: ParsedQuestion | None = None
) -> ParsedQuestion:
    """Return a question parsed in the first language that explains all of it; without one, the
    attempt with the fewest words that are not known. A text without words, with two questions, or
    longer than `MAX_CHARS`, gives one whose first `MAX_UNKNOWN_CHARS` characters are unknown.

    Args:
        text: The question, without a mention of the bot.
        names: The names of brands, models and topics that it may contain.
        today: The day of the reader.
        before: The question before in the same conversation, which a question such as "and at
            Claude?" continues; None without one.
    """
    tokens = tokenize(text)
    if not tokens or len(text) > MAX_CHARS or _TWO_QUESTIONS.search(text):
        beginning = text[:MAX_UNKNOWN_CHARS].strip()
        return ParsedQuestion(unknown=(beginning,) if beginning else ())
    is_short = len(tokens) <= MAX_SHORT_WORDS
    attempts = []
    for language in LANGUAGES:
        scanned = _Scanner(language, names, today).scan(tokens)
        parsed = replace(scanned, intent=_intent_of(scanned, is_short=is_short))
        goes_on = before and vocabulary(language).phrase(tokens, 0)[0] == "and"
        if parsed.understood and not goes_on:
            return parsed
        if is_short and (continued := _continued(scanned, before)):
            return continued
        if goes_on:  # "and why at Claude?"
            parsed = replace(parsed, unknown=(*parsed.unknown, tokens[0].text))
        attempts.append(parsed)
    return min(attempts, key=lambda parsed: len(parsed.unknown) + len(parsed.not_asked))


def _intent_of(parsed: ParsedQuestion, *, is_short: bool) -> str:
    """Return the intent of the rule that explains every concept of a question; "" without one.

    Of several such rules, the one that needs the most groups of concepts wins; of equal ones, the
    first. A question that names something, or that is not short, is no greeting.
    """
    listed = rules()
    denied = frozenset().union(*(listed.denied.get(one, ()) for one in parsed.concepts))
    if parsed.names_something or not is_short:
        denied |= GREETINGS

    def explains(rule: IntentRule) -> bool:
        explained = rule.allows.union(listed.always, *rule.needs)
        return (
            rule.intent not in denied
            and all(group & parsed.concepts for group in rule.needs)
            and parsed.concepts <= explained
        )

    fitting = [rule for rule in listed.rules if explains(rule)]
    return max(fitting, key=lambda rule: len(rule.needs)).intent if fitting else ""


def _continued(parsed: ParsedQuestion, before: ParsedQuestion | None) -> ParsedQuestion | None:
    """Return the question before with the brands, models, metric, topic and time of one that
    continues it: "and at Claude?". None when it asks anything else, or names nothing.
    """
    if before is None or parsed.unknown or parsed.not_asked or not parsed.names_something:
        return None
    if parsed.concepts - rules().always - {*rules().metrics, "models", "topic"}:
        return None
    keeps_us = before.we and (not parsed.brands or before.intent == "versus")
    return replace(
        before,
        brands=parsed.brands or before.brands,
        we=parsed.we or keeps_us,
        models=parsed.models or before.models,
        metric=parsed.metric or before.metric,
        topic=parsed.topic or before.topic,
        period=parsed.period or before.period,
    )


@dataclass(slots=True)
class _Scanner:
    """Reads the names, times and concepts of a question, word by word."""

    language: str
    names: KnownNames
    today: date
    brands: dict[str, None] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    topics: dict[str, None] = field(default_factory=dict)
    concepts: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    alert: int = 0
    unknown: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    def scan(self, tokens: Sequence[Token]) -> ParsedQuestion:
        """Return the question without its intent."""
        at = 0
        while at < len(tokens):
            at += self._read(tokens, at)
        concepts, metrics = self.concepts, rules().metrics
        said = [concept for concept in concepts if concept != WEAK]
        for subject, verb, object_ in zip(said, said[1:], said[2:], strict=False):
            if subject in {"rival", "competitors"} and verb in SPOKEN and object_ == "we":
                self.unknown.append(verb)  # "does HubSpot recommend us?"
        if len(self.topics) > 1 or len(self.periods) > 1:
            self.unknown += [*self.topics, *(tokens[-1].text for _ in self.periods)]
        return ParsedQuestion(
            brands=tuple(self.brands),
            we="we" in concepts,
            models=tuple(self.models),
            metric=next((metrics[c] for c in metrics if c in concepts), ""),
            topic=next(iter(self.topics), ""),
            period=next(iter(self.periods), None),
            alert=self.alert,
            concepts=frozenset(concepts) - {WEAK, "and", "and_also"},
            unknown=tuple(self.unknown),
            not_asked=tuple(self.not_asked),
        )

    def _read(self, tokens: Sequence[Token], at: int) -> int:
        """Add what begins at a word, and return its number of words."""
        concept, size = vocabulary(self.language).phrase(tokens, at)
        if concept == WEAK and size > MAX_NAME_WORDS:
            return size
        words = [token.word for token in tokens[at:]]
        return (
            self._alert_size(words, concept)
            or self._name_size(tokens, at, words, concept)
            or self._phrase_size(tokens, at, words, concept, size)
        )

    def _name_size(
        self, tokens: Sequence[Token], at: int, words: Sequence[str], concept: str
    ) -> int:
        """Add the name or time with which words begin; return its number of words, or 0."""
        time = TimeReader(vocabulary(self.language).times, self.today).read(words)
        by_words = self.names.by_words
        brand = longest_name(by_words["brand"], words)
        if brand and (not (concept or time) or self._is_exact(tokens, at, brand)):
            self.brands[brand[0]] = None
            self.concepts += ["we", "own"] if brand[0] in self.names.own else ["rival"]
            return brand[1]
        if model := longest_name(self.names.models_by_words, words):
            self.models |= dict.fromkeys(model[0])
            self.concepts.append("asked")
            return model[1]
        if category := longest_name(by_words["category"], words):
            return self._category_size(tokens, at, category[1])
        if other := longest_name(by_words["other"], words):
            self.not_asked.append(other[0])
            return other[1]
        if time:
            self.periods.append(time[0])
        return time[1] if time else 0

    def _category_size(self, tokens: Sequence[Token], at: int, size: int) -> int:
        """Add a category of brands; "which CRM" asks who, and "CRM prices" are not ours."""
        known = vocabulary(self.language)
        is_asked_for = at and known.phrase(tokens, at - 1)[0] == "what"
        self.concepts.append("who" if is_asked_for else LIGHT)
        kind, kind_size = known.phrase(tokens, at + size)
        end = at + size + (kind_size if kind == "kind" else 0)
        if self._topic([token.word for token in tokens[end:]]):
            self.unknown.append(tokens[at].text)
        return end - at

    def _phrase_size(
        self, tokens: Sequence[Token], at: int, words: Sequence[str], concept: str, size: int
    ) -> int:
        """Add the topic or the concept of a phrase, or else an unknown word."""
        topic = self._topic(words)
        if topic and topic[1] >= size and concept not in {"facts", "models"}:
            self.topics[topic[0]] = None
            self.concepts.append("topic")
            return topic[1]
        begins_second = concept == "and" and at and self._asks_more(tokens, at + size)
        is_order = concept == "say" and at == 0  # "tell Claude that ..."
        if not concept or begins_second or is_order:
            self.unknown.append(tokens[at].text)
        else:
            self.concepts.append(concept)
        return size

    def _asks_more(self, tokens: Sequence[Token], at: int) -> bool:
        """Return whether the words behind "and" ask a second question, or for a second metric."""
        known = vocabulary(self.language)
        first, _ = known.phrase(tokens[: at + 1], at)
        later = {known.phrase(tokens, place)[0] for place in range(at, len(tokens))}
        metrics = rules().metrics.keys()
        asked = metrics & set(self.concepts)
        return first in QUESTION_WORDS or bool(asked and later & metrics - asked)

    def _topic(self, words: Sequence[str]) -> tuple[str, int] | None:
        """Return the topic of answers with which words begin, and its number of words."""
        all_topics = (self.names.by_words["topic"], vocabulary(self.language).topics)
        found = [longest_name(topics, words) for topics in all_topics]
        return max(filter(None, found), key=lambda topic: topic[1], default=None)

    def _alert_size(self, words: Sequence[str], concept: str) -> int:
        """Read the number of an alert, ``alert 3`` or ``#3``; return its number of words, or 0."""
        numbers = [_ALERT_NUMBER.fullmatch(word) for word in words[:2]]
        is_second = concept == "alert" and len(numbers) > 1 and numbers[1] is not None
        if is_second or (numbers[0] and words[0].startswith("#") and words[0] != "#1"):
            number = numbers[1 if is_second else 0]
            self.alert = int(number[1]) if number else 0
            self.concepts.append("alert_number")
            return 2 if is_second else 1
        return 0

    def _is_exact(self, tokens: Sequence[Token], at: int, brand: tuple[str, int]) -> bool:
        """Return whether a brand that is also a word is typed as its name: "Close", not first."""
        typed = " ".join(token.text for token in tokens[at : at + brand[1]])
        return at > 0 and typed in self.names.brands and not typed.islower()
