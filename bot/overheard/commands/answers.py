"""`answers`: what models say of a brand, which questions name it, and which sources they cite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Style, Table, Tainted, fitting
from overheard.cards.command import CommandSpec, Kind, option, quoted
from overheard.commands.arguments import BrandName, ModelName, unknown_name
from overheard.commands.brand_report import Report, read_report
from overheard.commands.page_tables import (
    QuestionRow,
    newest_answers,
    read_questions,
    read_sources,
    read_views,
)
from overheard.commands.voice import chosen_models
from overheard.deployment import Call, Deployment
from overheard.domain import SENTIMENT, VISIBILITY, Brand, Detail, Model
from overheard.finetune.brief import BriefMarket
from overheard.finetune.scored_answers import ScoredAnswer
from overheard.finetune.texts import true_facts
from overheard.measure.blocks import RunKey, Stream
from overheard.reading.text import sentences
from overheard.runs.plan import find_brand

MAX_QUOTES, QUOTE_CHARACTERS = 5, 300
MAX_SOURCES = 12
MAX_VALUES, MAX_VALUE_CHARS = 3, 60
"""Values of a fact that a line names, and the characters of each."""
MAX_DRAWBACKS = 4
"""Drawbacks that a line names."""
MAX_NAMED_MODELS = 4
"""Models that a title names."""
NO_ANSWERS = "-"
"""The words of a `QuestionCell` without answers."""
MAX_QUESTION_CHARS = 80
"""Characters of the question above a quote."""
DRAWBACK, DRAWBACKS = "drawback", "drawbacks"
"""The name of the metric, and the word for `about` that shows its quotes."""


@dataclass(frozen=True, slots=True)
class _NewestAnswers:
    """The report of a brand, and the scored answers of the newest run of each chosen model.

    Attributes:
        report: The report of the brand.
        runs: For each chosen model its runs, the oldest first; empty without answers.
        answers: The scored answers; empty without answers.
    """

    report: Report
    runs: Mapping[Model, Sequence[RunKey]]
    answers: Sequence[ScoredAnswer]

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.report.brand

    @property
    def lines(self) -> list[Stream]:
        """The streams of the chosen models."""
        return [line for line in self.report.lines if line.key.model in self.runs]


async def list_answers(
    deployment: Deployment,
    call: Call,
    *,
    brand: BrandName,
    model: ModelName = "",
    about: Annotated[str, option("A subject, such as price or drawbacks.", longest=60)] = "",
) -> Card:
    """Show what the newest answers of the models say about a brand: a line for each model, and up
    to `MAX_QUOTES` sentences. Without answers, the card offers a check.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The brand's name or alias.
        model: A model's name or ``provider/model``; empty means all.
        about: The subject: a fact's field (the lines then state the values that the answers name),
            ``drawbacks`` (the drawbacks that they name), or another word (the card then only counts
            the answers with a sentence about it). Empty for what they praise and criticise.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers about it.
    """
    newest = await _read_newest_answers(deployment, call, brand, model)
    name = newest.brand.name
    if not newest.answers:
        return _card_without_answers(newest.brand)
    quoted_answers = [
        (answer, quote)
        for answer in newest.answers
        for quote in _answer_quotes(answer, newest.brand, about)
    ]
    subject = f": {about}" if about else ""
    lines = _stated_lines(deployment, newest, about) if about else _view_lines(deployment, newest)
    count = wording.count(len({answer.answer.id for answer, _ in quoted_answers}), "answer")
    return Card(
        title=f"What {_model_names(deployment, newest)} {_verb(newest)} about {name}{subject}",
        text="\n".join(lines) or f"{count} of {len(newest.answers)} mention it.",
        quotes=tuple(_quotes_in_turn(deployment, quoted_answers)),
        actions=fitting(
            Action(f"claims {quoted(name)}", "False claims"),
            Action(f"answers questions {quoted(name)}", "Questions you lose"),
        ),
        footer=_newest_check_footer(call, newest),
        data={
            "brand": name,
            "about": about,
            "answers": len(newest.answers),
            "quotes": [
                {
                    "model": str(answer.model),
                    "text": quote,
                    "question": answer.answer.question.prompt.text,
                }
                for answer, quote in quoted_answers
            ],
        },
    )


async def show_questions(
    deployment: Deployment,
    call: Call,
    *,
    brand: BrandName,
    model: ModelName = "",
    against: Annotated[
        str, option("Beside this competitor: those where it leads first.", Kind.BRAND)
    ] = "",
    won: Annotated[bool, option("Those that it wins first.")] = False,
) -> Card:
    """Show a table with, for each question and model, how many of the newest answers name a brand.
    The questions whose answers name it least come first. Questions that the table has no room for
    are counted in the text. Without answers, the card offers a check.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The brand's name or alias.
        model: A model's name or ``provider/model``; empty means all.
        against: A competitor of the brand. Cells then show both counts, and the order is by the
            brand's lead over the competitor, the smallest first. Empty for none.
        won: Whether to reverse the order: the largest share or lead first.

    Raises:
        UnknownName: for a brand that does not exist, a model without answers about it, or a brand
            in `against` that is not a competitor.
    """
    newest = await _read_newest_answers(deployment, call, brand, model)
    rival = _competitor(deployment, newest.brand, against) if against else None
    if not newest.answers:
        return _card_without_answers(newest.brand)
    models = sorted(newest.runs)
    rows, more = read_questions(
        deployment.catalogue,
        newest.brand,
        newest.lines,
        newest.answers,
        models,
        rival=rival,
        best_first=won,
    )
    name = newest.brand.name
    header = ("Question", *(deployment.names.name(shown_model) for shown_model in models))
    table = Table(
        header,
        tuple((Tainted(row.text), *(cell.words for cell in row.cells)) for row in rows),
        right=frozenset(range(1, len(header))),
    )
    counted = f"{name} : {rival.name}" if rival else "it"
    order = f"the questions {name if rival else 'it'} {'wins' if won else 'loses'} first"
    text = f"Answers that name {counted}, {order}."
    if more:
        text += f" And {wording.count(more, 'more question')}."
    return Card(
        title=_questions_title(name, rival, rows, won=won),
        text=text,
        table=table,
        actions=fitting(
            Action(f"brief {quoted(name)}", "What to do?", Style.PRIMARY),
            Action(f"answers list {quoted(name)}", "Read answers"),
        ),
        footer=_newest_check_footer(call, newest),
        data={
            "brand": name,
            "against": rival.name if rival else None,
            "questions": [
                {"question": row.text, "named": [cell.words for cell in row.cells]} for row in rows
            ],
            "models": [str(shown_model) for shown_model in models],
        },
    )


def _competitor(deployment: Deployment, brand: Brand, name: str) -> Brand:
    """Return the competitor of `brand` that has `name` as its name or alias.

    Raises:
        UnknownName: for an unknown brand, or one that is not a competitor of `brand`.
    """
    rival = find_brand(deployment.catalogue, name)
    rivals = deployment.catalogue.rivals(brand.name)
    if rival not in rivals:
        rival_names = [competitor.name for competitor in rivals]
        raise unknown_name(f"competitor of {brand.name}", rival.name, rival_names)
    return rival


def _questions_title(
    name: str, rival: Brand | None, rows: Sequence[QuestionRow], *, won: bool
) -> str:
    """Return the title of a table of questions, which sums up the rows of the table.

    Args:
        name: The brand's name.
        rival: A competitor beside the brand, or None. The title then counts the questions for which
            at least one model names the competitor more often.
        rows: The rows of the table.
        won: Whether the table begins with the questions that name the brand most. The title then
            says so. Otherwise it counts the questions for which no model names the brand.
    """
    if rival:
        behind = sum(any(cell.lost for cell in row.cells) for row in rows)
        count = wording.count(len(rows), "question")
        return f"{rival.name} is named more often for {behind or 'none'} of {count}"
    if won:
        return f"The questions that name {name} most"
    unnamed = sum(all(cell.lost for cell in row.cells if cell.words != NO_ANSWERS) for row in rows)
    if unnamed:
        return f"{name} is named in no answer to {wording.count(unnamed, 'question')}"
    return f"Every question names {name} at some model"


async def show_sources(
    deployment: Deployment, call: Call, *, brand: BrandName, model: ModelName = ""
) -> Card:
    """Show up to `MAX_SOURCES` sites that the newest answers cite, most cited first, with the brand
    that owns each site, if it is known. The text counts the answers that cite sources, and sums the
    answers that cite each of the brand's own sites. Without answers, the card offers a check.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The brand's name or alias.
        model: A model's name or ``provider/model``; empty means all.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers about it.
    """
    newest = await _read_newest_answers(deployment, call, brand, model)
    if not newest.answers:
        return _card_without_answers(newest.brand)
    catalogue, name = deployment.catalogue, newest.brand.name
    facts = true_facts(catalogue.facts, name)
    market = BriefMarket(newest.brand, catalogue.rivals(name), facts)
    sources = read_sources(market, newest.answers)
    citing = sum(bool(answer.cited) for answer in newest.answers)
    own = sum(source.answers for source in sources if source.own)
    rows = tuple(
        (Tainted(s.site), str(s.answers), "yours" if s.own else market.owner(s.site) or "")
        for s in sources[:MAX_SOURCES]
    )
    if sources:
        title = f"{sources[0].site} is cited most"
        count = wording.count(len(newest.answers), "answer")
        text = f"{citing} of {count} cite sources; your own pages in {own}."
    else:
        title = "No answer cites a source"
        text = "Models name their sources when they are asked with search."
    return Card(
        title=title,
        text=text,
        table=Table(("Site", "Answers", "Of"), rows, right=frozenset({1})) if rows else None,
        actions=fitting(Action(f"brief {quoted(name)}", "What to do?")),
        footer=_newest_check_footer(call, newest),
        data={
            "brand": name,
            "answers": len(newest.answers),
            "citing": citing,
            "sources": [{"site": s.site, "answers": s.answers, "own": s.own} for s in sources],
        },
    )


async def _read_newest_answers(
    deployment: Deployment, call: Call, brand: str, model: str
) -> _NewestAnswers:
    """Score the answers that wait for it, then return the answers about a brand of the newest run
    of each model. `_NewestAnswers.runs` and `answers` are empty if the brand has no answers yet.

    Args:
        deployment: The open deployment.
        call: Shows the progress of the scoring.
        brand: The brand's name or alias.
        model: The name of the only model to read, or ``provider/model``; empty for all.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers about it.
    """
    shown_brand = find_brand(deployment.catalogue, brand)
    deployment = await deployment.caught_up(call.progress)
    report = await read_report(deployment, shown_brand)
    if not report.runs:
        return _NewestAnswers(report, {}, ())
    runs = {chosen: report.runs[chosen] for chosen in chosen_models(deployment, report, model)}
    lines = [line for line in report.lines if line.key.model in runs]
    return _NewestAnswers(report, runs, await newest_answers(deployment, lines, runs))


def _answer_quotes(scored: ScoredAnswer, brand: Brand, about: str) -> Iterator[str]:
    """Yield the distinct quotes of a scored answer about a brand, shortened to `QUOTE_CHARACTERS`.

    Args:
        scored: The answer with its scores.
        brand: The brand.
        about: `DRAWBACKS` for the drawbacks that the answer names. Empty for the one sentence on
            which the sentiment is based, else the one that names the brand. Another subject, such
            as ``price``, for the claims about a fact with that word in its field; without these,
            the praise and criticism of such an aspect; without these, the sentences with the
            subject and the brand.
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


