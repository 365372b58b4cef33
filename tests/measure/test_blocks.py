from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard.domain import Block, Model
from overheard.measure.blocks import streams

START = datetime(2026, 3, 2, tzinfo=UTC)
MODEL = Model("local", "small")
BLOCK = Block(1, START, "p1", MODEL, "Acme", "visibility", 3, 2.0, 2.0, "visibility@1")


def block(run: int, prompt: str, n: int, total: float, version: str = "visibility@1") -> Block:
    """Return a block of 0 and 1; runs are a week apart."""
    return replace(
        BLOCK,
        run_id=run,
        at=START + timedelta(weeks=run),
        prompt=prompt,
        n=n,
        total=total,
        squares=total,
        version=version,
    )


def test_a_stream_is_an_array_of_runs_and_prompts() -> None:
    """Blocks lie in the cell of their run and prompt; cells without a block hold n = 0."""
    (stream,) = streams([block(2, "p2", 3, 1), block(1, "p1", 3, 2), block(2, "p1", 2, 2)])
    assert [run.id for run in stream.runs] == [1, 2]
    assert stream.prompts == ("p1", "p2")
    np.testing.assert_array_equal(stream.n, [[3, 0], [2, 3]])
    np.testing.assert_array_equal(stream.total, [[2, 0], [2, 1]])


def test_runs_lie_in_the_order_of_time() -> None:
    """A run that began earlier comes first, though history was imported after it."""
    late = replace(block(1, "p1", 3, 2), at=START + timedelta(days=90))
    (stream,) = streams([late, block(2, "p1", 3, 2)])
    assert [run.id for run in stream.runs] == [2, 1]
    assert stream.since(1).tolist() == [False, True]


def test_streams_of_a_model_share_their_runs() -> None:
    """A run in which a stream saw nothing is there, so that a look at it finds its place."""
    sentiment = replace(block(1, "p1", 1, 1), metric="sentiment")
    found = {
        s.key.metric: s for s in streams([sentiment, block(1, "p1", 3, 1), block(2, "p1", 3, 0)])
    }
    assert found["sentiment"].n.tolist() == [[1], [0]]
    assert found["sentiment"].since(2).tolist() == [False, True]


def test_scorer_versions_do_not_mix() -> None:
    """Of two versions that read the latest run the higher number counts, and it alone."""
    old = [block(run, "p1", 3, 0, "visibility@1.9") for run in (1, 2)]
    new = [block(run, "p1", 3, 3, "visibility@1.10") for run in (1, 2)]
    (stream,) = streams([*new, *old])
    assert stream.version == "visibility@1.10"
    assert stream.total.tolist() == [[3], [3]]


def test_a_version_that_is_still_reading_waits() -> None:
    """While a new version has not come to the latest run, the old one is used."""
    old = [block(run, "p1", 3, 0, "visibility@1") for run in (1, 2)]
    (stream,) = streams([*old, block(1, "p1", 3, 3, "visibility@2")])
    assert stream.version == "visibility@1"


@pytest.mark.parametrize(
    ("total", "squares", "binary"), [(2.0, 2.0, True), (1.5, 0.9, False), (-1.0, 1.0, False)]
)
def test_rates_are_told_from_numbers(total: float, squares: float, *, binary: bool) -> None:
    """A stream is binary when its sums are those of zeros and ones."""
    (stream,) = streams([replace(BLOCK, total=total, squares=squares)])
    assert stream.binary is binary


def test_an_unknown_run_starts_nothing() -> None:
    """No run lies after one in which the model did not answer."""
    (stream,) = streams([block(1, "p1", 3, 2)])
    assert stream.since(7).tolist() == [False]
