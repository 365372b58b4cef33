"""Did the models change since content was published?

When content is published is known, so its time is tested as that of an announced update is: after
each run since, until a change is found or all looks are made; see `overheard.shifts.sequential`.
Whether the content is the cause, no test can say: what else changed since then counts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.domain import Model, Publication
from overheard.finetune.brief import METRICS, Item, Kind
from overheard.measure.blocks import Stream
from overheard.shifts.sequential import Verdict, follow_each


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
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a published item.

    Attributes:
        publication: What was published, and when.
        now: The item as it shows in answers since then; None when it shows no more.
        since: Each model.
    """

    publication: Publication
    now: Item | None
    since: tuple[Since, ...]


def metric_of(publication: Publication) -> str:
    """Return the metric that should move."""
    return METRICS[Kind(publication.kind)]


def progress(
    publication: Publication, later: Iterable[Item], streams: Sequence[Stream]
) -> Progress:
    """Return what became of a published item.

    Args:
        publication: What was published.
        later: The brief of the answers since then.
        streams: Streams of the metric that should move, of the brand and of others.
    """
    now = next((item for item in later if item.key == publication.item), None)
    mine = [one for one in streams if one.key.brand == publication.brand]
    since = (
        Since(one.key.model, one.key.metric, _verdict(one, streams, publication.at)) for one in mine
    )
    return Progress(publication, now, tuple(since))


def _verdict(stream: Stream, known: Sequence[Stream], at: datetime) -> Verdict | None:
    beside = [one for one in known if one is not stream and one.key.model == stream.key.model]
    return follow_each(stream, beside, [at])[0]
