"""The Home and `status`, and the digest of a week."""

from office import DECLARED, Office, asked_office, open_office
from overheard.alerts.detection_service import DetectionResult
from overheard.alerts.run_analysis import AnalysisResult
from overheard.cards.card import Card
from overheard.commands.check_card import run_card
from overheard.commands.schedule_cards import next_checks
from overheard.deployment import Call
from overheard.domain import Alert, AlertState, Model, Run, Shift
from overheard.runs.service import RunResult
from overheard.runs.tasks import Outcome


async def _alert(office: Office, state: AlertState = AlertState.OPEN, by: str = "") -> Run:
    """Raise an alert of the newest check."""
    run = (await office.store.runs.find())[0]
    shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, 1.0, 0.0, -1.0, (-1.0, -0.5))
    await office.store.alerts.add(Alert(shift, run.started_at, state=state, by=by), [])
    return run


async def test_status_of_one_brand_is_its_rank_and_a_picture() -> None:
    """And the way on: at most four buttons and a menu."""
    office = await asked_office("Acme is best. Zeta is good.", "Zeta is best. Zeta is good.")
    card = (await office.chat.type("status")).card

    assert card.title == "Acme: last of 2 at m-1"
    assert card.image
    assert "Zeta 3 of 3" in card.image.alt
    assert [one.words for one in card.actions if not one.menu] == ["report Acme", "check"]
    assert card.footer.startswith("Spent in ")


async def test_status_says_who_has_an_open_alert() -> None:
    """By name, without the id."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    await _alert(office, AlertState.ACKNOWLEDGED, "Maya (slack:U1)")
    card = (await office.chat.type("status")).card

    assert "; Maya has it." in str(card.text)
    assert "U1" not in str(card.text)
    assert card.actions[0].words == "alerts show 1"


async def test_a_check_in_a_chat_names_its_alert_and_opens_it() -> None:
    """Where no channel gets alerts, it offers this one; a terminal shows the alert below."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    run = await _alert(office)
    alerts = tuple(await office.store.alerts.find())
    told = Card("m-1 names Acme far less")
    found = AnalysisResult(office.deployment, DetectionResult(alerts, compared=True), (), (told,))
    result = RunResult(Outcome(run), found)
    in_chat = await run_card(Call(channel="slack:C1"), result)
    in_terminal = await run_card(Call(), result)

    assert "1 new alert: m-1 names Acme far less." in str(in_chat.text)
    assert in_chat.more == ()
    words = {action.label: action.words for action in in_chat.actions}
    assert words["Open alert"] == "alerts show 1"
    assert words["Alerts into this channel"] == "subscribe Acme"
    assert "1 new alert, below." in str(in_terminal.text)
    assert in_terminal.more == (told,)


async def test_status_of_several_brands_has_a_line_for_each_model() -> None:
    """Pictures of all would be too long for a phone."""
    more = DECLARED.replace("[[prompts]]", '[[brands]]\nname = "Umbra"\n\n[[prompts]]')
    office = await asked_office("Acme is best. Umbra is good.", config=more)
    card = (await office.chat.type("status")).card

    assert card.title == "2 brands, 0 open alerts"
    assert "Acme\nm-1: 3 of 3 answers." in str(card.text)
    assert card.image is None


async def test_status_says_when_the_next_check_is_due() -> None:
    """In words that are read at a glance."""
    weekly = '\n[[schedules]]\nname = "weekly"\ncron = "0 9 * * tue"\n'
    office = await asked_office("Acme is best.", config=DECLARED + weekly)

    assert "Next check tomorrow at 09:00." in str((await office.chat.type("status")).card.text)


async def test_without_brands_status_has_one_first_step() -> None:
    """It is the button of the set-up."""
    office = await open_office("")

    assert (await office.chat.type("status")).action("Set up").words == "setup brand"


async def test_a_quiet_week() -> None:
    """Nothing is new, and the models are steady."""
    office = await asked_office("Acme is best. Zeta is good.", "Acme is best. Zeta is good.")
    card = (await office.chat.type("digest")).card

    assert card.title == "Acme's week: steady at m-1"
    assert "Changed: nothing new since 23 Feb." in str(card.text)
    assert "Steady: m-1, 3 of 3 answers, 1st of 2." in str(card.text)
    assert card.footer == "Spent in March: $0.00."


async def test_a_week_with_an_alert_says_so_first() -> None:
    """A new alert is a change; an earlier one is still open."""
    office = await asked_office("Acme is best.", "Zeta is best.")
    await _alert(office)
    new = (await office.chat.type("digest Acme")).card
    later = (await office.chat.type("digest Acme --since now")).card

    assert new.title == "Acme's week: down at m-1"
    assert new.data["brands"][0]["new_alerts"] == [1]
    assert later.title == "Acme's week: still down at m-1"
    assert "Still open: " in str(later.text)


async def test_where_no_brand_is_named_none_is_first() -> None:
    """A share of nothing is no place."""
    office = await asked_office("None of them.")
    card = (await office.chat.type("status")).card

    assert card.title == "Acme: named in 0 of 3 answers at m-1"
    assert "1st" not in str(card)


async def test_the_next_checks_are_those_of_schedules_that_are_not_paused() -> None:
    """Each has one; a schedule that is paused has none."""
    tables = [f'[[schedules]]\nname = "{at}"\ncron = "0 {at} * * *"\n' for at in (7, 9)]
    office = await open_office("".join(tables) + DECLARED)
    assert sorted(at.hour for at in await next_checks(office.deployment)) == [7, 9]
    await office.store.schedules.pause("7", office.deployment.clock.now(), paused=True)
    assert [at.hour for at in await next_checks(office.deployment)] == [9]
