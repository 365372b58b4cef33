"""Share of voice of the market, and a brand against another."""

from kit.office import DECLARED, asked_office
from overheard.domain import Model, ModelUpdate

BOTH, ZETA_ONLY = "Acme is best. Zeta is good.", "Zeta is best. Zeta is good too."


async def test_share_of_voice_is_a_title_a_sentence_and_a_picture() -> None:
    """All three say the same of now and of what is usual."""
    office = await asked_office(BOTH, BOTH, ZETA_ONLY)
    card = (await office.chat.type("trend --show voice")).card

    assert card.title == "Acme's share of voice: 0 %, usually 50 %"
    assert card.text == "Zeta leads and gained most: 100 %, usually 50 %."
    assert card.image
    assert "Acme 50 % to 0 %, Zeta 50 % to 100 %" in card.image.alt
    assert card.data["shares"] == {"Acme": [0.5, 0.5, 0.0], "Zeta": [0.5, 0.5, 1.0]}


async def test_share_of_voice_of_one_model_and_of_the_last_days() -> None:
    """A model that has no answers is a sentence."""
    office = await asked_office(BOTH, ZETA_ONLY)
    since = (await office.chat.type("trend Acme --show voice --model m-1 --since today")).card
    wrong = (await office.chat.type("trend Acme --show voice --model m-2")).card

    assert len(since.data["times"]) == 2
    assert 'no model with answers called "m-2"' in str(wrong.text)


async def test_share_of_voice_marks_an_update_once_a_day() -> None:
    """By the name of the model, however often it was noticed."""
    office = await asked_office(BOTH, ZETA_ONLY)
    [run, _] = await office.store.runs.find()
    model = office.deployment.plugins.providers["svc"].models()[0]
    for source in ("served model", "people"):
        await office.store.updates.add(ModelUpdate(Model("svc", model), run.started_at, source))
    trend = (await office.chat.type("trend Acme")).card

    assert trend.image
    assert trend.image.alt.count("m-1 update, 2 Mar") == 1


async def test_without_competitors_share_of_voice_offers_to_add_some() -> None:
    """A share of all mentions of one brand says nothing."""
    office = await asked_office(
        "Acme is best.", config=DECLARED.replace('competitors = ["Zeta"]', "")
    )
    screen = await office.chat.type("trend Acme --show voice")

    assert screen.action("Add competitors").words == "brands edit Acme"


async def test_a_brand_against_its_competitor() -> None:
    """Close where the difference may be chance, ahead where not; in the picture, counts."""
    office = await asked_office("Acme is best.", ZETA_ONLY)
    last = (await office.chat.type("trend Acme Zeta")).card
    every = (await office.chat.type("trend Acme Zeta --since today")).card

    assert last.title == "Acme against Zeta"
    assert last.text == "At m-1 Zeta is far ahead."
    assert last.image
    assert "Named 0 to 3 of 3" in last.image.alt
    assert every.text == "At m-1 you are close."


async def test_of_two_brands_the_tracked_one_is_you() -> None:
    """In whichever order they are typed, and where one of them is left out."""
    office = await asked_office(BOTH)
    for words in ("trend Zeta Acme", "trend Acme --show versus", "trend Zeta --show versus"):
        assert (await office.chat.type(words)).card.title == "Acme against Zeta"


async def test_brands_that_are_not_competitors_are_a_sentence() -> None:
    """With those that are."""
    office = await asked_office(BOTH)
    card = (await office.chat.type("trend Zeta Zeta")).card

    assert card.failed
    assert "no competitor of Zeta" in str(card.text)


async def test_a_report_leads_to_the_market_and_the_leading_competitor() -> None:
    """By buttons."""
    office = await asked_office(BOTH)
    screen = await office.chat.type("report Acme")

    assert screen.action("Share of voice").words == "trend Acme --show voice"
    assert screen.action("Against Zeta").words == "trend Acme Zeta"
