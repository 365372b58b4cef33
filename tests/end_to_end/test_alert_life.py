"""An alert from the check that raises it to the message that shows its end."""

import asyncio
import re
import shutil
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kit.loopback import ChatService
from kit.program import CONFIG, PROMPTS, Program, sentences
from kit.recording import RecordingChat
from overheard.alerts.outbox import Outbox
from overheard.alerts.service import Lifecycle
from overheard.commands.delivery_cards import compose_delivery
from overheard.config.loader import load_config
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, Delivery, DeliveryKind, Model, PromptShift, Shift
from overheard.runtime.server import Server
from overheard.runtime.wiring import SystemClock, open_deployment

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
ROUTE = '[[routes]]\nchannel = "slack:C1"\nalso_in_channel = true\ntimezone = "Asia/Tokyo"\n'


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with a brand that has vanished, which is alert 1."""
    folder, service = tmp_path_factory.mktemp("kept"), ChatService()
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
    config = CONFIG.format(folder=folder.as_posix(), url=service.url)
    program = Program(folder, config + prompts + ROUTE)
    program.run("check", "--yes")
    service.answer = lambda prompt: f"Zeta is good. ({prompt})"
    program.run("check", "--yes")
    opened(folder, raise_alert)
    yield folder / "store.db"
    service.close()


@pytest.fixture
def raised(program: Program, config: str, kept: Path) -> Program:
    """The program with that store."""
    program.configure(config + ROUTE)
    shutil.copy(kept, program.folder)
    return program


async def raise_alert(deployment: Deployment) -> None:
    """Raise what the second run shows, however sure detection is of it."""
    [run, _] = await deployment.store.runs.find()
    assert run.panel
    prompts = tuple(PromptShift(p.key, 1.0, 0.0, 1, 1) for p in run.panel.prompts)
    shift = Shift(
        brand="Acme",
        model=run.panel.models[0],
        metric="visibility",
        run_id=run.id,
        before=1.0,
        after=0.0,
        change=-1.0,
        interval=(-1.0, -0.8),
        chance_a_year=0.01,
        prompts=prompts,
        answers=(12, 12),
    )
    alert, new = await Lifecycle.of(Call(deployment)).raise_alert(
        Alert(shift, deployment.clock.now())
    )
    assert (alert.id, new) == (1, True)


def work(folder: Path, chat: RecordingChat) -> None:
    """Let a bot post what there is to post."""

    async def done(deployment: Deployment) -> None:
        outbox = Outbox(
            deployment.store.deliveries,
            {"slack": chat},
            partial(compose_delivery, deployment),
            SystemClock(),
        )
        while await outbox.work():
            pass
        assert await deployment.store.deliveries.find(channel="slack:C1", waiting=True) == []

    opened(folder, done)


def opened(folder: Path, do: Callable[[Deployment], Coroutine[Any, Any, None]]) -> None:
    """Do something in the deployment."""

    async def inside() -> None:
        async with open_deployment(load_config(folder / "config.toml")) as deployment:
            await do(deployment)

    asyncio.run(inside())


def test_an_alert_lives_in_one_message(raised: Program) -> None:
    """The alert is posted with its buttons and edited, and its history is in its thread."""
    chat = RecordingChat()
    work(raised.folder, chat)
    [message] = chat.messages.values()
    assert message.channel == "C1"
    assert "Acme" in message.card.title
    words = [action.words for action in message.card.actions]
    assert words == [
        "alerts acknowledge 1", "evidence 1", "brief Acme", "alerts show 1", "alerts recheck 1",
        "alerts snooze 1 --for 1w", "alerts close 1", "alerts close 1 --why ours",
    ]  # fmt: skip
    for typed in (
        *words[:4],
        words[5],
        "alerts snooze 1 --for update",
        "alerts update 1",
        words[7],
    ):
        raised.run(*typed.split())
    work(raised.folder, chat)

    shown, *thread = chat.messages.values()
    assert [field.value for field in shown.shows.fields] == ["closed by terminal"]
    assert [action.words for action in shown.shows.actions] == ["evidence 1", "alerts show 1"]
    then = r"\d+ \w{3} \d{4}, \d\d:\d\d"
    told = [re.sub(then, "(then)", str(reply.card.text)) for reply in thread]
    assert told == [
        "Someone at the terminal takes care of it.",
        "Someone at the terminal put it aside. Until (then) JST.",
        "Someone at the terminal put it aside. Until the next update.",
        "Someone at the terminal marked it as an update of the model.",
        "Someone at the terminal closed it. It was our own doing.",
    ]
    assert {reply.thread for reply in thread} == {"1.0"}


def test_an_alert_outlives_the_plugin_that_measured_it(raised: Program) -> None:
    """Its message is posted, plain, with what was kept of it and why there is no more."""

    async def by_a_plugin(deployment: Deployment) -> None:
        [first] = await deployment.store.alerts.find()
        shift = replace(first.shift, metric="joy", model=Model("svc", "m-2"))
        await Lifecycle.of(Call(deployment)).raise_alert(Alert(shift, deployment.clock.now()))

    opened(raised.folder, by_a_plugin)
    chat = RecordingChat()
    work(raised.folder, chat)

    [_, message] = chat.messages.values()
    assert message.card.title == "m-2 changed Acme's joy"
    assert 'The plugin that measures "joy" is not installed any more' in str(message.card.text)
    assert [action.words for action in message.card.actions][:1] == ["alerts acknowledge 2"]
    assert "joy" in raised.run("alerts", "show", "2")[0]


def test_an_alert_s_history_is_shown(raised: Program) -> None:
    """By its number, with the numbers and sentences that it rests on."""
    raised.run("alerts", "snooze", "1", "--for", "update")
    data = raised.json("alerts", "show", "1")
    assert (data["state"], data["by"], data["until"]) == ("snoozed", "terminal", None)
    assert [event["what"] for event in data["events"]] == ["raised", "snoozed"]
    [row] = raised.json("alerts", "list", "--state", "live", "--brand", "acme")["alerts"]
    assert row["id"] == 1
    assert raised.json("alerts", "--state", "closed")["alerts"] == []
    shown = sentences(raised.run("alerts", "show", "#1", "--figures")[0])
    assert "put it aside. Until the next update." in shown
    assert "What happened so far" in shown


def test_checking_again_asks_that_model_about_that_brand(
    raised: Program, service: ChatService
) -> None:
    """As often as before, and only after its price was confirmed, which the button shows."""
    chat = RecordingChat()
    work(raised.folder, chat)
    [message] = chat.messages.values()
    labels = [action.label for action in message.card.actions]
    assert "Ask again (less than $0.01)" in labels

    _, err = raised.run("alerts", "recheck", "1", code=1)
    assert "12 questions for " in err
    data = raised.json("alerts", "recheck", "1", "--yes")

    assert data["label"] == "alert 1, checked again"
    assert len(service.calls) == 12


def test_what_people_do_is_in_the_audit_log(raised: Program) -> None:
    """Changes and spending, in the words in which they were asked for; reading is not."""
    raised.run("alerts", "acknowledge", "1")
    raised.run("alerts", "acknowledge", "1", code=1)
    raised.run("report")
    entries = raised.json("audit")["entries"]

    assert [(e["words"], e["outcome"].rstrip(".")) for e in entries] == [
        ("alerts acknowledge 1", "This alert is acknowledged already (by terminal)"),
        ("alerts acknowledge 1", "done"),
        *[("check", "done")] * 2,
    ]
    assert raised.json("audit", "--limit", "2")["entries"][1:] == entries[:1]
    assert raised.json("audit", "--since", "2020-01-01")["entries"][2:] == entries


def test_a_report_is_posted_once_for_each_slot(raised: Program) -> None:
    """However often its schedule says so; it is a digest of the week."""
    config = (raised.folder / "config.toml").read_text()
    report = '[[reports]]\nname = "monday"\ncron = "0 8 * * mon"\nchannel = "slack:C9"\n'
    raised.configure(config + report)
    chat = RecordingChat()

    async def due(deployment: Deployment) -> None:
        jobs = {job.name: job for job in await Server(deployment, {}).jobs()}
        for slot in (MONDAY, MONDAY, MONDAY + timedelta(days=7)):
            await jobs["report monday"].run(slot)

    opened(raised.folder, due)
    work(raised.folder, chat)

    told = [message.card for message in chat.messages.values() if message.channel == "C9"]
    assert [card.title.partition(":")[0] for card in told] == ["Acme's week"] * 2


def test_what_is_over_by_morning_is_told_by_the_digest_alone(raised: Program) -> None:
    """The alert came in the night, and was closed before it was posted."""
    chat, end = RecordingChat(), MONDAY.isoformat()
    digest = Delivery(DeliveryKind.QUIET_HOURS, "digest", "slack:C2", MONDAY, end)
    held = Delivery(DeliveryKind.ALERT, "alert-1@slack:C2", "slack:C2", MONDAY, end, alert_id=1)
    raised.run("alerts", "close", "1")
    opened(raised.folder, lambda deployment: deployment.store.deliveries.add([digest, held]))
    work(raised.folder, chat)

    [card] = [message.card for message in chat.messages.values() if message.channel == "C2"]
    assert card.title == "1 alert during quiet hours"
    first, line = str(card.text).splitlines()
    assert first == "It is over."
    assert line.endswith("m-1 names Acme far less (closed by terminal)")
