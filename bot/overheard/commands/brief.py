"""`brief`: what content to write, from what models say, and what became of it."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from overheard.advice.brief import METRICS, BriefItem
from overheard.advice.brief_sources import BRIEF_DAYS, BriefDraft, read_brief
from overheard.advice.pages import html, markdown
from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Severity, fitting
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option, quoted
from overheard.commands.arguments import read_time
from overheard.commands.brief_card import FOLLOWS, FORGETS, brief_card, brief_page
from overheard.commands.export import replacing
from overheard.commands.plugin_sentences import plugin_sentences
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.domain import Brand, Catalogue, Model, Publication
from overheard.errors import BadUsage, UnknownName
from overheard.runs.plan import choose_brands
from overheard.views.news import Telling, with_standing_news
from overheard.views.situation import HEADLINE, Situation, SituationReader

SHOWN_ITEMS, SHOWN_IN_CHAT = 10, 3
"""How many items a card shows by default, in a terminal and in a chat."""


class BriefFormat(StrEnum):
    """How a brief is written."""

    CARD = "card"
    MARKDOWN = "markdown"
    HTML = "html"


_ItemKey = Annotated[str, argument("Its key, as the brief shows it.")]
_BrandOrFirst = Annotated[str, option("The brand; without one, the first.", Kind.BRAND)]


async def show_brief(
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    days: Annotated[int, option("Of how many days; else the newest.", low=0, high=3650)] = 0,
    most: Annotated[int, option("How many items; 0: as many as fit.", low=0, high=50)] = 0,
    form: Annotated[
        str, option("A card, or a page.", word="format", choices=tuple(BriefFormat))
    ] = BriefFormat.CARD,
    out: Annotated[Path | None, option("Where the page goes; else standard output.")] = None,
) -> Card:
    """Show which content to write for a brand, the most pressing first: as a card, or as a page
    with all items, which a chat gets as a file.

    Args:
        brand: The name of the brand; empty means the first tracked brand.
        days: Answers of so many days are read; 0 for the newest of each model that is asked.
        most: How many items the card shows; 0 for `SHOWN_ITEMS`, in a chat for `SHOWN_IN_CHAT`. A
            page has all items.
        form: ``card``, or a page as ``markdown`` or ``html``.
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
    shown_by_default = SHOWN_IN_CHAT if call.face is Face.CHAT else SHOWN_ITEMS
    card = brief_card(call, draft, most or shown_by_default)
    told = await plugin_sentences(call, found_brand)
    card = replace(card, text="\n\n".join([str(card.text), *told]))
    card = with_standing_news(card, Telling(situation, call.names, call.zone))
    if form == BriefFormat.CARD:
        if out:
            raise BadUsage(problem="A file is Markdown or HTML", usage=BRIEF.usage)
        return card
    page = brief_page(call, draft)
    page = replace(page, lead=(*page.lead, *told))
    text = markdown(page) if form == BriefFormat.MARKDOWN else html(page)
    item_count = wording.count(len(page.items), "item")
    if call.face is Face.CHAT:
        if form == BriefFormat.MARKDOWN:
            extension, media_type = "md", "text/markdown"
        else:
            extension, media_type = "html", "text/html"
        name = wording.file_name(page.title, extension)
        page_file = File(text.encode(), name, media_type, f"{page.title}, {item_count}")
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
        TimeUnreadable: when the time cannot be read.
        BadUsage: when the time is in the future, or the item is published already.
    """
    found_brand = _brand_or_first(call.catalogue, brand)
    if undo:
        return await _reopen_item(call, found_brand, item)
    at = _publication_time(call.clock.now(), call.zone, when)
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


def _publication_time(now: datetime, zone: tzinfo, when: str) -> datetime:
    """Return the time of a publication in UTC; a day means the midnight with which it begins in the
    caller's zone.
    """
    at = read_time(when, now, zone)
    if at > now:
        date = wording.moment(at, zone)
        raise BadUsage(problem=f"{date} is still to come", usage=BRIEF_DONE.usage)
    return at


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
    raise unknown_name("item", key, [item.key for item in draft.items[:SHOWN_ITEMS]])


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
