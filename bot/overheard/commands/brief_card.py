"""A brief as people and machines see it: a card, a page, a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Table, Tainted, fitting
from overheard.cards.command import Face, quoted
from overheard.commands.updates import effect_words
from overheard.deployment import Call, Deployment
from overheard.finetune.brief import LABELS, BriefItem, Excerpt, steps
from overheard.finetune.brief_sources import BriefDraft, ItemProgress, metric_of
from overheard.finetune.pages import BriefPage, share_with_interval, to_add
from overheard.finetune.texts import fact_sentence

FACTS = 4
"""Facts of an item on a card."""
SHOWN_ITEMS = 3
"""Number of items that a card describes in sentences, too."""
RANKED = (
    "First comes what is wrong, then what shows in most answers. What to state comes from your "
    "facts alone."
)


def brief_card(deployment: Deployment, call: Call, draft: BriefDraft, most: int) -> Card:
    """Return a brief's draft as a card with up to `most` items, and a further card for each
    published item.
    """
    name, shown = draft.market.brand.name, draft.items[:most]
    return Card(
        title=f"What to write for {name}",
        text=_brief_text(draft, shown, call.face),
        table=_items_table(shown, call.face) if shown else None,
        quotes=tuple(
            Quote(_excerpt_source(deployment, excerpt), Tainted(excerpt.text))
            for item in shown[:SHOWN_ITEMS]
            for excerpt in item.said[:1]
        ),
        actions=fitting(*_published_actions(name, shown), *_page_action(call, name, draft, most)),
        more=tuple(_published_card(deployment, call, progress) for progress in draft.published),
        footer="" if call.face is Face.CHAT else RANKED,
        data=_brief_json(draft),
    )


def _excerpt_source(deployment: Deployment, excerpt: Excerpt) -> str:
    """Return the model and the question that an excerpt answers."""
    question = wording.shorten(excerpt.prompt, 60)
    return f"{deployment.names.name(excerpt.model)}, asked “{question}”"


def _items_table(shown: Sequence[BriefItem], face: Face) -> Table:
    """Return a table of the items `shown`; a terminal also gets intervals and the codes that
    commands take.
    """
    numbered = [(n, wording.shorten(item.title, 60), item) for n, item in enumerate(shown, 1)]
    if face is Face.CHAT:
        rows = tuple((f"{n}. {title}", _gap_words(item)) for n, title, item in numbered)
        return Table(("Content", "Why"), rows)
    header = ("No.", "Gap", "Content", "Answers", "Code")
    cells = [
        (str(n), LABELS[item.kind], t, share_with_interval(item), item.key)
        for n, t, item in numbered
    ]
    return Table(header, tuple(cells), frozenset({0}))


def _gap_words(item: BriefItem) -> str:
    """Return in how many answers a gap occurs: ``wrong in 6 of 6 answers``."""
    label = LABELS[item.kind]
    if not item.hits:
        return label
    alone = item.hits == 1 and not item.possible
    return f"{label} in {item.counted} {'answer' if alone else 'answers'}"


def _brief_text(draft: BriefDraft, shown: Sequence[BriefItem], face: Face) -> str:
    """Return the text of a brief's draft: its first item in a chat, its first `SHOWN_ITEMS` items
    in a terminal; a sentence if there is no answer or no gap.
    """
    if not draft.answers:
        return (
            f"No answers of the last {wording.count(draft.days, 'day')}. Ask with check, bring "
            "history with import, or look further back with --days."
        )
    if not shown:
        return f"No gap shows in {wording.count(draft.answers, 'answer')} of {draft.days} days."
    if face is Face.CHAT:
        return _first_item_sentence(draft, shown[0])
    return "\n\n".join(_item_paragraphs(draft, shown[:SHOWN_ITEMS]))


def _first_item_sentence(draft: BriefDraft, item: BriefItem) -> str:
    """Return the first step for an item in two or three sentences."""
    step = steps(item, draft.market.brand.name)[0]
    need = " Add what is true to your facts first." if item.missing else ""
    return f"{wording.shorten(item.title, 90)}. {step}{need}"


def _item_paragraphs(draft: BriefDraft, items: Sequence[BriefItem]) -> Iterator[str]:
    """Yield a paragraph for each item of a brief's draft. Advice that equals the advice for an
    earlier item is replaced by a reference to the item's number.
    """
    since: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        advice = f"{_first_and_last_step(item, draft)} {_facts_to_state(item, draft)}"
        first = since.setdefault(advice, number)
        doing = advice if first == number else f"Do as for {first}."
        yield f"{number}. {wording.shorten(item.title, 90)}. {item.why} {doing}"


def _first_and_last_step(item: BriefItem, draft: BriefDraft) -> str:
    """Return the first step for an item, and the last one if it names a person to inform."""
    every = steps(item, draft.market.brand.name)
    return " ".join(dict.fromkeys((every[0], every[-1]) if item.reachable else every[:1]))


def _facts_to_state(item: BriefItem, draft: BriefDraft) -> str:
    """Return which facts a page should state for an item, or which fact to add to the catalogue
    first.
    """
    if item.missing:
        return to_add(item, quoted(draft.market.brand.name))
    more = len(item.facts) - FACTS
    stated = [f"“{fact_sentence(fact)}”" for fact in item.facts[:FACTS]]
    if more > 0:
        stated.append(wording.count(more, "more fact"))
    return f"State {wording.listing(stated)}."


def _published_actions(brand: str, shown: Sequence[BriefItem]) -> Iterator[Action]:
    for number, item in enumerate(shown[:SHOWN_ITEMS], 1):
        yield Action(f"brief done {item.key} --brand {quoted(brand)}", f"Published {number}")


def _page_action(call: Call, brand: str, draft: BriefDraft, most: int) -> Iterator[Action]:
    """Yield the button that shows all items as a page, in a chat whose card has only `most` of
    them.
    """
    if call.face is Face.CHAT and len(draft.items) > most:
        yield Action(f"brief {quoted(brand)} --format html", "All as a page", menu=True)


def _published_card(deployment: Deployment, call: Call, progress: ItemProgress) -> Card:
    """Return the card of a published item, with what its gap shows since its publication."""
    publication = progress.publication
    return Card(
        title=_published_title(progress),
        text=" ".join(_published_sentences(deployment, call, progress)),
        actions=fitting(
            Action(
                f"brief reopen {publication.item} --brand {quoted(publication.brand)}",
                "Not published",
            )
        ),
    )


def _published_title(progress: ItemProgress) -> str:
    return wording.shorten(f"Published: {progress.title}", 120)


def _published_sentences(
    deployment: Deployment, call: Call, progress: ItemProgress
) -> Iterator[str]:
    """Yield the sentences on a published item: day and person, whether the gap still occurs, and
    the change of its metric at each model.
    """
    publication = progress.publication
    yield f"On {wording.day(publication.at, call.zone)}, by {publication.who}."
    if not progress.read:
        yield "No answer has come in since."
    elif progress.now:
        yield f"Since then it still shows in {share_with_interval(progress.now)}."
    else:
        yield f"Since then it shows in none of {wording.count(progress.read, 'answer')}."
    metric = deployment.scoring.metrics.get(metric_of(publication))
    known = [
        (model_progress.model, model_progress.verdict)
        for model_progress in progress.since
        if model_progress.verdict
    ]
    if metric and known:
        moves = (f"at {model} it {effect_words(verdict, metric.scale)}" for model, verdict in known)
        yield f"{metric.label} {_questions_words(progress)}: {'; '.join(moves)}."


def _questions_words(progress: ItemProgress) -> str:
    if not progress.prompts:
        return "on all questions"
    count = len(progress.prompts)
    return f"on the {f'{count} questions' if count > 1 else 'question'} where the gap showed"


def brief_page(deployment: Deployment, call: Call, draft: BriefDraft) -> BriefPage:
    """Return a brief's draft as a page of all its items and published items, with the sentences
    above them.
    """
    name = draft.market.brand.name
    read, today = wording.count(draft.answers, "answer"), deployment.clock.now()
    drawn_up = (
        f"From {read} to your questions in the last {draft.days} days, drawn up on "
        f"{wording.day(today, call.zone)}."
    )
    use = (
        "Once something is published, say so with the line under its item, in a chat or in the "
        "terminal. Later briefs then show whether the models have changed since."
    )
    published = [
        (_published_title(progress), list(_published_sentences(deployment, call, progress)))
        for progress in draft.published
    ]
    return BriefPage(
        f"What to write for {name}", (drawn_up, RANKED, use), draft.items, name, published
    )


def _brief_json(draft: BriefDraft) -> dict[str, Any]:
    """Return a brief's draft for JSON output."""
    return {
        "brand": draft.market.brand.name,
        "answers": draft.answers,
        "days": draft.days,
        "items": [_item_json(item, draft.market.brand.name) for item in draft.items],
        "published": [_progress_json(progress) for progress in draft.published],
    }


