"""The weekly sign of life, and when it says that not all is well."""

from datetime import timedelta

from kit.office import DECLARED, Office, open_office
from overheard.commands.check import check
from overheard.commands.delivery_cards import compose_delivery, sign_of_life
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.domain import Delivery, DeliveryKind, Price
from overheard.runtime.server import SIGN_OF_LIFE, Server

WEEKLY = DECLARED + '\n[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\n'


async def test_it_says_what_was_checked_what_comes_and_what_it_cost() -> None:
    """All of the last 7 days."""
    office = await open_office(WEEKLY, price=Price(1e3, 1e3))
    await (await check(Call(office.deployment))).execute()
    card = await sign_of_life(Call(office.deployment))
    assert card.title == "Overheard is well"
    for said in ("1 check in the last 7 days, the last on ", "The next is on ", "Spent: $"):
        assert said in str(card.text)
    assert "No alert is open." in str(card.text)


async def test_a_week_without_an_answer_is_not_well() -> None:
    """Silence of a schedule is the first thing that it says."""
    office = await open_office(WEEKLY)
    card = await sign_of_life(Call(office.deployment))
    assert card.title == "Overheard needs you"
    assert str(card.text).startswith("No check was answered in the last 7 days")


async def test_a_message_that_cannot_be_posted_is_not_well(office: Office) -> None:
    """One chat can fail while another takes the sign of life."""
    deliveries, now = office.store.deliveries, office.deployment.clock.now()
    await deliveries.add([Delivery(DeliveryKind.NOTICE, "n@slack:C1", "slack:C1", now, "\nx")])
    [claimed] = await deliveries.claim(
        "me", now, now + timedelta(hours=1), chats=["slack"], limit=1
    )
    await deliveries.postpone(claimed, "me", due_at=now, problem="It is away.", uncertain=False)
    card = await sign_of_life(Call(office.deployment))
    assert "1 message could not be posted" in str(card.text)


async def test_a_bot_has_the_job_where_a_channel_is_named() -> None:
    """Its delivery is written once for each slot and channel, and its card when it is posted."""
    office = await open_office(WEEKLY + '[health]\nport = 0\nalive = ["mail:here"]\n')
    server = Server(office.deployment, {})
    [job] = [job for job in await server.jobs() if job.name == SIGN_OF_LIFE]
    slot = job.times.after(office.deployment.clock.now())
    assert slot is not None
    assert (slot.weekday(), slot.hour) == (0, 8)
    for _ in range(2):
        await job.run(slot)
    [delivery] = await office.store.deliveries.find()
    outgoing = await compose_delivery(office.deployment, delivery)
    assert "Overheard" in outgoing.card.title  # type: ignore[union-attr]
    assert not parse_config(WEEKLY).health.alive
