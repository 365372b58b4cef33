"""The program in a folder, with a service on loopback."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kit.both_chats import TOKENS, Chats, both_chats
from kit.loopback import ChatService
from kit.program import CONFIG, PROMPTS, Program, Write


@pytest.fixture
def config(tmp_path: Path, service: ChatService) -> str:
    """A configuration with one brand, twelve prompts and one service."""
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
    return CONFIG.format(folder=tmp_path.as_posix(), url=service.url) + prompts


@pytest.fixture
def program(tmp_path: Path, config: str) -> Program:
    """The program with that configuration."""
    return Program(tmp_path, config)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines of JSON to a file in the folder."""

    def write(name: str, lines: list[dict[str, Any]]) -> Path:
        file = tmp_path / name
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return file

    return write


@pytest.fixture
async def chats(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chats]:
    """A Slack and a Discord, which let the bot in."""
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    async with both_chats() as running:
        yield running
