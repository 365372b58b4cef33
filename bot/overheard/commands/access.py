"""`access`: the commands that show, give and take back rights in chat, and the code that makes the
first admin. Whether a person may use a command is decided in `chat/access.py`.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Literal

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table, Tainted
from overheard.cards.command import IN_CHAT, CommandSpec, Kind, Role, argument, option
from overheard.config.stored_settings import NAME_PREFIX, ROLE_KEYS, ROLE_PREFIX, Rights
from overheard.deployment import Call
from overheard.domain import TERMINAL, AuditEntry, DeliveryKind, Setting
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
"""32 letters and digits that are not mistaken for each other."""
_CODE_LETTERS, _GROUP_LETTERS = 16, 4
"""Letters of a code, and of each group between its hyphens."""
_MENTION = re.compile(r"<@[!&]?(\w+)(?:\|[^>]*)?>|<!subteam\^(\w+)(?:\|[^>]*)?>")
_ID = re.compile(r"(?:([a-z][a-z0-9_-]*):)?(\w{2,40})")
_PersonOption = Annotated[str, argument("A person or group: @name, or its id.", Kind.PERSON)]


async def issue_code(store: Store, clock: Clock) -> str:
    """Return a new code, such as ``ABCD-EFGH-JKLM-NPQR``, that makes the person who types it an
    admin. It is valid for `CODE_LIFETIME`.

    Only the hash of the code is stored. It replaces the hash of an earlier code, which is then no
    longer valid. The code has 80 random bits, so that it cannot be found from its hash by trial.
    """
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    until = clock.now() + CODE_LIFETIME
    value = {"hash": _code_hash(letters), "until": until.isoformat(), "tries": 0}
    await store.settings.put(Setting(CODE, value, "overheard run", clock.now()))
    groups = range(0, _CODE_LETTERS, _GROUP_LETTERS)
    return "-".join(letters[begin : begin + _GROUP_LETTERS] for begin in groups)


def _code_hash(code: str) -> str:
    """Return the SHA-256 of a code as hexadecimal digits; case and hyphens make no difference."""
    letters = "".join(filter(str.isalnum, code.upper()))
    return hashlib.sha256(f"overheard:{letters}".encode()).hexdigest()


async def enter_code(
    call: Call,
    *,
    code: Annotated[str, argument("The code that “overheard run” printed.", longest=100)],
) -> Card:
    """Make the person who types the code an admin: store the role and the display name, and return
    the card that says so.

    A code is valid once, for `CODE_LIFETIME`, and until `MAX_TRIES` wrong codes were typed. Right
    and wrong codes are written to the audit log, as an event without the code.

    Raises:
        BadUsage: when the code is wrong, used, void or expired, or when there is none.
    """
    if not await _redeem_code(call.store, call.clock, code):
        await _log_code_use(call, "a wrong code")
        problem = "This code is wrong, was used, or is older than a day; restart “overheard run” "
        raise BadUsage(problem=f"{problem}for a new one", usage="access code CODE")
    who = call.who.rpartition(" (")[2].removesuffix(")")
    await call.decide(f"{ROLE_PREFIX}{who}", {"role": ROLE_KEYS[Role.ADMIN]})
    await call.decide(f"{NAME_PREFIX}{who}", {"name": _caller_name(call.who)})
    await _log_code_use(call, "is an admin now, by the code")
    return Card(
        "You are an admin now",
        "You can set up everything here, and give rights to others.",
        actions=(
            Action("setup brand", "Set up", Style.PRIMARY),
            Action("access grant", "Give rights"),
        ),
        severity=Severity.GOOD,
    )


async def _redeem_code(store: Store, clock: Clock, code: str) -> bool:
    """Return whether a typed code is the stored one, which is then removed, so that it works once.

    A wrong code is counted, and the one with the number `MAX_TRIES` removes the stored code. The
    result is also False if no code is stored, if it has expired, and if another call has used or
    replaced it at the same time.
    """
    settings = store.settings
    stored = await settings.get(CODE)
    if stored is None or stored.value.get("until", "") <= clock.now().isoformat():
        return False
    if not hmac.compare_digest(_code_hash(code), str(stored.value.get("hash"))):
        await _count_wrong_code(store, clock.now(), stored)
        return False
    return await settings.remove(CODE, stored.at)


async def _count_wrong_code(store: Store, now: datetime, code_setting: Setting) -> None:
    """Count one more wrong code in the stored setting of the right one. The `MAX_TRIES`-th wrong
    code removes the setting, so that no code is valid. Nothing happens if the right code was used
    or replaced since it was read.
    """
    settings = store.settings
    if not await settings.remove(CODE, code_setting.at):
        return
    tries = int(code_setting.value.get("tries", 0)) + 1
    if tries < MAX_TRIES:
        value = {**code_setting.value, "tries": tries}
        await settings.put(Setting(CODE, value, code_setting.who, now))


async def list_access(call: Call) -> Card:
    """Show a table of the people and groups with a role: admins first, then operators and viewers,
    each with the place where it was decided (config.toml or a chat). The text says what everybody
    else may do. There is no table if nobody has a role.
    """
    access = call.configured.access
    rights = Rights.of(access, await call.store.settings.all())
    rows = [
        (
            Tainted(rights.names.get(user) or user),
            ROLE_KEYS[role].removesuffix("s"),
            call.config.file if user in getattr(access, ROLE_KEYS[role]) else "chat",
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
    call: Call,
    *,
    person: _PersonOption,
    role: Annotated[
        Literal["viewer", "operator", "admin"],
        option("Viewers read, operators ask and spend, admins also change things."),
    ] = "admin",
    name: Annotated[str, option("What others call them.", longest=100)] = "",
) -> Card:
    """Store a role for a person or group, in place of an earlier role from a chat; return the card.

    Args:
        person: A person, a user group of Slack or a role of Discord: a mention, or an id such as
            ``slack:U0123456789``.
        name: A display name to store for the person; empty keeps the stored one, if there is one.

    Raises:
        BadUsage: when `person` is neither a mention nor an id.
    """
    who = read_id(person, call.channel)
    await call.decide(f"{ROLE_PREFIX}{who}", {"role": ROLE_KEYS[Role[role.upper()]]})
    if name:
        await call.decide(f"{NAME_PREFIX}{who}", {"name": name})
    return Card(
        f"{name or who} may act as {role} now",
        actions=(Action("access list", "Who may do what"),),
        severity=Severity.GOOD,
        data={"person": who, "role": role},
    )


async def revoke(call: Call, *, person: _PersonOption) -> Card:
    """Remove the role that a person or group was given in a chat; return the card.

    Raises:
        ReadOnly: when config.toml gives the person or group a role.
        BadUsage: when `person` is neither a mention nor an id, has no role, or is the last admin.
    """
    who = read_id(person, call.channel)
    access = call.configured.access
    rights = Rights.of(access, await call.store.settings.all())
    shown_name = rights.names.get(who) or who
    if any(who in getattr(access, key) for key in ROLE_KEYS.values()):
        raise ReadOnly(thing=f"The right of {shown_name}", file=call.config.file)
    if who not in rights.given:
        raise BadUsage(problem=f"{who} has no right to take back", usage="access revoke PERSON")
    if rights.listed(Role.ADMIN) == (who,):
        raise BadUsage(problem="This is the last admin", usage="access grant PERSON")
    await call.store.settings.remove(f"{ROLE_PREFIX}{who}")
    return Card(f"{shown_name} has no right any more", data={"person": who})


async def ask_admin(
    call: Call, *, wanted: Annotated[str, argument("What you want to have done.", longest=200)] = ""
) -> Card:
    """Store a notice that asks an admin of the same chat to run a command for the caller; return
    the card.

    The first listed admin whose name is known is asked. The notice is a direct message on Slack and
    Discord, and a message in the caller's channel on other platforms. Without such an admin nothing
    is stored, and the card says that nobody can be asked.

    Args:
        wanted: The command in words, such as ``brands add Acme``; if empty, the notice points to
            ``access list``.
    """
    rights = Rights.of(call.configured.access, await call.store.settings.all())
    platform = call.channel.partition(":")[0]
    admins = [user for user in rights.listed(Role.ADMIN) if user.startswith(f"{platform}:")]
    admin = next((user for user in admins if rights.names.get(user)), "")
    if not admin:
        return Card("Nobody can be asked here", severity=Severity.WARNING)
    channels, key = [direct_channel(admin, call.channel)], f"request-{secrets.token_hex(8)}"
    admin_name = rights.names[admin]
    text = f"{_caller_name(call.who)} asks {admin_name} to do this: {wanted or 'see access list'}"
    words = f"{REQUEST}{wanted}\n{text}"
    await call.deployment.deliver(channels, DeliveryKind.NOTICE, key, words)
    return Card(f"I asked {admin_name}", severity=Severity.GOOD)


def direct_channel(user: str, channel: str) -> str:
    """Return the channel of direct messages to a user: ``slack:TEAM/USER`` (or ``slack:USER`` if
    the caller's channel has no team) or ``discord:@USER``. On other platforms, return the caller's
    channel.

    Args:
        user: The user, as ``platform:id``.
        channel: The caller's channel on the same platform, such as ``slack:T0123/C0123``.
    """
    platform, _, user_id = user.partition(":")
    if platform == "slack":
        team, slash, _ = channel.partition(":")[2].rpartition("/")
        return f"slack:{team}{slash}{user_id}"
    return f"discord:@{user_id}" if platform == "discord" else channel


def request_card(words: str, text: str) -> Card:
    """Return the card of a person's request to an admin, with a button that runs the command. A
    request without a command has no button. Neither has one for a command of ``access``, so that
    nobody gives rights by a click.

    Args:
        words: The command that the person wants to be run, such as ``brands add Acme``; may be
            empty.
        text: The sentence with the person and the request.
    """
    is_access_command = words.casefold().startswith("access ")
    has_button = bool(words) and not is_access_command
    actions = (Action(words, "Do it", Style.PRIMARY),) if has_button else ()
    return Card("Someone needs you", Tainted(text), actions=actions)


def read_id(typed: str, channel: str) -> str:
    """Return a typed or mentioned person or group as ``platform:id``.

    A mention such as ``<@U0123>`` belongs to the platform of the call. An id may have its platform
    (``slack:U0123``); without one (``U0123``) it is of the platform of the call.

    Raises:
        BadUsage: for a text that is neither a mention nor an id, and in a terminal for an id
            without a platform.
    """
    platform = channel.partition(":")[0]
    mention = _MENTION.fullmatch(typed.strip())
    if mention:
        return f"{platform}:{mention[1] or mention[2]}"
    match = _ID.fullmatch(typed.strip())
    if match is None or (channel == TERMINAL and not match[1]):
        problem = f'"{typed}" is no id of a person; without it, a form lets you choose'
        raise BadUsage(problem=problem, usage="access grant")
    return f"{match[1] or platform}:{match[2]}"


def _caller_name(who: str) -> str:
    """Return ``Ada`` of a call by ``Ada (slack:U0123)``."""
    return who.rpartition(" (")[0]


async def _log_code_use(call: Call, outcome: str) -> None:
    """Write the use of a code to the audit log, without the code."""
    now = call.clock.now()
    entry = AuditEntry(now, call.who, call.channel, "access code", outcome=outcome)
    await call.store.audit.add(entry)


ACCESS_LIST = CommandSpec(
    "access list", "Show who may do what in chat, and where that is decided.", list_access
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
    form_of="access list",
)
