"""A plugin that keeps failing while the bot runs: admins hear of it once, and can resume it."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.both_chats import DISCORD, SLACK, TOKENS, Chats, both_chats, eventually
from kit.broken_plugins import SCORER
from kit.installing import Shelf
from kit.office import executed
from kit.program import Program
from overheard import Card, ChatFailed
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.check import check
from overheard.config.loader import load_config, parse_config
from overheard.deployment import Call, Deployment
from overheard.plugins import load_plugins
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment

BODY = """with open(os.environ["ODD_READS"], "a") as reads:
                reads.write("read\\n")
            if os.path.exists(os.environ["ODD_FAILS"]):
                raise RuntimeError("k-secret")
            return [Score("odd", 1.0)]"""
CODE = SCORER.format(name="odd", definition="async def", body=BODY)
"""It reads in a process of its own, which has these variables too."""
TITLE = "The plugin odd needs you"


@pytest.fixture
async def chats(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chats]:
    """Both platforms, which let the bot in."""
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    async with both_chats() as running:
        yield running


@asynccontextmanager
async def at_work(program: Program) -> AsyncIterator[Deployment]:
    """A deployment at work, as `overheard run` has it."""
    loaded = load_config(program.folder / "config.toml")
    async with open_deployment(loaded) as deployment:
        platforms = deployment.plugins.chats
        work = asyncio.create_task(Server(deployment, platforms).run())
        try:
            yield deployment
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            for chat in platforms.values():
                await chat.close()


@pytest.mark.slow
async def test_admins_hear_once_of_a_scorer_that_keeps_failing_and_resume_it(
    program: Program, config: str, chats: Chats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One notice on each platform, with a button, and no second one; `plugins resume` has the
    scorer read what it missed, and then a new fault is told anew.
    """
    (tmp_path / "shelf").mkdir()
    Shelf(tmp_path / "shelf", monkeypatch).install("odd", CODE)
    reads, fails = tmp_path / "reads", tmp_path / "fails"
    monkeypatch.setenv("ODD_READS", str(reads))
    monkeypatch.setenv("ODD_FAILS", str(fails))
    fails.touch()
    health = f'[health]\nport = 0\nnotices = ["{SLACK}", "{DISCORD}"]\n'
    program.configure(config + chats.tables() + health)
    async with at_work(program) as deployment:
        desk = ChatDesk(
            deployment,
            ConfiguredAccess(deployment.config.access, deployment.store, deployment.clock),
        )
        counts = []
        for _ in range(2):
            card = await executed(check(Call(await deployment.refreshed()), repeats=1))
            assert card.data["state"] == "complete"
            counts.append(len(reads.read_text().splitlines()))
        assert counts[0] == counts[1], "it is paused after the first check"
        for shown in (chats.in_slack, chats.in_discord):
            await chats.eventually(shown, TITLE)
        posted = str(chats.slack.messages) + str(chats.discord.shown())
        assert posted.count("The scorer odd is paused for 10 minutes after 5 faults") >= 2
        assert "plugins resume odd" in posted
        assert "k-secret" not in posted

        resume = next(spec for spec in desk.commands if spec.name == "plugins resume")
        fails.unlink()
        resumed: Any = await resume.run(Call(deployment), name="odd")
        assert resumed.text == "Tried again from now on: the scorer odd."
        await executed(check(Call(await deployment.refreshed()), repeats=1))
        assert len(reads.read_text().splitlines()) > counts[1]
        assert deployment.plugins.paused == []
        for shown in (chats.in_slack, chats.in_discord):
            await chats.eventually(shown, TITLE)
        again: Any = await resume.run(Call(deployment), name="odd")
        assert again.text == "Nothing of it is paused."


