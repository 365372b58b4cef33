"""Maps a question in words to what it asks for. Pure: no store, no clock.

A question is understood when a rule explains every word that carries a meaning. One word that is
not known, such as another brand or another subject, is enough for no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from overheard.chat.questions.intents import GREETINGS, intent_of, partly_understood
from overheard.chat.questions.names import KnownNames, NameReader
from overheard.chat.questions.parsed_question import METRICS, SLOTS, ParsedQuestion
from overheard.chat.questions.times import NamedTime, TimeReader
from overheard.chat.questions.vocabulary import (
    LANGUAGES,
    LIGHT,
    WEAK,
    Token,
    Vocabulary,
    fold,
    implied,
    tokenize,
    vocabulary,
)

MAX_CHARS = 600
"""Longer texts are no questions."""
MAX_SUBJECT_WORDS = 5
"""The most words of a subject that is searched for in answers."""
MIN_FREE_WORDS = 3
"""The fewest words of a question that a person wants to have asked."""
MAX_NAME_WORDS = 2
"""Longer phrases without a meaning go before the times in them: "for my Monday meeting"."""
MAX_BARE_WORDS = 8
"""Names in longer texts without a predicate are no question."""
NOT_ASKED = frozenset(
    {"future", "opinion", "export", "neg", "limit", "two", "recurring", "define", "elsewhere"}
    | {"bot", "do_it"}
)
"""Concepts that no answer here covers unless a rule allows them."""
DECISIONS = frozenset({"reroute", "rebudget", "replan"})
"""Concepts that name what is to be changed together with the wish to change it."""
RECORDS = frozenset({"competitors", "questions", "facts", "schedule", *DECISIONS})
"""Concepts that name what a form changes."""
BESIDE_NAME = frozenset({"configure", "check", "site", "named", "competitors", "than"}) | SLOTS
"""Concepts of a wish to have a brand watched, beside its name."""
RESTATED = frozenset({"restate", "topic", "we", "number"})
"""Concepts of a fact's new value: "our starter plan is now 14 euros"."""
CONTINUED = frozenset(
    {"versus", "metric", "standing", "leader", "share", "answers", "drawbacks", "claims", "lost"}
    | {"sources"}
)
"""Intents of questions that may mean the models and the time of the one before."""
LIMITS = frozenset({"than", "instead", "between", "only", "when", "where", "why"})
"""Concepts of words that make of a subject something else."""
QUESTION_WORDS = frozenset(
    {"how", "what", "who", "why", "when", "where", "which_models", "often", "much", "count"}
)
"""Concepts of the words that questions begin with."""
SPOKEN = frozenset({"say", "named", "recommended"})
"""Concepts of what models do, and no brand."""
OBJECTS = frozenset({"us", "uns"})
"""Words for "we" that no subject of ours follows."""
NOT_BARE = frozenset(
    {"it", "light", "alert_number", "your", "show", "number", "count", "much", "yesno"}
)
"""Concepts that keep names alone from asking how these are doing."""
WISH_WORDS = 4
"""The first words of a question, one of which says that something is to be changed."""
_SENTENCE = re.compile(r"(?<=[.:!?;])\s+|\n+")
_CLAUSE = re.compile(
    r",\s+|\s+[-\u2013\u2014]\s+"
    r"|\s+and\s+(?=(?:i|we)(?:'d|\u2019d| would| want| need)\b|(?:can|could|would) you\b)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(i|we|my|our|ich|wir|mein\w*|unser\w*)\b", re.IGNORECASE)
_NUMBERED = frozenset(
    {"snooze", "close", "take", "show", "reopen", "explain", "why", "mute", "ack", "dismiss"}
)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,4}")
_CONDITION = re.compile(
    r"\b(but|only|just|except|without|not for|excluding|if|nur|aber|ohne|außer|wenn)\b",
    re.IGNORECASE,
)
"""Words with which a part of a text limits what another part asks."""
OF_ANSWERS = frozenset({*METRICS, "say", "praise", "lose"}) - {"share"}
"""Concepts of what an answer holds."""
YEAR_TOPICS = frozenset({"founded"})
"""Topics of which a year is the value, and not the time that is asked about."""


