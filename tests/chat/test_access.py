"""Tests of who may do what in chat."""

from typing import Any

import pytest

from kit.recording import HandClock
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Role
from overheard.chat.access import ConfiguredAccess, is_logged
from overheard.config.sections import AccessTable
from overheard.domain import DeliveryKind
from overheard.interfaces import AccessPolicy, Person, Refusal
from overheard.testing.deployment import open_test_store

ADA = Person("slack", "U1", "Ada", ("S7",))


async def nothing(**_: Any) -> Card:
    """Do nothing."""
    return Card("")


READ, SPEND, CONFIGURE = (
    CommandSpec(name, "", nothing, role=role, spends=role is Role.OPERATOR)
    for name, role in (
        ("report", Role.VIEWER),
        ("check", Role.OPERATOR),
        ("brands add", Role.ADMIN),
    )
)


def gate(**access: Any) -> ConfiguredAccess:
    """Return a gate of a configuration."""
    return ConfiguredAccess(AccessTable.model_validate(access), open_test_store(), HandClock())


async def may(keeper: AccessPolicy, person: Person = ADA, channel: str = "slack:C1") -> int:
    """Return how many of the three things a person may do."""
    refusals = [await keeper.allowed(person, channel, s) for s in (READ, SPEND, CONFIGURE)]
    return refusals.count(None)


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        ({}, 2),
        ({"everyone": "viewer"}, 1),
        ({"everyone": "nothing"}, 0),
        ({"everyone": "nothing", "viewers": ["slack:U1"]}, 1),
        ({"everyone": "viewer", "operators": ["slack:S7"]}, 2),
        ({"admins": ["slack:U1"]}, 3),
        ({"admins": ["slack:S7"], "viewers": ["slack:U1"]}, 3),
        ({"viewers": ["slack:U1"]}, 1),
        ({"admins": ["discord:1"]}, 2),
        ({"admins": ["slack:U2"]}, 2),
    ],
)
async def test_people_and_groups_have_roles(access: dict[str, Any], allowed: int) -> None:
    """The highest role counts; an id of another platform is another person."""
    assert await may(gate(**access)) == allowed


async def test_a_refusal_says_who_can_and_who_can_be_asked() -> None:
    """An admin of config.toml is known by name once that admin has used the bot."""
    keeper = gate(admins=["slack:U2"])
    refusal = await keeper.allowed(ADA, "slack:C1", CONFIGURE)
    assert refusal == "Only admins can change this."
    await keeper.allowed(Person("slack", "U2", "Maya"), "slack:C1", READ)
    refusal = await keeper.allowed(ADA, "slack:C1", CONFIGURE)
    assert isinstance(refusal, Refusal)
    assert (str(refusal), refusal.ask, refusal.first) == (
        "Only Maya can change this.",
        "Maya",
        False,
    )


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("Maya", "Tom"), "Only Maya and Tom can change this."),
        (("Maya", "Tom", "Eve", "Ben"), "Only Maya, Tom, Eve and 1 other can change this."),
        (("Maya", "Tom", "Eve", "Ben", "Kim"), "Only Maya, Tom, Eve and 2 others can change this."),
    ],
)
async def test_a_refusal_counts_those_that_it_does_not_name(
    names: tuple[str, ...], sentence: str
) -> None:
    """Three are named, in the order of the configuration."""
    people = [Person("slack", f"U1{number}", name) for number, name in enumerate(names)]
    keeper = gate(admins=[f"slack:{person.id}" for person in people])
    for person in people:
        await keeper.allowed(person, "slack:C1", READ)

    assert await keeper.allowed(ADA, "slack:C1", CONFIGURE) == sentence


async def test_without_an_admin_an_owner_begins_and_others_learn_who_can() -> None:
    """The first owner who changes something is the admin from then on; other owners are not."""
    store = open_test_store()
    keeper = ConfiguredAccess(AccessTable(), store, HandClock())
    refusal = await keeper.allowed(ADA, "slack:C1", CONFIGURE)
    assert isinstance(refusal, Refusal)
    assert refusal.first
    assert await may(keeper, Person("slack", "U5", "Tom", owner=True)) == 3
    assert await may(keeper, Person("slack", "U6", "Eve", owner=True)) == 2
    assert await may(keeper, Person("slack", "U5", "Tom")) == 3
    assert [entry.who for entry in await store.audit.find()] == ["Tom (slack:U5)"]


async def test_an_owner_begins_in_a_second_chat_and_the_admin_of_the_first_is_told() -> None:
    """Who is no owner there is not offered to ask a person who cannot be reached."""
    store = open_test_store()
    keeper = ConfiguredAccess(AccessTable(), store, HandClock())
    await keeper.allowed(Person("discord", "7", "Ann", owner=True), "discord:1", CONFIGURE)
    refusal = await keeper.allowed(ADA, "slack:C1", CONFIGURE)
    assert isinstance(refusal, Refusal)
    assert (refusal.first, refusal.ask) == (False, "")
    begin = "An owner of this workspace or server can begin here, too."
    assert refusal == f"Only Ann can change this. {begin}"

    assert await may(keeper, Person("slack", "U5", "Tom", owner=True)) == 3
    refusal = await keeper.allowed(ADA, "slack:C1", CONFIGURE)
    assert isinstance(refusal, Refusal)
    assert refusal.ask == "Tom"
    assert {entry.who for entry in await store.audit.find()} == {
        "Ann (discord:7)",
        "Tom (slack:U5)",
    }
    [told] = [one for one in await store.deliveries.find() if one.kind is DeliveryKind.NOTICE]
    assert told.channel == "discord:@7"
    assert (
        "Tom is the first admin, as an owner of the workspace or server, in Slack." in told.subject
    )


async def test_an_owner_is_no_admin_where_the_configuration_names_admins() -> None:
    """The file decides."""
    owner = Person("slack", "U5", "Tom", owner=True)
    assert await may(gate(admins=["slack:U2"]), owner) == 2


async def test_channels_can_be_chosen() -> None:
    """Elsewhere no person may do anything."""
    keeper = gate(channels=["slack:C1"], admins=["slack:U1"])

    assert await may(keeper) == 3
    assert await may(keeper, channel="slack:C2") == 0
    assert await may(keeper, channel="") == 3  # their own page


async def test_changes_and_spending_are_logged_and_reading_is_not() -> None:
    """Whether they were done or refused."""
    store = open_test_store()
    keeper = ConfiguredAccess(AccessTable(), store, HandClock())
    await keeper.note(ADA, "slack:C1", "report", READ)
    await keeper.note(ADA, "slack:C1", "check acme", SPEND)
    await keeper.note(ADA, "slack:C1", "brands add Zeta", CONFIGURE, "Only admins may configure.")

    assert [(e.who, e.command, e.words, e.outcome) for e in await store.audit.find()] == [
        ("Ada (slack:U1)", "brands add", "brands add Zeta", "Only admins may configure."),
        ("Ada (slack:U1)", "check", "check acme", "done"),
    ]


def test_what_asks_for_a_yes_is_logged() -> None:
    """Also when all people may do it."""
    assert is_logged(CommandSpec("x", "", nothing, confirms=True))
