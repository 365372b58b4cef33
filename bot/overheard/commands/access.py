"""`access`: who may do what in chat: rights that admins give, and the code of the first admin."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import Annotated, Literal

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table, Tainted
from overheard.cards.command import IN_CHAT, CommandSpec, Kind, Role, argument, option
from overheard.config.rights import NAME_PREFIX, ROLE_KEYS, ROLE_PREFIX, Rights
from overheard.deployment import Call, Deployment
from overheard.domain import TERMINAL, AuditEntry, Delivery, DeliveryKind, Setting
from overheard.errors import BadUsage, ReadOnly
from overheard.interfaces import Clock, Store

CODE = "code"
"""The name of the setting with the hash of the code."""
CODE_LIFETIME = timedelta(days=1)
MAX_TRIES = 10
"""Wrong codes after which the code is void."""
REQUEST = "request "
"""The beginning of a notice's subject by which a person asks an admin; the command follows."""

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_MENTION = re.compile(r"<@[!&]?(\w+)(?:\|[^>]*)?>|<!subteam\^(\w+)(?:\|[^>]*)?>")
_ID = re.compile(r"(?:([a-z][a-z0-9_-]*):)?(\w{2,40})")
_PersonOption = Annotated[str, argument("A person or group: @name, or its id.", Kind.PERSON)]


async def issue_code(store: Store, clock: Clock) -> str:
    """Return a new code that makes the person who types it the first admin; it replaces an earlier
    code. Only its hash is stored.

    The code has 80 random bits, so that it cannot be found from its hash by trial.
    """
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    until = clock.now() + CODE_LIFETIME
    value = {"hash": _code_hash(letters), "until": until.isoformat(), "tries": 0}
    await store.settings.put(Setting(CODE, value, "overheard run", clock.now()))
    return "-".join(letters[place : place + 4] for place in range(0, 16, 4))


def _code_hash(code: str) -> str:
    letters = "".join(filter(str.isalnum, code.upper()))
    return hashlib.sha256(f"overheard:{letters}".encode()).hexdigest()


async def enter_code(
    deployment: Deployment,
    call: Call,
    *,
    code: Annotated[str, argument("The code that “overheard run” printed.", longest=100)],
) -> Card:
    """Make the person who types the code an admin. A code is valid once and for `CODE_LIFETIME`;
    each use is written to the audit log.

    Raises:
        BadUsage: when the code is wrong, used or expired.
    """
    settings, now = deployment.store.settings, deployment.clock.now()
    tries = await settings.get(CODE)
    valid = tries is not None and tries.value.get("until", "") > now.isoformat()
    right = hmac.compare_digest(_code_hash(code), str(tries.value.get("hash")) if tries else "")
    used = bool(tries and valid and right) and await settings.remove(
        CODE, tries.at if tries else None
    )
    if not used:
        if tries and valid:
            await _count_wrong_code(deployment, tries)
        await _log_code_use(deployment, call, "a wrong code")
        problem = "This code is wrong, was used, or is older than a day; restart “overheard run” "
        raise BadUsage(problem=f"{problem}for a new one", usage="access code CODE")
    await _store_role(deployment, call, _caller_id(call), Role.ADMIN)
    name, _, _ = call.who.rpartition(" (")
    await settings.put(Setting(f"{NAME_PREFIX}{_caller_id(call)}", {"name": name}, call.who, now))
    await _log_code_use(deployment, call, "is an admin now, by the code")
    return Card(
        "You are an admin now",
        "You can set up everything here, and give rights to others.",
        actions=(
            Action("setup brand", "Set up", Style.PRIMARY),
            Action("access grant", "Give rights"),
        ),
        severity=Severity.GOOD,
    )


