"""`answers`: what models say of a brand in the newest check, which questions name it, and which
sources they cite.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from overheard.advice.brief import BriefMarket
from overheard.advice.evidence import ScoredAnswer, true_facts
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Quote, Style, Table, Tainted, fitting
from overheard.cards.command import CommandSpec, Kind, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands import page_tables
from overheard.commands.arguments import BrandName, ModelName, chosen_models
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.domain import SENTIMENT, VISIBILITY, Answer, Brand, Catalogue, Detail, Model, RunKey
from overheard.measure.blocks import Stream
from overheard.reading.text import sentences
from overheard.runs.plan import find_brand
from overheard.views.news import Telling, with_standing_news
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
        chosen: situation.runs[chosen]
        for chosen in chosen_models(call.names, situation.current_models, situation.runs, model)
    }
    lines = [line for line in situation.lines if line.key.model in runs]
    return NewestAnswers(situation, runs, await page_tables.newest_answers(call, lines, runs))


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


def card_without_answers(
    brand: Brand, text: str = "", *, title: str = "", lacks: str = "", **data: Any
) -> Card:
    """Return the card of a brand of which there is nothing to show.

    Args:
        text: Why; by default that there are no answers yet.
        title: By default the brand's name.
        lacks: What the brand needs competitors for, as a sentence; empty where it has some.
    """
    name = quoted(brand.name)
    action = Action(f"check {name}", "Check now", Style.PRIMARY)
    if lacks:
        action = Action(f"brands edit {name}", "Add competitors", Style.PRIMARY)
    text = lacks or text or f"No answers about {brand.name} yet."
    data = {"brand": brand.name, **data}
    return Card(title or brand.name, text, actions=fitting(action), data=data)


MAX_QUOTES, QUOTE_CHARACTERS = 5, 300
MAX_QUERIES, MAX_QUERY_CHARS = 3, 60
"""Searches that a card names, and the characters of each."""
MAX_VALUES, MAX_VALUE_CHARS = 3, 60
"""Values of a fact that a line names, and the characters of each."""
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
        if about.casefold() in (topic := detail.topic.casefold())
        or topic in about.casefold().split()
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
            letters. Without such a fact the result is empty.
    """
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


def view_lines(call: Call, newest: NewestAnswers) -> list[str]:
    """Return a line for each model with answers: what its newest answers praise and criticise, and
    how often they recommend the brand first, if that is measured.
    """
    places = [place for place in newest.situation.places if place.model in newest.runs]
    return [
        f"{view.model}: " + "; ".join(f"{label.lower()} {words}" for label, words in view.lines)
        for view in page_tables.read_views(
            call.names, places, newest.situation.rows, newest.answers
        )
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
        answer = scored.answer
        question = wording.shorten(wording.line(answer.question.prompt.text), MAX_QUESTION_CHARS)
        said = [wording.shorten(wording.line(t), MAX_QUESTION_CHARS) for t in answer.reply.earlier]
        text = Tainted(" … ".join((*said, quote)))
        yield Quote(f"{names.name(scored.model)}, “{question}”", text)


MAX_SOURCES = 12


async def answers(
    call: Call,
    *,
    brand: BrandName,
    show: Annotated[
        Literal["quotes", "questions", "sources"],
        option("What they say, which questions name it, or which sites they cite."),
    ] = "quotes",
    model: ModelName = "",
    about: Annotated[str, option("A subject, such as price or drawbacks.", longest=60)] = "",
    against: Annotated[
        str, option("Questions beside this competitor: those where it leads first.", Kind.BRAND)
    ] = "",
    won: Annotated[bool, option("Questions that it wins first.")] = False,
) -> Card:
    """Show the answers of each model's newest run about a brand: quotes, or a table of questions,
    or a table of cited sites. Answers that wait for it are scored first. Without answers, the card
    offers a check.

    Args:
        show: Which of the three; `against` and `won` mean questions.
        model: A model's name or ``provider/model``; empty means all.
        about: The subject of the quotes, see `list_answers`.

    Raises:
        UnknownName: for a brand that does not exist, a model without answers about it, or a brand
            in `against` that is not a competitor.
    """
    newest = await read_newest_answers(call, brand, model)
    if not newest.answers:
        card = card_without_answers(newest.brand)
    elif show == "questions" or against or won:
        card = show_questions(call, newest, against=against, won=won)
    elif show == "sources":
        card = show_sources(call, newest)
    else:
        card = list_answers(call, newest, about)
    return with_standing_news(card, Telling(newest.situation, call.names, call.zone))


def list_answers(call: Call, newest: NewestAnswers, about: str = "") -> Card:
    """Show what the answers of each model's newest run say about a brand: a line for each model,
    and up to `MAX_QUOTES` sentences. The JSON data has all quotes.

    Args:
        about: The subject: a fact's field (the lines then state the values that the answers name),
            ``drawbacks`` (the drawbacks that they name), or another word (the card then only counts
            the answers with a sentence about it). Empty for what they praise and criticise.
    """
    name = newest.brand.name
    quoted_answers = [
        (answer, quote)
        for answer in newest.answers
        for quote in answer_quotes(answer, newest.brand, about)
    ]
    subject = f": {about}" if about else ""
    is_view = about in {"", DRAWBACKS}
    lines = view_lines(call, newest) if is_view else stated_lines(call, newest, about)
    count = wording.count(len({answer.answer.id for answer, _ in quoted_answers}), "answer")
    verb = "says" if len(newest.runs) == 1 else "say"
    return Card(
        title=f"What {model_names(call.names, newest)} {verb} about {name}{subject}",
        text="\n".join(lines) or f"{count} of {len(newest.answers)} mention it.",
        quotes=tuple(quotes_in_turn(call.names, quoted_answers)),
        fields=searched_for(scored.answer for scored in newest.answers),
        actions=fitting(
            Action(f"claims {quoted(name)}", "False claims"),
            Action(f"answers {quoted(name)} --show questions", "Questions you lose"),
        ),
        footer=newest_check_footer(call, newest),
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
            "sources": [
                sources_data(answer.answer) | {"question": answer.answer.question.prompt.text}
                for answer in newest.answers
                if answer.answer.reply.searches or answer.answer.reply.citations
            ],
        },
    )


