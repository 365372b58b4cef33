"""The desk: options that people are asked for, and values while they type."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kit.office import DECLARED, Office, open_office
from kit.scripted import SteppingClock
from kit.stored_items import NOON
from overheard.alerts.outbox import Routes
from overheard.alerts.service import Lifecycle
from overheard.cards.command import Role
from overheard.domain import Alert, Model, Run, Shift
from overheard.interfaces import Person
from overheard.testing.fakes import GENERAL

BOB = Person("fake", "U2", "Bob")


class TestForms:
    """Options that people are asked for."""

    async def test_what_is_missing_is_asked_for_in_a_form(self) -> None:
        """What was typed already is filled in, and the form does what typing it would."""
        office = await open_office(forms=True)
        screen = await office.chat.type("facts add Acme")
        assert screen.form
        assert screen.form.values == {"brand": "Acme"}
        done = await office.chat.submit(screen, field="price", value="$10")

        assert done.card.title == "Added a fact"

    async def test_where_there_are_none_the_command_is_taught(self, office: Office) -> None:
        """The card says what is missing, and how to write it."""
        screen = await office.chat.type("facts add Acme")

        assert str(screen.card.text).startswith("FIELD and VALUE are missing.")
        assert screen.private

    async def test_a_form_that_is_wrong_comes_back(self) -> None:
        """It keeps what was filled in, and says what was wrong."""
        office = await open_office(forms=True)
        screen = await office.chat.choose("check", repeats="many")
        assert screen.form

        assert screen.form.problem.startswith('Repeats is a whole number, and not "many"')
        assert screen.form.values == {"repeats": "many"}

    async def test_a_form_lists_what_there_is(self) -> None:
        """A brand is chosen, and not typed."""
        office = await open_office(f'{DECLARED}\n[[brands]]\nname = "Umbra"', forms=True)
        screen = await office.chat.type("claims")

        assert screen.form
        listed = [one.label for one in screen.form.choices["brand"]]
        assert listed == ["Acme", "Umbra", "Zeta"]

    async def test_the_only_brand_and_the_only_alert_need_not_be_named(self) -> None:
        """A command that changes the catalogue still asks for its brand."""
        office = await open_office(forms=True)
        assert "Acme" in str((await office.chat.type("claims")).card.title)
        assert (await office.chat.type("evidence")).form
        run = await office.store.runs.start(Run("r", NOON))
        figures = (0.7, 0.4, -0.3, (-0.4, -0.1))
        shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, *figures)
        lifecycle = Lifecycle(office.store, Routes([], {}), SteppingClock(NOON))
        await lifecycle.raise_alert(Alert(shift, NOON))

        assert not (await office.chat.type("evidence")).form
        assert (await office.chat.type("brands remove")).form

    @pytest.mark.parametrize(
        ("words", "filled"),
        [("updates add", {"model": "svc/m-1"}), ("schedules pause", {"name": "weekly"})],
    )
    async def test_what_changes_something_shows_the_only_value_first(
        self, words: str, filled: dict[str, str]
    ) -> None:
        """In a form, filled in, and nothing has happened yet. Sent off, it is done."""
        office = await open_office(forms=True)
        await office.chat.type('schedules add weekly "every Monday at 9"')
        screen = await office.chat.type(words)
        assert screen.form
        assert screen.form.values == filled
        assert not await office.store.updates.find()

        done = await office.chat.submit(screen)
        assert not done.card.failed

    @pytest.mark.parametrize(("more", "values"), [("", {"brand": "Acme"}), ("Umbra", {})])
    async def test_a_form_of_its_own_that_needs_a_brand_is_not_opened_without(
        self, more: str, values: dict[str, str]
    ) -> None:
        """The brand is asked for first, also where there is only one."""
        office = await open_office(forms=True)
        if more:
            await office.chat.type(f"brands add {more}")
        form = (await office.chat.type("prompts suggest")).form

        assert form
        assert form.command.name == "prompts suggest"
        assert form.values == values
        assert {one.value for one in form.choices["brand"]} >= {"Acme"}

    async def test_editing_opens_a_form_of_what_there_is(self) -> None:
        """A command that changes something shows it first."""
        office = await open_office(forms=True)
        await office.chat.type("brands add Umbra --alias Umb")
        screen = await office.chat.type("brands edit umb")
        assert screen.form
        assert screen.form.values["aliases"] == ("Umb",)
        done = await office.chat.submit(screen, category="lamps")

        assert done.card.title == "Changed Umbra"
        assert (await office.store.catalogue.current()).brand("Umbra") is not None

    async def test_a_schedule_is_edited_in_words(self) -> None:
        """What has no words is shown as it is written."""
        office = await open_office(forms=True)
        await office.chat.type('schedules add weekly "every Monday at 9"')
        await office.chat.type('schedules add often "*/20 * * * *"')
        screen = await office.chat.type("schedules edit weekly")
        assert screen.form
        assert screen.form.values["cron"] == "every Monday at 9:00"
        await office.chat.submit(screen, cron="every Tuesday and Friday at 9")
        other = (await office.chat.type("schedules edit often")).form
        assert other
        assert other.values["cron"] == "*/20 * * * *"
        await office.chat.type('schedules edit often --cron "sunday at 8pm"')

        kept = (await office.store.catalogue.current()).schedules
        assert {one.name: one.cron for one in kept} == {
            "weekly": "0 9 * * tue,fri",
            "often": "0 20 * * sun",
        }

    async def test_a_form_for_what_does_not_exist_is_a_sentence(self) -> None:
        """There is nothing to fill it in with."""
        office = await open_office(forms=True)
        screen = await office.chat.type("brands edit Nobody")

        assert screen.form is None
        assert 'There is no brand called "Nobody"' in str(screen.card.text)


async def complete(office: Office, *typed: str, person: Person = BOB) -> Sequence[str]:
    """Return the values that a person is offered."""
    command, option, part = typed
    return await office.desk.complete(command, option, part, person=person, channel=GENERAL)


class TestCompletion:
    """Values, while a person types."""

    async def test_values_come_from_the_store(self, office: Office) -> None:
        """Values that begin with the typed text come first."""
        await office.store.catalogue.set_brand(
            replace(office.deployment.catalogue.brands[0], name="Zacme")
        )

        assert await complete(office, "check", "brands", "AC") == ["Acme", "Zacme"]

    @pytest.mark.parametrize(
        ("name", "option", "typed", "values"),
        [
            ("check", "model", "", ["svc/m-1"]),
            ("trend", "metric", "vis", ["visibility", "branded_visibility"]),
            ("prompts edit", "prompt", "which", ["Which tool is best?"]),
            ("schedules pause", "name", "", []),
            ("alerts list", "state", "liv", ["live"]),
            ("alerts show", "alert", "", []),
            ("nothing", "brands", "", []),
            ("check", "nothing", "", []),
        ],
    )
    async def test_each_kind_has_its_own(
        self, office: Office, name: str, option: str, typed: str, values: list[str]
    ) -> None:
        """What does not exist has none."""
        assert list(await complete(office, name, option, typed)) == values

    async def test_who_may_not_use_a_command_is_offered_nothing(self, office: Office) -> None:
        """The names of brands are for those who may read them."""
        office.gate.role = Role.VIEWER

        assert await complete(office, "trend", "brand", "Ac") == ["Acme"]
        assert list(await complete(office, "check", "brands", "Ac")) == []

    async def test_no_more_than_a_chat_can_show(self, office: Office) -> None:
        """And none that is too long."""
        for number in range(40):
            await office.store.catalogue.set_brand(
                replace(office.deployment.catalogue.brands[0], name=f"{number} {'x' * 200}")
            )
        values = await complete(office, "check", "brands", "x")

        assert len(values) == 25
        assert max(map(len, values)) == 100
