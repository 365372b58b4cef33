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
MAX_UNKNOWN_CHARS = 40
"""Characters of such a text that are repeated as not understood."""
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


def parse_question(
    text: str, names: KnownNames, today: date, before: ParsedQuestion | None = None
) -> ParsedQuestion:
    """Return a question parsed in the first language that explains all of it.

    Languages are tried in the order of `LANGUAGES`. If none explains all of it, the first of these
    is returned: the one part of the text that is understood, if the other parts cannot change what
    it asks; the attempt with the fewest unknown words and models that are not asked, of equal ones
    the first. An empty text gives a question without anything. A text without words ("???"), or
    longer than `MAX_CHARS`, gives one whose first `MAX_UNKNOWN_CHARS` characters are unknown.

    Args:
        text: The question, without a mention of the bot.
        names: The names of brands, models and topics that it may contain.
        today: The day of the reader.
        before: The question before in the same conversation, which a question such as "and at
            Claude?" continues; None without one.
    """
    if not tokenize(text) or len(text) > MAX_CHARS:
        beginning = text[:MAX_UNKNOWN_CHARS].strip()
        return ParsedQuestion(unknown=(beginning,) if text.strip() else ())
    attempts: list[ParsedQuestion] = []
    for language in LANGUAGES:
        tokens = tokenize(vocabulary(language).without_interjection(text))
        parsed = _Parser(language, names, today).parse(tokens, before)
        if parsed.understood:
            return parsed
        attempts.append(parsed)
    if part := _only_question(text, names, today):
        return part
    return min(attempts, key=lambda parsed: len(parsed.unknown) + len(parsed.not_asked))


def _only_question(text: str, names: KnownNames, today: date) -> ParsedQuestion | None:
    """Return the only understood part of a text with several parts: the last of "I need a number
    for the board: how visible are we?".

    The text is divided into sentences, and if that gives no result, into clauses around a comma, a
    dash or "and I want": "snooze for 3 days, we are in the middle of a launch". Of several
    understood sentences, only those with a question mark count. If all understood parts have the
    same intent, the first is the result. Greetings do not count.

    None when no part is understood, or the understood parts have different intents. None also if
    one of the other parts

    - limits the question ("but only ..."),
    - names something that may change it (`_may_change_question`),
    - ends with a question mark and is not understood, or
    - does not speak of "I", "we" or "our", and so is no reason for the question. Sentences before
      the question may be anything else.

    Args:
        text: The text, without a mention of the bot.
        names: The names of brands, models and topics that it may contain.
        today: The day of the reader.
    """
    for separator in (_SENTENCE, _CLAUSE):
        parts = [part for part in separator.split(text) if part.strip()]
        if len(parts) < 2:
            continue
        parsed_parts = [(part, parse_question(part, names, today)) for part in parts]
        questions = [
            (part, parsed)
            for part, parsed in parsed_parts
            if parsed.understood and parsed.intent not in GREETINGS
        ]
        if len(questions) > 1 and separator is _SENTENCE:
            questions = [(part, parsed) for part, parsed in questions if part.endswith("?")]
        if len({parsed.intent for _, parsed in questions}) != 1:
            continue
        text_of_question, question = questions[0]
        other_texts = [part for part in parts if part != text_of_question]
        others = [parsed for _, parsed in parsed_parts if parsed is not question]
        texts_after = parts[parts.index(text_of_question) + 1 :]
        reasons = other_texts if separator is _CLAUSE else texts_after
        are_reasons = all(map(_PERSON.search, reasons))
        is_limited = any(_CONDITION.search(part) for part in other_texts)
        has_unread_question = any(
            part.endswith("?") and not parsed.understood for part, parsed in parsed_parts
        )
        changes_question = any(_may_change_question(parsed, today) for parsed in others)
        if are_reasons and not (is_limited or has_unread_question or changes_question):
            return question
    return None


