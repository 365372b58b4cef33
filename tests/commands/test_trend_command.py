"""A metric over time."""

import pytest

from kit.office import DECLARED, Office, asked_office, open_office
from kit.scripted import reply


async def test_a_trend_has_a_chart_and_a_row_for_each_model(office: Office) -> None:
    """The row says where it is, and how far it came."""
    for answer in ("Acme is best.", "Zeta is best."):
        office.provider.answer = lambda _, answer=answer: reply(answer)  # type: ignore[misc] # a default value
        await office.chat.type("check")
    card = (await office.chat.type("trend acme")).card
    assert card.table
    assert card.image

    assert card.title == "How often Acme is named"
    assert card.table.rows[0][0] == "m-1"
    assert card.table.rows[0][2] == "\N{MINUS SIGN}100 points"
    assert [point["value"] for point in card.data["models"]["svc/m-1"]] == [1.0, 0.0]
    assert card.image.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("command", "until", "shown"),
    [
        ("trend Acme", "today", True),
        ("trend Acme", "2024-01-01", False),
        ("trend Acme --show voice", "2024-01-01", False),
        ("trend Acme Zeta", "2024-01-01", False),
        ("changes Acme", "2024-01-01", False),
        ("spend", "2024-01-01", False),
    ],
)
async def test_a_time_may_have_an_end(
    office: Office, command: str, until: str, shown: bool
) -> None:
    """The day of the end belongs to it; what came later is left out."""
    await office.chat.type("check Acme")
    ended = (await office.chat.type(f"{command} --until {until}")).card
    ever = (await office.chat.type(command)).card

    assert not ended.failed
    assert (ended.data.get("models") == ever.data.get("models")) or not shown
    assert shown or ended.text != ever.text or ended.title != ever.title


async def test_a_time_that_ends_before_it_begins_is_refused(office: Office) -> None:
    """In one sentence."""
    card = (await office.chat.type("trend Acme --since 2024-02-01 --until 2024-01-01")).card

    assert card.failed
    assert "lies before the beginning" in str(card.text)


async def test_one_model_is_shown_beside_the_competitors(office: Office) -> None:
    """The picture names them."""
    await office.chat.type("check")
    card = (await office.chat.type("trend Acme --model svc/m-1")).card
    assert card.image

    assert "Zeta" in card.image.alt


async def test_without_answers_there_is_a_button_to_ask(office: Office) -> None:
    """Nothing is drawn."""
    screen = await office.chat.type("trend Acme")

    assert screen.card.image is None
    assert screen.action("Check now").words == "check Acme"


async def test_what_does_not_exist_is_a_sentence(office: Office) -> None:
    """With the nearest that does."""
    await office.chat.type("check")
    metric = (await office.chat.type("trend Acme --metric visibilty")).card
    model = (await office.chat.type("trend Acme --model svc/m-2")).card

    assert 'There is no metric called "visibilty"; did you mean "visibility"' in str(metric.text)
    assert 'There is no model with answers called "svc/m-2"' in str(model.text)


async def test_where_every_question_names_a_brand_the_report_says_so() -> None:
    """How often the brand is named of itself is not measured then; every other metric is shown."""
    office = await open_office(DECLARED.replace("Which tool is best?", "Is Zeta any good?"))
    checked = (await office.chat.type("check")).card
    reported = (await office.chat.type("report")).card

    for card in (checked, reported):
        assert "Every question names a brand" in str(card.text)
    assert reported.table
    assert any("branded" in name for name in reported.table.header)


async def test_report_and_trend_give_one_range_for_one_number(office: Office) -> None:
    """The table of each, and the text of their picture."""
    for answer in ("Acme is best.", "Zeta is best."):
        office.provider.answer = lambda _, answer=answer: reply(answer)  # type: ignore[misc] # a default value
        await office.chat.type("check --repeats 8")
    trend = (await office.chat.type("trend Acme")).card
    details = (await office.chat.type("report Acme --details")).card
    report = (await office.chat.type("report Acme")).card
    assert trend.table
    assert details.table
    assert report.image

    value = trend.table.rows[0][1]
    assert value == details.table.rows[0][1]
    shown = str(value).partition("(")[2].rstrip(")")
    assert f"(likely range {shown})" in report.image.alt
    assert "Named" in report.image.alt.partition(".")[0]


async def test_values_of_a_competitor_alone_are_no_answers_of_the_brand() -> None:
    """Without a time, no time is spoken of."""
    office = await asked_office("Zeta is best.")
    card = (await office.chat.type("trend Acme --metric position")).card

    assert card.text == "No answers yet."