CHAT = """
    import asyncio
    from overheard import ChatFailed, Finding, Secret, Settings, hookimpl

    class Mine(Settings):
        token: Secret

    class Team:
        posts = []
        runs = 0

        def __init__(self, name, settings):
            self.name = name
            self.settings = settings

        async def run(self, desk):
            Team.runs += 1
            self.desk = desk
            {run}

        async def post(self, channel, card, *, key, thread="", broadcast=False):
            Team.posts.append((channel, card.title))
            {post}

        async def edit(self, channel, message, card):
            pass

        async def find(self, channel, key):
            return None

        async def examine(self, channels):
            {examine}

        async def close(self):
            pass

    @hookimpl
    def overheard_chats(settings):
        for name, mine in settings.each(Mine):
            yield Team(name, mine)
"""
ASK = "ask the author of overheard-team 1.2, or remove it"
GOOD = {
    "run": "await asyncio.Event().wait()",
    "post": "return key",
    "examine": "return [Finding(f'team {c}', '', '') for c in channels]",
}
TABLES = """
[health]
port = 0
notices = ["team:here"]
[[routes]]
channel = "team:there"
[chats.team]
plugin = "team"
token_env = "TEAM_TOKEN"
"""


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Where a chat can be installed."""
    monkeypatch.setenv("TEAM_TOKEN", "t-0815-4711")
    (tmp_path / "shelf").mkdir()
    return Shelf(tmp_path / "shelf", monkeypatch)


async def test_a_chat_of_a_plugin_is_served_and_told(
    program: Program, config: str, team: Shelf
) -> None:
    """It is given a desk with our commands, and posts what the outbox holds."""
    team.install("team", CHAT.format(**GOOD))
    team.install("odd", CODE)
    program.configure(config + TABLES)
    async with at_work(program) as deployment:
        chat: Any = sys.modules["overheard_team"].Team
        await executed(check(Call(await deployment.refreshed()), repeats=1))
        await eventually(lambda: chat.posts)
        assert chat.posts == [("here", TITLE)]
        assert chat.runs == 1


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What the program logs, independent of what other tests did to the root logger."""
    lines: list[str] = []

    class Ear(logging.Handler):
        """Keeps each record."""

        def emit(self, record: logging.LogRecord) -> None:
            """Keep a record."""
            lines.append(record.getMessage())

    log, ear = logging.getLogger("overheard"), Ear()
    before = log.level, log.disabled
    log.addHandler(ear)
    log.setLevel(logging.WARNING)
    log.disabled = False
    yield lines
    log.removeHandler(ear)
    log.setLevel(before[0])
    log.disabled = before[1]


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (
            "raise RuntimeError(self.settings.token.get_secret_value())",
            f"in overheard_team); {ASK}",
        ),
        ("raise KeyboardInterrupt", f"fails (KeyboardInterrupt in overheard_team); {ASK}"),
        ("raise ChatFailed(chat='team', reason='of t-0815-4711')", "of ***"),
        ("return", "team ended by itself."),
    ],
)
async def test_a_chat_whose_connection_fails_takes_nothing_down(
    program: Program, config: str, team: Shelf, run: str, told: str, heard: list[str]
) -> None:
    """It is reported in a sentence without its secret, started again, and all else works."""
    team.install("team", CHAT.format(**GOOD | {"run": run}))
    program.configure(config + TABLES)
    async with at_work(program) as deployment:
        await eventually(lambda: told in "\n".join(heard), 60.0)
        card = await executed(check(Call(await deployment.refreshed()), repeats=1))

    assert card.data["state"] == "complete"
    assert "t-0815-4711" not in "\n".join(heard)


async def test_admins_hear_in_another_chat_of_one_that_is_disabled(
    program: Program, config: str, team: Shelf, chats: Chats
) -> None:
    """Once, with its remedy."""
    refuse = "raise ChatUnavailable(chat='team', reason='the token is refused', remedy='renew it')"
    code = CHAT.replace("import ChatFailed,", "import ChatFailed, ChatUnavailable,")
    team.install("team", code.format(**GOOD | {"run": refuse}))
    notices = f'notices = ["{SLACK}"]'
    program.configure(config + chats.tables() + TABLES.replace('notices = ["team:here"]', notices))
    async with at_work(program):
        await chats.eventually(chats.in_slack, "Overheard needs you")

    assert "team cannot be used: the token is refused; renew it." in str(chats.slack.messages)


@pytest.mark.parametrize(
    ("post", "told"),
    [
        ("raise RuntimeError('t-0815-4711')", "fails (RuntimeError in overheard_team)"),
        ("raise SystemExit(3)", "fails (SystemExit in overheard_team)"),
        ("return None", "gives no id of the message (but NoneType)"),
        ("return 7", "gives no id of the message (but int)"),
    ],
)
async def test_a_chat_that_cannot_post_is_one_sentence_that_names_its_package(
    team: Shelf, post: str, told: str
) -> None:
    """The message may have gone through, and the error does not show its secret."""
    team.install("team", CHAT.format(**GOOD | {"post": post}))
    chat = load_plugins(parse_config(TABLES)).chats["team"]

    with pytest.raises(ChatFailed) as failed:
        await chat.post("here", Card("T"), key="k")
    assert str(failed.value) == f"team did not take a message: its plugin {told}; {ASK}."
    assert failed.value.ambiguous


@pytest.mark.parametrize(
    ("examine", "told"),
    [
        (GOOD["examine"], ""),
        (
            "raise RuntimeError('t-0815-4711')",
            f"chat team fails (RuntimeError in overheard_team); {ASK}",
        ),
        ("return [1]", "The chat team fails (it is int, and no Finding)"),
        ("return [Finding('team', 'the token is refused', 'renew it')]", "the token is refused"),
    ],
)
def test_doctor_examines_a_chat_of_a_plugin(
    program: Program, config: str, team: Shelf, examine: str, told: str
) -> None:
    """With the channels that are routed to it; each of its faults is a finding."""
    team.install("team", CHAT.format(**GOOD | {"examine": examine}))
    program.configure(config + TABLES)
    out, _ = program.run("doctor", "--json", code=1 if told else 0)

    assert told in out
    assert "t-0815-4711" not in out
    if not told:
        assert "team there" in out
        assert "team here" in out