def _stated_lines(deployment: Deployment, newest: _NewestAnswers, about: str) -> list[str]:
    """Return a line for each model with the `MAX_VALUES` values that most of its newest answers
    state of the facts with the word `about` in their field, each with the number of answers and
    whether it is false, and a last line with the true values.

    For `DRAWBACKS`, return the lines of `_drawback_lines`. Empty if no fact has the word in its
    field.
    """
    if about == DRAWBACKS:
        return _drawback_lines(deployment, newest)
    facts = true_facts(deployment.catalogue.facts, newest.brand.name)
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
        lines.append(f"{deployment.names.name(model)}, of {len(model_answers)} answers: {shown}.")
    return [*lines, f"In truth, {'; '.join(true_values)}."]


_VERDICTS = {"wrong": " (wrong)", "stale": " (out of date)"}


def _drawback_lines(deployment: Deployment, newest: _NewestAnswers) -> list[str]:
    """Return a line for each model: the `MAX_DRAWBACKS` most frequent drawbacks in its newest
    answers, and in how many answers each occurs; ``no drawback`` if there is none.
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
        name = deployment.names.name(model)
        lines.append(f"{name}, of {len(model_answers)} answers: {shown or 'no drawback'}.")
    return lines


def _view_lines(deployment: Deployment, newest: _NewestAnswers) -> list[str]:
    """Return a line for each model: what its newest answers praise and criticise, and how often
    they recommend the brand first.
    """
    places = [place for place in newest.report.places if place.model in newest.runs]
    return [
        f"{view.model}: " + "; ".join(f"{label.lower()} {words}" for label, words in view.lines)
        for view in read_views(deployment, places, newest.report.rows, newest.answers)
    ]


def _quotes_in_turn(
    deployment: Deployment, quoted_answers: Sequence[tuple[ScoredAnswer, str]]
) -> Iterator[Quote]:
    """Yield up to `MAX_QUOTES` quotes with their model and question: the first quote of each model,
    then the second of each, and so on. A text that a model repeats is quoted once.

    Args:
        deployment: The open deployment, for the models' names.
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
        yield Quote(f"{deployment.names.name(scored.model)}, “{question}”", Tainted(quote))


