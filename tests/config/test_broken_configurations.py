"""Configurations that are wrong in one place each: one clear sentence, and never a traceback."""

# ruff: noqa: E501 - a configuration a line

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from overheard import cli
from overheard.config.loader import parse_config
from overheard.config.settings_base import Settings
from overheard.domain import Account
from overheard.runtime.wiring import session
from overheard.testing.deployment import create_test_store

MARKET = """
[storage]
url = "sqlite:///store.db"
[[brands]]
name = "Acme"
[[prompts]]
text = "Which tool is best?"
"""
COMPATIBLE = """
[providers.svc]
plugin = "compatible"
base_url = "http://localhost:1/v1"
models = ["m"]
"""

BROKEN: dict[str, tuple[str | bytes, str]] = {
    "storage-mysql": ('[storage]\nurl = "mysql://h/x"\n', "mysql is neither SQLite nor PostgreSQL"),
    "storage-folder": ('[storage]\nurl = "sqlite:////tmp"\n', "check that the path is right"),
    "storage-empty": ('[storage]\nurl = ""\n', "it names no file"),
    "toml-unclosed-string": ('[storage]\nurl = "abc\n', "line 2"),
    "toml-yaml": ("brands:\n  - name: Acme\n", "line 1"),
    "toml-nul": ('[[brands]]\nname = "A\x00"\n', "line 2"),
    "encoding-utf16": (MARKET.encode("utf-16"), "save it as UTF-8"),
    "encoding-latin1": (b'[[brands]]\nname = "Gr\xfc\xdfe"\n', "save it as UTF-8"),
    "brand-own-competitor": (
        '[[brands]]\nname = "Acme"\ncompetitors = ["Zeta", "acme"]\n',
        'must not hold the brand itself, "acme"',
    ),
    "prompt-empty": ('[[prompts]]\ntext = ""\n', "text must not be empty"),
    "prompt-missing": ('[[prompts]]\ntags = ["a"]\n', "text is missing; add it"),
    "toml-nested": (f"x = {'[' * 3000}{']' * 3000}\n", "nested too deeply"),
    "toml-digits": (f"[budget]\nmonth = {'9' * 5000}\n", "thousands of digits"),
    "bom-crlf": (b"\xef\xbb\xbf[budget]\r\nmonht = 3\r\n", 'did you mean "month"'),
    "storage-nul": ('[storage]\nurl = "sqlite:///a\\u0000b"\n', "must be one line"),
    "brand-escape": ('[[brands]]\nname = "A\\u001b[2J"\n', "must be one line"),
    "prompt-huge": (f'[[prompts]]\ntext = "{"x" * 20_001}"\n', "longer than 20000 characters"),
    "brand-invisible": ('[[brands]]\nname = "\\u200b"\n', "name must not be empty"),
    "brand-punctuation": ('[[brands]]\nname = "!!!"\n', "must have a letter or a digit"),
    "competitor-twice": (
        '[[brands]]\nname = "Acme"\ncompetitors = ["Zeta", "zeta"]\n',
        "must not name the same twice",
    ),
    "storage-one-slash": ('[storage]\nurl = "sqlite:a.db"\n', '"sqlite:///overheard.db"'),
    "storage-parameters": ('[storage]\nurl = "sqlite:///a.db?mode=ro"\n', "has no parameters"),
    "brand-composed": (
        '[[brands]]\nname = "Caf\u00e9"\n[[brands]]\nname = "Cafe\u0301"\n',
        "numbers 1 and 2",
    ),
    "brand-endless": (f'[[brands]]\nname = "{"A" * 5_000}"\n', "longer than 200 characters"),
    "storage-port": ('[storage]\nurl = "postgresql://u:p4ss@h:99999/db"\n', "cannot be read"),
    "storage-endless": (f'[storage]\nurl = "sqlite:///{"x" * 5000}"\n', "longer than 2000"),
    "brands-texts": ('brands = ["Acme"]\n', "number 1: must be a table; write its header in two"),
    "key-endless": (f"{'k' * 99_999} = 1\n", "... "),
    "many-faults": (
        "".join(f"k{number} = 1\n" for number in range(500)),
        "480 more are wrong; mend these first.",
    ),
    "endless": (b"#" * (5 * 2**20), "is longer than 4 MB"),
}
ADDED = {
    "assistant-model": ('[assistant]\nmodel = "gpt"\n', "look like openai/gpt-5.4-mini"),
    "page-colour": ('[page]\ncolor = "blue"\n', "color must look like #1a73e8"),
    "prompt-placeholder": (
        '[[prompts]]\ntext = "For {person}?"\npersonas = ["a"]\n',
        "{person}, which nothing fills; did you mean {persona}",
    ),
    "provider-unknown": ('[providers.opnai]\nmodels = ["gpt"]\n', 'did you mean "openai"'),
    "provider-no-models": (
        '[providers.svc]\nplugin = "compatible"\nbase_url = "http://localhost:1/v1"\n',
        "models is missing; add it",
    ),
    "provider-bad-url": (
        '[providers.svc]\nplugin = "compatible"\nbase_url = "localhost"\nmodels = ["m"]\n',
        "base_url must be an address",
    ),
    "provider-url-secret": (
        '[providers.svc]\nplugin = "compatible"\nbase_url = "https://u:p4ss@h/v1"\nmodels = ["m"]\n',
        "base_url must hold no user name",
    ),
    "provider-key-in-file": (
        '[providers.openai]\nmodels = ["m"]\napi_key = "sk-verysecret"\n',
        "api_key is in the file in plain text",
    ),
    "provider-key-file": (
        '[providers.openai]\nmodels = ["m"]\napi_key_file = "/nonexistent/key"\n',
        "correct its path or rights",
    ),
    "provider-negative-timeout": (COMPATIBLE + "timeout = -1\n", "timeout must be more than 0"),
    "provider-negative-price": (
        COMPATIBLE + "prices.m = { input = -1, output = 1 }\n",
        "input must be 0 or more",
    ),
    "budget-inf": ("[budget]\nmonth = inf\n", "month must be a finite number"),
    "schedule-cron": (
        '[[schedules]]\nname = "w"\ncron = "every monday"\n',
        "cron must have five fields",
    ),
    "schedule-zone": (
        '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\ntimezone = "Mars/Base"\n',
        "timezone must be an IANA zone",
    ),
    "schedule-unknown-brand": (
        '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nbrands = ["Zeta"]\n',
        'there is no brand "Zeta"',
    ),
    "schedule-zero-repeats": (
        '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nrepeats = 0\n',
        "repeats must be 1 or more",
    ),
    "route-name-not-id": ('[slack]\n[[routes]]\nchannel = "slack:#general"\n', "write the id"),
    "route-unknown-brand": (
        '[[routes]]\nchannel = "slack:C1"\nbrands = ["Zeta"]\n',
        'there is no brand "Zeta"',
    ),
    "health-port": ("[health]\nport = 70000\n", "port must be 65535 or less"),
    "discord-guild": ('[discord]\nguilds = ["x", 5]\n', "must be a whole number"),
    "fact-unknown-brand": (
        '[[facts]]\nbrand = "Zeta"\nfield = "founded"\nvalue = "1"\n',
        'there is no brand "Zeta"',
    ),
    "queue-engine": ('[queue]\nengine = "redis"\n', "engine must be 'inline' or 'pgqueuer'"),
    "queue-sqlite": ('[queue]\nengine = "pgqueuer"\n', "name one in [storage] url"),
    "chat-unknown-plugin": ('[chats.mail]\nplugin = "aprise"\n', 'did you mean "apprise"'),
    "chat-no-address": ('[chats.mail]\nplugin = "apprise"\n', "name one as url_env"),
    "retention-days": ("[retention]\ndays = -1\n", "days must be 0 or more"),
    "judge-model": ('[scorers.judge]\nmodel = "gpt"\n', "is not written as provider/model"),
    "models-unknown": ('[models."x/y"]\nname = "X"\n', "there is no provider of that name"),
    "provider-line-break": (
        COMPATIBLE.replace('["m"]', '["m\\nx"]'),
        "models.1 must be one line without control characters; type it again.\n",
    ),
    "provider-slash": (
        COMPATIBLE.replace("providers.svc", 'providers."a/b"'),
        'must be one word without "/"',
    ),
    "provider-plugin-number": ("[providers.x]\nplugin = 3\n", "plugin must be the name"),
    "provider-key-number": (
        '[providers.openai]\nmodels = ["m"]\napi_key_env = 5\n',
        "write a variable's name, in quotes, as api_key_env",
    ),
    "budget-true": ("[budget]\nmonth = true\n", "must be a number, and not true or false"),
    "schedule-never": (
        '[[schedules]]\nname = "w"\ncron = "0 7 30 2 *"\n',
        "names a day that no month has",
    ),
    "prompt-language": ('language = "german"\n', "language must look like de or pt-BR"),
    "schedule-table": (
        '[schedules]\nname = "w"\n',
        "write its header in two pairs of brackets, [[schedules]]",
    ),
    "schedule-quotes": (
        '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nbatch = "yes"\n',
        "batch must be true or false",
    ),
    "provider-key-as-variable": (
        COMPATIBLE + 'api_key_env = "sk-verysecret"\n',
        "api_key_env is no name of a variable",
    ),
    "route-name": ('[[routes]]\nchannel = "discord:general"\n', "is a name; write the id"),
    "budget-channel": ('[budget.channels]\n"slack:marketing" = 5\n', "is a name; write the id"),
    "access-person": ('[access]\nadmins = ["slack:@ann"]\n', "must hold ids such as"),
    "provider-many-calls": (
        COMPATIBLE + f"concurrency = {'9' * 20}\n",
        "concurrency must be 1000 or less",
    ),
    "provider-hidden-url": (
        COMPATIBLE.replace("localhost", "ex\\u202eample.com"),
        "base_url must be an address",
    ),
    "provider-key-device": (
        COMPATIBLE + 'api_key_file = "/dev/zero"\n',
        "it is a device or a pipe",
    ),
    "provider-key-two-lines": (COMPATIBLE + 'api_key_file = "config.toml"\n', "copy the key again"),
    "budget-digits": (f"[budget]\nmonth = {'9' * 400}\n", "must be a finite number"),
    "schedule-many-repeats": (
        '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nrepeats = 1000000000000\n',
        "repeats must be 1000 or less",
    ),
    "chat-channel-name": ('[chat.channels]\n"general" = 5\n', "write the id"),
    "chat-with-colon": ('[chats."a:b"]\nplugin = "apprise"\n', 'without "/" and ":"'),
    "secret-home": (
        COMPATIBLE + 'api_key_file = "~nobody-here/key"\n',
        "there is no such home folder",
    ),
    "page-logo": ('[page]\nlogo = ["a"]\n', "logo must be a path, in quotes"),
    "retention-folder": ('[retention]\nfolder = "a\\u0000b"\n', "must be one line"),
    "retention-twice": (
        "[retention.brands]\nAcme = 1\nACME = 2\n",
        '"Acme" occurs 2 times, with other spellings; keep one',
    ),
    "price-absurd": (
        COMPATIBLE + "prices.m = { input = 1e308, output = 1 }\n",
        "input must be 1000000000 or less",
    ),
    "quiet-offset": (
        '[[routes]]\nchannel = "slack:C1"\nquiet = "22:00-07:00-09:00"\n',
        "quiet must be two times of the day",
    ),
    "cron-digits": (
        '[[schedules]]\nname = "w"\ncron = "\u0661 * * * *"\n',
        "characters that no field has",
    ),
    "cron-endless": (
        f'[[schedules]]\nname = "w"\ncron = "{"1," * 9000}1 * * * *"\n',
        "they are too long",
    ),
    "prompt-twice": ('[[prompts]]\ntext = "a?"\n[[prompts]]\ntext = "a?"\n', "keep one"),
    "budget-twice": ("[budget.brands]\nAcme = 1\nacme = 2\n", "keep one"),
    "schedule-twice": (
        2 * '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\n',
        "the same name occurs 2 times; keep one",
    ),
    "variants": (
        '[[prompts]]\ntext = "{persona} {market}?"\n'
        + "".join(f"{each} = {[str(n) for n in range(500)]}\n" for each in ("personas", "markets")),
        "make 250,000 questions of this one; write fewer, 1,000 at most",
    ),
    "slack-login": ('[slack]\nbase_url = "https://u:p4ss@h/api/"\n', "must look like"),
    "model-endless": (
        COMPATIBLE.replace('["m"]', f'["{"m" * 999}"]'),
        "models.1 must not be longer than 200 characters",
    ),
    "model-name-long": (
        COMPATIBLE + f'[models."svc/m"]\nname = "{"x" * 99}"\n',
        "name must not be longer than 40 characters",
    ),
    "provider-endless": (
        COMPATIBLE.replace("providers.svc", f"providers.{'s' * 999}"),
        "of 60 characters at most",
    ),
    "wrong-section": (
        COMPATIBLE.replace("providers.svc", "scorers.svc"),
        "[scorers.svc]: this plugin has nothing for [scorers]; remove the table",
    ),
    "key-backwards": ('[budget]\n"\u202ehtnom" = 5\n', 'unknown key "\ufffdhtnom"'),
    "logging-level": ('[logging]\nlevel = "verbose"\n', "level must be 'info' or 'warning'"),
}


