"""The sources of a brief: the answers in the store, and what was published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.advice.brief import BriefItem, BriefMarket
from overheard.advice.evidence import scored_answers, true_facts
from overheard.advice.gaps import brief
from overheard.domain import (
    BRANDED_VISIBILITY,
    VISIBILITY,
    Brand,
    Catalogue,
    Model,
    Publication,
    Run,
)
from overheard.interfaces import Store
from overheard.scoring.judge import denied_sentences

BRIEF_DAYS = 90
"""Days for which a brief reads the answers, by default."""


@dataclass(frozen=True, slots=True)
class PublishedItem:
    """An item that is published.

    Attributes:
        now: The item in the brief of the answers that are read; None when the gap is closed.
    """

    publication: Publication
    now: BriefItem | None

    @property
    def title(self) -> str:
        """The item's title; its subject when the gap is closed."""
        return self.now.title if self.now else self.publication.subject


@dataclass(frozen=True, slots=True)
class BriefDraft:
    """A brief before it is shown.

    Attributes:
        market: The brand with its competitors and facts.
        items: The items to write, without published ones.
        published: The items that are published.
        answers: How many answers were read.
        days: The largest age of the answers, in days.
    """

    market: BriefMarket
    items: tuple[BriefItem, ...]
    published: tuple[PublishedItem, ...]
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
    days. Published items are not among its items. Answers to controls, which are unrelated to the
    brand, do not count. Nothing is stored.

    Args:
        catalogue: The brands, prompts and facts.
        versions: The scorer versions to read, as ``scorer@version``.
        days: The largest age of the runs, in days; 0 for `BRIEF_DAYS`.
        now: The current time.
        newest: For each model the number of the only run whose answers count for the items, so that
            none sums over checks; None for all.
    """
    facts = true_facts(catalogue.facts, brand.name)
    denied = await denied_sentences(store, brand.name)
    market = BriefMarket(brand, catalogue.rivals(brand.name), facts, denied)
    since = now - timedelta(days=days or BRIEF_DAYS)
    runs = [
        run
        for run in await store.runs.find()
        if (run.started_at >= since if newest is None else run.id in newest.values())
    ]
    prompts = await _prompt_keys(catalogue, store, brand, runs)
    answers = [
        answer
        for answer in await scored_answers(store, runs, prompts, versions)
        if not answer.answer.question.prompt.is_control
        and (newest is None or newest.get(answer.model) == answer.answer.run_id)
    ]
    items = {item.key: item for item in brief(market, answers)}
    published = await store.finetune.publications(brand.name)
    return BriefDraft(
        market=market,
        published=tuple(PublishedItem(one, items.pop(one.item, None)) for one in published),
        items=tuple(items.values()),
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