def show_questions(
    call: Call, newest: NewestAnswers, *, against: str = "", won: bool = False
) -> Card:
    """Show a table with, for each question and model, how many answers of the model's newest run
    name a brand. The questions with the smallest share of such answers come first. Questions that
    the table has no room for are counted in the text.

    Args:
        against: A competitor of the brand. Cells then show both counts, and the order is by the
            brand's lead over the competitor, the smallest first. Empty for none.
        won: Whether to reverse the order: the largest share or lead first.

    Raises:
        UnknownName: for a brand in `against` that is not a competitor.
    """
    rival = _competitor(call.catalogue, newest.brand, against) if against else None
    models = sorted(newest.runs)
    rows, more = page_tables.read_questions(
        call.catalogue,
        newest.brand,
        newest.lines,
        newest.answers,
        models,
        rival=rival,
        best_first=won,
    )
    name = newest.brand.name
    header = ("Question", *(call.names.name(shown_model) for shown_model in models))
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
        title=_questions_title(newest.brand, rival, rows, header[1:], won=won),
        text=text,
        table=table,
        actions=fitting(
            Action(f"brief {quoted(name)}", "What to do?", Style.PRIMARY),
            Action(f"answers {quoted(name)}", "Read answers"),
        ),
        footer=newest_check_footer(call, newest),
        data={
            "brand": name,
            "against": rival.name if rival else None,
            "questions": [
                {"question": row.text, "named": [cell.words for cell in row.cells]} for row in rows
            ],
            "models": [str(shown_model) for shown_model in models],
        },
    )


def _competitor(catalogue: Catalogue, brand: Brand, name: str) -> Brand:
    """Return the competitor of `brand` that has `name` as its name or alias."""
    rival = find_brand(catalogue, name)
    rivals = catalogue.rivals(brand.name)
    if rival not in rivals:
        rival_names = [competitor.name for competitor in rivals]
        raise unknown_name(f"competitor of {brand.name}", rival.name, rival_names)
    return rival


def _questions_title(
    brand: Brand,
    rival: Brand | None,
    rows: Sequence[page_tables.QuestionRow],
    models: Sequence[str],
    *,
    won: bool,
) -> str:
    """Return the title of a table of questions: at which model most of them are lost, and how many.
    With a competitor a question is lost at a model that names it more often, without one at a model
    that does not name the brand. `won` says instead that the table begins with the best.
    """
    if won and not rival:
        return f"The questions that name {brand.name} most"
    lost = [
        sum(row.cells[place].lost and row.cells[place].words != NO_ANSWERS for row in rows)
        for place in range(len(models))
    ]
    most = max(lost, default=0)
    count = wording.count(len(rows), "question")
    at = f" at {models[lost.index(most)]}" if most else ""
    if rival:
        return f"{rival.name} is named more often for {most or 'none'} of {count}{at}"
    if most:
        return f"{brand.name} is named in no answer to {most} of {count}{at}"
    return f"Every model names {brand.name} for each question"


def show_sources(call: Call, newest: NewestAnswers) -> Card:
    """Show the sites that the answers of each model's newest run cite, most cited first, with the
    brand that owns each site, if it is known. If none of the most cited sites is the brand's own,
    its most cited own site is added last.

    The text counts the answers that cite any source, and adds up the answers that cite each own
    site of the table.
    """
    catalogue, name = call.catalogue, newest.brand.name
    facts = true_facts(catalogue.facts, name)
    market = BriefMarket(newest.brand, catalogue.rivals(name), facts)
    sources = page_tables.read_sources(market, newest.answers)
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
        footer=newest_check_footer(call, newest),
        data={
            "brand": name,
            "answers": len(newest.answers),
            "citing": citing,
            "sources": [{"site": s.site, "answers": s.answers, "own": s.own} for s in sources],
        },
    )


ANSWERS = CommandSpec(
    "answers",
    "Show what models say of a brand, which questions name it, or which sites they cite.",
    answers,
    examples=(
        "answers Acme",
        "answers Acme --model Claude --about price",
        "answers Acme --show questions --against Globex",
        "answers Acme --show sources",
    ),
)