async def _count_wrong_code(deployment: Deployment, code_setting: Setting) -> None:
    """Count a wrong code in the stored setting of the code; after `MAX_TRIES` wrong codes the
    setting is removed.
    """
    tries = int(code_setting.value.get("tries", 0)) + 1
    settings = deployment.store.settings
    if tries >= MAX_TRIES:
        await settings.remove(CODE)
    elif await settings.remove(CODE, code_setting.at):  # else it was used or replaced just now
        value = {**code_setting.value, "tries": tries}
        await settings.put(Setting(CODE, value, code_setting.who, deployment.clock.now()))


async def list_access(deployment: Deployment, _: Call) -> Card:
    """Show each person's role, and whether config.toml or a chat gave it."""
    access = deployment.configured.access
    rights = Rights.of(access, await deployment.store.settings.all())
    rows = [
        (
            Tainted(rights.names.get(user) or user),
            ROLE_KEYS[role].removesuffix("s"),
            deployment.config.file if user in getattr(access, ROLE_KEYS[role]) else "chat",
        )
        for role in reversed(ROLE_KEYS)
        for user in rights.listed(role)
    ]
    others = {"nothing": "nothing", "viewer": "read", "operator": "read, ask and spend"}
    return Card(
        title=wording.count(len(rows), "right"),
        text=f"Everybody else may do this: {others[access.everyone]}.",
        table=Table(("Who", "May act as", "Decided in"), tuple(rows)) if rows else None,
        actions=(Action("access grant", "Give rights", Style.PRIMARY),),
        data={
            "everyone": access.everyone,
            **{key: list(rights.listed(role)) for role, key in ROLE_KEYS.items()},
        },
    )


async def grant(
    deployment: Deployment,
    call: Call,
    *,
    person: _PersonOption,
    role: Annotated[
        Literal["viewer", "operator", "admin"],
        option("Viewers read, operators ask and spend, admins also change things."),
    ] = "admin",
    name: Annotated[str, option("What others call them.", longest=100)] = "",
) -> Card:
    """Store a role for a person, a user group or a role of the chat, and a display name if one is
    given; return the card.

    Raises:
        BadUsage: when the person cannot be read.
    """
    who = read_id(person, call)
    await _store_role(deployment, call, who, Role[role.upper()])
    if name:
        setting = Setting(f"{NAME_PREFIX}{who}", {"name": name}, call.who, deployment.clock.now())
        await deployment.store.settings.put(setting)
    return Card(
        f"{name or who} may act as {role} now",
        actions=(Action("access list", "Who may do what"),),
        severity=Severity.GOOD,
        data={"person": who, "role": role},
    )


async def revoke(deployment: Deployment, call: Call, *, person: _PersonOption) -> Card:
    """Remove the role of a person or group that was stored in a chat.

    Raises:
        ReadOnly: when config.toml gives the role.
        BadUsage: when the person has no right of their own, or is the last admin.
    """
    who = read_id(person, call)
    access = deployment.configured.access
    rights = Rights.of(access, await deployment.store.settings.all())
    if any(who in getattr(access, key) for key in ROLE_KEYS.values()):
        right = f"The right of {rights.names.get(who) or who}"
        raise ReadOnly(thing=right, file=deployment.config.file)
    if who not in rights.given:
        raise BadUsage(problem=f"{who} has no right to take back", usage="access revoke PERSON")
    if rights.listed(Role.ADMIN) == (who,):
        raise BadUsage(problem="This is the last admin", usage="access grant PERSON")
    await deployment.store.settings.remove(f"{ROLE_PREFIX}{who}")
    return Card(f"{rights.names.get(who) or who} has no right any more", data={"person": who})


