"""The models that read tone and facts, and questions, as the set-up in chat proposes them."""

import re
from dataclasses import replace
from functools import partial

from kit.office import DECLARED, PRICE, Office, open_office
from overheard.cards.command import FormContent
from overheard.commands.setup.starting import SETUP_START, fill_start, start_checks
from overheard.config.stored_settings import JUDGE
from overheard.deployment import Call
from overheard.scoring.judge import judges, proposed_judge
from overheard_judge import JudgeSettings, ModelJudge
from overheard_local.provider import LocalProvider, LocalSettings

HERE = partial(Call, who="Maya (slack:U1)", channel="slack:C1")


async def form_of(office: Office) -> FormContent:
    """Return the form of the last step as it is now."""
    return await fill_start(HERE(await office.deployment.refreshed()))


async def test_a_yes_switches_it_on_and_a_no_off() -> None:
    """In all processes, at once; its price was in the form, and its budget is kept."""
    office = await open_office(DECLARED, price=PRICE)
    labels = [choice.label for choice in (await form_of(office)).choices["reader"]]
    assert "a year" in labels[0]
    assert (await form_of(office)).values["reader"] == "rules"

    step = await start_checks(HERE(await office.deployment.refreshed()), reader="model")
    now = await office.deployment.refreshed()
    [judge] = judges(now.plugins.scorers.values())
    assert judge in now.scoring.scorers
    assert judge.budget >= 1
    assert "reads tone and facts" in str(step.card.fields[-1].value)
    assert judge is now.scoring.second_reader
    assert (await office.deployment.refreshed()).plugins.scorers["judge"] is judge
    assert (await form_of(office)).values["reader"] == "model"

    await start_checks(HERE(now), reader="rules")
    assert not judges((await office.deployment.refreshed()).plugins.scorers.values())
    kept = await office.store.settings.get(JUDGE)
    assert kept
    assert kept.value == {}


def test_no_reader_is_proposed_where_nothing_is_sold() -> None:
    """The model on this machine has a price of 0, whatever model is named."""
    assert proposed_judge({"local": LocalProvider("local", LocalSettings())}) is None


async def test_a_judge_of_the_file_is_not_asked_about() -> None:
    """What config.toml declares is changed there."""
    table = '[scorers.judge]\nmodel = "svc/m-1"\nbudget = 3\n'
    office = await open_office(DECLARED + table, price=PRICE)
    plugins = office.deployment.plugins
    judge = ModelJudge(JudgeSettings(model="svc/m-1", budget=3))
    known = replace(plugins, scorers={**plugins.scorers, "judge": judge})
    office.deployment = replace(office.deployment, plugins=known)

    assert (await form_of(office)).choices["reader"] == []


def test_the_command_is_that_of_the_last_step() -> None:
    """One form for the first check, how often alarms may be false, and who reads."""
    names = {option.name for option in SETUP_START.options}
    assert names == {"begin", "alarms", "reader", "questions"}


async def test_a_model_for_questions_is_ticked_with_its_price() -> None:
    """A yes is merged into the configuration at once; a no is kept, and is not ticked again."""
    office = await open_office(DECLARED, price=PRICE)
    form = await form_of(office)
    label = form.choices["questions"][0].label

    assert form.values["questions"] == "model"
    assert re.search(r": 100 for about \$\d+\.\d\d, at most \$1\.00 a month$", label)

    await start_checks(HERE(office.deployment), questions="model")
    config = (await office.deployment.refreshed()).config
    assert config.assistant.model.startswith("svc/")
    assert config.assistant.budget == 1

    await start_checks(HERE(office.deployment), questions="rules")
    assert not (await office.deployment.refreshed()).config.assistant.model
    assert (await form_of(office)).values["questions"] == "rules"


async def test_the_price_of_a_question_is_measured() -> None:
    """Once questions were asked, it is what they cost."""
    office = await open_office(DECLARED, price=PRICE)
    await start_checks(HERE(office.deployment), questions="model")
    before = (await form_of(office)).choices["questions"][0].label
    office.provider.answer = lambda _: '{"calls": [], "lacks": "subject", "lacking": ""}'
    await office.chat.bring(office.chat.request(question="what do you make of the weather?"))
    after = (await form_of(office)).choices["questions"][0].label

    assert len(office.provider.asked) == 1
    assert before != after


async def test_a_reader_of_questions_of_the_file_is_not_asked_about() -> None:
    """What config.toml declares is changed there."""
    table = '\n[providers.svc]\n[assistant]\nmodel = "svc/m-1"\n'
    office = await open_office(DECLARED + table, price=PRICE)

    assert (await form_of(office)).choices["questions"] == []
