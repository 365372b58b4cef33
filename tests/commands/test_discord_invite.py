"""Tests of the address that lets the bot into a server."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kit.program import Program
from overheard_discord.invitation import DISCORD_PERMISSIONS

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A deployment without Discord."""
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    return Program(tmp_path, "", store=False)


def test_the_token_tells_whom_to_invite(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is on a separate line, and the token is not in it."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    out, _ = program.run("discord", "invite")

    query = parse_qs(urlsplit(out.strip()).query)
    assert out.startswith("https://discord.com/oauth2/authorize?")
    assert len(out.splitlines()) == 1
    assert query["client_id"] == ["123456789012345678"]
    assert query["scope"] == ["bot applications.commands"]
    assert "secret" not in out


def test_nothing_is_asked_for_that_is_not_needed(program: Program) -> None:
    """The permissions are Discord's own bits of the seven that a channel must grant."""
    import discord

    program.configure("[discord]\napplication_id = 42")
    told = program.json("discord", "invite")

    names = {name for name, granted in discord.Permissions(told["permissions"]) if granted}
    assert told["application_id"] == "42"
    granted = discord.Permissions(told["permissions"])
    assert {name for name in DISCORD_PERMISSIONS if getattr(granted, name)}
    assert len(names) == len(DISCORD_PERMISSIONS)


@pytest.mark.parametrize("token", ["", "no-token", "bm90IGEgbnVtYmVy.x.y"])
def test_without_an_id_it_says_where_one_stands(
    program: Program, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """One sentence, with the remedy."""
    monkeypatch.setenv("DISCORD_TOKEN", token)
    _, error = program.run("discord", "invite", code=1)
    assert "application_id" in error
