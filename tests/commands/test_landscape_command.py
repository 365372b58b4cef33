"""The landscape, as people ask for it."""

from dataclasses import replace

from office import DECLARED, Office, open_office
from overheard.config.loader import Config
from overheard.plugins import load_plugins
from program import Program

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


async def test_the_overview_has_a_row_and_a_button_for_each_vendor() -> None:
    """A click shows all that one of them says."""
    office = await office_with_vendors()
    overview = await office.chat.type("landscape")
    card = (await office.chat.click(overview, "Perplexity")).card

    assert {row["vendor"] for row in overview.card.data["vendors"]} >= {"openai", "perplexity"}
    topics = {topic["topic"]: topic for topic in card.data["topics"]}
    assert topics["api-data"]["source"].startswith("https://www.perplexity.ai/")
    assert topics["fine-tuning"]["standing"] == "not known"
    assert topics["fine-tuning"]["value"] is None


async def test_a_correction_goes_first_and_is_told_as_one() -> None:
    """The configuration can add a vendor too."""
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


def test_it_needs_no_configuration(terminal: Program) -> None:
    """Who only wants to know what vendors say has nothing to set up."""
    shown, _ = terminal.run("landscape", "anthropic")

    assert "ClaudeBot" in shown
