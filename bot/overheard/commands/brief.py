"""`brief`: what content to write, from what models say, and what became of it."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from overheard.advice.brief import LABELS, METRICS, BriefItem, steps
from overheard.advice.brief_sources import BRIEF_DAYS, BriefDraft, PublishedItem, read_brief
from overheard.advice.evidence import fact_sentence
from overheard.advice.pages import BriefPage, html, share_with_interval
from overheard.cards import wording
from overheard.cards.card import (
    Action,
    Card,
    File,
    Quote,
    Severity,
    Table,
    Tainted,
    fitting,
    picked,
)
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import past_moment
from overheard.commands.export import replacing
from overheard.config.problems import unknown_name
from overheard.deployment import Call, plugin_sentences
from overheard.domain import Brand, Catalogue, Model, Publication
from overheard.errors import BadUsage, UnknownName
from overheard.runs.plan import choose_brands
from overheard.views.news import Telling, with_standing_news
from overheard.views.situation import HEADLINE, Situation, SituationReader

DESCRIBED_ITEMS = 3
"""Items of the table that can be marked as published from the card."""
QUOTE_CHARS = 120
"""Characters of the one quote that a card shows."""
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
    page = Action(f"brief {quoted(name)} --format html", "All as a page", menu=True)
    return Card(
        title=f"What to write for {name}",
        text=_brief_text(draft, shown),
        table=_items_table(shown, call.names) if shown else None,
        quotes=tuple(
            Quote(
                f"{call.names.name(excerpt.model)}, asked "
                f"“{wording.shorten(excerpt.prompt, PROMPT_CHARS)}”",
                Tainted(wording.shorten(excerpt.text, QUOTE_CHARS)),
            )
            for item in shown[:1]
            for excerpt in item.said[:1]
        ),
        actions=fitting(*published, *([page] if len(draft.items) > most else [])),
        more=tuple(_published_card(call, one) for one in draft.published),
        data=_brief_json(draft),
    )


def _items_table(shown: Sequence[BriefItem], names: ModelNames) -> Table:
    """Return a table of the items `shown`, numbered from 1 in their order, with their gaps."""
    rows = tuple(
        (f"{n}. {wording.shorten(item.title, TABLE_TITLE_CHARS)}", _gap_words(item, names))
        for n, item in enumerate(shown, 1)
    )
    return Table(("Content", "Why"), rows)


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


def _brief_text(draft: BriefDraft, shown: Sequence[BriefItem]) -> str:
    """Return the text of the card of a brief: what to do for the first item. Without items it says
    that no gap shows, and without answers how to get some.
    """
    if not draft.answers:
        of = f" of the last {wording.count(draft.days, 'day')}" if draft.days else ""
        return f"No answers{of}. Ask with check, or bring history with import."
    if not shown:
        of = f"{draft.days} days" if draft.days else "the newest check"
        return f"No gap shows in {wording.count(draft.answers, 'answer')} of {of}."
    first_step = steps(shown[0], draft.market.brand.name)[0]
    add_facts = " Add what is true to your facts first." if shown[0].missing else ""
    return f"{wording.shorten(shown[0].title, TITLE_CHARS)}. {first_step}{add_facts}"


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
        **picked(draft, "answers", "days"),
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
        **picked(
            item,
            "kind",
            "subject",
            "title",
            "why",
            "hits",
            "answers",
            "interval",
            "stated",
            "models",
        ),
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


SHOWN_ITEMS, NAMED_ITEMS = 3, 10
"""How many items a card shows by default, and how many an error names."""


_ItemKey = Annotated[str, argument("Its key, as the brief shows it.")]
_BrandOrFirst = Annotated[str, option("The brand; without one, the first.", Kind.BRAND)]


async def show_brief(
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    days: Annotated[int, option("Of how many days; else the newest.", low=0, high=3650)] = 0,
    most: Annotated[int, option("How many items; 0: as many as fit.", low=0, high=50)] = 0,
    form: Annotated[Literal["card", "html"], option("A card, or a page.", word="format")] = "card",
    out: Annotated[Path | None, option("Where the page goes; else standard output.")] = None,
) -> Card:
    """Show which content to write for a brand, the most pressing first: as a card, or as a page
    with all items, which a chat gets as a file.

    Args:
        brand: The name of the brand; empty means the first tracked brand.
        days: Answers of so many days are read; 0 for the newest of each model that is asked.
        most: How many items the card shows; 0 for `SHOWN_ITEMS`. A page has all items.
        form: ``card``, or a page as ``html``.
        out: The file to which a terminal writes the page, in place of an existing one; None for
            standard output. Chats ignore it for a page.

    Raises:
        NothingToAsk: when there is no tracked brand.
        BadUsage: when `out` is given and `form` is ``card``.
    """
    found_brand = _brand_or_first(call.catalogue, brand)
    call = await call.caught_up()
    situation = await SituationReader(call).read(found_brand, HEADLINE)
    draft = (
        await _brand_brief(call, found_brand, days) if days else await newest_brief(call, situation)
    )
    card = brief_card(call, draft, most or SHOWN_ITEMS)
    told = await plugin_sentences(call, found_brand)
    card = replace(card, text="\n\n".join([str(card.text), *told]))
    card = with_standing_news(card, Telling(situation, call.names, call.zone))
    if form == "card":
        if out:
            raise BadUsage(problem="A file is a page: add --format html", usage=BRIEF.usage)
        return card
    page = brief_page(call, draft)
    page = replace(page, lead=(*page.lead, *told))
    text, item_count = html(page), wording.count(len(page.items), "item")
    if call.face is Face.CHAT:
        name = wording.file_name(page.title, "html")
        page_file = File(text.encode(), name, "text/html", f"{page.title}, {item_count}")
        return Card(page.title, f"All {item_count}, as a page.", file=page_file, data=card.data)
    if out is None:
        sys.stdout.write(text)
        return replace(card, title="")  # nothing else belongs behind the page
    with replacing(out) as file:
        file.write(text)
    return Card("Wrote the brief", f"{item_count}, in {out}.", data=card.data)


async def finish_item(
    call: Call,
    *,
    item: _ItemKey,
    brand: _BrandOrFirst = "",
    when: Annotated[str, option("When it was published; today.", Kind.TIME)] = "today",
    undo: Annotated[bool, option("Take back that it is published.")] = False,
) -> Card:
    """Store that content on an item is published; return the card, with how large an effect a
    plugin will see. Later briefs list the item as published, and whether its gap still shows.

    Args:
        item: The item's key, such as ``a1b2c3``, in the brief of the last `BRIEF_DAYS` days.
        brand: The name of the brand; empty means the first tracked brand.
        when: When it was published: ``today`` (the midnight with which it began), ``yesterday``,
            ``2026-11-20``, or a moment such as ``2026-11-20T15:00``.
        undo: Whether the item is to be written again instead.

    Raises:
        UnknownName: for a brand or an item that does not exist.
        NothingToAsk: when there is no tracked brand.
        BadUsage: when the time cannot be read.
        BadUsage: when the time is in the future, or the item is published already.
    """
    found_brand = _brand_or_first(call.catalogue, brand)
    if undo:
        return await _reopen_item(call, found_brand, item)
    at = past_moment(when, call.clock.now(), call.zone)
    scored = await call.caught_up()
    draft = await _brand_brief(scored, found_brand, BRIEF_DAYS)
    found_item = _unpublished_item(draft, item)
    await call.store.finetune.publish(
        Publication(
            brand=found_brand.name,
            item=found_item.key,
            kind=found_item.kind.value,
            subject=found_item.subject,
            stated=found_item.stated,
            at=at,
            who=call.who,
        )
    )
    brand_words = quoted(found_brand.name)
    undo_action = Action(f"brief done {found_item.key} --brand {brand_words} --undo", "Undo")
    text = f"{found_item.title}: published on {wording.day(at, call.zone)}."
    follows = call.plugins.commands.get(FOLLOWS)
    if follows and found_item.prompts:
        followed = await follows.run(
            call,
            what=f"page on {found_item.question or found_item.subject}",
            questions=found_item.prompts,
            metric=METRICS[found_item.kind],
            key=found_item.key,
            brand=found_brand.name,
            when=at.astimezone(call.zone).date().isoformat(),
        )
        text = f"{text} {followed.text}" if isinstance(followed, Card) else text
    return Card(
        title="Marked as published",
        text=text,
        actions=fitting(undo_action),
        severity=Severity.GOOD,
        data={"brand": found_brand.name, "item": found_item.key, "at": at.isoformat()},
    )


async def newest_brief(call: Call, situation: Situation) -> BriefDraft:
    """Return the brief of a brand from the newest answers of each current model; of all models that
    are asked, if none answered in the newest check.
    """
    newest = {model: situation.runs[model][-1].id for model in situation.current_models}
    return await _brand_brief(call, situation.brand, 0, newest)


async def _brand_brief(
    call: Call, brand: Brand, days: int, newest: Mapping[Model, int] | None = None
) -> BriefDraft:
    """Return the brief of a brand from the answers of the last `days` days; or, if given, from
    those of the newest run of each model alone.
    """
    now, versions = call.clock.now(), call.scoring.versions
    return await read_brief(call.catalogue, call.store, versions, brand, days, now, newest)


def _unpublished_item(draft: BriefDraft, key: str) -> BriefItem:
    """Return the item of a brief with a key, such as ``a1b2c3``. An item that is published already
    raises an error. Case and outer spaces of the key make no difference.
    """
    wanted_key = key.strip().casefold()
    if any(one.publication.item == wanted_key for one in draft.published):
        problem = f"Item {wanted_key} is published already, so take that back first"
        raise BadUsage(problem=problem, usage=f"brief done {wanted_key} --undo")
    for item in draft.items:
        if item.key == wanted_key:
            return item
    raise unknown_name("item", key, [item.key for item in draft.items[:NAMED_ITEMS]])


async def _reopen_item(call: Call, found_brand: Brand, item: str) -> Card:
    """Remove the publication of an item from the store; return the card. The item is then to be
    written again, and no longer followed.
    """
    key, items = item.strip().casefold(), call.store.finetune
    if not await items.retract_publication(found_brand.name, key):
        published = await items.publications(found_brand.name)
        raise unknown_name("published item", item, [publication.item for publication in published])
    if forgets := call.plugins.commands.get(FORGETS):
        with suppress(UnknownName):  # an item of which no question asks was not followed
            await forgets.run(call, action=key)
    return Card("Reopened", "It is to be written again.", data={"item": item})


def _brand_or_first(catalogue: Catalogue, name: str) -> Brand:
    """Return the brand with a name or alias; for an empty name, the first tracked brand."""
    return choose_brands(catalogue, [name] if name else [])[0]


BRIEF = CommandSpec(
    "brief list",
    "Show what content to write for a brand, the most pressing first.",
    show_brief,
    examples=("brief", "brief Acme --days 30"),
    title="Content to write",
)
BRIEF_DONE = CommandSpec(
    "brief done",
    "Mark that content on an item is published, to see what becomes of it.",
    finish_item,
    role=Role.OPERATOR,
    examples=("brief done a1b2c3", "brief done a1b2c3 --brand Acme --when 2026-11-20"),
    title="Mark as published",
)
