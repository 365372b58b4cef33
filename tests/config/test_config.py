"""Tests of the configuration."""

import re
from pathlib import Path

import pytest
from pydantic import Field

from overheard.config.loader import VARIABLE, find_config, load_config, parse_config
from overheard.config.secrets import Secret
from overheard.config.sections import Config
from overheard.config.settings_base import Settings, validate_table
from overheard.domain import Catalogue
from overheard.errors import ConfigError


def problems(text: str) -> list[str]:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return caught.value.problems


def test_brands_alone_are_enough() -> None:
    """A file with nothing but a brand is valid, and everything else has a default."""
    config = parse_config('[[brands]]\nname = "Acme"')

    assert [brand.name for brand in config.catalogue().brands] == ["Acme"]
    assert config.storage.url == "sqlite:///overheard.db"


def test_a_competitor_without_a_table_becomes_a_brand_that_is_not_tracked() -> None:
    """Competitors are scored, so they are brands; they raise no alerts."""
    catalogue = parse_config('[[brands]]\nname = "Acme"\ncompetitors = ["Zeta"]').catalogue()

    assert [(b.name, b.tracked) for b in catalogue.brands] == [("Acme", True), ("Zeta", False)]


def test_a_competitor_named_by_an_alias_is_the_brand_that_has_it() -> None:
    """An alias of a declared brand does not make a second brand."""
    text = """
        [[brands]]
        name = "Acme"
        competitors = ["zeta inc"]
        [[brands]]
        name = "Zeta"
        aliases = ["Zeta Inc"]
        tracked = false
    """
    catalogue = parse_config(text).catalogue()

    assert [brand.name for brand in catalogue.brands] == ["Acme", "Zeta"]
    assert [rival.name for rival in catalogue.rivals("Acme")] == ["Zeta"]


def test_all_problems_are_told_at_once_each_with_its_place() -> None:
    """Each problem names file, table, key and what to write instead."""
    found = problems(
        """
        [budget]
        run = -1
        [[brands]]
        name = ""
        [[brands]]
        name = "Acme"
        aliases = "acme inc"
        """
    )

    assert found == [
        "config.toml, [[brands]] number 1: name must not be empty.",
        'config.toml, [[brands]] number 2: aliases must be a list, such as ["one", "two"].',
        "config.toml, [budget]: run must be 0 or more.",
    ]


def test_a_table_of_an_earlier_release_is_ignored() -> None:
    """A deployment starts after the update as it did before."""
    assert parse_config('[canary]\ncron = "0 5 * * *"\n') == parse_config("")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[storag]", 'config.toml: unknown key "storag"; did you mean "storage".'),
        (
            '[[brands]]\nname = "Acme"\nalias = ["x"]',
            'config.toml, [[brands]] number 1: unknown key "alias"; did you mean "aliases".',
        ),
        ('[storage]\nzzz = ""', 'config.toml, [storage]: unknown key "zzz"; known: url.'),
        (
            "[providers.svc]\n[limits.svc]\nconcurency = 1",
            'config.toml, [limits.svc]: unknown key "concurency"; did you mean "concurrency".',
        ),
        (
            '[landscape.openai.limits]\nvalue = "x"\nsource = "https://a.com"\nasof = 2026-11-20',
            'config.toml, [landscape.openai.limits]: unknown key "asof"; did you mean "as_of".',
        ),
    ],
)
def test_an_unknown_key_is_an_error_with_a_suggestion(text: str, problem: str) -> None:
    """A misspelt key is never ignored."""
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[[routes]]\nchannel = "general"',
            "config.toml, [[routes]] number 1: channel must look like slack:C0123456789.",
        ),
        (
            '[health]\nnotices = ["general"]',
            "config.toml, [health]: notices.1 must look like slack:C0123456789.",
        ),
        (
            '[landscape.openai.limits]\nvalue = "x"\nsource = "their page"',
            "config.toml, [landscape.openai.limits]: source must look like https://acme.com/bots.",
        ),
        (
            '[landscape.x.limits]\nvalue = "x"\nsource = "http://a"\nas_of = 2026-01-01T09:00:00',
            "config.toml, [landscape.x.limits]: as_of must be a day, such as 2026-01-31.",
        ),
        (
            '[[brands]]\nname = "Acme"\ndomains = ["acme.com", "our site"]',
            "config.toml, [[brands]] number 1: domains.2 must be a web domain, such as acme.com.",
        ),
        ("landscape = 3", "config.toml, [landscape]: must be a table; give it a header"),
        (
            '[landscape.openai.price]\nvalue = "x"\nsource = "https://a.com"',
            "config.toml, [landscape.openai]: \"price\" must be 'fine-tuning', 'formats'",
        ),
    ],
)
def test_a_value_of_the_wrong_form_is_told_by_its_place_and_an_example(
    text: str, problem: str
) -> None:
    """The message needs no knowledge of patterns, and names the table that is meant."""
    [found] = problems(text)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (
            '[[brands]]\nname = "Acme"\n[[prompts]]\ntext = "Best?"\nbrands = ["Acmee"]',
            'there is no brand "Acmee"; did you mean "Acme"',
        ),
        (
            '[[brands]]\nname = "Acme"\naliases = ["Globex"]\n[[brands]]\nname = "globex"',
            '"globex" stands for both Acme and globex; leave it to one',
        ),
    ],
)
def test_a_brand_that_does_not_exist_or_is_meant_twice_is_an_error(tables: str, told: str) -> None:
    """Prompts, facts, schedules and routes name brands that there are; a spelling means one."""
    [problem] = problems(tables)

    assert told in problem


