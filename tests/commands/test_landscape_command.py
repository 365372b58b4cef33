"""The landscape, as people ask for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.office import DECLARED, Office, open_office
from kit.program import Program
from overheard.config.sections import Config
from overheard.domain import Landscape
from overheard.plugins import load_plugins

CORRECTION = """
[landscape.xai.crawlers]
value = "GrokBot. It is said to exist."
source = "https://x.ai/bots"
as_of = 2026-02-01

[landscape.ours.fine-tuning]
value = "By hand."
source = "https://example.com/tuning"
"""


async def office_with_vendors(config: str = DECLARED) -> Office:
    """Open an office that knows what the built-in plugins say."""
    office = await open_office(config)
    plugins = replace(office.deployment.plugins, landscapes=load_plugins(Config()).landscapes)
    return Office(replace(office.deployment, plugins=plugins), office.store, office.provider)


async def test_the_overview_has_a_row_and_an_entry_of_the_menu_for_each_vendor() -> None:
    """The choice of one shows all that it says."""
    office = await office_with_vendors()
    overview = (await office.chat.type("landscape")).card
    assert overview.table
    assert overview.choice
    words = {action.label: action.words for action in overview.choice.actions}
    card = (await office.chat.type(words["xAI"])).card
    everything = (await office.chat.type("landscape xai --details")).card

    assert {str(row[0]).partition(" ends ")[0] for row in overview.table.rows} == set(words)
    assert {row["vendor"] for row in overview.data["vendors"]} >= {"openai", "perplexity"}
    assert [field.name for field in card.fields] == ["Fine-tuning", "API data", "Consumer data"]
    assert len(everything.fields) > len(card.fields)
    assert "https://docs.x.ai/" in str(everything.fields)


async def test_what_no_page_says_is_not_known() -> None:
    """Nothing is guessed."""
    office = await office_with_vendors()
    card = (await office.chat.type("landscape perplexity")).card
    topics = {topic["topic"]: topic for topic in card.data["topics"]}

    assert topics["api-data"]["source"].startswith("https://www.perplexity.ai/")
    assert topics["fine-tuning"]["standing"] == "not known"
    assert topics["fine-tuning"]["value"] is None
    assert "Fine-tuning" not in [field.name for field in card.fields]


async def test_the_overview_says_first_what_has_to_be_done() -> None:
    """Which of one's own models ends, and whose models end next."""
    office = await office_with_vendors()
    plugins = office.deployment.plugins
    [asked] = plugins.models
    today = office.deployment.clock.now().date()
    days = {asked.name: today + timedelta(days=3), "other": today + timedelta(days=9)}
    ending = Landscape("zebra", "Zebra", shutdowns=days)
    plugins = replace(plugins, landscapes={**plugins.landscapes, "zebra": ending})
    deployment = replace(office.deployment, plugins=plugins)
    office = Office(deployment, office.store, office.provider)
    card = (await office.chat.type("landscape")).card

    assert card.title == "1 model of yours ends soon"
    assert "Choose another." in str(card.text)
    assert asked.name in str(card.text)
    assert card.table
    assert str(card.table.rows[0][0]).startswith("Zebra ends ")
    assert str(card.table.rows[0][0]).endswith("and 1 more")


def test_models_of_a_provider_without_a_key_count_too(
    terminal: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those of config.toml, which a key alone does not make end later."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    terminal.configure(f'{DECLARED}[providers.openai]\nmodels = ["gpt-3.5-turbo", "o1"]\n')
    shown, _ = terminal.run("landscape", "--json")
    words = " ".join(terminal.run("landscape")[0].split())

    assert "2 models of yours end soon" in words
    assert "ChatGPT (o1) ended on 23 Oct 2026" in words.replace(" │ │ ", " ")
    assert shown.startswith("{")


async def test_what_is_not_known_says_where_it_would_be() -> None:
    """The address of the vendor's pages."""
    office = await office_with_vendors()
    card = (await office.chat.type("landscape perplexity --details")).card
    [told] = [field.value for field in card.fields if field.name == "Limits"]

    assert "it would be at https://docs.perplexity.ai/" in str(told)


async def test_what_is_old_says_so_in_the_overview_and_below() -> None:
    """With the month in the one and the day in the other."""
    old = CORRECTION.replace("xai.crawlers", "xai.api-data").replace("2026", "2019")
    office = await office_with_vendors(DECLARED + old)
    overview = (await office.chat.type("landscape")).card
    card = (await office.chat.type("landscape xai")).card
    assert overview.table
    [row] = [row for row in overview.table.rows if str(row[0]).startswith("xAI")]
    [told] = [field.value for field in card.fields if field.name == "API data"]

    assert row[2] == "GrokBot. (Feb 2019)"
    assert "not checked since 1 Feb 2019" in str(told)


async def test_a_correction_goes_first_and_is_told_as_one() -> None:
    """The configuration can add one of its own providers too."""
    office = await office_with_vendors(DECLARED + CORRECTION)
    card = (await office.chat.type("landscape xAI")).card
    topics = {topic["topic"]: topic for topic in card.data["topics"]}
    ours = (await office.chat.type("landscape ours")).card.data["topics"]

    assert topics["crawlers"]["value"].startswith("GrokBot")
    assert topics["crawlers"]["corrected"]
    assert topics["crawlers"]["standing"] == "known"
    assert not topics["api-data"]["corrected"]
    assert [topic["value"] for topic in ours if topic["value"]] == ["By hand."]


async def test_an_unknown_vendor_is_one_sentence() -> None:
    """With the nearest one."""
    office = await office_with_vendors()
    screen = await office.chat.type("landscape openia")

    assert 'There is no vendor called "openia"; did you mean "openai"' in str(screen.card.text)


def test_a_topic_that_does_not_exist_is_a_fault_of_the_configuration(terminal: Program) -> None:
    """It is reported before anything else happens."""
    terminal.configure(DECLARED + '[landscape.xai.bots]\nvalue = "x"\nsource = "https://x.ai"\n')
    _, problem = terminal.run("landscape", code=1)

    assert "landscape" in problem
    assert "bots" in problem


def test_a_vendor_that_does_not_exist_is_a_fault_of_the_configuration(terminal: Program) -> None:
    """The sentence has the place, the nearest name and the remedy."""
    terminal.configure(DECLARED + CORRECTION.replace("xai", "openia").replace("ours", "openai"))
    _, problem = terminal.run("landscape", code=1)

    assert (
        'config.toml, [landscape.openia]: there is no vendor of that name; did you mean "openai"'
        in (problem)
    )


def test_it_needs_no_configuration(terminal: Program) -> None:
    """Who only wants to know what vendors say has nothing to set up."""
    shown, _ = terminal.run("landscape", "anthropic")

    assert "ClaudeBot" in shown
