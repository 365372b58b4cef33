"""`answers`: what models say of a brand, which questions name it, and which sources they cite.

The quotes are picked in ``answer_quotes.py``, the answers read in ``newest_answers.py``.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from overheard.advice.brief import BriefMarket
from overheard.advice.evidence import true_facts
from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, Table, Tainted, fitting
from overheard.cards.command import CommandSpec, Kind, option, quoted
from overheard.commands.arguments import BrandName, ModelName
from overheard.commands.newest_answers import (
    NO_ANSWERS,
    NewestAnswers,
    answer_quotes,
    card_without_answers,
    model_names,
    newest_check_footer,
    quotes_in_turn,
    read_newest_answers,
    searched_for,
    sources_data,
    stated_lines,
    view_lines,
)
from overheard.commands.page_tables import QuestionRow, read_questions, read_sources
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.domain import Brand, Catalogue
from overheard.runs.plan import find_brand
from overheard.views.news import Telling, with_standing_news

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
    lines = stated_lines(call, newest, about) if about else view_lines(call, newest)
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
    if not newest.answers:
        return card_without_answers(newest.brand)
    models = sorted(newest.runs)
    rows, more = read_questions(
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
    rows: Sequence[QuestionRow],
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
