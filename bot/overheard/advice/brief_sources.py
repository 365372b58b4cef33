"""The sources of a brief: the answers in the store, what was published, and what changed since.

The time of publication is known, so it is tested like an announced update: after each run since
then, until a change is found or all checks are made; see `overheard.detection.announced_updates`.
Only the questions that showed the gap count. The test cannot show that the content is the cause:
every other change since then counts too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.advice.brief import METRICS, BriefItem, BriefMarket, GapKind
from overheard.advice.evidence import ScoredAnswer, scored_answers, true_facts
from overheard.advice.gaps import brief
from overheard.detection.announced_updates import FollowUpPlan, UpdateEffect, follow_updates
from overheard.domain import (
    BRANDED_VISIBILITY,
    VISIBILITY,
    Block,
    Brand,
    Catalogue,
    Model,
    Publication,
    Run,
)
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, streams

BRIEF_DAYS = 90
"""Days for which a brief reads the answers, by default."""


@dataclass(frozen=True, slots=True)
class BriefDraft:
    """A brief before it is shown.

    Attributes:
        market: The brand with its competitors and facts.
        items: The items to write, without published ones.
        published: The progress of each item that is published.
        answers: How many answers were read.
        days: The largest age of the answers, in days.
    """

    market: BriefMarket
    items: tuple[BriefItem, ...]
    published: tuple[ItemProgress, ...]
    answers: int
    days: int


async def read_brief(
    catalogue: Catalogue,
    store: Store,
    versions: Collection[str],
    brand: Brand,
    days: int,
    now: datetime,
    newest: Mapping[Model, int] | None = None,
) -> BriefDraft:
    """Return the brief of a brand from the stored scored answers of the runs that began in the last
    days. Published items are not among its items; their progress is returned instead. Answers to
    controls, which are unrelated to the brand, do not count. Nothing is stored.

    Args:
        catalogue: The brands, prompts and facts.
        versions: The scorer versions to read, as ``scorer@version``.
        days: The largest age of the runs, in days; 0 for `BRIEF_DAYS`.
        now: The current time.
        newest: For each model the number of the only run whose answers count for the items, so that
            none sums over checks; None for all. Published items are followed over all runs.
    """
    facts = true_facts(catalogue.facts, brand.name)
    market = BriefMarket(brand, catalogue.rivals(brand.name), facts)
    since = now - timedelta(days=days or BRIEF_DAYS)
    published = await store.finetune.publications(brand.name)
    only_newest = newest is not None and not published
    runs = [
        run
        for run in await store.runs.find()
        if (run.id in (newest or {}).values() if only_newest else run.started_at >= since)
    ]
    prompts = await _prompt_keys(catalogue, store, brand, runs)
    scored = await scored_answers(store, runs, prompts, versions)
    answers = [answer for answer in scored if not answer.answer.question.prompt.is_control]
    published_items = {publication.item for publication in published}
    progress_of_published = [
        await _progress_of_publication(store, versions, market, publication, answers)
        for publication in published
    ]
    if newest is not None:
        answers = [one for one in answers if newest.get(one.model) == one.answer.run_id]
    return BriefDraft(
        market=market,
        items=tuple(item for item in brief(market, answers) if item.key not in published_items),
        published=tuple(progress_of_published),
        answers=len(answers),
        days=days,
    )


async def _prompt_keys(
    catalogue: Catalogue, store: Store, brand: Brand, runs: Sequence[Run]
) -> set[str]:
    """Return the keys of the prompts whose answers a brief reads: the prompts of the catalogue that
    concern the brand, without controls, and all prompts of imported runs that the catalogue lacks
    and to whose answers the brand has a score of visibility.
    """
    keys = {prompt.key for prompt in catalogue.prompts_for(brand.name) if not prompt.is_control}
    imported = {run.id for run in runs if run.panel is None}
    if not imported:
        return keys
    configured = {prompt.key for prompt in catalogue.prompts}
    for metric in (VISIBILITY, BRANDED_VISIBILITY):
        keys |= {
            block.prompt
            for block in await store.blocks.find(brand=brand.name, metric=metric)
            if block.run_id in imported and block.prompt not in configured
        }
    return keys


async def _progress_of_publication(
    store: Store,
    versions: Collection[str],
    market: BriefMarket,
    publication: Publication,
    answers: Sequence[ScoredAnswer],
) -> ItemProgress:
    """Return the progress of a published item."""
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


PLAN = FollowUpPlan(alone=5)
"""A gap often shows in the answers to one question only, so more answers are required."""


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """The change at one model since a publication.

    Attributes:
        metric: The name of the metric that should improve.
        verdict: The result of the test; None while there is nothing to compare.
    """

    model: Model
    metric: str
    verdict: UpdateEffect | None


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """The progress of a published item.

    Attributes:
        title: The item's title.
        read: Number of answers since the publication.
        now: The item in the brief of later answers; None when the gap is closed.
        since: The change at each model.
        prompts: Keys of the questions that showed the gap; empty when unknown, and then all
            questions count.
    """

    publication: Publication
    title: str
    read: int
    now: BriefItem | None
    since: tuple[ModelProgress, ...]
    prompts: tuple[str, ...] = ()


def metric_of(publication: Publication) -> str:
    """Return the name of the metric that should improve after a publication: by the kind of its
    gap, such as visibility for a brand that is not named.
    """
    return METRICS[GapKind(publication.kind)]


def progress(
    publication: Publication,
    earlier: Iterable[BriefItem],
    later: Iterable[BriefItem],
    blocks: Sequence[Block],
    read: int,
) -> ItemProgress:
    """Return the progress of a published item: whether the gap still shows, and whether its metric
    has changed at each model since then.

    Only the questions that showed the gap count; all count if neither brief has the item. Then its
    title is the subject of the publication.

    Args:
        earlier: The brief of answers before the publication.
        later: The brief of answers since the publication.
        blocks: Blocks of the metric that should improve, of the brand and its competitors.
        read: Number of answers since the publication.
    """
    before, now = _published_item(earlier, publication), _published_item(later, publication)
    item = before or now
    prompts = item.prompts if item else ()
    all_streams = streams([b for b in blocks if not prompts or b.prompt in prompts])
    brand_streams = [stream for stream in all_streams if stream.key.brand == publication.brand]
    since = (
        ModelProgress(
            stream.key.model, stream.key.metric, _effect_since(stream, all_streams, publication.at)
        )
        for stream in brand_streams
    )
    title = item.title if item else publication.subject
    return ItemProgress(publication, title, read, now, tuple(since), prompts)


def _published_item(items: Iterable[BriefItem], publication: Publication) -> BriefItem | None:
    """Return the item of a brief that a publication is about; None without it."""
    return next((item for item in items if item.key == publication.item), None)


def _effect_since(
    stream: Stream, all_streams: Sequence[Stream], at: datetime
) -> UpdateEffect | None:
    """Return whether a stream has changed since a publication, by the tests of `PLAN`; None while
    there is nothing to compare.
    """
    others = [
        other
        for other in all_streams
        if other is not stream and other.key.model == stream.key.model
    ]
    return follow_updates(stream, others, [at], PLAN)[0]