def _may_change_question(part: ParsedQuestion, today: date) -> bool:
    """Return whether a part of a text may change what another part asks.

    True for a part that names a brand, a model (also one that is not asked), a topic, or a time
    that does not begin in the future ("last week was bad"), and for one about an alert: "I saw the
    alert. What happened there?"
    """
    is_past = part.period is not None and not part.period.future(today)
    names_something = part.brands or part.models or part.not_asked or part.topic or is_past
    return bool(names_something or part.concepts & {"alert", "this_alert", "alert_number"})


class _Parser:
    """Parses questions of one language."""

    def __init__(self, language: str, names: KnownNames, today: date) -> None:
        """Prepare the scanner of names, times and phrases.

        Args:
            language: The language, such as ``en``.
            today: The day of the reader.
        """
        self._language = language
        self._vocabulary: Vocabulary = vocabulary(language)
        self._scanner = QuestionScanner(language, names, today)

    def parse(self, tokens: Sequence[Token], before: ParsedQuestion | None) -> ParsedQuestion:
        """Return the parsed question, with its intent if it is understood.

        Spelling is corrected first. Then the first of these that fits wins:

        - a wish to change something;
        - a continuation of the question before;
        - names alone that ask for changes: a time that begins with "since", if there is no question
          before, or names after "anything";
        - other names alone, which ask how a brand is doing, or compare several (`_asks_how`);
        - the rule that explains all concepts;
        - a question or subject in the person's own words;
        - the rule that explains all concepts although words are unknown, or else the rule that
          leaves the fewest concepts unexplained.

        Without any, the question has no intent.

        Args:
            tokens: The words of the question; at least one.
            before: The question before in the same conversation, or None.
        """
        tokens, corrections = self._respelled(self._vocabulary.expanded(tokens))
        parsed = self._scanner.scan(tokens)
        parsed = replace(parsed, guessed=(*corrections, *parsed.guessed))
        first_concept, _ = self._vocabulary.phrase(tokens, 0)
        if self._orders_model(tokens):
            parsed = replace(parsed, concepts=parsed.concepts | {"do_it"})
        if tokens[0].word in self._vocabulary.opening and first_concept != "again":  # "do a check"
            parsed = replace(parsed, concepts=parsed.concepts | {"yesno"})
        if wish := self._wish_to_change(tokens, parsed):
            return wish
        is_short = len(tokens) <= MAX_BARE_WORDS
        may_continue = parsed.follows or (parsed.bare and is_short)
        if may_continue and (continued := _continued(parsed, before)):
            return continued
        names_time_only = parsed.period and not (parsed.brands or parsed.models or parsed.we)
        begins_with_since = (tokens[0].word,) in self._vocabulary.times["since"]
        is_since_time = names_time_only and begins_with_since and before is None
        if parsed.bare and (is_since_time or first_concept == "anything"):
            return replace(parsed, intent="changes")
        if parsed.bare and self._asks_how(parsed, tokens):
            return replace(parsed, intent="versus" if len(parsed.brands) > 1 else "standing")
        by_rule = replace(parsed, intent=intent_of(parsed, short=is_short))
        if by_rule.understood:
            return _with_context(by_rule, before)
        free = self._free_question(tokens, parsed) or self._free_subject(tokens)
        by_best_rule = by_rule if by_rule.intent else partly_understood(parsed, short=is_short)
        return free or by_best_rule

    def _orders_model(self, tokens: Sequence[Token]) -> bool:
        """Return whether a question orders a model to do something: "tell Claude that we have an
        app".

        Its first word with a meaning is a verb such as "tell", and the next words with a meaning
        are the name of an asked model, or "the models".
        """
        verb_at = self._vocabulary.index_after(WEAK, tokens, 0)
        model_at = self._vocabulary.index_after(WEAK, tokens, verb_at + 1)
        if verb_at >= len(tokens) or tokens[verb_at].word not in self._vocabulary.commanding:
            return False
        if self._scanner.name_reader.model(tokens, model_at):
            return True
        return self._vocabulary.index_after("models", tokens, model_at) > model_at

    def _respelled(
        self, tokens: Sequence[Token]
    ) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
        """Return the words of a question with their spelling corrected, and the corrections.

        Known words, names, and words similar to a name stay as they are. A word with a capital
        letter after the first word stays too, because it may be the name of something else; it is
        corrected only into a month or weekday, or when the first word is in capitals.

        Returns:
            All words, in their order; and the pairs of typed and corrected word, without those that
            have no meaning of their own.
        """
        corrected, corrections = list(tokens), []
        name_reader = self._scanner.name_reader
        for index, token in enumerate(tokens):
            is_name = name_reader.has_word(token.word) or name_reader.near(tokens, index)
            if is_name or self._vocabulary.knows(token.word):
                continue
            known = self._vocabulary.respelled(token.word)
            has_capital = index > 0 and token.text[:1].isupper() and not tokens[0].text.isupper()
            if known is None or (has_capital and (known,) not in self._vocabulary.calendar):
                continue  # with a capital letter, it is the name of something else
            corrected[index] = Token(token.text, known)
            if self._vocabulary.concept([known]) not in {WEAK, LIGHT}:
                corrections.append((token.text, known))
        return corrected, tuple(corrections)

    def _free_question(
        self, tokens: Sequence[Token], parsed: ParsedQuestion
    ) -> ParsedQuestion | None:
        """Return the wish to ask models a question in the person's own words: "ask Claude what a
        CRM is".

        It begins with "ask" and an asked model or "the models". The words after that are the
        question to ask, as typed, in `ParsedQuestion.topic`; `ParsedQuestion.models` is empty for
        all models. None for any other text, for fewer than `MIN_FREE_WORDS` such words, for "ask
        again" and "did you ask ...", and when a model is named that is not asked.

        Args:
            parsed: Its names, times and concepts (meanings such as ``check``), without an intent.
        """
        ask_at = self._vocabulary.index_after(WEAK, tokens, 0)
        after_ask = self._vocabulary.index_after("ask", tokens, ask_at)
        model_at = self._vocabulary.index_after(WEAK, tokens, after_ask)
        has_ask = after_ask > ask_at
        if parsed.not_asked or not has_ask or model_at == len(tokens):
            return None
        if parsed.concepts & {"again", "yesno"}:
            return None  # "ask ChatGPT again in Germany"
        if model := self._scanner.name_reader.model(tokens, model_at):
            models, question_at = model.meaning, model_at + model.size
        else:
            models, question_at = (), self._vocabulary.index_after("models", tokens, model_at)
        question = tokens[question_at:]
        if question_at == model_at or len(question) < MIN_FREE_WORDS:
            return None
        text = " ".join(token.text for token in question)
        return ParsedQuestion("ask_models", models=models, topic=text, language=self._language)

    def _wish_to_change(
        self, tokens: Sequence[Token], parsed: ParsedQuestion
    ) -> ParsedQuestion | None:
        """Return the question as a wish to add or change something by a form; None for any other
        question.

        "add the question which CRM is best" has the intent ``configure``, and only the concepts of
        what is changed; its time and its unknown words are removed, because the form asks for them.
        "give Anna access" has the intent ``access``, and its unknown words are removed. None also
        when a model is named that this deployment does not ask (`parsed.not_asked`).

        Args:
            parsed: Its names, times and concepts (meanings such as ``check``), without an intent.
        """
        if parsed.not_asked:
            return None
        is_about_rights = "access" in parsed.concepts <= {"access", "make", "alert"}
        if is_about_rights and self._rest_is_name(tokens, parsed):
            return replace(parsed, intent="access", unknown=())
        changed = self._changed_concepts(tokens, parsed)
        if not changed:
            return None
        return replace(parsed, intent="configure", period=None, concepts=changed, unknown=())

    def _changed_concepts(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> frozenset[str]:
        """Return the concepts of the thing that a text wishes to change; empty when it is no such
        wish.

        The first of these that fits wins:

        - the new value of a fact, or a topic after a verb such as "note": "our starter plan is now
          14 euros", "change the price to 14". All concepts of the text are returned.
        - a check and its time after a verb of planning: "check every Monday". All concepts again.
        - a brand to watch (``configure`` and ``competitors``): "also track Foo".
        - the name of a record after a verb such as "add", with some content: "remove the question
          which CRM is best". ``configure`` and the kinds of records (`RECORDS`) are returned.

        Args:
            parsed: Its names, times and concepts (meanings such as ``check``), without an intent.
        """
        concepts = parsed.concepts
        wish_at = self._vocabulary.index_after(WEAK, tokens, 0)
        wish, _ = self._vocabulary.phrase(tokens, wish_at)
        if concepts >= RESTATED:
            return concepts
        if "topic" in concepts and (
            wish == "record" or (wish == "configure" and "number" in concepts)
        ):
            return concepts
        if wish == "schedule" and "check" in concepts and parsed.period:
            return concepts
        if self._wants_brand_watched(tokens, parsed):
            return frozenset({"configure", "competitors"})
        records = concepts & RECORDS
        wish_names_record = wish in {"new_question", *DECISIONS}
        has_content = parsed.unknown or "site" in concepts or wish_names_record
        if records and has_content and (wish_names_record or wish in {"configure", "removal"}):
            return records | {"configure"}
        return frozenset()

    def _wants_brand_watched(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> bool:
        """Return whether a text wants a brand watched that is not known: "please also track Foo".

        A verb such as "track" has to be among the first `WISH_WORDS` words. It also has to be one
        of the two words before the name; for a domain such as ``foo.com``, this is not required.
        All words that are not understood have to be the name, and all concepts among `BESIDE_NAME`.

        Args:
            parsed: Its names, times and concepts (meanings such as ``check``), without an intent.
        """
        words = [token.word for token in tokens]
        unknown_at = (at for at, token in enumerate(tokens) if token.text in parsed.unknown)
        name_at = next(unknown_at, 0)
        has_verb_at_beginning = self._vocabulary.tracking & set(words[:WISH_WORDS])
        has_verb_before_name = self._vocabulary.tracking & set(words[max(0, name_at - 2) : name_at])
        if not has_verb_at_beginning or not (has_verb_before_name or "site" in parsed.concepts):
            return False
        return parsed.concepts <= BESIDE_NAME and self._rest_is_name(tokens, parsed)

    def _rest_is_name(self, tokens: Sequence[Token], parsed: ParsedQuestion) -> bool:
        """Return whether all words that are not understood form one name: "Anna", "Foo Bar",
        "foo.com".

        They have to be at most `MAX_NAME_WORDS` words, next to each other in the text. A domain is
        part of the name, although it is understood. False without such words, and for a text that
        names a known brand, a model or a time.

        Args:
            parsed: Its names, times and concepts (meanings such as ``check``), without an intent.
        """
        typed_site = parsed.typed.get("site", "")
        domain = [typed_site] if DOMAIN.fullmatch(fold_word(typed_site)) else []
        name = " ".join((*parsed.unknown, *domain))
        text = " ".join(token.text for token in tokens if token.text)
        if parsed.brands or parsed.models or parsed.period:
            return False
        return 0 < len(name.split()) <= MAX_NAME_WORDS and name in text

    def _free_subject(self, tokens: Sequence[Token]) -> ParsedQuestion | None:
        """Return a question about answers on a subject in the person's own words: "what do they say
        about our onboarding calls".

        The words before the last "about" have to be all understood and ask what is said. What
        follows "about our" is the subject: at most `MAX_SUBJECT_WORDS` words, of which some are
        unknown. It is returned as typed, in `ParsedQuestion.topic`. "our" may be missing if the
        words before name "us" or a brand.

        None for any other text, for a subject of several things (`_names_more`), and for one with
        "us" in it ("about us on Twitter").
        """
        about_at = max(
            (at for at in range(1, len(tokens)) if tokens[at].word in self._vocabulary.about),
            default=0,
        )
        if not about_at:
            return None
        begin = self._vocabulary.index_after(WEAK, tokens, about_at + 1)
        subject_at = self._vocabulary.index_after("we", tokens, begin)
        is_ours = subject_at > begin  # "about our onboarding"
        subject = tokens[subject_at:]
        parsed_subject = self._scanner.scan(subject)
        if not parsed_subject.unknown or len(subject) > MAX_SUBJECT_WORDS:
            return None
        if self._names_more(subject, parsed_subject):
            return None
        if OBJECTS & {token.word for token in tokens[begin:]}:
            return None  # "about us on Twitter"
        head = self._scanner.scan(tokens[:about_at])
        if not (is_ours or head.we or head.brands):
            return None  # "about the election"
        topic = " ".join(token.text for token in subject)
        head = replace(head, concepts=head.concepts | {"topic"}, topic=topic)
        head = replace(head, intent=intent_of(head, short=False))
        return head if head.understood and head.intent == "answers" else None

    def _names_more(self, subject: Sequence[Token], parsed: ParsedQuestion) -> bool:
        """Return whether a subject names more than one thing: "our price in Germany", "app at
        Claude".

        True with a brand, a model, a time, words that limit the subject ("only"), or a concept that
        no answer covers (`NOT_ASKED`). With a known topic such as "price", any word without a
        meaning of its own, such as "in", is enough.

        Args:
            parsed: Its names, times and concepts (meanings such as ``only``).
        """
        has_name = parsed.models or parsed.period or parsed.brands or parsed.not_asked
        is_limited = parsed.concepts & (NOT_ASKED | LIMITS)
        has_link = any(
            self._vocabulary.phrase(subject, at)[0] == WEAK for at in range(len(subject))
        )
        return bool(has_name or is_limited or (parsed.topic and has_link))

    def _asks_how(self, parsed: ParsedQuestion, tokens: Sequence[Token]) -> bool:
        """Return whether names alone, such as "us at Claude?", ask how the named brands are doing.

        The first of these decides:

        - False for more than `MAX_BARE_WORDS` words, and without a brand, a model and "us".
        - False with words such as "count" (the concepts `NOT_BARE`).
        - True with "how".
        - False with "what", and for "us" with a time but no brand or model: "us last week".
        - True otherwise.

        Args:
            parsed: The names, times and concepts of the question, without an intent.
        """
        if len(tokens) > MAX_BARE_WORDS or not (parsed.brands or parsed.models or parsed.we):
            return False
        if parsed.concepts & NOT_BARE:
            return False
        if "how" in parsed.concepts:
            return True
        is_only_us_at_time = parsed.period is not None and not (parsed.brands or parsed.models)
        return "what" not in parsed.concepts and not is_only_us_at_time


def _with_context(parsed: ParsedQuestion, before: ParsedQuestion | None) -> ParsedQuestion:
    """Return a question with the models and the time of the question before: "and compared to
    HubSpot?".

    It is returned unchanged unless all of these hold: there is a question before, it begins like a
    continuation ("and ..."), its intent is one that models and a time may limit (`CONTINUED`), and
    it names neither models nor a time itself.

    Args:
        before: The question before in the same conversation, or None.
    """
    if before is None or not parsed.follows or parsed.intent not in CONTINUED:
        return parsed
    if parsed.models or parsed.period:
        return parsed
    return replace(parsed, models=before.models, period=before.period)


def _continued(parsed: ParsedQuestion, before: ParsedQuestion | None) -> ParsedQuestion | None:
    """Return the question before with the names, times, metric and topic of one that continues it:
    "and at Claude?".

    Brands, models, metric, topic and period each come from the new question if it names them, else
    from the question before; the intent is always that of the question before. "We" is kept if the
    new question names no brand, or the question before is a comparison (``versus``).

    Args:
        parsed: The names, times and concepts of the question, without an intent.
        before: The question before in the same conversation, or None.

    Returns:
        None without a question before, when words are unknown or a model is not asked, when this
        question names nothing, and when it has concepts beyond names, metrics and a topic.
    """
    names_something = parsed.bare or parsed.topic or (parsed.follows and parsed.metric)
    if before is None or parsed.unknown or parsed.not_asked or not names_something:
        return None
    asks_more = parsed.concepts - SLOTS - set(METRICS) - {"models", "topic"}
    if asks_more:
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
        guessed=parsed.guessed,
        follows=True,
    )
