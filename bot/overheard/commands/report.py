"""`report`: how brands stand with each model, beside their competitors, over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from overheard.cards import words
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.cards.drawing import picture
from overheard.checks.panel import find_brand, tracked
from overheard.commands.context import Context
from overheard.commands.editions import waiting
from overheard.commands.standing import standings, table
from overheard.commands.summary import told
from overheard.commands.trend import trend_chart
from overheard.domain import Block, Brand, Metric, Model, Scale
from overheard.errors import NothingToAsk
from overheard.measure.blocks import Stream, streams

HEADLINE = Metric("visibility", Scale.BINARY, "Visibility")


async def report(context: Context, brands: Sequence[str] = ()) -> Card:
    """Show the latest standing of each brand and the trend of its visibility.

    Args:
        context: The deployment.
        brands: Names of brands; empty means all that are tracked.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when no brand is configured.
    """
    catalogue = context.catalogue
    chosen = [find_brand(catalogue, name) for name in brands] or tracked(catalogue)
    if not chosen:
        raise NothingToAsk(missing="no brand is configured, add a [[brands]] table")
    context = await context.caught_up()
    first, *others = [await _brand_card(context, brand) for brand in chosen]
    data = {"brands": [card.data for card in (first, *others)]}
    text = "\n\n".join([str(first.text), *await waiting(context), *told(context.scoring.faults)])
    return replace(first, text=text, more=tuple(others), data=data)


async def _brand_card(context: Context, brand: Brand) -> Card:
    names = [brand.name, *(rival.name for rival in context.catalogue.rivals(brand.name))]
    blocks = [
        block
        for name in names
        for block in await context.store.blocks(brand=name)
        if block.version in context.scoring.versions
    ]
    if not blocks:
        text = "No answers yet. Ask with overheard check, or bring history with overheard import."
        return Card(brand.name, text, data={"brand": brand.name, "results": []})
    latest = _latest(blocks, brand)
    rows = standings([b for b in blocks if latest.get(b.model) == b.run_id], names, context.scoring)
    chart = await trend_chart(context, brand, HEADLINE, _lines(blocks, names))
    return Card(
        title=f"{brand.name} and how models see it",
        text=_text(context, brand, blocks),
        table=table(rows),
        image=await picture(chart, "trend.png"),
        footer="Each prompt weighs the same. In brackets, the 90 % interval.",
        data={"brand": brand.name, "results": [row.data() for row in rows]},
    )


def _latest(blocks: Iterable[Block], brand: Brand) -> dict[Model, int]:
    """Return for each model the newest run that scored the brand."""
    runs: dict[Model, tuple[datetime, int]] = {}
    for block in blocks:
        if block.brand == brand.name:
            run = (block.at, block.run_id)
            runs[block.model] = max(run, runs.get(block.model, run))
    return {model: run for model, (_, run) in runs.items()}


def _text(context: Context, brand: Brand, blocks: Sequence[Block]) -> str:
    mine = [block for block in blocks if block.brand == brand.name]
    runs = {block.run_id for block in mine}
    models = {block.model for block in mine}
    since = min(block.at for block in mine)
    return (
        f"{words.count(len(runs), 'run')} of {words.count(len(models), 'model')} "
        f"since {words.day(since, context.zone)}. The table shows the newest."
    )


def _lines(blocks: Sequence[Block], names: Sequence[str]) -> list[Stream]:
    """Return the streams of the headline, in the order of the names."""
    lines = [stream for stream in streams(blocks) if stream.key.metric == HEADLINE.name]
    return sorted(lines, key=lambda line: (names.index(line.key.brand), line.key.model))


REPORT = CommandSpec(
    "report",
    "Show how a brand stands with each model, beside its competitors, over time.",
    report,
    (Option("brands", "Brands; without one, all.", Kind.BRAND, many=True, positional=True),),
    examples=("report", "report Acme"),
    chart="",
)