def _item_json(item: BriefItem, brand: str) -> dict[str, Any]:
    """Return an item of a brief for JSON output."""
    return {
        "item": item.key,
        "kind": item.kind.value,
        "subject": item.subject,
        "title": item.title,
        "why": item.why,
        "hits": item.hits,
        "answers": item.answers,
        "interval": list(item.interval),
        "stated": item.stated,
        "models": [str(model) for model in item.models],
        "sources": [{"site": site, "answers": count} for site, count in item.sources],
        "quotes": [{"model": str(s.model), "prompt": s.prompt, "text": s.text} for s in item.said],
        "state": [fact_sentence(fact) for fact in item.facts],
        "missing": item.missing or None,
        "steps": steps(item, brand),
    }


def _progress_json(progress: ItemProgress) -> dict[str, Any]:
    """Return a published item for JSON output, with what its gap shows since its publication; None
    for what is not measured yet.
    """
    return {
        "item": progress.publication.item,
        "kind": progress.publication.kind,
        "prompts": list(progress.prompts),
        "subject": progress.publication.subject,
        "at": progress.publication.at.isoformat(),
        "who": progress.publication.who,
        "shows": _item_json(progress.now, progress.publication.brand) if progress.now else None,
        "since": [
            {
                "model": str(since.model),
                "metric": since.metric,
                "finding": since.verdict.finding.value if since.verdict else None,
                "before": since.verdict.before if since.verdict else None,
                "after": since.verdict.after if since.verdict else None,
                "interval": list(since.verdict.interval) if since.verdict else None,
            }
            for since in progress.since
        ],
    }
