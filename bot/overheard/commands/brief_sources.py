"""What a brief is drawn up from: the store's answers, and what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Publication, Run
from overheard.finetune.brief import BriefItem, BriefMarket
from overheard.finetune.evidence import VISIBILITY, ScoredAnswer, scored_answers
from overheard.finetune.gaps import brief
from overheard.finetune.progress import ItemProgress, metric_of, progress
from overheard.finetune.rounds import CONTROL_TAG
from overheard.finetune.texts import true_facts


@dataclass(frozen=True, slots=True)
class Drawn:
    """A brief that was drawn up.

    Attributes:
        market: Whose it is.
        items: What to write, without what is published.
        published: What became of that.
        answers: How many answers were read.
        days: Of how many days.
    """

    market: BriefMarket
    items: tuple[BriefItem, ...]
    published: tuple[ItemProgress, ...]
    answers: int
    days: int


async def draw_up(deployment: Deployment, call: Call, brand: Brand, days: int) -> Drawn:
    """Draw up the brief of a brand from the answers of so many days; new ones are scored first."""
    catalogue, store = deployment.catalogue, deployment.store
    deployment = await deployment.caught_up(call.progress)
    facts = true_facts(catalogue.facts, brand.name)
    market = BriefMarket(brand, catalogue.rivals(brand.name), facts)
    since = deployment.clock.now() - timedelta(days=days)
    runs = [run for run in await store.runs.find() if run.started_at >= since]
    prompts = await _prompts(deployment, brand, runs)
    found = await scored_answers(store, runs, prompts, deployment.scoring.versions)
    heard = [one for one in found if CONTROL_TAG not in one.answer.question.prompt.tags]
    published = await store.finetune.publications(brand.name)
    done = {one.item for one in published}
    return Drawn(
        market,
        tuple(item for item in brief(market, heard) if item.key not in done),
        tuple([await _progress(deployment, market, one, heard) for one in published]),
        len(heard),
        days,
    )


async def _prompts(deployment: Deployment, brand: Brand, runs: Sequence[Run]) -> set[str]:
    """Return the keys of the prompts that are asked for a brand, or that history brought."""
    catalogue = deployment.catalogue
    asked = {p.key for p in catalogue.prompts_for(brand.name) if CONTROL_TAG not in p.tags}
    brought = {run.id for run in runs if run.panel is None}
    known = {p.key for p in catalogue.prompts}
    blocks = (
        await deployment.store.blocks.find(brand=brand.name, metric=VISIBILITY) if brought else []
    )
    return asked | {b.prompt for b in blocks if b.run_id in brought and b.prompt not in known}


async def _progress(
    deployment: Deployment,
    market: BriefMarket,
    publication: Publication,
    heard: Sequence[ScoredAnswer],
) -> ItemProgress:
    metric = metric_of(publication)
    names = [market.brand.name, *(rival.name for rival in market.rivals)]
    blocks = [
        block
        for name in names
        for block in await deployment.store.blocks.find(brand=name, metric=metric)
        if block.version in deployment.scoring.versions
    ]
    earlier = [one for one in heard if one.answer.asked_at < publication.at]
    later = [one for one in heard if one.answer.asked_at >= publication.at]
    before, now = brief(market, earlier), brief(market, later)
    return progress(publication, before, now, blocks, len(later))
