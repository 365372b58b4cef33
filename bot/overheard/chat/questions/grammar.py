"""Maps a question in words to what it asks for. Pure: no store, no clock.

A question is understood when a rule explains every word that carries a meaning. One word that is
not known, such as another brand or another subject, is enough for no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from overheard.chat.questions.intents import GREETINGS, intent_of, partly_understood
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.parsed_question import METRICS, SLOTS, ParsedQuestion
from overheard.chat.questions.scanner import DOMAIN, MAX_NAME_WORDS, QuestionScanner
from overheard.chat.questions.vocabulary import (
    LANGUAGES,
    LIGHT,
    WEAK,
    Token,
    Vocabulary,
    fold_word,
    tokenize,
    vocabulary,
)

MAX_CHARS = 600
"""Longer texts are no questions."""
MAX_SUBJECT_WORDS = 5
"""The most words of a subject that is searched for in answers."""
MIN_FREE_WORDS = 3
"""The fewest words of a question that a person wants to have asked."""
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
_CONDITION = re.compile(
    r"\b(but|only|just|except|without|not for|excluding|if|nur|aber|ohne|außer|wenn)\b",
    re.IGNORECASE,
)
"""Words with which a part of a text limits what another part asks."""


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
    """Return the only understood part of a text with several parts, such as the last of "I need a
    number for the board: how visible are we?"; None when other parts may change the question.

    Parts are sentences, or else the clauses around a comma, one of which is a reason: "snooze for 3
    days, we are in the middle of a launch".

    Args:
        text: The text, without a mention of the bot.
        names: The names of brands, models and topics that it may contain.
        today: The day of the reader.
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
        """Prepare the readers of names and times.

        Args:
            language: The language, such as ``en``.
            names: The names of brands, models and topics.
            today: The day of the reader.
        """
        self._language = language
        self._words: Vocabulary = vocabulary(language)
        self._scanner = QuestionScanner(language, names, today)

    def read(self, tokens: Sequence[Token], before: ParsedQuestion | None) -> ParsedQuestion:
        """Return the parsed question, with its intent.

        Args:
            tokens: The words of the question; at least one.
            before: The question before in the same conversation, or None.
        """
        tokens, mended = self._respelled(self._words.expanded(tokens))
        parsed = self._scanner.scan(tokens)
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
        at = self._words.index_after(WEAK, tokens, 0)
        model = self._words.index_after(WEAK, tokens, at + 1)
        if at >= len(tokens) or tokens[at].word not in self._words.commanding:
            return False
        named = self._scanner.known.model(tokens, model) if model < len(tokens) else None
        return named is not None or self._words.index_after("models", tokens, model) > model

    def _respelled(
        self, tokens: Sequence[Token]
    ) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
        """Return the words with their spelling corrected, and (typed, corrected) for words that
        matter.
        """
        full, mended = list(tokens), []
        for at, token in enumerate(tokens):
            word = token.word
            if (
                self._scanner.known.has(word)
                or self._words.knows(word)
                or self._scanner.known.near(tokens, at)
            ):
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
        begin = self._words.index_after(WEAK, tokens, 0)
        at = self._words.index_after(WEAK, tokens, self._words.index_after("ask", tokens, begin))
        if (
            parsed.not_asked
            or self._words.index_after("ask", tokens, begin) == begin
            or at == len(tokens)
        ):
            return None
        if parsed.concepts & {"again", "yesno"}:
            return None  # "ask ChatGPT again in Germany"
        models, size = self._scanner.known.model(tokens, at) or ((), 0)
        question = tokens[at + size if size else self._words.index_after("models", tokens, at) :]
        if len(question) < MIN_FREE_WORDS or len(question) == len(tokens) - at:
            return None
        text = " ".join(token.text for token in question)
        return ParsedQuestion("ask_models", models=models, topic=text, language=self._language)

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

        Args:
            tokens: The words of the text.
            parsed: The text, parsed without an intent.
        """
        concepts = parsed.concepts
        begin = self._words.index_after(WEAK, tokens, 0)
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

        Args:
            tokens: The words of the text.
            parsed: The text, parsed without an intent.
        """
        site = parsed.typed.get("site", "")
        name = " ".join((*parsed.unknown, *([site] if DOMAIN.fullmatch(fold_word(site)) else [])))
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
        begin = self._words.index_after(WEAK, tokens, places[-1] + 1)
        owned = self._words.index_after("we", tokens, begin)
        subject = tokens[owned:]
        named = self._scanner.scan(subject)
        if (
            not named.unknown
            or len(subject) > MAX_SUBJECT_WORDS
            or self._names_more(subject, named)
        ):
            return None
        if OBJECTS & {token.word for token in tokens[begin:]}:
            return None  # "about us on Twitter"
        head, topic = self._scanner.scan(tokens[: places[-1]]), " ".join(t.text for t in subject)
        if not (owned > begin or head.we or head.brands):
            return None  # "about the election"
        head = replace(head, concepts=head.concepts | {"topic"}, topic=topic)
        head = replace(head, intent=intent_of(head, short=False))
        return head if head.understood and head.intent == "answers" else None

    def _names_more(self, subject: Sequence[Token], named: ParsedQuestion) -> bool:
        """Return whether a subject names more than one thing: "our price in Germany", "our app at
        ...".

        Args:
            subject: The words of the subject.
            named: The subject, parsed without an intent.
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
    """Return the previous question with the names, times and metric of a question that continues
    it.

    Args:
        parsed: The question, without an intent.
        before: The question before in the same conversation, or None.

    Returns:
        None without a previous question, and when this question asks more than the previous one.
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
