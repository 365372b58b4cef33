"""A brief as people and machines see it: a card, a page, a document."""

from collections.abc import Iterator, Sequence
from typing import Any

from overheard.advice.brief import LABELS, BriefItem, steps
from overheard.advice.brief_sources import BriefDraft, PublishedItem
from overheard.advice.evidence import fact_sentence
from overheard.advice.pages import BriefPage, missing_fact_sentence, share_with_interval
from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Table, Tainted, fitting, picked
from overheard.cards.command import Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.deployment import Call

MAX_FACTS = 4
"""Facts of an item that a card states."""
DESCRIBED_ITEMS = 3
"""Items of the table that a card describes in sentences too."""
QUOTE_CHARS = 120
"""Characters of the one quote that a chat shows."""
PROMPT_CHARS, TABLE_TITLE_CHARS, TITLE_CHARS, PUBLISHED_CHARS = 60, 60, 90, 120
"""Characters of a question above a quote, of an item's title in the table and in a sentence, and of
the title of a published item.
"""
FOLLOWS, FORGETS = "actions add", "actions remove"
"""The commands of a plugin that tells whether what was published has helped, and stops to."""
RANKED = (
    "First comes what is wrong, then what shows in most answers. What to state comes from your "
    "facts alone."
)


def brief_card(call: Call, draft: BriefDraft, most: int) -> Card:
    """Return a brief's draft as a card: a table of the first `most` items, which are the most
    pressing, sentences and a quote for the first of them, buttons that mark these
    as published, and a further card for each published item. The JSON data has all items.
    """
    name, shown = draft.market.brand.name, draft.items[:most]
    published = [
        Action(f"brief done {item.key} --brand {quoted(name)}", f"Published {number}")
        for number, item in enumerate(shown[:DESCRIBED_ITEMS], 1)
    ]
    in_chat = call.face is Face.CHAT
    has_more = in_chat and len(draft.items) > most
    page = Action(f"brief {quoted(name)} --format html", "All as a page", menu=True)
    return Card(
        title=f"What to write for {name}",
        text=_brief_text(draft, shown, call.face, call.names),
        table=_items_table(shown, call.face, call.names) if shown else None,
        quotes=tuple(
            Quote(
                f"{call.names.name(excerpt.model)}, asked "
                f"“{wording.shorten(excerpt.prompt, PROMPT_CHARS)}”",
                Tainted(wording.shorten(excerpt.text, QUOTE_CHARS) if in_chat else excerpt.text),
            )
            for item in shown[: 1 if in_chat else DESCRIBED_ITEMS]
            for excerpt in item.said[:1]
        ),
        actions=fitting(*published, *([page] if has_more else [])),
        more=tuple(_published_card(call, one) for one in draft.published),
        footer="" if call.face is Face.CHAT else RANKED,
        data=_brief_json(draft),
    )


def _items_table(shown: Sequence[BriefItem], face: Face, names: ModelNames) -> Table:
    """Return a table of the items `shown`, numbered from 1 in their order. In a chat a row has the
    title and the gap in words. Elsewhere it has the kind of gap, the title, the share of answers
    with its interval, and the item's code, which commands take.
    """
    numbered = [
        (number, wording.shorten(item.title, TABLE_TITLE_CHARS), item)
        for number, item in enumerate(shown, 1)
    ]
    if face is Face.CHAT:
        rows = tuple((f"{n}. {title}", _gap_words(item, names)) for n, title, item in numbered)
        return Table(("Content", "Why"), rows)
    header = ("No.", "Gap", "Content", "Answers", "Code")
    rows_with_code = tuple(
        (str(number), LABELS[item.kind], title, share_with_interval(item), item.key)
        for number, title, item in numbered
    )
    return Table(header, rows_with_code, right=frozenset({0}))


def _gap_words(item: BriefItem, names: ModelNames) -> str:
    """Return the kind of an item's gap with the number of answers of the counted model that show
    it, of those that could show it: ``wrong in 6 of 9 answers of ChatGPT``. It is ``wrong in 6
    answers of ChatGPT`` if the item does not count the answers that could, and the kind alone if no
    answer shows the gap.
    """
    label = LABELS[item.kind]
    if not item.hits:
        return label
    noun = "answer" if item.hits == 1 and not item.possible else "answers"
    return f"{label} in {item.counted} {noun} of {names.name(item.models[0])}"


def _brief_text(
    draft: BriefDraft, shown: Sequence[BriefItem], face: Face, names: ModelNames
) -> str:
    """Return the text of the card of a brief: what to do for the first item in a chat, for the
    first `DESCRIBED_ITEMS` items elsewhere. Without items it says that no gap shows, and without
    answers how to get some.
    """
    if not draft.answers:
        of = f" of the last {wording.count(draft.days, 'day')}" if draft.days else ""
        return f"No answers{of}. Ask with check, or bring history with import."
    if not shown:
        of = f"{draft.days} days" if draft.days else "the newest check"
        return f"No gap shows in {wording.count(draft.answers, 'answer')} of {of}."
    if face is Face.CHAT:
        first_step = steps(shown[0], draft.market.brand.name)[0]
        add_facts = " Add what is true to your facts first." if shown[0].missing else ""
        return f"{wording.shorten(shown[0].title, TITLE_CHARS)}. {first_step}{add_facts}"
    return "\n\n".join(_item_paragraphs(draft, shown[:DESCRIBED_ITEMS], names))


