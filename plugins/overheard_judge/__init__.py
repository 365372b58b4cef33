"""Sentiment toward a brand, and the accuracy of an answer, as judged by a model."""

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_judge.scorer import JudgeSettings, ModelJudge

__all__ = ["JudgeSettings", "ModelJudge", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield a judge if the configuration has the table ``[scorers.judge]``, else nothing."""
    for name, judge_settings in settings.each(JudgeSettings):
        if name == "judge":
            yield ModelJudge(judge_settings)
