"""A model as second reader: it reads a part of the answers, and what alerts rest on."""

from collections.abc import Iterator

from overheard import CommandSpec, PluginSettings, Scorer, hookimpl
from overheard_judge.agreement import AGREEMENT
from overheard_judge.scorer import JudgeSettings, ModelJudge

__all__ = ["JudgeSettings", "ModelJudge", "overheard_commands", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield a judge if the configuration has the table ``[scorers.judge]``, else nothing."""
    for name, judge_settings in settings.each(JudgeSettings):
        if name == "judge":
            yield ModelJudge(judge_settings)


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command of this plugin."""
    yield AGREEMENT
