"""A brief as a page: a self-contained HTML file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overheard.advice.brief import LABELS, BriefItem, steps
from overheard.advice.evidence import fact_sentence
from overheard.cards import wording
from overheard.cards.command import quoted
from overheard.cards.html import render_html


@dataclass(frozen=True, slots=True)
class BriefPage:
    """The content of a brief's page.

    Attributes:
        lead: Sentences above the items.
        items: The items in order.
        brand: The brand's name.
        published: A title and sentences for each published item.
    """

    title: str
    lead: Sequence[str]
    items: Sequence[BriefItem]
    brand: str
    published: Sequence[tuple[str, Sequence[str]]] = ()


def share_with_interval(item: BriefItem) -> str:
    """Return the share of all answers that show an item, with its 90 % interval, in words: ``12 %
    of 66 answers (7 % to 20 %)``; ``no answer so far`` without hits.
    """
    if not item.hits:
        return "no answer so far"
    low, high = item.interval
    return (
        f"{wording.percent(item.hits / item.answers)} of {wording.count(item.answers, 'answer')} "
        f"({wording.percent(low)} to {wording.percent(high)})"
    )


def missing_fact_sentence(item: BriefItem, brand: str) -> str:
    """Return sentences that ask to add the fact that an item lacks, with the command; empty if it
    lacks none.

    Args:
        brand: The brand's name as it is typed in commands, with quotation marks if it has blanks.
    """
    if not item.missing:
        return ""
    return (
        f"The fact sheet says nothing about {item.missing}. Find out what is true and add it "
        f"(facts add {brand} FIELD VALUE) before you write."
    )


def html(page: BriefPage) -> str:
    """Return a brief's page as the text of one HTML file without scripts, pictures or external
    resources. Text from outside is escaped.
    """
    items = [(item, list(_item_sections(item, page.brand))) for item in page.items]
    return render_html(
        "overheard.advice",
        "brief.html.j2",
        page=page,
        items=items,
        labels=LABELS,
        rate=lambda item: wording.percent(item.hits / item.answers) if item.hits else "-",
        share=share_with_interval,
        done=done_command,
        DO=DO,
        SAY=SAY,
        ADD=ADD,
    )


DO = "What to do"
STATE = "What the page should state"
ELSE = "What else it can state"
ADD = "Find out first"
SAY = "What models say"
WHO = "Which models"
CITE = "What they cite"


def done_command(item: BriefItem, brand: str) -> str:
    """Return the command that marks an item as published, without the name of the program: ``brief
    done 1a2b3c --brand Acme``. ``brand`` is the brand's name, which is quoted if it has blanks.
    """
    return f"brief done {item.key} --brand {quoted(brand)}"


def _item_sections(item: BriefItem, brand: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the lines of each section of an item, in order: what to do, the fact to
    find out first, the facts to state, sentences from answers, models, and cited sites. A section
    without lines is left out.
    """
    missing = missing_fact_sentence(item, quoted(brand))
    excerpts = [
        f"{excerpt.text} ({excerpt.model}, asked “{wording.line(excerpt.prompt)}”)"
        for excerpt in item.said
    ]
    cited = [f"{site} ({wording.count(count, 'answer')})" for site, count in item.sources]
    stated = [
        f"{fact_sentence(fact)}{f', stated at {fact.source}' if fact.source else ''}"
        for fact in item.facts
    ]
    models = wording.listing([str(model) for model in item.models])
    sections = (
        (DO, steps(item, brand)),
        (ADD, [missing] if missing else []),
        (ELSE if missing else STATE, stated),
        (SAY, excerpts),
        (WHO, [models] if models else []),
        (CITE, [wording.listing(cited)] if cited else []),
    )
    yield from ((heading, lines) for heading, lines in sections if lines)
