"""What people decided in a chat: settings and roles, merged with those of config.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from overheard.cards.command import Role
from overheard.config.sections import (
    BUDGETS,
    AccessTable,
    AssistantTable,
    BudgetTable,
    Config,
    ModelTable,
    ReportTable,
    RouteTable,
)
from overheard.config.settings_base import Settings
from overheard.domain import Setting
from overheard.interfaces import Person

ROLE_PREFIX, NAME_PREFIX = "role:", "name:"
"""The beginnings of the names of settings; the id of a person or group follows."""
EVERYONE_ROLES = {"nothing": Role.ANYONE, "viewer": Role.VIEWER, "operator": Role.OPERATOR}
ROLE_KEYS = {Role.VIEWER: "viewers", Role.OPERATOR: "operators", Role.ADMIN: "admins"}
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
        """Return the rights of ``[access]`` and of stored settings. Settings other than roles and
        names are ignored, and so is a role that this version does not know.
        """
        given: dict[str, Role] = {}
        names: dict[str, str] = {}
        for setting in settings:
            if setting.name.startswith(NAME_PREFIX):
                names[setting.name.removeprefix(NAME_PREFIX)] = str(setting.value.get("name", ""))
            elif setting.name.startswith(ROLE_PREFIX):
                given |= _role_of(setting)
        return cls(access, given, names)

    def listed(self, role: Role) -> tuple[str, ...]:
        """Return the ids of the people and groups that have exactly this role, each once, such as
        ``slack:U0123``: those of config.toml first, then those that got it in chat.

        Args:
            role: One of the roles in `ROLE_KEYS`.

        Raises:
            KeyError: for another role, which no list gives.
        """
        configured: tuple[str, ...] = getattr(self.access, ROLE_KEYS[role])
        added = (user for user, given_role in self.given.items() if given_role is role)
        return tuple(dict.fromkeys((*configured, *added)))

    def role(self, person: Person) -> Role:
        """Return the role of a person's token; without one the highest role that the person has,
        directly or by a group; that of everyone if the person has none. Owners of a workspace or
        server are admins while `owners_begin`.
        """
        if person.role is not None:
            return person.role
        ids = {f"{person.platform}:{name}" for name in (person.id, *person.groups)}
        roles = [role for role in ROLE_KEYS if ids & set(self.listed(role))]
        if person.owner and self.owners_begin(person.platform):
            roles.append(Role.ADMIN)
        return max(roles, default=EVERYONE_ROLES[self.access.everyone])

    def owners_begin(self, platform: str) -> bool:
        """Return whether owners of a workspace or server are admins: while nobody of their platform
        is one, and config.toml names none.
        """
        admins = self.listed(Role.ADMIN)
        on_platform = any(user.startswith(f"{platform}:") for user in admins)
        return not (on_platform or self.access.admins)

    def named(self, role: Role, platform: str = "") -> list[str]:
        """Return the names of the people and groups that have at least this role: admins first,
        then viewers and operators. Those whose name is not known, and those of other platforms than
        the given one, are left out.
        """
        roles = dict.fromkeys((Role.ADMIN, *ROLE_KEYS))
        ids = (user for listed in roles if listed >= role for user in self.listed(listed))
        found = (user for user in dict.fromkeys(ids) if user.startswith(platform))
        return [self.names[user] for user in found if self.names.get(user)]


def _role_of(setting: Setting) -> dict[str, Role]:
    """Return the role that a setting gives, by the id of the person or group; empty for a role that
    this version does not know.
    """
    for role, key in ROLE_KEYS.items():
        if setting.value.get("role") == key:
            return {setting.name.removeprefix(ROLE_PREFIX): role}
    return {}


ROUTE, DIGEST, MODEL_NAME, BUDGET = ("route:", "digest:", "model:", "budget:")
"""The beginnings of the names of settings; the channel, model or account follows."""
JUDGE = "scorer:judge"
"""The name of the setting with the table of a judge that was switched on in chat; without a model
it was declined."""
ASSISTANT = "assistant"
"""The name of the setting with the table of the model that reads questions; without a model it was
declined."""
ALARMS = "alarms"
"""The name of the setting with the name of the budget of false alarms, one of `BUDGETS`."""
MONTH = "month"
"""The account of the whole deployment, after `BUDGET`."""

Table = TypeVar("Table", bound=Settings)


def with_chat_settings(config: Config, settings: Sequence[Setting]) -> Config:
    """Return a configuration completed by the settings that people made in chat.

    Routes and reports of the chat are added after those of the file. For the same model, limit,
    judge or reader of questions, the file wins. A setting that this version cannot read is left
    out. Roles are not merged here: they are read at each request.
    """
    stored = {setting.name: setting.value for setting in settings}
    if not stored:
        return config
    routes = dict(_valid_tables(stored, ROUTE, RouteTable))
    reports = dict(_valid_tables(stored, DIGEST, ReportTable))
    models = dict(_valid_tables(stored, MODEL_NAME, ModelTable))
    assistants = [table for _, table in _valid_tables(stored, ASSISTANT, AssistantTable)]
    is_declared = config.assistant.model or not assistants
    alarms = BUDGETS.get(stored.get(ALARMS, {}).get("budget", ""))
    if alarms is None or config.alerts.declared:
        alarms = config.alerts.false_alarms_per_year
    return config.model_copy(
        update={
            "routes": (*config.routes, *routes.values()),
            "reports": (*config.reports, *reports.values()),
            "models": {**models, **config.models},
            "alerts": config.alerts.model_copy(update={"false_alarms_per_year": alarms}),
            "assistant": config.assistant if is_declared else assistants[0],
            "budget": merged_budget(config.budget, settings),
            "scorers": {**config.scorers, **_judge_tables(config, stored.get(JUDGE, {}))},
        }
    )


def _judge_tables(config: Config, table: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of the judge that was switched on in chat, by the name of its scorer.

    Empty if the setting has no model, because the judge was declined, and if the file has a table
    for the judge.
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
    """
    for name, value in stored.items():
        if name.startswith(beginning):
            try:
                yield name.removeprefix(beginning), table.model_validate(value)
            except ValidationError:  # of another version
                continue
