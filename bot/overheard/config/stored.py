"""Settings and rights that people gave in a chat, merged with those of config.toml.

A setting of config.toml is never replaced: it stays as the file has it, and chats show where it
comes from. A stored setting that this version cannot read is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from overheard.cards.command import Role
from overheard.config.loader import Config
from overheard.config.sections import AccessTable, BudgetTable, ModelTable, ReportTable, RouteTable
from overheard.config.settings import Settings
from overheard.domain import Setting
from overheard.interfaces import Person

ROUTE, DIGEST, MODEL_NAME, BUDGET, ROLE, NAME = (
    "route:",
    "digest:",
    "model:",
    "budget:",
    "role:",
    "name:",
)
"""The beginnings of the names of settings; the channel, model, account or person follows."""
JUDGE = "scorer:judge"
"""The name of the setting with the table of a judge that was switched on in chat; without a model
it was declined."""
MONTH = "month"
"""The account of the whole deployment, after `BUDGET`."""

Table = TypeVar("Table", bound=Settings)


def with_chat_settings(config: Config, settings: Sequence[Setting]) -> Config:
    """Return a configuration completed by the settings that people made in chat.

    Roles are merged in `overheard.chat.access`, which reads them at each request.

    Args:
        config: The configuration as it was read.
        settings: The stored settings.
    """
    stored = {setting.name: setting.value for setting in settings}
    if not stored:
        return config
    models = dict(_tables(stored, MODEL_NAME, ModelTable))
    return config.model_copy(
        update={
            "routes": (*config.routes, *(t for _, t in _tables(stored, ROUTE, RouteTable))),
            "reports": (*config.reports, *(t for _, t in _tables(stored, DIGEST, ReportTable))),
            "models": {**models, **config.models},
            "budget": merged_budget(config.budget, settings),
            "scorers": {**config.scorers, **_judge(config, stored.get(JUDGE, {}))},
        }
    )


def _judge(config: Config, table: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of the judge that was switched on in chat, by its name.

    Empty without one, and where the file has a table for it.
    """
    name = JUDGE.partition(":")[2]
    declared = any(
        scorer_table.get("plugin", key) == name for key, scorer_table in config.scorers.items()
    )
    return {} if declared or not table.get("model") else {name: table}


def merged_budget(budget: BudgetTable, settings: Iterable[Setting]) -> BudgetTable:
    """Return a budget completed by the monthly limits, in dollars, that people set in chat.

    Limits of the file take precedence.
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


def _tables(
    stored: Mapping[str, Mapping[str, Any]], beginning: str, table: type[Table]
) -> Iterator[tuple[str, Table]]:
    """Yield the settings whose names begin with a prefix: the rest of the name, and the validated
    table.

    A setting that this version cannot validate is left out.

    Args:
        stored: The values of all settings, by name.
        beginning: The prefix, such as `ROUTE`.
        table: The settings class.
    """
    for name, value in stored.items():
        if name.startswith(beginning):
            try:
                yield name.removeprefix(beginning), table.model_validate(value)
            except ValidationError:  # of another version
                continue


EVERYONE = {"nothing": Role.ANYONE, "viewer": Role.VIEWER, "operator": Role.OPERATOR}
LISTS = {Role.VIEWER: "viewers", Role.OPERATOR: "operators", Role.ADMIN: "admins"}
"""The keys of [access] that give each role."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of a deployment: those of config.toml, and those that admins gave in chat.

    Attributes:
        access: ``[access]``.
        given: The role of each person or group, by ``platform:id``, that was given in chat.
        names: The names of people and groups, by ``platform:id``.
    """

    access: AccessTable
    given: Mapping[str, Role]
    names: Mapping[str, str]

    @classmethod
    def of(cls, access: AccessTable, settings: Iterable[Setting]) -> Rights:
        """Return the rights of a configuration and of stored settings."""
        given: dict[str, Role] = {}
        names: dict[str, str] = {}
        for setting in settings:
            if setting.name.startswith(NAME):
                names[setting.name.removeprefix(NAME)] = str(setting.value.get("name", ""))
            elif setting.name.startswith(ROLE):
                given |= _role_of(setting)
        return cls(access, given, names)

    def listed(self, role: Role) -> tuple[str, ...]:
        """Return the ids (``platform:id``) of people and groups with exactly a role, those of
        config.toml first.
        """
        configured: tuple[str, ...] = getattr(self.access, LISTS[role])
        added = (user for user, given_role in self.given.items() if given_role is role)
        return tuple(dict.fromkeys((*configured, *added)))

    def role(self, person: Person) -> Role:
        """Return the highest role that a person has, directly or by a group.

        As long as there is no admin, the owners of the workspace or server are admins.
        """
        ids = {f"{person.platform}:{name}" for name in (person.id, *person.groups)}
        given = [role for role in LISTS if ids & set(self.listed(role))]
        if person.owner and not self.listed(Role.ADMIN):
            given.append(Role.ADMIN)
        return max(given, default=EVERYONE[self.access.everyone])

    def named(self, role: Role) -> list[str]:
        """Return the names of people and groups with at least a role, admins first; ids without a
        known name are left out.
        """
        ids = (user for high in (Role.ADMIN, *LISTS) if high >= role for user in self.listed(high))
        return [self.names[user] for user in dict.fromkeys(ids) if self.names.get(user)]


def _role_of(setting: Setting) -> dict[str, Role]:
    for role, key in LISTS.items():
        if setting.value.get("role") == key:
            return {setting.name.removeprefix(ROLE): role}
    return {}
