"""The answers of the newest check of a brand, and what they say of it: quotes, false statements,
drawbacks, views.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from overheard.advice.evidence import ScoredAnswer, true_facts
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Quote, Style, Tainted, fitting
from overheard.cards.command import quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import chosen_models
from overheard.commands.page_tables import newest_answers, read_views
from overheard.deployment import Call
from overheard.domain import SENTIMENT, VISIBILITY, Answer, Brand, Detail, Model
from overheard.measure.blocks import RunKey, Stream
from overheard.reading.text import sentences
from overheard.runs.plan import find_brand
from overheard.views.situation import Situation, SituationReader

MAX_NAMED_MODELS = 4
"""Models that a title names."""
NO_ANSWERS = "-"
"""The words of a `QuestionCell` without answers."""


@dataclass(frozen=True, slots=True)
class NewestAnswers:
    """The report of a brand, and the scored answers of the newest run of each chosen model.

    Attributes:
        runs: For each chosen model its runs, the oldest first; empty without answers.
        answers: The scored answers; empty without answers.
    """

    situation: Situation
    runs: Mapping[Model, Sequence[RunKey]]
    answers: Sequence[ScoredAnswer]

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.situation.brand

    @property
    def lines(self) -> list[Stream]:
        """The streams of the chosen models."""
        return [line for line in self.situation.lines if line.key.model in self.runs]


async def read_newest_answers(call: Call, brand: str, model: str) -> NewestAnswers:
    """Score the answers that wait for it, then return the answers about a brand of the newest run
    of each model. `NewestAnswers.runs` and `answers` are empty if the brand has no answers yet.

    Args:
        brand: The brand's name or alias.
        model: The name of the only model to read, or ``provider/model``; empty for all.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers about it.
    """
    shown_brand = find_brand(call.catalogue, brand)
    call = await call.caught_up()
    situation = await SituationReader(call).read(shown_brand)
    if not situation.runs:
        return NewestAnswers(situation, {}, ())
    runs = {
        chosen: situation.runs[chosen] for chosen in chosen_models(call.names, situation, model)
    }
    lines = [line for line in situation.lines if line.key.model in runs]
    return NewestAnswers(situation, runs, await newest_answers(call, lines, runs))


def model_names(names: ModelNames, newest: NewestAnswers) -> str:
    """Return the display names of the first `MAX_NAMED_MODELS` models as a list in words, for a
    title; models are in the order of their providers and names.
    """
    shown_models = sorted(newest.runs)[:MAX_NAMED_MODELS]
    return wording.listing([names.name(model) for model in shown_models])


def newest_check_footer(call: Call, newest: NewestAnswers) -> str:
    """Return how many answers are shown of which day, as a sentence; each model with the day of its
    own newest answers if these differ.
    """
    days: dict[str, list[str]] = {}
    for model, runs in sorted(newest.runs.items()):
        names = days.setdefault(wording.day(runs[-1].at, call.zone), [])
        names.append(call.names.name(model))
    count = wording.count(len(newest.answers), "answer")
    of = [f"{wording.listing(names)} of {day}" for day, names in days.items()]
    return f"{count}: {'; '.join(of)}." if len(of) > 1 else f"{count} of {next(iter(days))}."


def card_without_answers(brand: Brand) -> Card:
    """Return the card of a brand without answers, with a button for a check."""
    action = Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY)
    text = f"No answers about {brand.name} yet."
    return Card(brand.name, text, actions=fitting(action), data={"brand": brand.name})


MAX_QUOTES, QUOTE_CHARACTERS = 5, 300
MAX_QUERIES, MAX_QUERY_CHARS = 3, 60
"""Searches that a card names, and the characters of each."""
MAX_VALUES, MAX_VALUE_CHARS = 3, 60
"""Values of a fact that a line names, and the characters of each."""
MAX_DRAWBACKS = 4
"""Drawbacks that a line names."""
MAX_QUESTION_CHARS = 80
"""Characters of the question above a quote."""
DRAWBACK, DRAWBACKS = "drawback", "drawbacks"
"""The name of the metric, and the word for `about` that shows its quotes."""


def searched_for(answers: Iterable[Answer]) -> tuple[Field, ...]:
    """Return a field with what models most often searched for, at most `MAX_QUERIES`; none where no
    search is known.
    """
    counts = Counter(query for answer in answers for query in answer.reply.queries)
    named = [
        f"“{wording.shorten(wording.line(query), MAX_QUERY_CHARS)}”"
        for query, _ in counts.most_common(MAX_QUERIES)
    ]
    more = [f"{len(counts) - len(named)} more"] if len(counts) > len(named) else []
    searches = Tainted(wording.listing([*named, *more]))
    return (Field("Searched for", searches, wide=True),) if named else ()


def sources_data(answer: Answer) -> dict[str, Any]:
    """Return as JSON values what a model searched for, was shown and opened, and what it cites."""
    return {
        "model": str(answer.question.model),
        "searches": [asdict(search) for search in answer.reply.searches],
        "citations": [asdict(citation) for citation in answer.reply.citations],
    }


def answer_quotes(scored: ScoredAnswer, brand: Brand, about: str) -> Iterator[str]:
    """Yield the distinct quotes of a scored answer about a brand, shortened to `QUOTE_CHARACTERS`.

    Args:
        about: The subject of the quotes. `DRAWBACKS`: the drawbacks that the answer names. Empty:
            the one sentence on which the sentiment is based; if there is none, the one that names
            the brand. Another word, such as ``price``: the claims about facts with that word in
            their field; if there are none, the praise and criticism of aspects with that word; if
            there are none either, the sentences with the word and the brand.
    """
    if about == DRAWBACKS:
        yield from _distinct_quotes(detail.quote for detail in scored.details(brand.name, DRAWBACK))
        return
    if not about:
        sentence = scored.quote(brand.name, SENTIMENT) or scored.quote(brand.name, VISIBILITY)
        yield from _distinct_quotes([sentence])
        return
    claims = [claim.quote for claim in _claims_about(scored, brand, about)]
    aspects = [
        detail.quote
        for detail in scored.details(brand.name, SENTIMENT)
        if about.casefold() in detail.topic.casefold()
    ]
    text = scored.answer.reply.text
    yield from _distinct_quotes(claims or aspects or _sentences_about(text, brand, about))


def _claims_about(scored: ScoredAnswer, brand: Brand, about: str) -> list[Detail]:
    """Return the checked claims of an answer about the facts of a brand whose field contains the
    word `about`, in any case of letters.
    """
    wanted = about.casefold()
    return [d for d in scored.claims(brand.name) if wanted in d.topic.casefold()]


def _sentences_about(text: str, brand: Brand, about: str) -> Iterator[str]:
    """Yield the sentences of a text that contain both the name or an alias of the brand and the
    word `about`, in any case of letters and also inside longer words; in the order of the text.
    """
    names, word = [name.casefold() for name in brand.names], about.casefold()
    for start, end in sentences(text):
        sentence = text[start:end].strip()
        folded_sentence = sentence.casefold()
        if word in folded_sentence and any(name in folded_sentence for name in names):
            yield sentence


def _distinct_quotes(quotes: Iterable[str]) -> Iterator[str]:
    """Yield each quote once, on one line, shortened to `QUOTE_CHARACTERS`, without empty ones."""
    for quote in dict.fromkeys(quotes):
        if quote.strip():
            yield wording.shorten(wording.line(quote), QUOTE_CHARACTERS)


def stated_lines(call: Call, newest: NewestAnswers, about: str) -> list[str]:
    """Return a line for each model on what its newest answers state of some facts, and a last line
    with the true values.

    A model's line has the `MAX_VALUES` most frequent values, each with the number of answers that
    state it, and with ``(wrong)`` or ``(out of date)`` if it is false.

    Args:
        about: A word; the facts are those of the brand with the word in their field, in any case of
            letters. Without such a fact the result is empty. For `DRAWBACKS`, it is the lines of
            `_drawback_lines`.
    """
    if about == DRAWBACKS:
        return _drawback_lines(call.names, newest)
    facts = true_facts(call.catalogue.facts, newest.brand.name)
    true_values = [f"{f.field}: {f.value}" for f in facts if about.casefold() in f.field.casefold()]
    if not true_values:
        return []
    lines = []
    for model in sorted(newest.runs):
        model_answers = [answer for answer in newest.answers if answer.model == model]
        answer_counts: Counter[tuple[str, str]] = Counter()
        for scored in model_answers:
            claims = _claims_about(scored, newest.brand, about)
            answer_counts.update({(claim.stated, claim.verdict) for claim in claims})
        clauses = [
            f"{wording.shorten(wording.line(value), MAX_VALUE_CHARS)} in {count}"
            f"{_VERDICTS.get(verdict, '')}"
            for (value, verdict), count in answer_counts.most_common(MAX_VALUES)
        ]
        shown = "; ".join(clauses) or "nothing that the fact sheet covers"
        lines.append(f"{call.names.name(model)}, of {len(model_answers)} answers: {shown}.")
    return [*lines, f"In truth, {'; '.join(true_values)}."]


_VERDICTS = {"wrong": " (wrong)", "stale": " (out of date)"}


def _drawback_lines(names: ModelNames, newest: NewestAnswers) -> list[str]:
    """Return a line for each model, such as ``Claude, of 24 answers: price (9), support (4).``: the
    `MAX_DRAWBACKS` drawbacks in most of its newest answers, each with the number of these answers;
    ``no drawback`` if none is named.
    """
    lines = []
    for model in sorted(newest.runs):
        model_answers = [answer for answer in newest.answers if answer.model == model]
        topic_counts: Counter[str] = Counter()
        for scored in model_answers:
            topic_counts.update({d.topic for d in scored.details(newest.brand.name, DRAWBACK)})
        shown = ", ".join(
            f"{topic} ({count})" for topic, count in topic_counts.most_common(MAX_DRAWBACKS)
        )
        name = names.name(model)
        lines.append(f"{name}, of {len(model_answers)} answers: {shown or 'no drawback'}.")
    return lines


def view_lines(call: Call, newest: NewestAnswers) -> list[str]:
    """Return a line for each model with answers: what its newest answers praise and criticise, and
    how often they recommend the brand first, if that is measured.
    """
    places = [place for place in newest.situation.places if place.model in newest.runs]
    return [
        f"{view.model}: " + "; ".join(f"{label.lower()} {words}" for label, words in view.lines)
        for view in read_views(call.names, places, newest.situation.rows, newest.answers)
    ]


def quotes_in_turn(
    names: ModelNames, quoted_answers: Sequence[tuple[ScoredAnswer, str]]
) -> Iterator[Quote]:
    """Yield up to `MAX_QUOTES` quotes with their model and question: the first quote of each model,
    then the second of each, and so on. A text that a model repeats is quoted once, with the
    question of its first occurrence; a text of two models is quoted for both.

    Args:
        quoted_answers: Pairs of an answer and a quote from it.
    """
    by_model: dict[Model, dict[str, ScoredAnswer]] = {}
    for scored, quote in quoted_answers:
        by_model.setdefault(scored.model, {}).setdefault(quote, scored)
    queues = [[*quotes.items()] for quotes in by_model.values()]
    in_turn = [queue[n] for n in range(MAX_QUOTES) for queue in queues if n < len(queue)]
    for quote, scored in in_turn[:MAX_QUOTES]:
        prompt_text = wording.line(scored.answer.question.prompt.text)
        question = wording.shorten(prompt_text, MAX_QUESTION_CHARS)
        yield Quote(f"{names.name(scored.model)}, “{question}”", Tainted(quote))
