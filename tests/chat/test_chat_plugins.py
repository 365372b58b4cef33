"""Slack and Discord as plugins: their tables, what they import and when, and their guard."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from kit.recording import RecordingChat
from kit.slack_desk import ScriptedDesk
from overheard.config.loader import load_config, parse_config
from overheard.config.sections import Config
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable
from overheard.hookspecs import PluginSettings
from overheard.interfaces import Chat, Desk, LaterChat
from overheard.plugins import PluginReport, load_plugins
from overheard.plugins.guard import Guard
from overheard.plugins.guarded_chat import GuardedChat
from overheard_discord.settings import DiscordSettings
from overheard_slack.settings import SlackSettings

OPEN = '[slack]\nmode = "http"\nclient_id = "1.1"\n'


def slack_settings(config: Config) -> SlackSettings:
    """Return the settings of ``[slack]``."""
    tables = PluginSettings(config.plugin_tables("chats"), "chats", config.file)
    return tables.one(SlackSettings, "slack")


def report(text: str, name: str, file: str = "config.toml") -> PluginReport:
    """Return what is said of a plugin with a configuration."""
    reports = load_plugins(parse_config(text, file)).reports
    return next(report for report in reports if report.name == name)


def test_a_table_at_the_top_makes_a_chat() -> None:
    """And without one there is none."""
    assert set(load_plugins(parse_config("[slack]\n[discord]")).chats) == {"slack", "discord"}
    assert not load_plugins(parse_config("")).chats


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[slack]\nbase_url = "slack.com"',
            "config.toml, [slack]: base_url must look like https://slack.com/api/.",
        ),
        ('[slack]\ncomand = "/x"', 'config.toml, [slack]: unknown key "comand"; did you mean'),
        (
            '[discord]\ntoken_file = "{x}"',
            "token cannot be read from token_file (No such file or directory)",
        ),
    ],
)
def test_a_wrong_table_is_told_with_its_key(text: str, problem: str) -> None:
    """As the tables of the core are, and the chat is left out."""
    name = text[1:].partition("]")[0]
    found = report(text, name)

    assert problem in found.problem
    assert f"chat {name}" not in found.provides


def test_a_secret_in_plain_text_is_refused_and_not_repeated() -> None:
    """The message says what to do and never shows the secret."""
    problem = report('[discord]\ntoken = "hush"\ntokn = 1', "discord").problem

    assert "token_env" in problem
    assert 'unknown key "tokn"' in problem, "one problem hides the others"
    assert "hush" not in problem


def test_a_pipe_that_nobody_fills_holds_nothing_up(tmp_path: Path) -> None:
    """A secret in one is refused, in place of a wait without end."""
    os.mkfifo(tmp_path / "pipe")
    text = '[slack]\nbot_token_file = "pipe"\n'

    problem = report(text, "slack", str(tmp_path / "config.toml")).problem
    assert "it is a device or a pipe, and no file" in problem


def test_who_may_use_a_bot_that_strangers_can_install_must_be_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else all people could spend."""
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s")

    refused = report(OPEN, "slack")
    assert "lets any workspace install the bot" in refused.problem
    assert "[access]" in refused.problem
    assert not refused.provides
    for access in ('everyone = "viewer"', 'channels = ["slack:T1/C1"]'):
        assert "chat slack" in report(f"{OPEN}[access]\n{access}", "slack").provides


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each secret has its variable, and another can be named; logs show neither."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("OTHER", "xapp-2")
    config = parse_config('[slack]\napp_token_env = "OTHER"')
    slack = slack_settings(config)

    assert slack.bot_token
    assert slack.app_token
    assert slack.bot_token.get_secret_value() == "xoxb-1"
    assert slack.app_token.get_secret_value() == "xapp-2"
    assert "xoxb-1" not in repr(slack)
    assert {"xoxb-1", "xapp-2"} <= {*load_plugins(config).secrets}


def test_a_secret_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that holds the secret wins over the environment."""
    monkeypatch.setenv("DISCORD_TOKEN", "from the environment")
    (tmp_path / "token").write_text("from a file\n")
    tables = {"discord": {"token_file": str(tmp_path / "token")}}
    discord = PluginSettings(tables, "chats", "config.toml").one(DiscordSettings, "discord")

    assert discord.token
    assert discord.token.get_secret_value() == "from a file"


def test_the_installations_lie_next_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default and when they are named, from any working directory."""
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    for line, place in (("", "overheard-slack.db"), ('installations = "sqlite:///x.db"', "x.db")):
        (tmp_path / "a" / "config.toml").write_text(f"[slack]\n{line}\n")
        slack = slack_settings(load_config(Path("a/config.toml")))

        assert slack.installations == f"sqlite:///a/{place}"


def test_a_command_that_needs_no_chat_imports_no_sdk(tmp_path: Path) -> None:
    """Although both chats are configured."""
    (tmp_path / "config.toml").write_text("[slack]\n[discord]\n")
    program = (
        "import sys; sys.argv = ['overheard', 'plugins', 'slack']\n"
        "from overheard.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'slack_bolt', 'slack_sdk', 'discord'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "chat slack" in done.stdout
    assert "[slack]" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


class Platform(RecordingChat):
    """A chat that ends with an error."""

    dark = True
    connected = False
    drain_s = 0.1

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("acme")
        self.error = error
        self.served: Sequence[str] = ()

    async def run(self, desk: Desk) -> None:
        """End with the error, or print what the desk offers."""
        if self.error:
            raise self.error
        await desk.greeting()


def guarded(chat: Chat | LaterChat) -> GuardedChat:
    """Return a chat behind its guard."""
    return GuardedChat(chat, Guard("The chat acme", None))


def test_what_a_chat_says_of_itself_passes_its_guard() -> None:
    """Whether it is dark and connected, and how long it drains, which a handover changes."""
    platform = Platform()
    chat = guarded(LaterChat("acme", lambda: platform))

    assert (chat.dark, chat.connected, chat.drain_s) == (True, False, 0.1)
    chat.drain_s = 3.0
    assert platform.drain_s == 3.0
    silent = guarded(RecordingChat("acme"))
    assert (silent.dark, silent.connected, silent.drain_s) == (False, True, 0.0)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (ChatFailed(chat="Acme", reason="it is down"), ChatLost, "to Acme is lost: it is down."),
        (ChatLost(chat="Acme", reason="it fell"), ChatLost, "to Acme is lost: it fell."),
        (
            ModuleNotFoundError("no", name="acme_sdk"),
            ChatUnavailable,
            "acme cannot be used: the package acme_sdk is missing; install it with: ",
        ),
    ],
)
async def test_the_end_of_a_chat_is_told_in_one_sentence(
    error: Exception, kind: type[Exception], sentence: str
) -> None:
    """With a remedy where starting it again does not help."""
    with pytest.raises(kind) as told:
        await guarded(Platform(error)).run(ScriptedDesk())

    assert sentence in str(told.value)


async def test_a_chat_that_was_not_used_is_not_made_to_be_closed() -> None:
    """Its SDK would be imported for nothing."""
    made: list[Chat] = []

    def make() -> Chat:
        made.append(Platform())
        return made[-1]

    chat = guarded(LaterChat("acme", make))
    await chat.close()
    assert not made
    await chat.post("1", (await ScriptedDesk().greeting()), key="1")
    await chat.close()
    assert len(made) == 1