def read(
    text: str, names: KnownNames, today: date, before: ParsedQuestion | None = None
) -> ParsedQuestion:
    """Return a question parsed in the first language that explains all of it, else most of it.

    Args:
        text: The question, without a mention of the bot.
        names: The names of brands, models and topics that it may contain.
        today: The day of the reader.
        before: The question before in the same conversation, which a question such as "and at
            Claude?" continues; None without one.
    """
    tokens = tokenize(text)
    if not tokens or len(text) > MAX_CHARS:
        return ParsedQuestion(unknown=(text[:40].strip(),) if text.strip() else ())
    readings: list[ParsedQuestion] = []
    for language in LANGUAGES:
        asked = tokenize(vocabulary(language).without_interjection(text))
        readings.append(_Reader(language, names, today).read(asked, before))
        if readings[-1].understood:
            return readings[-1]
    if sentence := _only_question(text, names, today):
        return sentence
    return min(readings, key=lambda r: (not r.understood, len(r.unknown) + len(r.not_asked)))


def _only_question(text: str, names: KnownNames, today: date) -> ParsedQuestion | None:
    """Return the one part of a text that is understood, such as the last of "I need a number for
    the board: how visible are we?"; None when the other parts may change the question.

    Parts are sentences, or else the clauses around a comma, one of which is a reason: "snooze for 3
    days, we are in the middle of a launch".
    """
    for separator in (_SENTENCE, _CLAUSE):
        parts = [part for part in separator.split(text) if part.strip()]
        if len(parts) < 2:
            continue
        readings = [read(part, names, today) for part in parts]
        asked = [
            (part, reading)
            for part, reading in zip(parts, readings, strict=True)
            if reading.understood and reading.intent not in GREETINGS
        ]
        if len(asked) > 1 and separator is _SENTENCE:
            asked = [(part, reading) for part, reading in asked if part.endswith("?")]
        if len({reading.intent for _, reading in asked}) != 1:
            continue
        rest = [part for part in parts if part != asked[0][0]]
        others = [reading for reading in readings if reading is not asked[0][1]]
        at = parts.index(asked[0][0])
        reason_parts = rest if separator is _CLAUSE else parts[at + 1 :]
        reason = all(map(_PERSON.search, reason_parts))
        spoken = frozenset().union(*(reading.concepts for reading in others))
        if spoken & {"alert", "this_alert", "alert_number"}:
            continue  # "I saw the alert. What happened there?"
        limited = any(_CONDITION.search(part) for part in rest)
        named = any(
            r.brands
            or r.models
            or r.not_asked
            or r.topic
            or (r.period and not r.period.future(today))
            for r in others
        )
        unread = any(
            part.endswith("?") and not reading.understood
            for part, reading in zip(parts, readings, strict=True)
        )
        if reason and not (limited or named or unread):
            return asked[0][1]
    return None


