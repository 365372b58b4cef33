"""Tests of the scorer: alone, by the checks of the kit, and as a part of Overheard."""

from __future__ import annotations

from overheard.testing import EchoProvider, OpenDeployment, check_scorer, readings
from overheard_my_scorer import MyScorer, MySettings


async def test_it_is_a_scorer() -> None:
    """The scorer is deterministic, quick and within its scale for answers of all kinds."""
    other = MyScorer(MySettings(words=5))
    await check_scorer(MyScorer(MySettings()), others=[other])


def test_it_counts_long_sentences() -> None:
    """Of two sentences that name the brand one is long."""
    [reading] = readings([f"Acme is good. {'Very ' * 20}often Acme is the one to choose."])

    [score] = MyScorer(MySettings()).score(reading)
    assert score.value == 0.5


async def test_a_check_keeps_its_scores(
    overheard_deployment: OpenDeployment, overheard_provider: EchoProvider
) -> None:
    """Overheard finds the plugin, asks its prompt, and scores the answer."""
    overheard_provider.answer = lambda question: "Acme is good."
    deployment = await overheard_deployment()
    await deployment.type("check")

    assert deployment.problems == {}
    assert {record.score.value for record in await deployment.scores("my_scorer")} == {0.0}
