"""Did the models change since content was published?

When content is published is known, so its time is tested as that of an announced update is: after
each run since, until a change is found or all looks are made; see `overheard.detection.updates`.
Only the questions count where the gap showed: what moves elsewhere is none of its business.
Whether the content is the cause, no test can say: what else changed since then counts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.detection.updates import FollowUpPlan, UpdateEffect, follow_updates
from overheard.domain import Block, Model, Publication
from overheard.finetune.brief import METRICS, Item, Kind
from overheard.measure.blocks import Stream, streams

PLAN = FollowUpPlan(alone=5)
"""Many a gap shows in the answers to one question only; fewer answers would tell by chance."""


@dataclass(frozen=True, slots=True)
class Since:
    """What is known of one model since a publication.

    Attributes:
        model: The model.
        metric: The name of the metric that should move.
        verdict: What the looks say; None while there is nothing to compare.
    """

    model: Model
    metric: str
    verdict: UpdateEffect | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a published item.

    Attributes:
        publication: What was published, and when.
        title: The item's title.
        read: How many answers have come in since then.
        now: The item as it shows in answers since then; None when it shows no more.
        since: Each model.
        prompts: Keys of the questions where the gap showed; empty when that is no longer known, and
            all questions count.
    """

    publication: Publication
    title: str
    read: int
    now: Item | None
    since: tuple[Since, ...]
    prompts: tuple[str, ...] = ()


def metric_of(publication: Publication) -> str:
    """Return the metric that should move."""
    return METRICS[Kind(publication.kind)]


def progress(
    publication: Publication,
    earlier: Iterable[Item],
    later: Iterable[Item],
    blocks: Sequence[Block],
    read: int,
) -> Progress:
    """Return what became of a published item.

    Args:
        publication: What was published.
        earlier: The brief of the answers before it.
        later: The brief of the answers since then.
        blocks: Blocks of the metric that should move, of the brand and of others.
        read: How many answers have come in since then.
    """
    before, now = (_item(items, publication) for items in (earlier, later))
    asked = before or now
    prompts = asked.prompts if asked else ()
    known = streams([b for b in blocks if not prompts or b.prompt in prompts])
    mine = [one for one in known if one.key.brand == publication.brand]
    since = (
        Since(one.key.model, one.key.metric, _verdict(one, known, publication.at)) for one in mine
    )
    title = asked.title if asked else publication.subject
    return Progress(publication, title, read, now, tuple(since), prompts)


def _item(items: Iterable[Item], publication: Publication) -> Item | None:
    return next((item for item in items if item.key == publication.item), None)


def _verdict(stream: Stream, known: Sequence[Stream], at: datetime) -> UpdateEffect | None:
    beside = [one for one in known if one is not stream and one.key.model == stream.key.model]
    return follow_updates(stream, beside, [at], PLAN)[0]