def _item_paragraphs(
    draft: BriefDraft, items: Sequence[BriefItem], names: ModelNames
) -> Iterator[str]:
    """Yield a paragraph for each item: its number from 1, title, evidence, advice, and the facts to
    state. Advice and facts that equal those of an earlier item are replaced by a reference to its
    number.
    """
    number_of_advice: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        advice = f"{_first_and_last_step(item, draft)} {_facts_to_state(item, draft)}"
        first_number = number_of_advice.setdefault(advice, number)
        if first_number != number:
            advice = f"Do as for {first_number}."
        why = f"{names.name(item.models[0])}: {item.why}" if item.models else item.why
        yield f"{number}. {wording.shorten(item.title, TITLE_CHARS)}. {why} {advice}"


def _first_and_last_step(item: BriefItem, draft: BriefDraft) -> str:
    """Return the first step for an item; followed by the last one, on sites to write to, if models
    cite sites of others for the item.
    """
    all_steps = steps(item, draft.market.brand.name)
    if item.reachable and len(all_steps) > 1:
        return f"{all_steps[0]} {all_steps[-1]}"
    return all_steps[0]


def _facts_to_state(item: BriefItem, draft: BriefDraft) -> str:
    """Return a sentence with the facts that a page should state for an item: the first `MAX_FACTS`,
    and the number of further ones. If the fact sheet lacks a fact that the item needs, the sentence
    is a request to add it first.
    """
    if item.missing:
        return missing_fact_sentence(item, quoted(draft.market.brand.name))
    more = len(item.facts) - MAX_FACTS
    stated = [f"“{fact_sentence(fact)}”" for fact in item.facts[:MAX_FACTS]]
    if more > 0:
        stated.append(wording.count(more, "more fact"))
    return f"State {wording.listing(stated)}."


def _published_card(call: Call, item: PublishedItem) -> Card:
    """Return the card of a published item, with buttons that show whether it helped, where a plugin
    follows that, and that take the mark back.
    """
    publication = item.publication
    brand = quoted(publication.brand)
    effect = Action(f"actions list {brand} --about {publication.item}", "Did it help?")
    return Card(
        title=wording.shorten(f"Published: {item.title}", PUBLISHED_CHARS),
        text=_published_sentences(call, item),
        actions=fitting(
            *([effect] if FOLLOWS in call.plugins.commands else []),
            Action(f"brief done {publication.item} --brand {brand} --undo", "Not published"),
        ),
    )


def _published_sentences(call: Call, item: PublishedItem) -> str:
    """Return when and by whom an item was published, and whether its gap shows."""
    day = wording.day(item.publication.at, call.zone)
    shows = f"It shows in {share_with_interval(item.now)}." if item.now else "It shows no longer."
    return f"On {day}, by {item.publication.who}. {shows}"


def brief_page(call: Call, draft: BriefDraft) -> BriefPage:
    """Return a brief's draft as a page: three sentences (what it rests on, how it is ranked, how it
    is used), all its items, and the title and sentences of each published item.
    """
    name = draft.market.brand.name
    answer_count = wording.count(draft.answers, "answer")
    today = wording.day(call.clock.now(), call.zone)
    basis = (
        f"From {answer_count} to your questions in the last {draft.days} days, drawn up on {today}."
    )
    usage = (
        "Once something is published, say so with the line under its item, in a chat or in the "
        "terminal: the next checks then tell whether it has helped."
    )
    published = [
        (f"Published: {one.title}", [_published_sentences(call, one)]) for one in draft.published
    ]
    return BriefPage(
        f"What to write for {name}", (basis, RANKED, usage), draft.items, name, published
    )


def _brief_json(draft: BriefDraft) -> dict[str, Any]:
    """Return a brief's draft for JSON output, with all its items and published items."""
    return {
        "brand": draft.market.brand.name,
        "answers": draft.answers,
        "days": draft.days,
        "items": [_item_json(item, draft.market.brand.name) for item in draft.items],
        "published": [_published_json(one) for one in draft.published],
    }


def _item_json(item: BriefItem, brand: str) -> dict[str, Any]:
    """Return an item of a brief for JSON output; `brand` is the brand's name. ``interval`` is the
    90 % interval of the share of answers (0 to 1) that show the gap. ``missing`` is None if the
    fact sheet lacks no fact.
    """
    return {
        "item": item.key,
        **picked(item, "kind", "subject", "title", "why", "hits", "answers", "interval", "stated"),
        "models": [str(model) for model in item.models],
        "sources": [{"site": site, "answers": count} for site, count in item.sources],
        "quotes": [picked(excerpt, "model", "prompt", "text") for excerpt in item.said],
        "state": [fact_sentence(fact) for fact in item.facts],
        "missing": item.missing or None,
        "steps": steps(item, brand),
    }


def _published_json(item: PublishedItem) -> dict[str, Any]:
    """Return a published item for JSON output. ``shows`` is the item in the brief of the answers
    that are read, None if they do not show its gap.
    """
    publication, now = item.publication, item.now
    return {
        **picked(publication, "item", "kind", "subject", "at", "who"),
        "prompts": list(now.prompts) if now else [],
        "shows": _item_json(now, publication.brand) if now else None,
    }
