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
    "storage-number": ("[storage]\nurl = 5\n", "[storage]: url must be text, in quotes"),
    "storage-mysql": ('[storage]\nurl = "mysql://h/x"\n', "mysql is neither SQLite nor PostgreSQL"),
    "storage-folder": ('[storage]\nurl = "sqlite:////tmp"\n', "check that the path is right"),
    "storage-empty": ('[storage]\nurl = ""\n', "it names no file"),
    "assistant-model": (MARKET + '[assistant]\nmodel = "gpt"\n', "look like openai/gpt-5.4-mini"),
    "page-colour": (MARKET + '[page]\ncolor = "blue"\n', "color must look like #1a73e8"),
    "unknown-key": (MARKET + "[budget]\nmonht = 5\n", 'did you mean "month"'),
    "toml-unclosed-string": ('[storage]\nurl = "abc\n', "line 2"),
    "toml-yaml": ("brands:\n  - name: Acme\n", "line 1"),
    "toml-nul": ('[[brands]]\nname = "A\x00"\n', "line 2"),
    "encoding-utf16": (MARKET.encode("utf-16"), "save it as UTF-8"),
    "encoding-latin1": (b'[[brands]]\nname = "Gr\xfc\xdfe"\n', "save it as UTF-8"),
    "brand-empty": ('[[brands]]\nname = ""\n', "name must not be empty"),
    "brand-own-competitor": (
        '[[brands]]\nname = "Acme"\ncompetitors = ["Acme"]\n',
        "must not hold the brand itself",
    ),
    "brand-aliases-text": ('[[brands]]\nname = "Acme"\naliases = "A"\n', "aliases must be a list"),
    "prompt-empty": ('[[prompts]]\ntext = ""\n', "text must not be empty"),
    "prompt-missing": ('[[prompts]]\ntags = ["a"]\n', "text is missing; add it"),
    "prompt-twice": ('[[prompts]]\ntext = "a?"\n[[prompts]]\ntext = "a?"\n', "keep one"),
    "prompt-placeholder": (
        MARKET + '[[prompts]]\ntext = "For {person}?"\npersonas = ["a"]\n',
        "{person}, which nothing fills",
    ),
    "provider-unknown": (MARKET + '[providers.opnai]\nmodels = ["gpt"]\n', 'did you mean "openai"'),
    "provider-no-models": (
        MARKET + '[providers.svc]\nplugin = "compatible"\nbase_url = "http://localhost:1/v1"\n',
        "models is missing; add it",
    ),
    "provider-bad-url": (
        MARKET + '[providers.svc]\nplugin = "compatible"\nbase_url = "localhost"\nmodels = ["m"]\n',
        "base_url must be an address",
    ),
    "provider-url-secret": (
        MARKET
        + '[providers.svc]\nplugin = "compatible"\nbase_url = "https://u:p4ss@h/v1"\nmodels = ["m"]\n',
        "base_url must hold no user name",
    ),
    "provider-key-in-file": (
        MARKET + '[providers.openai]\nmodels = ["m"]\napi_key = "sk-verysecret"\n',
        "api_key is in the file in plain text",
    ),
    "provider-key-file": (
        MARKET + '[providers.openai]\nmodels = ["m"]\napi_key_file = "/nonexistent/key"\n',
        "correct its path or rights",
    ),
    "provider-negative-timeout": (
        MARKET + COMPATIBLE + "timeout = -1\n",
        "timeout must be more than 0",
    ),
    "provider-huge-concurrency": (
        MARKET + COMPATIBLE + 'concurrency = "many"\n',
        "must be a whole number",
    ),
    "provider-negative-price": (
        MARKET + COMPATIBLE + "prices.m = { input = -1, output = 1 }\n",
        "input must be 0 or more",
    ),
    "budget-negative": (MARKET + "[budget]\nmonth = -5\n", "month must be 0 or more"),
    "budget-nan": (MARKET + "[budget]\nmonth = nan\n", "[budget]: month must be"),
    "budget-inf": (MARKET + "[budget]\nmonth = inf\n", "month must be a finite number"),
    "schedule-cron": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "every monday"\n',
        "cron must have five fields",
    ),
    "schedule-zone": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\ntimezone = "Mars/Base"\n',
        "timezone must be an IANA zone",
    ),
    "schedule-twice": (
        MARKET
        + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\n[[schedules]]\nname = "w"\ncron = "0 8 * * mon"\n',
        "keep one",
    ),
    "schedule-unknown-brand": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nbrands = ["Zeta"]\n',
        'there is no brand "Zeta"',
    ),
    "schedule-zero-repeats": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nrepeats = 0\n',
        "repeats must be 1 or more",
    ),
    "route-name-not-id": (
        MARKET + '[slack]\n[[routes]]\nchannel = "slack:#general"\n',
        "write the id",
    ),
    "route-quiet": (
        MARKET + '[[routes]]\nchannel = "slack:C1"\nquiet = "22-7"\n',
        "quiet must be two times",
    ),
    "route-unknown-brand": (
        MARKET + '[[routes]]\nchannel = "slack:C1"\nbrands = ["Zeta"]\n',
        'there is no brand "Zeta"',
    ),
    "health-port": (MARKET + "[health]\nport = 70000\n", "port must be 65535 or less"),
    "discord-guild": (MARKET + '[discord]\nguilds = ["x", 5]\n', "must be a whole number"),
    "fact-unknown-brand": (
        MARKET + '[[facts]]\nbrand = "Zeta"\nfield = "founded"\nvalue = "1"\n',
        'there is no brand "Zeta"',
    ),
    "queue-engine": (
        MARKET + '[queue]\nengine = "redis"\n',
        "engine must be 'inline' or 'pgqueuer'",
    ),
    "queue-sqlite": (MARKET + '[queue]\nengine = "pgqueuer"\n', "name one in [storage] url"),
    "chat-unknown-plugin": (MARKET + '[chats.mail]\nplugin = "aprise"\n', 'did you mean "apprise"'),
    "chat-no-address": (MARKET + '[chats.mail]\nplugin = "apprise"\n', "name one as url_env"),
    "alerts-rate": (MARKET + "[alerts]\nfalse_alarms_per_year = 0\n", "must be more than 0"),
    "retention-days": (MARKET + "[retention]\ndays = -1\n", "days must be 0 or more"),
    "judge-model": (
        MARKET + '[scorers.judge]\nmodel = "gpt"\n',
        "is not written as provider/model",
    ),
    "models-unknown": (
        MARKET + '[models."x/y"]\nname = "X"\n',
        "there is no provider of that name",
    ),
    "toml-nested": (f"x = {'[' * 3000}{']' * 3000}\n", "nested too deeply"),
    "toml-digits": (f"[budget]\nmonth = {'9' * 5000}\n", "thousands of digits"),
    "bom-crlf": (b"\xef\xbb\xbf[budget]\r\nmonht = 3\r\n", 'did you mean "month"'),
    "storage-nul": ('[storage]\nurl = "sqlite:///a\\u0000b"\n', "must be one line"),
    "provider-line-break": (
        MARKET + COMPATIBLE.replace('["m"]', '["m\\nx"]'),
        "models.1 must be one line without control characters; type it again.\n",
    ),
    "brand-escape": ('[[brands]]\nname = "A\\u001b[2J"\n', "must be one line"),
    "prompt-huge": (f'[[prompts]]\ntext = "{"x" * 20_001}"\n', "longer than 20000 characters"),
    "provider-slash": (
        MARKET + COMPATIBLE.replace("providers.svc", 'providers."a/b"'),
        'must be one word without "/"',
    ),
    "provider-plugin-number": (MARKET + "[providers.x]\nplugin = 3\n", "plugin must be the name"),
    "provider-blank-model": (
        MARKET + COMPATIBLE.replace('["m"]', '[""]'),
        "models.1 must not be empty",
    ),
    "provider-key-number": (
        MARKET + '[providers.openai]\nmodels = ["m"]\napi_key_env = 5\n',
        "write a variable's name, in quotes, as api_key_env",
    ),
    "budget-true": (MARKET + "[budget]\nmonth = true\n", "must be a number, and not true or false"),
    "schedule-never": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 30 2 *"\n',
        "names a day that no month has",
    ),
    "brand-invisible": ('[[brands]]\nname = "\\u200b"\n', "name must not be empty"),
    "brand-punctuation": ('[[brands]]\nname = "!!!"\n', "must have a letter or a digit"),
    "competitor-twice": (
        '[[brands]]\nname = "Acme"\ncompetitors = ["Zeta", "zeta"]\n',
        "must not name the same twice",
    ),
    "prompt-language": (MARKET + 'language = "german"\n', "language must look like de or pt-BR"),
    "schedule-table": (
        MARKET + '[schedules]\nname = "w"\n',
        "write its header in two pairs of brackets, [[schedules]]",
    ),
    "schedule-quotes": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nbatch = "yes"\n',
        "batch must be true or false",
    ),
    "budget-quotes": (MARKET + '[budget]\nmonth = "100"\n', "must be a number, without quotes"),
    "provider-key-as-variable": (
        MARKET + COMPATIBLE + 'api_key_env = "sk-verysecret"\n',
        "api_key_env is no name of a variable",
    ),
    "route-name": (MARKET + '[[routes]]\nchannel = "discord:general"\n', "is a name; write the id"),
    "budget-channel": (
        MARKET + '[budget.channels]\n"slack:marketing" = 5\n',
        "is a name; write the id",
    ),
    "access-person": (MARKET + '[access]\nadmins = ["slack:@ann"]\n', "must hold ids such as"),
    "storage-one-slash": ('[storage]\nurl = "sqlite:a.db"\n', '"sqlite:///overheard.db"'),
    "storage-parameters": ('[storage]\nurl = "sqlite:///a.db?mode=ro"\n', "has no parameters"),
    "brand-composed": (
        '[[brands]]\nname = "Caf\u00e9"\n[[brands]]\nname = "Cafe\u0301"\n',
        "numbers 1 and 2",
    ),
    "brand-endless": (f'[[brands]]\nname = "{"A" * 5_000}"\n', "longer than 200 characters"),
    "provider-many-calls": (
        MARKET + COMPATIBLE + f"concurrency = {'9' * 20}\n",
        "concurrency must be 1000 or less",
    ),
    "provider-endless-answer": (
        MARKET + COMPATIBLE + f"max_tokens = {'9' * 30}\n",
        "max_tokens must be 10000000 or less",
    ),
    "provider-hidden-url": (
        MARKET + COMPATIBLE.replace("localhost", "ex\\u202eample.com"),
        "base_url must be an address",
    ),
    "provider-key-device": (
        MARKET + COMPATIBLE + 'api_key_file = "/dev/zero"\n',
        "it is a device or a pipe",
    ),
    "provider-key-nothing": (
        MARKET + COMPATIBLE + 'api_key_file = "/dev/ptmx"\n',
        "it is a device or a pipe",
    ),
    "provider-key-two-lines": (
        MARKET + COMPATIBLE + 'api_key_file = "config.toml"\n',
        "copy the key again",
    ),
    "budget-digits": (MARKET + f"[budget]\nmonth = {'9' * 400}\n", "must be a finite number"),
    "schedule-many-repeats": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "0 7 * * mon"\nrepeats = 1000000000000\n',
        "repeats must be 1000 or less",
    ),
    "chat-channel-name": (MARKET + '[chat.channels]\n"general" = 5\n', "write the id"),
    "chat-with-colon": (MARKET + '[chats."a:b"]\nplugin = "apprise"\n', 'without "/" and ":"'),
    "discord-negative": (MARKET + "[discord]\nguilds = [-5]\n", "guilds.1 must be more than 0"),
    "secret-list": (
        MARKET + COMPATIBLE + 'api_key_file = ["a", "b"]\n',
        "api_key has no file; write a file's name, in quotes, as api_key_file",
    ),
    "secret-home": (
        MARKET + COMPATIBLE + 'api_key_file = "~nobody-here/key"\n',
        "there is no such home folder",
    ),
    "storage-home": ('[storage]\nurl = "sqlite:///~nobody-here/x.db"\n', "no such home folder"),
    "storage-port": ('[storage]\nurl = "postgresql://u:p4ss@h:99999/db"\n', "cannot be read"),
    "storage-endless": (f'[storage]\nurl = "sqlite:///{"x" * 5000}"\n', "longer than 2000"),
    "page-logo": (MARKET + '[page]\nlogo = ["a"]\n', "logo must be a path, in quotes"),
    "retention-folder": (MARKET + '[retention]\nfolder = "a\\u0000b"\n', "must be one line"),
    "retention-aeons": (MARKET + f"[retention]\ndays = {'9' * 20}\n", "days must be 36500 or less"),
    "retention-twice": (
        MARKET + "[retention.brands]\nAcme = 1\nACME = 2\n",
        '"Acme" occurs 2 times, with other spellings; keep one',
    ),
    "budget-twice": (MARKET + "[budget.brands]\nAcme = 1\nacme = 2\n", "keep one"),
    "price-absurd": (
        MARKET + COMPATIBLE + "prices.m = { input = 1e308, output = 1 }\n",
        "input must be 1000000000 or less",
    ),
    "alerts-infinite": (MARKET + "[alerts]\nminimum_ranks = inf\n", "must be a finite number"),
    "limits-infinite": (
        MARKET + COMPATIBLE + "[limits.svc]\nrequests_per_minute = inf\n",
        "requests_per_minute must be a finite number",
    ),
    "quiet-offset": (
        MARKET + '[[routes]]\nchannel = "slack:C1"\nquiet = "22:00-07:00-09:00"\n',
        "quiet must be two times of the day",
    ),
    "cron-digits": (
        MARKET + '[[schedules]]\nname = "w"\ncron = "\u0661 * * * *"\n',
        "characters that no field has",
    ),
    "cron-endless": (
        MARKET + f'[[schedules]]\nname = "w"\ncron = "{"1," * 9000}1 * * * *"\n',
        "they are too long",
    ),
    "variants": (
        MARKET
        + '[[prompts]]\ntext = "{persona} {market}?"\n'
        + f"personas = {[str(n) for n in range(500)]}\n"
        + f"markets = {[str(n) for n in range(500)]}\n",
        "make 250,000 questions of this one; write fewer, 1,000 at most",
    ),
    "slack-login": (MARKET + '[slack]\nbase_url = "https://u:p4ss@h/api/"\n', "must look like"),
    "model-name-blank": (
        MARKET + COMPATIBLE + '[models."svc/m"]\nname = "  "\n',
        "name must not be empty",
    ),
    "model-endless": (
        MARKET + COMPATIBLE.replace('["m"]', f'["{"m" * 999}"]'),
        "models.1 must not be longer than 200 characters",
    ),
    "model-name-long": (
        MARKET + COMPATIBLE + f'[models."svc/m"]\nname = "{"x" * 99}"\n',
        "name must not be longer than 40 characters",
    ),
    "brands-text": ('brands = "Acme"\n', "must be a list; write its header in two pairs"),
    "brands-texts": ('brands = ["Acme"]\n', "number 1: must be a table; write its header in two"),
    "provider-endless": (
        MARKET + COMPATIBLE.replace("providers.svc", f"providers.{'s' * 999}"),
        "of 60 characters at most",
    ),
    "wrong-section": (
        MARKET + COMPATIBLE.replace("providers.svc", "scorers.svc"),
        "[scorers.svc]: this plugin has nothing for [scorers]; remove the table",
    ),
    "key-backwards": (MARKET + '[budget]\n"\u202ehtnom" = 5\n', 'unknown key "\ufffdhtnom"'),
    "key-endless": (f"{'k' * 99_999} = 1\n", "... "),
    "many-faults": (
        "".join(f"k{number} = 1\n" for number in range(500)),
        "480 more are wrong; mend these first.",
    ),
    "endless": (b"#" * (5 * 2**20), "is longer than 4 MB"),
    "logging-level": (
        MARKET + '[logging]\nlevel = "verbose"\n',
        "level must be 'info' or 'warning'",
    ),
}


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
