"""The sources of a brief: the answers in the store, and what was published."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.domain import Brand, Catalogue, Publication, Run
from overheard.finetune.brief import BriefItem, BriefMarket
from overheard.finetune.gaps import brief
from overheard.finetune.progress import ItemProgress, metric_of, progress
from overheard.finetune.rounds import CONTROL_TAG
from overheard.finetune.scored_answers import (
    BRANDED_VISIBILITY,
    VISIBILITY,
    ScoredAnswer,
    scored_answers,
)
from overheard.finetune.texts import true_facts
from overheard.interfaces import Store


@dataclass(frozen=True, slots=True)
class BriefDraft:
    """A brief before it is shown.

    Attributes:
        market: The brand with its competitors and facts.
        items: What to write, without what is published.
        published: The progress of each item that is published.
        answers: How many answers were read.
        days: The age of the answers that were read.
    """

    market: BriefMarket
    items: tuple[BriefItem, ...]
    published: tuple[ItemProgress, ...]
    answers: int
    days: int


async def draw_brief(
    catalogue: Catalogue,
    store: Store,
    versions: Collection[str],
    brand: Brand,
    days: int,
    now: datetime,
) -> BriefDraft:
    """Return the brief of a brand from the answers of the last days.

    Args:
        catalogue: The brands, prompts and facts.
        store: Has the answers, which have been scored.
        versions: The versions of the scorers whose scores are read.
        brand: The brand.
        days: The age of the answers that are read.
        now: The current time.
    """
    facts = true_facts(catalogue.facts, brand.name)
    market = BriefMarket(brand, catalogue.rivals(brand.name), facts)
    since = now - timedelta(days=days)
    runs = [run for run in await store.runs.find() if run.started_at >= since]
    prompts = await _prompts(catalogue, store, brand, runs)
    scored = await scored_answers(store, runs, prompts, versions)
    answers = [answer for answer in scored if CONTROL_TAG not in answer.answer.question.prompt.tags]
    published = await store.finetune.publications(brand.name)
    published_items = {publication.item for publication in published}
    return BriefDraft(
        market,
        tuple(item for item in brief(market, answers) if item.key not in published_items),
        tuple(
            [
                await _progress(store, versions, market, publication, answers)
                for publication in published
            ]
        ),
        len(answers),
        days,
    )


async def _prompts(
    catalogue: Catalogue, store: Store, brand: Brand, runs: Sequence[Run]
) -> set[str]:
    """Return the keys of a brand's prompts, and of prompts of imported history."""
    asked_keys = {p.key for p in catalogue.prompts_for(brand.name) if CONTROL_TAG not in p.tags}
    brought = {run.id for run in runs if run.panel is None}
    configured = {p.key for p in catalogue.prompts}
    blocks = [
        block
        for metric in ((VISIBILITY, BRANDED_VISIBILITY) if brought else ())
        for block in await store.blocks.find(brand=brand.name, metric=metric)
    ]
    return asked_keys | {
        b.prompt for b in blocks if b.run_id in brought and b.prompt not in configured
    }


async def _progress(
    store: Store,
    versions: Collection[str],
    market: BriefMarket,
    publication: Publication,
    answers: Sequence[ScoredAnswer],
) -> ItemProgress:
    """Return the progress of a published item, from answers before and after publication."""
    metric = metric_of(publication)
    names = [market.brand.name, *(rival.name for rival in market.rivals)]
    blocks = [
        block
        for name in names
        for block in await store.blocks.find(brand=name, metric=metric)
        if block.version in versions
    ]
    earlier = [answer for answer in answers if answer.answer.asked_at < publication.at]
    later = [answer for answer in answers if answer.answer.asked_at >= publication.at]
    before, now = brief(market, earlier), brief(market, later)
    return progress(publication, before, now, blocks, len(later))
