"""`brief`: what content to write, from what models say, and what became of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Severity, fitting
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option, quoted
from overheard.commands.arguments import read_time, unknown_name
from overheard.commands.brief_card import brief_card, brief_page
from overheard.commands.export import replacing
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Publication
from overheard.errors import BadUsage
from overheard.finetune.brief import BriefItem
from overheard.finetune.brief_sources import BRIEF_DAYS, BriefDraft, draw_brief
from overheard.finetune.pages import html, markdown
from overheard.runs.plan import choose_brands

SHOWN_ITEMS, SHOWN_IN_CHAT = 10, 3
"""How many items are shown by default."""


class BriefFormat(StrEnum):
    """How a brief is written."""

    CARD = "card"
    MARKDOWN = "markdown"
    HTML = "html"


_ItemKey = Annotated[str, argument("Its key, as the brief shows it.")]
_BrandOrFirst = Annotated[str, option("The brand; without one, the first.", Kind.BRAND)]


async def show_brief(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    days: Annotated[
        int, option("Of how many days answers are read.", low=1, high=3650)
    ] = BRIEF_DAYS,
    most: Annotated[int, option("How many items; 0: as many as fit.", low=0, high=50)] = 0,
    form: Annotated[
        str, option("A card, or a page.", word="format", choices=tuple(BriefFormat))
    ] = BriefFormat.CARD,
    out: Annotated[Path | None, option("Where the page goes; else standard output.")] = None,
) -> Card:
    """Show which content to write for a brand, most pressing first; as a card, or as a page that is
    written to a file.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The name of the brand; empty means the first tracked brand.
        days: Of how many days answers are read.
        most: How many items are shown; 0 for `SHOWN_ITEMS`, in a chat for `SHOWN_IN_CHAT`.
        form: A card, or a page as Markdown or HTML.
        out: Where the page goes; by default to standard output.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when there is no brand.
        BadUsage: for a file without a form.
        FileUnwritable: when the file cannot be written.
    """
    subject = _brand_or_first(deployment, brand)
    draft = await _brand_brief(deployment, call, subject, days)
    usual = SHOWN_IN_CHAT if call.face is Face.CHAT else SHOWN_ITEMS
    card = brief_card(deployment, call, draft, most or usual)
    if form == BriefFormat.CARD:
        if out:
            raise BadUsage(problem="A file is Markdown or HTML", usage=BRIEF.usage)
        return card
    page = brief_page(deployment, call, draft)
    text = markdown(page) if form == BriefFormat.MARKDOWN else html(page)
    if call.face is Face.CHAT:
        ending, media = (
            ("md", "text/markdown") if form == BriefFormat.MARKDOWN else ("html", "text/html")
        )
        name = wording.file_name(page.title, ending)
        counted = wording.count(len(page.items), "item")
        made = File(text.encode(), name, media, f"{page.title}, {counted}")
        return Card(page.title, f"All {counted}, as a page.", file=made, data=card.data)
    if out is None:
        sys.stdout.write(text)
        return replace(card, title="")  # nothing else belongs behind the page
    with replacing(out) as file:
        file.write(text)
    return Card(
        "Wrote the brief", f"{wording.count(len(page.items), 'item')}, in {out}.", data=card.data
    )


async def finish_item(
    deployment: Deployment,
    call: Call,
    *,
    item: _ItemKey,
    brand: _BrandOrFirst = "",
    when: Annotated[str, option("When it was published; today.", Kind.TIME)] = "today",
) -> Card:
    """Store that content on an item is published; later briefs show whether its gap has changed
    since.

    Raises:
        UnknownName: for a brand or an item that does not exist.
        TimeUnreadable: when the time cannot be read.
        BadUsage: when the time is in the future, or the item is published already.
    """
    subject = _brand_or_first(deployment, brand)
    at = _past_moment(deployment, call, when)
    draft = await _brand_brief(deployment, call, subject, BRIEF_DAYS)
    wanted = _open_item(draft, item)
    await deployment.store.finetune.publish(
        Publication(
            *(subject.name, wanted.key, wanted.kind.value, wanted.subject, wanted.stated),
            *(at, call.who),
        )
    )
    day = wording.day(at, call.zone)
    return Card(
        title="Marked as published",
        text=f"{wanted.title}: published on {day}. From the next check on, the brief shows "
        "whether the models have changed since.",
        actions=fitting(
            Action(f"brief reopen {wanted.key} --brand {quoted(subject.name)}", "Undo")
        ),
        severity=Severity.GOOD,
        data={"brand": subject.name, "item": wanted.key, "at": at.isoformat()},
    )


async def _brand_brief(deployment: Deployment, call: Call, brand: Brand, days: int) -> BriefDraft:
    """Return the brief of a brand from the answers of the last `days`; pending answers are scored
    first.
    """
    now = deployment.clock.now()
    read = await deployment.caught_up(call.progress)
    return await draw_brief(read.catalogue, read.store, read.scoring.versions, brand, days, now)


def _past_moment(deployment: Deployment, call: Call, when: str) -> datetime:
    at, now = read_time(when, deployment.clock.now(), call.zone), deployment.clock.now()
    if at > now:
        date = wording.moment(at, call.zone)
        raise BadUsage(problem=f"{date} is still to come", usage=BRIEF_DONE.usage)
    return at


def _open_item(draft: BriefDraft, name: str) -> BriefItem:
    """Return the item of a key (`name`) that is still to be written, from a brief's draft.

    Raises:
        BadUsage: for an item that is published.
        UnknownName: for an unknown key.
    """
    wanted = name.strip().casefold()
    if any(progress.publication.item == wanted for progress in draft.published):
        problem = f"Item {wanted} is published already, so take that back first"
        raise BadUsage(problem=problem, usage=f"brief reopen {wanted}")
    for item in draft.items:
        if item.key == wanted:
            return item
    raise unknown_name("item", name, [item.key for item in draft.items[:SHOWN_ITEMS]])


async def reopen_item(
    deployment: Deployment, _: Call, *, item: _ItemKey, brand: _BrandOrFirst = ""
) -> Card:
    """Remove the publication of an item from the store; the item is then to be written again.

    Raises:
        UnknownName: for a brand that does not exist, or an item that is not published.
    """
    subject = _brand_or_first(deployment, brand)
    if not await deployment.store.finetune.retract_publication(
        subject.name, item.strip().casefold()
    ):
        known = await deployment.store.finetune.publications(subject.name)
        raise unknown_name("published item", item, [progress.item for progress in known])
    return Card("Reopened", "It is to be written again.", data={"item": item})


def _brand_or_first(deployment: Deployment, name: str) -> Brand:
    """Return the brand of a name; without a name, the first tracked brand."""
    return choose_brands(deployment.catalogue, [name] if name else [])[0]


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
BRIEF_REOPEN = CommandSpec(
    "brief reopen",
    "Take back that content on an item is published.",
    reopen_item,
    role=Role.OPERATOR,
    examples=("brief reopen a1b2c3",),
    title="Take back published",
)
