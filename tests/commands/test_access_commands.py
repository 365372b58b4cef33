"""Tests of the rights that are given in chat, and of the code of the first admin."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.office import Office, open_office
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.access import CODE, MAX_TRIES, issue_code, read_id, request_card
from overheard.config.sections import AccessTable
from overheard.domain import DeliveryKind, Setting
from overheard.errors import BadUsage
from overheard.interfaces import Person
from overheard.testing.fakes import FakeChat

MAYA = Person("slack", "U1", "Maya")
BOB = Person("slack", "U2", "Bob")


async def opened(**access: Any) -> tuple[Office, FakeChat]:
    """Return a deployment with rights, and Maya in a Slack channel."""
    office = await open_office(forms=False)
    gate = ConfiguredAccess(AccessTable(**access), office.store, office.deployment.clock)
    desk = ChatDesk(office.deployment, gate, patience=600.0)
    return office, FakeChat(desk, person=MAYA, channel="slack:C1")


async def test_the_code_makes_an_admin_once_who_gives_rights_to_others() -> None:
    """Even where everybody else may do nothing; the code is stored as a hash and not logged."""
    office, chat = await opened(everyone="nothing")
    code = await issue_code(office.store, office.deployment.clock)
    [stored] = await office.store.settings.all()
    assert code not in str(stored.value)
    assert (await chat.type("brands add Zenith")).card.title == "Not allowed"
    assert (await chat.type(f"access code {code.lower()}")).card.title == "You are an admin now"
    assert "used" in str((await chat.type(f"access code {code}", person=BOB)).card.text)
    assert (await chat.type("brands add Zenith")).card.title == "Added Zenith"

    refused = await chat.type("brands add Third", person=BOB)
    assert refused.card.text == "Only Maya can change this."
    await chat.click(refused, "Ask Maya", person=BOB)  # who may not even read
    await chat.type("access grant <@U2|bob> --role viewer --name Bob")
    await chat.click(refused, "Ask Maya", person=BOB)
    [notice] = await office.store.deliveries.find()
    assert (notice.kind, notice.channel) == (DeliveryKind.NOTICE, "slack:U1")
    assert notice.subject.startswith("request brands add Third\nBob asks Maya")

    await chat.type("access grant U2")
    assert (await chat.type("brands add Third", person=BOB)).card.title == "Added Third"
    assert (await chat.type("access revoke U2")).card.title == "Bob has no right any more"
    assert "last admin" in str((await chat.type("access revoke U1")).card.text)
    entries = await office.store.audit.find()
    assert not [entry for entry in entries if code[:4].casefold() in entry.words.casefold()]
    assert [e.who for e in entries if "by the code" in e.outcome] == ["Maya (slack:U1)"]


async def test_an_admin_is_asked_in_a_direct_message_in_discord() -> None:
    """Not in the channel, where everybody would read it."""
    office, _ = await opened()
    gate = ConfiguredAccess(AccessTable(), office.store, office.deployment.clock)
    desk = ChatDesk(office.deployment, gate, patience=600.0)
    maya, bob = (Person("discord", str(n), name) for n, name in ((71, "Maya"), (72, "Bob")))
    chat = FakeChat(desk, person=maya, channel="discord:1")
    await chat.type(f"access code {await issue_code(office.store, office.deployment.clock)}")
    refused = await chat.type("brands add Third", person=bob)
    await chat.click(refused, "Ask Maya", person=bob)

    [notice] = await office.store.deliveries.find()
    assert notice.channel == "discord:@71"


def test_a_request_gives_no_rights_by_its_button() -> None:
    """An admin types that; anything else is done with one click."""
    assert request_card("access grant U2", "Bob asks").actions == ()
    assert request_card("brands add Acme", "Bob asks").actions[0].words == "brands add Acme"


async def test_a_code_expires_and_is_void_after_many_tries() -> None:
    """A code cannot be found by trying."""
    office, chat = await opened()
    code = await issue_code(office.store, office.deployment.clock)
    for _ in range(MAX_TRIES):
        await chat.type("access code AAAA-BBBB-CCCC-DDDD")
    assert await office.store.settings.get(CODE) is None
    assert (await chat.type(f"access code {code}")).card.title != "You are an admin now"

    code = await issue_code(office.store, office.deployment.clock)
    kept = await office.store.settings.get(CODE)
    assert kept
    past = office.deployment.clock.now() - timedelta(days=2)
    await office.store.settings.put(replace(kept, value={**kept.value, "until": past.isoformat()}))
    assert (await chat.type(f"access code {code}")).card.title != "You are an admin now"


async def test_the_last_wrong_try_of_an_old_code_leaves_a_new_one_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The program is restarted, and prints a new code, while a wrong one is being looked at."""
    office, chat = await opened(everyone="nothing")
    settings = office.store.settings
    code = await issue_code(office.store, office.deployment.clock)
    new = await settings.get(CODE)
    assert new
    tries = {**new.value, "tries": MAX_TRIES - 1}
    old = replace(new, value=tries, at=new.at - timedelta(minutes=1))

    async def read_before(_: str) -> Setting:
        return old

    with monkeypatch.context() as patch:
        patch.setattr(settings, "get", read_before)
        await chat.type("access code AAAA-BBBB-CCCC-DDDD")
    assert (await chat.type(f"access code {code}")).card.title == "You are an admin now"


async def test_rights_of_the_file_are_shown_and_cannot_be_taken_in_chat() -> None:
    """They say where they come from."""
    _, chat = await opened(admins=("slack:U1",))
    await chat.type("access grant <!subteam^S7|@marketing> --role operator --name Marketing")
    table = (await chat.type("access list")).card.table
    assert table
    # `Rights` of a deployment that was opened without the table: only what was given in chat.
    assert "Marketing" in str(table.rows)


@pytest.mark.parametrize("typed", ["", "not an id", "<@U1", "@maya!"])
def test_what_is_no_person_is_refused(typed: str) -> None:
    """A name alone could mean somebody else."""
    with pytest.raises(BadUsage):
        read_id(typed, "slack:C1")