BROKEN |= {name: (MARKET + text, said) for name, (text, said) in ADDED.items()}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=list(BROKEN))
def test_a_fault_of_the_configuration_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, said: str
) -> None:
    """It names the place and what to write there, shows no secret, and asks no model."""
    (tmp_path / "config.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    create_test_store(tmp_path / "store.db")
    monkeypatch.chdir(tmp_path)
    for variable in ("OPENAI_API_KEY", "OVERHEARD_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    result = CliRunner().invoke(cli.app, ["check"], obj=session())
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert len(result.output) < 20_000
    if "[providers." in str(text):  # that no provider is left would hide the reason
        assert "There is nothing to ask" not in result.output
    for secret in ("p4ss", "sk-verysecret", "xoxb-1"):
        assert secret not in result.output


def test_a_brand_may_be_written_in_any_of_its_spellings() -> None:
    """Its limits and routes hold: they are compared by its name."""
    config = parse_config(
        """
        [[brands]]
        name = "Acme"
        aliases = ["Acme Tools"]
        [budget.brands]
        "acme tools" = 5
        [retention.brands]
        ACME = 30
        [[routes]]
        channel = "slack:C1"
        brands = ["acme"]
        [[reports]]
        name = "weekly"
        cron = "0 8 * * mon"
        channel = "slack:C1"
        brands = ["Acme tools"]
        """
    )

    assert config.budget.allowed(Account("brand", "Acme", "2026-01")) == 5
    assert config.retention.brands == {"Acme": 30}
    assert config.routes[0].brands == config.reports[0].brands == ("Acme",)


@pytest.mark.slow
def test_each_text_of_a_form_has_an_example_for_its_error() -> None:
    """So that no one reads a regular expression."""
    tables = [*Settings.__subclasses__()]
    for table in tables:
        tables += table.__subclasses__()
    missing = {
        f"{table.__name__}.{name}"
        for table in tables
        for name, field in table.model_fields.items()
        if any(getattr(rule, "pattern", None) for rule in field.metadata)
        and not (field.examples or field.default)
    }

    assert missing == set()


def test_a_configuration_that_may_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    """So is a folder in its place, and a store whose path is a folder leaves no trace of threads."""
    (tmp_path / "config.toml").mkdir()
    (tmp_path / "other.toml").write_text(f'[storage]\nurl = "sqlite:///{tmp_path}"\n')
    for words, said in (
        (["report"], "is a folder"),
        (["--config", "other.toml", "check"], "store at"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "overheard", *words],
            cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert said in ended.stderr.casefold().replace("is a directory", "is a folder")


@pytest.mark.parametrize(("given", "per_year"), [('"calm"', 0.2), ('"early"', 1.0), ("0.5", 0.5)])
def test_a_budget_of_false_alarms_has_a_name_or_a_number(given: str, per_year: float) -> None:
    """One in five years, one a year, or as many as are written."""
    config = parse_config(f"[alerts]\nfalse_alarms_per_year = {given}\n")
    assert config.alerts.false_alarms_per_year == per_year
