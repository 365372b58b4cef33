"""A marketer adds a country by the chat's own client, and compares it with home."""

from dataclasses import replace

from kit.both_chats import in_slack, program
from kit.office import Office, executed, open_office
from kit.slack_desk import headers
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard.commands.check import check
from overheard.commands.schedules import run_schedule
from overheard.commands.setup.checklist import show_setup
from overheard.deployment import Call
from overheard.domain import Capabilities, Price, Question
from overheard.errors import PluginPaused

CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta"]

[[schedules]]
name = "weekly"
cron = "0 7 * * mon"
""" + "".join(f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(8))


def answer(question: Question) -> str:
    """Name Acme at home, and its competitor in Germany."""
    return f"{'Zeta' if question.model.market else 'Acme'} is the best choice."


async def app_office() -> Office:
    """Open a deployment that asks an app, which is sent the country."""
    office = await open_office(CONFIG, price=Price(0, 0, search=0.0012))
    office.provider._models = ("chatgpt",)
    office.provider.answer = answer
    able = Capabilities(market=frozenset({"country"}), searches=1, name="ChatGPT app")
    office.provider.capabilities = lambda _: able  # type: ignore[attr-defined]
    return office


async def test_three_interactions_add_a_country_and_show_it_beside_home(slack: SlackPeer) -> None:
    """Typed, agreed to with its price, and compared in a picture after the next check."""
    office = await app_office()
    async with program(office, in_slack(slack), everyone="operator"):
        await slack.command("markets add Germany")
        await slack.until(lambda: slack.messages and "Germany too" in str(slack.messages[-1]))
        asked = slack.messages[-1]
        price = str(asked["blocks"])
        await slack.click(asked, "Ask")
        await slack.until(lambda: "Asked in Germany too" in str(slack.messages))
        told = next(one for one in slack.messages if "Asked in Germany too" in str(one["blocks"]))
        await executed(run_schedule(Call(office.deployment), name="weekly"))
        await slack.click(told, "Compare")
        await slack.until(lambda: any("weak spot" in str(one) for one in slack.messages))
        [compared] = [one for one in slack.messages if "weak spot" in str(one["blocks"])]

    assert "Asking in Germany too: less than $0.01 a check, about $0.04 a month" in price
    [title] = headers(compared)
    assert "names you in 0 of 8 answers, at home in 8" in title
    assert "image" in {block["type"] for block in compared["blocks"]}


async def test_the_set_up_says_what_the_apps_would_cost_once_the_first_check_is_done() -> None:
    """Where models by API alone are asked: eight questions in two apps each week."""
    office = await open_office(CONFIG)
    office.provider.answer = answer
    before = await show_setup(Call(office.deployment))
    await executed(check(Call(office.deployment)))
    done = await show_setup(Call(office.deployment))
    apps = office.deployment.plugins.commands["apps"]

    async def paused(*_: object) -> Card:
        raise PluginPaused(part="The command apps", problem="is paused")

    office.deployment.plugins.commands["apps"] = replace(apps, run=paused)
    without = await show_setup(Call(office.deployment))

    assert "a month" not in str(before.fields)
    assert "The ChatGPT app and Google too: about $0.08 a month." in str(done.fields)
    assert [one.name for one in without.fields] == [one.name for one in done.fields]
    assert "a month" not in str(without.fields)
