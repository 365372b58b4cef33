"""`mcp`, which serves, and `mcp-tokens`."""

import os
import re
from dataclasses import asdict, replace
from typing import Annotated, Literal

from pydantic import Field

from overheard import (
    IN_TERMINAL,
    BadUsage,
    Card,
    CommandSpec,
    Role,
    Settings,
    Table,
    Tainted,
    View,
    argument,
    install_command,
    option,
    unknown_name,
    wording,
)
from overheard_mcp.errors import PackageMissing, TokenRefused
from overheard_mcp.tokens import TokenBook

TOKEN_VARIABLE = "OVERHEARD_MCP_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable with the token of a client that talks over stdio."""
NICENESS = 10
"""By how much the server's priority is lowered, so that the chats of this machine go first."""


class McpSettings(Settings):
    """The table ``[mcp]``.

    Attributes:
        listen: Where `mcp --http` listens, as ``127.0.0.1:8765``; a port alone is on loopback.
        hosts: The names by which clients of other machines reach it, such as ``mcp.example.com``.
    """

    listen: str = Field(default="", pattern=r"^((\S+:)?\d{1,5})?$", examples=["127.0.0.1:8765"])
    hosts: tuple[str, ...] = ()


async def serve(
    view: View,
    *,
    http: Annotated[bool, option("Listen at the address of [mcp], not to standard input.")] = False,
) -> Card:
    """Serve clients until standard input ends or, with `http`, until the process is stopped.

    Over stdio a client has the role of the token in `TOKEN_VARIABLE`, and without a token it reads.

    Raises:
        PackageMissing: without the extra.
        BadUsage: when `http` has no address.
        TokenRefused: when the token is not valid.
    """
    try:
        from overheard_mcp.server import serve_http, serve_stdio
    except ImportError as error:
        command = install_command(extra="mcp")
        raise PackageMissing(package=error.name or "mcp", command=command) from None
    if http:
        settings = view.tables["commands"].one(McpSettings, "mcp")
        if not settings.listen:
            problem = 'There is no address; write listen = "127.0.0.1:8765" below [mcp]'
            raise BadUsage(problem=problem, usage=SERVE.usage)
        getattr(os, "nice", int)(NICENESS)  # Windows has no such call
        host, _, port = settings.listen.rpartition(":")
        await serve_http(view, host.strip("[]") or "127.0.0.1", int(port), settings.hosts)
    else:
        secret = os.environ.get(TOKEN_VARIABLE, "")
        if secret and await TokenBook(view).find(secret) is None:
            raise TokenRefused
        await serve_stdio(view, secret)
    return Card("")


async def create(
    view: View,
    *,
    name: Annotated[str, argument("A name, such as that of the program.", longest=40)],
    role: Annotated[
        Literal["viewer", "operator"], option("Viewers read, operators also ask and spend.")
    ] = "viewer",
) -> Card:
    """Make a token and show it, once.

    Raises:
        BadUsage: when the name is taken, or is no name.
    """
    book = TokenBook(view)
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,39}", name) or name in {
        token.name for token in await book.all()
    }:
        problem = f'"{name}" is taken, or is not of lower-case letters, digits and hyphens'
        raise BadUsage(problem=problem, usage=CREATE.usage)
    secret = await book.create(name, role)
    text = f"It is shown only now: {secret}\n\nIts holder may act as {role}."
    return Card(f"A token for {name}", text, data={"name": name, "role": role, "token": secret})


async def list_tokens(view: View) -> Card:
    """Show the tokens, without their secrets."""
    tokens = await TokenBook(view).all()
    rows = tuple((one.name, one.role, one.since, Tainted(one.by)) for one in tokens)
    shown = [asdict(token) for token in tokens]
    return Card(
        wording.count(len(tokens), "token"),
        "" if tokens else "No program has one.",
        table=Table(("For", "May act as", "Since", "Made by"), rows) if rows else None,
        data={"tokens": [{key: one[key] for key in one if key != "hash"} for one in shown]},
    )


async def revoke(
    view: View,
    *,
    name: Annotated[str, argument("The name of the token.")],
    spending: Annotated[bool, option("Only the right to spend; it may still read.")] = False,
) -> Card:
    """End a token, or only its right to spend.

    Raises:
        UnknownName: when there is no such token.
    """
    book = TokenBook(view)
    tokens = {token.name: token for token in await book.all()}
    if name not in tokens:
        raise unknown_name("token", name, list(tokens))
    data = {"name": name, "role": "viewer" if spending else None}
    if spending:
        await book.put(replace(tokens[name], role="viewer"))
        return Card(f"The token of {name} may only read now", data=data)
    await book.remove(name)
    return Card(f"The token of {name} is not valid any more", data=data)


SERVE = CommandSpec(
    "mcp",
    "Serve other programs by the Model Context Protocol, until it is stopped.",
    serve,
    section="Run",
    examples=("mcp", "mcp --http"),
    faces=IN_TERMINAL,
    serves=True,
)
CREATE = CommandSpec(
    "mcp-tokens create",
    "Make a token with which a program may read, or also ask and spend.",
    create,
    section="Set up",
    role=Role.ADMIN,
    private=True,
    examples=("mcp-tokens create claude", "mcp-tokens create agent --role operator"),
    title="Make a token",
)
LIST = CommandSpec(
    "mcp-tokens list",
    "Show which programs have tokens, and what they may do.",
    list_tokens,
    section="Set up",
    role=Role.ADMIN,
)
REVOKE = CommandSpec(
    "mcp-tokens revoke",
    "End a token, or its right to spend.",
    revoke,
    section="Set up",
    role=Role.ADMIN,
    examples=("mcp-tokens revoke claude", "mcp-tokens revoke agent --spending"),
    title="End a token",
)
