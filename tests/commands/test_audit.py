"""The audit log: each change or spending leaves an entry, on every face."""

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kit.loopback import ChatService
from kit.office import DECLARED, Office, open_office
from kit.program import CONFIG, PROMPTS, Program
from overheard.cards.card import Tainted
from overheard.cards.command import CommandSpec, Face, Role
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.registry import commands
from overheard.config.sections import AccessTable
from overheard.interfaces import CONFIRM
from overheard.testing.fakes import ADA, FakeChat

NOTED = [spec for spec in commands() if spec.role > Role.VIEWER or spec.asks]
IN_CHAT = [spec for spec in NOTED if Face.CHAT in spec.faces and not spec.step]


def test_all_that_changes_or_spends_is_for_some() -> None:
    """What may spend is for operators at least, so nothing slips by as reading."""
    assert len(NOTED) > 40
    assert all(spec.role > Role.VIEWER for spec in NOTED)


@pytest.mark.parametrize("spec", IN_CHAT, ids=lambda spec: spec.name)
async def test_what_is_done_in_a_chat_is_noted(office: Office, spec: CommandSpec) -> None:
    """With who, where, in which words, and how it ended, be it in vain."""
    access = AccessTable(admins=[f"{ADA.platform}:{ADA.id}"])
    chat = FakeChat(
        ChatDesk(office.deployment, ConfiguredAccess(access, office.store, office.deployment.clock))
    )
    shown = (await chat.type(spec.examples[0])).card
    for action in shown.actions:
        if action.words.startswith(f"{CONFIRM} "):
            await chat.type(action.words)

    [entry] = [one for one in await office.store.audit.find() if one.command == spec.name]
    assert (entry.who, entry.channel) == (str(ADA), chat.channel)
    assert entry.words.startswith(spec.name)
    assert entry.outcome


async def test_what_is_refused_in_a_chat_is_noted(office: Office) -> None:
    """A person who may only read tried it."""
    viewers = AccessTable(everyone="viewer", admins=("fake:U2",))
    gate = ConfiguredAccess(viewers, office.store, office.deployment.clock)
    chat = FakeChat(ChatDesk(office.deployment, gate))
    for spec in IN_CHAT:
        await chat.type(spec.examples[0])

    noted = await office.store.audit.find(limit=1_000)
    told = [(entry.command, entry.outcome[:5]) for entry in reversed(noted)]
    assert told == [(spec.name, "Only ") for spec in IN_CHAT]


STORELESS = frozenset({"setup", "plugins resume"})


@pytest.mark.slow
def test_what_is_done_in_the_terminal_is_noted(tmp_path: Path, service: ChatService) -> None:
    """Each command once, on the same terms; those that fail leave an entry too. Two need no store,
    and so have nowhere to note it.
    """
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS[:2])
    config = CONFIG.format(folder=tmp_path.as_posix(), url=service.url) + prompts
    program = Program(tmp_path, config)
    for spec in (one for one in NOTED if Face.TERMINAL in one.faces and one.name not in STORELESS):
        words = shlex.split(spec.examples[0] if spec.examples else spec.name)
        words = [word.replace("local/", "svc/") for word in words]
        program.run(*words, *(["--yes"] if spec.asks else []), code=None)
        command, who, outcome = _latest_entry(tmp_path / "store.db")
        assert (command, who) == (spec.name, "terminal"), spec.name
        assert outcome


def _latest_entry(store: Path) -> tuple[str, str, str]:
    """Return command, person and outcome of the newest entry; the command that lists them takes
    longer than most of those that are listed.
    """
    newest = "SELECT command, who, outcome FROM audit ORDER BY id DESC LIMIT 1"
    with closing(sqlite3.connect(store)) as connection:
        found: tuple[str, str, str] = connection.execute(newest).fetchone()
        return found


async def test_a_chat_is_told_in_lines_who_did_what() -> None:
    """The last ten, without ids; why something was not done is in brackets."""
    office = await open_office(DECLARED)
    access = AccessTable(admins=[f"{ADA.platform}:{ADA.id}"])
    chat = FakeChat(
        ChatDesk(office.deployment, ConfiguredAccess(access, office.store, office.deployment.clock))
    )
    for number in (*range(11), 3):
        await chat.type(f'prompts add "Lamp {number}?"')
    card = (await chat.type("audit")).card

    assert isinstance(card.text, Tainted)
    latest, *others = card.text.text.splitlines()
    assert ': prompts add "Lamp 3?" (This question is there already; ' in latest
    assert len(others) == 9
    assert not any("U1" in line or "done" in line for line in others)
    assert [action.words for action in card.actions] == ["audit --limit 50"]
