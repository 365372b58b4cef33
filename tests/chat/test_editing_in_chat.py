"""What people add, change and remove in a chat, by each platform's own client and the real desk."""

from typing import Any

import pytest

from kit.discord_peer import Peer
from kit.office import Office, open_office
from kit.slack_desk import headers
from kit.slack_peer import SlackPeer
from overheard.domain import Brand


@pytest.fixture
async def office() -> Office:
    """A deployment that declares Acme."""
    return await open_office()


async def brand(office: Office, name: str) -> Brand | None:
    """Return a brand that is measured."""
    return (await office.store.catalogue.current()).brand(name)


@pytest.mark.usefixtures("in_slack")
async def test_in_slack_forms_add_and_edit(slack: SlackPeer, office: Office) -> None:
    """Missing options are asked for; known values are filled into the form."""
    await slack.command("brands add")
    [view] = await slack.until(lambda: slack.modals)
    await slack.submit(view, {"name": {"type": "plain_text_input", "value": "Umbra"}})
    await slack.until(lambda: [*map(headers, slack.messages)] != [])
    assert await brand(office, "Umbra")

    await slack.command("brands edit Umbra")
    await slack.until(lambda: len(slack.modals) == 2)
    form = slack.modals[1]
    assert "Umbra" in str(form["blocks"])
    lamps = {"category": {"type": "plain_text_input", "value": "lamps"}}
    name = {"brand": {"type": "external_select", "selected_option": {"value": "Umbra"}}}
    await slack.submit(form, name | lamps)
    await slack.until(lambda: len(slack.messages) == 2)
    changed = await brand(office, "Umbra")
    assert changed
    assert changed.category == "lamps"


@pytest.mark.usefixtures("in_slack")
async def test_in_slack_a_plan_of_checks_is_the_form_of_adding_one(
    slack: SlackPeer, office: Office
) -> None:
    """Typed alone it opens the set-up's step with the time; what is chosen there is stored."""
    await slack.command("schedules add")
    [view] = await slack.until(lambda: slack.modals)
    assert view["title"]["text"] == "4 of 5: Where and when"
    time = {"time": {"type": "timepicker", "selected_time": "17:00"}}
    ack = await slack.submit(view, time)
    await slack.until(lambda: "5 of 5" in f"{ack} {slack.modals}")
    [schedule] = (await office.store.catalogue.current()).schedules
    assert schedule.cron == "0 17 * * mon"


async def test_in_discord_forms_edit(discord: Peer, office: Office) -> None:
    """A command without changes opens a form of what there is; five inputs hold all of it."""
    await discord.command("brands", "add", name="Umbra", alias="Umb")
    assert await brand(office, "Umb")
    name = await discord.command("brands", "edit", brand="Umbra")
    shown = discord.first_answer(name)
    assert shown["type"] == 9
    await discord.interact(5, filled(shown["data"], more="category: lamps"))
    await discord.gateway.until(lambda: len(discord.messages) == 2)
    changed = await brand(office, "Umbra")
    assert changed
    assert (changed.category, changed.aliases) == ("lamps", ("Umb",))


async def test_in_discord_a_button_opens_the_plan_of_checks(discord: Peer) -> None:
    """That of the list of schedules."""
    await discord.command("schedules", "list")
    await discord.gateway.until(lambda: "When I ask" in str(discord.messages))
    [shown] = discord.messages
    opened = await discord.click(shown, "When I ask")
    assert discord.first_answer(opened)["data"]["title"] == "4 of 5: Where and when"


def filled(modal: dict[str, Any], **values: str) -> dict[str, Any]:
    """Return a submitted modal: with typed values, and else with the values it had."""
    parts = [label["component"] for label in modal["components"] if "component" in label]
    told = [
        {"type": 18, "component": {**one, "value": values.get(one["custom_id"], one.get("value"))}}
        for one in parts
    ]
    return {"custom_id": modal["custom_id"], "components": told}