def test_a_brand_that_is_a_part_of_itself_is_an_error() -> None:
    """Each circle is told once; a chain of parents that ends is none."""
    brands = "".join(
        f'[[brands]]\nname = "{name}"\nparent = "{parent}"\n'
        for name, parent in [("A", "B"), ("B", "C"), ("C", "b"), ("D", "D"), ("E", "F")]
    )
    circle, itself = problems(brands + '[[brands]]\nname = "F"\n')

    place = "config.toml, [[brands]] number"
    end = "leave out the parent of one of them."
    assert circle == f"{place} 2: parent: B would be a part of itself (B, C, B); {end}"
    assert itself == f"{place} 4: parent: D would be a part of itself (D, D); {end}"


def test_any_spelling_of_a_brand_is_that_brand() -> None:
    """Prompts, facts and schedules can use an alias or another case."""
    text = """
        [[brands]]
        name = "Acme"
        aliases = ["Acme Inc"]
        [[prompts]]
        text = "Is it good?"
        brands = ["acme inc"]
        [[facts]]
        brand = "ACME"
        field = "founded"
        value = "1999"
    """
    catalogue = parse_config(text).catalogue()

    assert catalogue.prompts_for("Acme") == catalogue.prompts
    assert catalogue.facts[0].brand == "Acme"


def test_the_name_of_the_file_is_not_a_key() -> None:
    """Only what this page documents can be written."""
    assert problems('file = "x"')[0].startswith('config.toml: unknown key "file"')


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('[[routes]]\nchannel = "slack:C1"\nquiet = "07:00-07:00"', "quiet must be two times"),
        ('[[routes]]\nchannel = "slack:C1"\nseverities = ["worse"]', "severities"),
        ('[access]\neveryone = "admin"', "everyone must be 'nothing', 'viewer' or 'operator'"),
    ],
)
def test_tables_of_a_deployment_are_checked(table: str, problem: str) -> None:
    """Routes, access and the health endpoint say what is wrong with them."""
    [found] = problems(table)

    assert problem in found


def test_a_report_needs_a_name_of_its_own() -> None:
    """Two reports of one name would be one."""
    report = '[[reports]]\nname = "weekly"\ncron = "0 8 * * mon"\nchannel = "slack:C1"\n'
    [found] = problems(report * 2)

    assert "[[reports]] numbers 1 and 2: the same name" in found


class NeedyTable(Settings):
    """A table that cannot do without its secret."""

    token: Secret = Field(json_schema_extra={"env": "NEEDY_TOKEN"})


def test_a_missing_secret_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable and the key for a file."""
    monkeypatch.delenv("NEEDY_TOKEN", raising=False)
    _, [problem] = validate_table(NeedyTable, {}, "config.toml, [needy]")

    assert problem == (
        "config.toml, [needy]: token is missing; set the environment variable NEEDY_TOKEN, "
        "or name a file that holds it as token_file."
    )


def test_the_file_is_the_named_one_else_the_variable_else_the_one_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An option before the command wins over the environment, and that over the folder."""
    monkeypatch.setenv(VARIABLE, "from-variable.toml")

    assert find_config(Path("named.toml")) == Path("named.toml")
    assert find_config(None) == Path("from-variable.toml")
    monkeypatch.delenv(VARIABLE)
    assert find_config(None) == Path("config.toml")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The sentence names the example, the option and the variable."""
    with pytest.raises(ConfigError, match=r"overheard setup, .* --config"):
        load_config(tmp_path / "none.toml")


def test_the_example_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is needed is a configuration, and so is the whole file without its "#"."""
    for secret in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.setenv(secret, "x")
    text = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")

    least = parse_config(text)
    whole = parse_config(re.sub(r"^#(?=[\[\w])", "", text, flags=re.MULTILINE))

    assert (len(least.brands), len(least.prompts), [*least.providers]) == (1, 1, ["local"])
    assert set(least.model_fields_set) - {"storage", "retention"} == {
        *("brands", "prompts", "providers")
    }
    assert set(whole.model_fields_set) >= set(Config.model_fields)


def test_a_configuration_cannot_be_changed() -> None:
    """It is frozen."""
    config = parse_config("")

    with pytest.raises(ValueError, match="frozen"):
        config.storage.url = "elsewhere"  # type: ignore[misc] # that is what is tried


def test_what_is_measured_is_laid_out_once_however_many_prompts_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compiled for each prompt again, a thousand of them would take seconds."""
    laid_out: list[Config] = []
    catalogue = Config.catalogue

    def counted(config: Config) -> Catalogue:
        laid_out.append(config)
        return catalogue(config)

    monkeypatch.setattr(Config, "catalogue", counted)
    prompts = "".join(f'[[prompts]]\ntext = "Which {n}?"\n' for n in range(50))
    parse_config('[[brands]]\nname = "Acme"\n' + prompts)

    assert len(laid_out) == 1
