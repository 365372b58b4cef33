"""Progress of published items: did the answers change since content was published?

The time of publication is known, so it is tested like an announced update: after each run since
then, until a change is found or all checks are made; see `overheard.detection.updates`. Only the
questions that showed the gap count. The test cannot show that the content is the cause: every other
change since then counts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.detection.updates import FollowUpPlan, UpdateEffect, follow_updates
from overheard.domain import Block, Model, Publication
from overheard.finetune.brief import METRICS, BriefItem, GapKind
from overheard.measure.blocks import Stream, streams

PLAN = FollowUpPlan(alone=5)
"""A gap often shows in the answers to one question only, so more answers are required."""


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """The change at one model since a publication.

    Attributes:
        model: The model.
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
        publication: The publication.
        title: The item's title.
        read: Number of answers since the publication.
        now: The item in the brief of answers since then; None when the gap is closed.
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
    """Return the name of the metric that should improve."""
    return METRICS[GapKind(publication.kind)]


def progress(
    publication: Publication,
    earlier: Iterable[BriefItem],
    later: Iterable[BriefItem],
    blocks: Sequence[Block],
    read: int,
) -> ItemProgress:
    """Return the progress of a published item.

    Args:
        publication: The publication.
        earlier: The brief of answers before the publication.
        later: The brief of answers since the publication.
        blocks: Blocks of the metric that should improve, of this brand and of others.
        read: Number of answers since the publication.
    """
    before, now = (_item(items, publication) for items in (earlier, later))
    item = before or now
    prompts = item.prompts if item else ()
    all_streams = streams([b for b in blocks if not prompts or b.prompt in prompts])
    brand_streams = [stream for stream in all_streams if stream.key.brand == publication.brand]
    since = (
        ModelProgress(
            stream.key.model, stream.key.metric, _verdict(stream, all_streams, publication.at)
        )
        for stream in brand_streams
    )
    title = item.title if item else publication.subject
    return ItemProgress(publication, title, read, now, tuple(since), prompts)


def _item(items: Iterable[BriefItem], publication: Publication) -> BriefItem | None:
    return next((item for item in items if item.key == publication.item), None)


def _verdict(stream: Stream, all_streams: Sequence[Stream], at: datetime) -> UpdateEffect | None:
    others = [
        other
        for other in all_streams
        if other is not stream and other.key.model == stream.key.model
    ]
    return follow_updates(stream, others, [at], PLAN)[0]