async def ask_admin(
    deployment: Deployment,
    call: Call,
    *,
    wanted: Annotated[str, argument("What you want to have done.", longest=200)] = "",
) -> Card:
    """Store a notice that asks an admin to run a command for the person (`wanted`; may be empty): a
    direct message with a button, or a message in the channel where the chat has no direct messages.
    Without a known admin, return a card that says so.
    """
    rights = Rights.of(deployment.configured.access, await deployment.store.settings.all())
    platform, _, place = call.channel.partition(":")
    admins = [user for user in rights.listed(Role.ADMIN) if user.startswith(f"{platform}:")]
    admin = next((user for user in admins if rights.names.get(user)), "")
    if not admin:
        return Card("Nobody can be asked here", severity=Severity.WARNING)
    team, slash, _ = place.rpartition("/")
    person = admin.partition(":")[2]
    direct = {"slack": f"slack:{team}{slash}{person}", "discord": f"discord:@{person}"}
    channel = direct.get(platform, call.channel)
    who, now = call.who.rpartition(" (")[0], deployment.clock.now()
    text = f"{who} asks {rights.names[admin]} to do this: {wanted or 'see access list'}"
    key = f"request-{secrets.token_hex(8)}@{channel}"
    notice = Delivery(DeliveryKind.NOTICE, key, channel, now, f"{REQUEST}{wanted}\n{text}")
    await deployment.store.deliveries.add([notice])
    return Card(f"I asked {rights.names[admin]}", severity=Severity.GOOD)


def request_card(words: str, text: str) -> Card:
    """Return the card of a person's request to an admin, with a button that runs the command; a
    command that gives rights has no button.

    Args:
        words: The command that the person wants to be run.
        text: The sentence with the person and the request.
    """
    rights = words.casefold().startswith("access ")
    actions = (Action(words, "Do it", Style.PRIMARY),) if words and not rights else ()
    return Card("Somebody needs you", Tainted(text), actions=actions)


def read_id(typed: str, call: Call) -> str:
    """Return a typed or mentioned person or group as ``platform:id``; the platform is that of the
    call by default.

    Raises:
        BadUsage: for a text that is neither a mention nor an id.
    """
    platform = call.channel.partition(":")[0]
    mention = _MENTION.fullmatch(typed.strip())
    if mention:
        return f"{platform}:{mention[1] or mention[2]}"
    match = _ID.fullmatch(typed.strip())
    if match is None or (call.channel == TERMINAL and not match[1]):
        problem = f'"{typed}" is no id of a person; without it, a form lets you choose'
        raise BadUsage(problem=problem, usage="access grant")
    return f"{match[1] or platform}:{match[2]}"


def _caller_id(call: Call) -> str:
    """Return the id of the person of a call, as ``platform:id``."""
    return call.who.rpartition(" (")[2].removesuffix(")")


async def _store_role(deployment: Deployment, call: Call, who: str, role: Role) -> None:
    setting = Setting(
        f"{ROLE_PREFIX}{who}", {"role": ROLE_KEYS[role]}, call.who, deployment.clock.now()
    )
    await deployment.store.settings.put(setting)


async def _log_code_use(deployment: Deployment, call: Call, outcome: str) -> None:
    """Write the use of a code to the audit log, without the code."""
    entry = AuditEntry(deployment.clock.now(), call.who, call.channel, "access code", "", outcome)
    await deployment.store.audit.add(entry)


ACCESS_LIST = CommandSpec(
    "access list",
    "Show who may do what in chat, and where that is decided.",
    list_access,
    examples=("access list",),
)
ACCESS_GRANT = CommandSpec(
    "access grant",
    "Give a person or group a right.",
    grant,
    role=Role.ADMIN,
    title="Give rights",
    examples=("access grant slack:U0123456789", "access grant slack:U0123456789 --role operator"),
)
ACCESS_REVOKE = CommandSpec(
    "access revoke",
    "Take back a right that was given in chat.",
    revoke,
    role=Role.ADMIN,
    examples=("access revoke slack:U0123456789",),
)
ACCESS_CODE = CommandSpec(
    "access code",
    "Become the first admin, with the code that overheard run printed.",
    enter_code,
    role=Role.ANYONE,
    private=True,
    faces=IN_CHAT,
    title="Enter the code",
    examples=("access code ABCD-EFGH-JKLM-NPQR",),
)
ACCESS_ASK = CommandSpec(
    "access ask",
    "Ask an admin to do what you may not do.",
    ask_admin,
    private=True,
    faces=IN_CHAT,
    examples=("access ask",),
)
