"""Settings that people made in a chat, merged with those of config.toml.

A setting of config.toml is never replaced: it stays as the file has it, and chats show where it
comes from. A stored setting that this version cannot read is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from overheard.config.sections import BudgetTable, Config, ModelTable, ReportTable, RouteTable
from overheard.config.settings_base import Settings
from overheard.domain import Setting

ROUTE, DIGEST, MODEL_NAME, BUDGET = ("route:", "digest:", "model:", "budget:")
"""The beginnings of the names of settings; the channel, model or account follows."""
JUDGE = "scorer:judge"
"""The name of the setting with the table of a judge that was switched on in chat; without a model
it was declined."""
MONTH = "month"
"""The account of the whole deployment, after `BUDGET`."""

Table = TypeVar("Table", bound=Settings)


def with_chat_settings(config: Config, settings: Sequence[Setting]) -> Config:
    """Return a configuration completed by the settings that people made in chat.

    Routes and reports of the chat are added after those of the file. For the same model, limit or
    judge, the file wins. A setting that this version cannot read is left out. Roles are not merged
    here: they are read at each request.

    Args:
        config: The configuration as it was read.
        settings: The stored settings.
    """
    stored = {setting.name: setting.value for setting in settings}
    if not stored:
        return config
    routes = dict(_valid_tables(stored, ROUTE, RouteTable))
    reports = dict(_valid_tables(stored, DIGEST, ReportTable))
    models = dict(_valid_tables(stored, MODEL_NAME, ModelTable))
    return config.model_copy(
        update={
            "routes": (*config.routes, *routes.values()),
            "reports": (*config.reports, *reports.values()),
            "models": {**models, **config.models},
            "budget": merged_budget(config.budget, settings),
            "scorers": {**config.scorers, **_judge_tables(config, stored.get(JUDGE, {}))},
        }
    )


def _judge_tables(config: Config, table: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of the judge that was switched on in chat, by the name of its scorer.

    Empty if the setting has no model, because the judge was declined, and if the file has a table
    for the judge.

    Args:
        config: The configuration as it was read.
        table: The value of the setting `JUDGE`; empty without the setting.
    """
    judge = JUDGE.partition(":")[2]
    is_declared = any(
        scorer_table.get("plugin", name) == judge for name, scorer_table in config.scorers.items()
    )
    return {} if is_declared or not table.get("model") else {judge: table}


def merged_budget(budget: BudgetTable, settings: Iterable[Setting]) -> BudgetTable:
    """Return a budget completed by the limits of a month, in US dollars, that people set in chat:
    for the whole deployment and for single channels.

    A limit of the file takes precedence. Settings that are no limit, or whose limit is no number,
    are ignored.
    """
    limits = {
        setting.name.removeprefix(BUDGET): float(setting.value["usd"])
        for setting in settings
        if setting.name.startswith(BUDGET) and isinstance(setting.value.get("usd"), int | float)
    }
    month = limits.pop(MONTH, None)
    update: dict[str, Any] = {"channels": {**limits, **budget.channels}}
    if budget.month is None:
        update["month"] = month
    return budget.model_copy(update=update)


def _valid_tables(
    stored: Mapping[str, Mapping[str, Any]], beginning: str, table: type[Table]
) -> Iterator[tuple[str, Table]]:
    """Yield the settings whose names begin with a prefix: the rest of the name, and the validated
    table.

    A setting that this version cannot validate is left out.

    Args:
        stored: The values of all settings, by name.
        beginning: The prefix, such as `ROUTE`.
    """
    for name, value in stored.items():
        if name.startswith(beginning):
            try:
                yield name.removeprefix(beginning), table.model_validate(value)
            except ValidationError:  # of another version
                continue