class _Reader:
    """Parses questions of one language."""

    def __init__(self, language: str, names: KnownNames, today: date) -> None:
        self._language = language
        self._words: Vocabulary = vocabulary(language)
        self._times = TimeReader(self._words, today)
        self._names = names
        self._today = today
        self._known = NameReader(names, self._words, self._times)

    def read(self, tokens: Sequence[Token], before: ParsedQuestion | None) -> ParsedQuestion:
        """Return the parsed question, with its intent; see `read` of this module."""
        tokens, mended = self._respelled(self._words.expanded(tokens))
        parsed = self._scan(tokens)
        parsed = replace(parsed, guessed=(*mended, *parsed.guessed))
        if self._orders_model(tokens):
            parsed = replace(parsed, concepts=parsed.concepts | {"do_it"})
        begins = self._words.phrase(tokens, 0)[0]
        if tokens[0].word in self._words.opening and begins != "again":  # "do a check"
            parsed = replace(parsed, concepts=parsed.concepts | {"yesno"})
        if form := self._form(tokens, parsed):
            return form
        continues = parsed.follows or (parsed.bare and len(tokens) <= MAX_BARE_WORDS)
        if continues and (merged := _continued(parsed, before)):
            return merged
        timed = parsed.period and not (parsed.brands or parsed.models or parsed.we)
        timed = timed and before is None and (tokens[0].word,) in self._words.times["since"]
        if parsed.bare and (timed or self._words.phrase(tokens, 0)[0] == "anything"):
            return replace(parsed, intent="changes")
        if parsed.bare and self._asks_how(parsed, tokens):
            several = len(parsed.brands) + (parsed.we and not parsed.brands) > 1
            return replace(parsed, intent="versus" if several else "standing")
        short = len(tokens) <= MAX_BARE_WORDS
        read = replace(parsed, intent=intent_of(parsed, short=short))
        if read.understood:
            return _with_context(read, before)
        free = self._free_question(tokens, parsed) or self._free_subject(tokens)
        return free or (read if read.intent else partly_understood(parsed, short=short))

    def _orders_model(self, tokens: Sequence[Token]) -> bool:
        """Return whether a question orders a model to do something: "tell Claude that we have an
        app".
        """
        at = self._index_after(WEAK, tokens, 0)
        model = self._index_after(WEAK, tokens, at + 1)
        if at >= len(tokens) or tokens[at].word not in self._words.commanding:
            return False
        named = self._known.model(tokens, model) if model < len(tokens) else None
        return named is not None or self._index_after("models", tokens, model) > model

    def _respelled(
        self, tokens: Sequence[Token]
    ) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
        """Return the words with their spelling corrected, and (typed, corrected) for words that
        matter.
        """
        full, mended = list(tokens), []
        for at, token in enumerate(tokens):
            word = token.word
            if self._known.has(word) or self._words.knows(word) or self._known.near(tokens, at):
                continue
            known = self._words.respelled(word)
            capital = at and token.text[:1].isupper() and not tokens[0].text.isupper()
            if capital and (known,) not in self._words.calendar:
                continue  # the name of something else
            if known:
                full[at] = Token(token.text, known)
                if self._words.concept([known]) not in {WEAK, LIGHT}:
                    mended.append((token.text, known))
        return full, tuple(mended)

    def _free_question(
        self, tokens: Sequence[Token], parsed: ParsedQuestion
    ) -> ParsedQuestion | None:
        """Return the wish to ask models a question in the person's own words: "ask Claude what a
        CRM is"; None for any other text.
        """
        begin = self._index_after(WEAK, tokens, 0)
        at = self._index_after(WEAK, tokens, self._index_after("ask", tokens, begin))
        if (
            parsed.not_asked
            or self._index_after("ask", tokens, begin) == begin
            or at == len(tokens)
        ):
            return None
        if parsed.concepts & {"again", "yesno"}:
            return None  # "ask ChatGPT again in Germany"
        models, size = self._known.model(tokens, at) or ((), 0)
        question = tokens[at + size if size else self._index_after("models", tokens, at) :]
        if len(question) < MIN_FREE_WORDS or len(question) == len(tokens) - at:
            return None
        text = " ".join(token.text for token in question)
        return ParsedQuestion("ask_models", models=models, topic=text, language=self._language)

    def _index_after(self, concept: str, tokens: Sequence[Token], at: int) -> int:
        """Return the index after all phrases of a concept that begin at an index; the same index
        without any.
        """
        while at < len(tokens) and self._words.phrase(tokens, at)[0] == concept:
            at += self._words.phrase(tokens, at)[1]
        return at

    def _form(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> ParsedQuestion | None:
        """Return a wish to add or change something, whose form asks for the rest; None without one.

        The text begins with the wish and names what is changed: "add the question which CRM is
        best".
        """
        if parsed.not_asked:
            return None
        if "access" in parsed.concepts <= {"access", "make", "alert"} and self._rest_is_name(
            tokens, parsed
        ):
            return replace(parsed, intent="access", unknown=())
        changed = self._changed_concepts(tokens, parsed)
        form = replace(parsed, intent="configure", period=None, concepts=changed, unknown=())
        return form if changed else None

    def _changed_concepts(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> frozenset[str]:
        """Return the concepts of the thing that a wish is to change; empty when the text is no such
        wish.
        """
        concepts = parsed.concepts
        begin = self._index_after(WEAK, tokens, 0)
        wish = self._words.phrase(tokens, begin)[0] if begin < len(tokens) else ""
        if wish == "configure" and concepts >= {"topic", "number"}:
            return concepts
        if concepts >= RESTATED or (wish == "record" and "topic" in concepts):
            return concepts
        if wish == "schedule" and "check" in concepts and parsed.period:
            return concepts
        words = [token.word for token in tokens]
        name = next((i for i, token in enumerate(tokens) if token.text in parsed.unknown), 0)
        tracked = self._words.tracking & set(words[max(0, name - 2) : name]) or "site" in concepts
        wished = self._words.tracking & set(words[:WISH_WORDS])
        beside = concepts <= BESIDE_NAME and self._rest_is_name(tokens, parsed)
        if wished and tracked and beside:
            return frozenset({"configure", "competitors"})
        what = concepts & RECORDS
        left_over = parsed.unknown or "site" in concepts or wish in {"new_question", *DECISIONS}
        if wish in {"configure", "removal", "new_question", *DECISIONS} and what and left_over:
            return what | {"configure"}
        return frozenset()

    def _rest_is_name(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> bool:
        """Return whether all words that are not understood form one name: "Anna", "Foo Bar",
        "foo.com".
        """
        site = parsed.typed.get("site", "")
        name = " ".join((*parsed.unknown, *([site] if _DOMAIN.fullmatch(fold(site)) else [])))
        text = " ".join(token.text for token in tokens if token.text)
        named = not (parsed.brands or parsed.models or parsed.period)
        return named and 0 < len(name.split()) <= MAX_NAME_WORDS and name in text

    def _free_subject(self, tokens: Sequence[Token]) -> ParsedQuestion | None:
        """Return a question about answers on a subject in the person's own words: "about onboarding
        calls".

        The words before "about" are all understood and ask what is said; the subject is all that
        follows. None for any other text.
        """
        places = [at for at in range(1, len(tokens)) if tokens[at].word in self._words.about]
        if not places:
            return None
        begin = self._index_after(WEAK, tokens, places[-1] + 1)
        owned = self._index_after("we", tokens, begin)
        subject = tokens[owned:]
        named = self._scan(subject)
        if (
            not named.unknown
            or len(subject) > MAX_SUBJECT_WORDS
            or self._names_more(subject, named)
        ):
            return None
        if OBJECTS & {token.word for token in tokens[begin:]}:
            return None  # "about us on Twitter"
        head, topic = self._scan(tokens[: places[-1]]), " ".join(t.text for t in subject)
        if not (owned > begin or head.we or head.brands):
            return None  # "about the election"
        head = replace(head, concepts=head.concepts | {"topic"}, topic=topic)
        head = replace(head, intent=intent_of(head, short=False))
        return head if head.understood and head.intent == "answers" else None

    def _names_more(self, subject: Sequence[Token], named: ParsedQuestion) -> bool:
        """Return whether a subject names more than one thing: "our price in Germany", "our app at
        ...".
        """
        linked = any(self._words.phrase(subject, at)[0] == WEAK for at in range(len(subject)))
        other = named.models or named.period or named.brands or named.not_asked
        return bool(other or (named.topic and linked) or named.concepts & (NOT_ASKED | LIMITS))

    def _asks_how(self, parsed: ParsedQuestion, tokens: Sequence[Token]) -> bool:
        """Return whether names alone, such as "us at Claude?", ask how the named brands are
        doing.
        """
        if len(tokens) > MAX_BARE_WORDS or not (parsed.brands or parsed.models or parsed.we):
            return False
        if parsed.concepts & NOT_BARE:
            return False
        timeless = parsed.period is None or bool(parsed.brands or parsed.models)
        return "how" in parsed.concepts or ("what" not in parsed.concepts and timeless)

    def _scan(self, tokens: Sequence[Token]) -> ParsedQuestion:
        """Return the names, times and concepts of a question, without its intent."""
        found = _Found()
        at = 0
        while at < len(tokens):
            at += self._read_name(tokens, at, found) or self._read_word(tokens, at, found)
        return found.reading(self._names, self._language)

    def _read_name(self, tokens: Sequence[Token], at: int, found: _Found) -> int:
        """Add the name or time at an index to `found`, and return its number of words; 0 without
        one.
        """
        concept, size = self._words.phrase(tokens, at)
        if concept == WEAK and size > MAX_NAME_WORDS:
            return size
        if numbered := self._alert_number(tokens, at):
            found.alert, size = numbered
            found.concepts.add("alert_number")
        elif concept == "only" and self._names_beside(tokens, at, size):
            return size
        elif brand := self._known.brand(tokens, at):
            found.brands[brand[0]] = None
            found.order.append("we" if brand[0] in self._names.own else "rival")
            size = brand[1]
        elif model := self._known.model(tokens, at):
            shown, size = model
            found.models |= dict.fromkeys(shown)
            found.concepts.add("asked")
            if self._known.other_version(tokens, at + size):
                found.not_asked.append(" ".join(t.text for t in tokens[at : at + size + 1]))
                size += 1
        elif category := self._known.category(tokens, at):
            size = self._category(tokens, at, category[1], found)
        elif other := self._known.other_model(tokens, at):
            found.not_asked.append(other[0])
            size = other[1]
        elif time := self._times.read(tokens, at):
            period, size = time
            if found.period:
                found.periods.append((period, tokens[at].text))
            found.period = found.period or period
        elif found.period is None and (event := self._event_of_models(tokens, at)):
            found.period, found.models, size = event[0], found.models | event[1], event[2]
            found.concepts.add("asked")
        else:
            return 0
        return size

    def _category(self, tokens: Sequence[Token], at: int, size: int, found: _Found) -> int:
        """Add the category of brands at an index, such as "CRM tools", to `found`.

        Args:
            tokens: The words of the question.
            at: The index of the category's first word.
            size: The number of its words.
            found: What was found so far, which is changed.

        Returns:
            The number of words, with words such as "tools" after the category.
        """
        asked = at and self._words.concept([tokens[at - 1].word]) == "what"
        found.concepts.add("who" if asked else LIGHT)  # "which CRM do they recommend?"
        size = self._index_after("kind", tokens, at + size) - at
        if at + size < len(tokens) and self._known.topic(tokens, at + size):
            found.unknown.append(tokens[at].text)  # "CRM prices" are not ours
        return size

    def _names_beside(self, tokens: Sequence[Token], at: int, size: int) -> bool:
        """Return whether a name or a time is directly before or after "only": "only ChatGPT",
        "HubSpot only".

        The word then limits no more than the name does.
        """
        after = self._index_after(WEAK, tokens, at + size)
        places = [(place, 0) for place in (at + size, after) if place < len(tokens)]
        places += [(place, at) for place in range(max(0, at - 2), at)]
        return any(self._has_name(tokens, *place) for place in places)

    def _has_name(self, tokens: Sequence[Token], at: int, end: int) -> bool:
        """Return whether a name or time begins at an index; if `end` is not 0, also whether it ends
        there.
        """
        read = (self._known.model, self._known.brand, self._times.read)
        found = [reader(tokens, at) for reader in read]
        concept, size = self._words.phrase(tokens, at)
        found.append((concept, size) if concept in {"on_days", "recurring"} else None)
        return any(name and (not end or at + name[1] == end) for name in found)

    def _read_word(self, tokens: Sequence[Token], at: int, found: _Found) -> int:
        """Add a phrase, or a misspelt name or word, at an index to `found`; return its number of
        words.

        A word that is not known is added as unknown.
        """
        topic = self._known.topic(tokens, at)
        concept, size = self._untimed_phrase(tokens, at)
        if topic and topic[1] >= size and concept not in {"facts", "models"}:
            words = tokens[at : at + topic[1]]
            found.topic = found.topic or topic[0]
            found.note("topic", words)
            if found.topic != topic[0] and at != found.topic_end:
                found.unknown.append(" ".join(token.text for token in words))
            found.topic_end = at + topic[1]
            return topic[1]
        if concept == "when" and self._begins_condition(tokens, at, found):
            return size
        if concept := concept or _shape(tokens[at].word):
            concept = "and_also" if concept == "and" and not at else concept
            if concept == "and" and self._begins_question(tokens, at + 1):
                concept = "two"
            found.note(concept, tokens[at : at + size])
            return size
        near = self._known.near(tokens, at)
        if near is None:
            found.unknown.append(tokens[at].text)
            return 1
        found.guessed.append((near.typed, near.name))
        if near.brand:
            found.brands[near.brand] = None
        else:
            found.models |= dict.fromkeys(near.models)
            found.concepts.add("asked")
        return near.size

    def _untimed_phrase(self, tokens: Sequence[Token], at: int) -> tuple[str, int]:
        """Return the concept and the number of words of the longest phrase at an index that takes
        no word from a time: "improve" and not "improve this" before "this year".
        """
        concept, size = self._words.phrase(tokens, at)
        last = at + size - 1
        calendar = any(
            (tokens[last].word,) in self._words.times[k] for k in ("this", "last", "next")
        )
        if size > 1 and calendar and self._times.read(tokens, last):
            shorter = self._words.phrase(tokens[:last], at)
            return shorter if shorter[0] else (concept, size)
        return concept, size

    def _begins_question(self, tokens: Sequence[Token], at: int) -> bool:
        """Return whether another question begins at an index."""
        if at >= len(tokens):
            return False
        opening = tokens[at].word in self._words.opening
        return not opening and self._words.phrase(tokens, at)[0] in QUESTION_WORDS

    def _begins_condition(self, tokens: Sequence[Token], at: int, found: _Found) -> bool:
        """Return whether "when" at an index begins a condition without meaning: "where do we rank
        when ChatGPT makes a list".
        """
        previous = self._words.concept([tokens[at - 1].word]) if at else None
        model = self._known.model(tokens, at + 1)
        return bool(model and previous != "and" and found.concepts & OF_ANSWERS)

    def _event_of_models(
        self, tokens: Sequence[Token], at: int
    ) -> tuple[NamedTime, dict[str, None], int] | None:
        """Return the event of ``since the Claude update``, its models, and the number of words; or
        None.
        """
        for place in (at + 1, at + 2):
            model = self._known.model(tokens, place)
            if model and place < len(tokens):
                rest = [*tokens[:place], *tokens[place + model[1] :]]
                time = self._times.read(rest, at)
                if time and time[0].event and at + time[1] > place:
                    return time[0], dict.fromkeys(model[0]), time[1] + model[1]
        return None

    def _alert_number(self, tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
        """Return the number in ``alert 3``, ``alert #3`` or ``#3``, and the number of words; or
        None.
        """
        word = tokens[at].word
        if self._words.concept([word]) == "ahead" and at and tokens[at - 1].word not in _NUMBERED:
            return None  # "who is #1"
        if word.startswith("#") and word[1:].isdigit():
            return int(word[1:]), 1
        if at and tokens[at - 1].word in _NUMBERED and word.isdigit() and len(word) <= 6:
            return (int(word), 1) if self._times.read(tokens, at) is None else None
        if at + 1 < len(tokens) and self._words.concept([word]) == "alert":
            number = tokens[at + 1].word.removeprefix("#")
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
    return "site" if _DOMAIN.fullmatch(word) else ""


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
        """Return all that was found as a parsed question without an intent; the fields here are
        changed.
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
            it="it" in concepts or bool(self.alert),
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


def _with_context(parsed: ParsedQuestion, before: ParsedQuestion | None) -> ParsedQuestion:
    """Return a question with the models and the time of the question before, if it continues that
    question and has none of its own: "and compared to HubSpot?".
    """
    if before is None or not parsed.follows or parsed.intent not in CONTINUED:
        return parsed
    if parsed.models or parsed.period:
        return parsed
    return replace(parsed, models=before.models, period=before.period)


def _continued(parsed: ParsedQuestion, before: ParsedQuestion | None) -> ParsedQuestion | None:
    """Return the question before with the names, times and metric of this question; None when this
    question says more than that.
    """
    named = parsed.bare or parsed.topic or (parsed.follows and parsed.metric)
    if before is None or parsed.unknown or parsed.not_asked or not named:
        return None
    if parsed.concepts - SLOTS - set(METRICS) - {"models", "topic"}:
        return None
    return replace(
        before,
        brands=parsed.brands or before.brands,
        we=parsed.we or (before.we and (not parsed.brands or before.intent == "versus")),
        models=parsed.models or before.models,
        metric=parsed.metric or before.metric,
        topic=parsed.topic or before.topic,
        period=parsed.period or before.period,
        guessed=parsed.guessed,
        follows=True,
    )