def _model_names(deployment: Deployment, newest: _NewestAnswers) -> str:
    shown_models = sorted(newest.runs)[:MAX_NAMED_MODELS]
    return wording.listing([deployment.names.name(model) for model in shown_models])


def _verb(newest: _NewestAnswers) -> str:
    return "says" if len(newest.runs) == 1 else "say"


def _newest_check_footer(call: Call, newest: _NewestAnswers) -> str:
    """Return the day of the newest check and the number of answers, as a sentence."""
    at = max(runs[-1].at for runs in newest.runs.values())
    count = wording.count(len(newest.answers), "answer")
    return f"The newest check, {wording.day(at, call.zone)}; {count}."


def _card_without_answers(brand: Brand) -> Card:
    action = Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY)
    text = f"No answers about {brand.name} yet."
    return Card(brand.name, text, actions=fitting(action), data={"brand": brand.name})


ANSWERS_LIST = CommandSpec(
    "answers list",
    "Show what models say of a brand, with quotes.",
    list_answers,
    examples=("answers list Acme", "answers list Acme --model Claude --about price"),
)
ANSWERS_QUESTIONS = CommandSpec(
    "answers questions",
    "Show for each question whether answers name a brand, those it loses first.",
    show_questions,
    examples=("answers questions Acme", "answers questions Acme --against Globex"),
)
ANSWERS_SOURCES = CommandSpec(
    "answers sources",
    "Show which sites answers cite.",
    show_sources,
    examples=("answers sources Acme",),
)
