"""Who has which role: by ``[access]`` of config.toml, or given by an admin in a chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overheard.cards.command import Role
from overheard.config.chat_sections import AccessTable
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
        """Return the highest role that a person has, directly or by a group; that of everyone if
        the person has none.

        As long as there is no admin, the owners of the workspace or server are admins.
        """
        ids = {f"{person.platform}:{name}" for name in (person.id, *person.groups)}
        roles = [role for role in ROLE_KEYS if ids & set(self.listed(role))]
        if person.owner and not self.listed(Role.ADMIN):
            roles.append(Role.ADMIN)
        return max(roles, default=EVERYONE_ROLES[self.access.everyone])

    def named(self, role: Role) -> list[str]:
        """Return the names of the people and groups that have at least this role: admins first,
        then viewers and operators. Those whose name is not known are left out.
        """
        roles = dict.fromkeys((Role.ADMIN, *ROLE_KEYS))
        ids = (user for listed in roles if listed >= role for user in self.listed(listed))
        return [self.names[user] for user in dict.fromkeys(ids) if self.names.get(user)]


def _role_of(setting: Setting) -> dict[str, Role]:
    """Return the role that a setting gives, by the id of the person or group; empty for a role that
    this version does not know.
    """
    for role, key in ROLE_KEYS.items():
        if setting.value.get("role") == key:
            return {setting.name.removeprefix(ROLE_PREFIX): role}
    return {}
