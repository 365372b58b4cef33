"""What the doctor finds where something is wrong: one sentence for each fault, and its remedy."""

import asyncio
import contextlib
import json
import sqlite3
from collections import namedtuple
from datetime import date
from pathlib import Path

import pytest

from kit.both_chats import Chats
from kit.loopback import Behaviour, ChatService
from kit.program import Program
from overheard.domain import Landscape, Model, last_day

Room = namedtuple("Room", "total used free")


def faults(program: Program) -> dict[str, tuple[str, str]]:
    """Return what the doctor finds wrong and the remedy, by place; it ends with 1 for that."""
    out, _ = program.run("doctor", "--json", code=1)
    found = json.loads(out.splitlines()[-1])["findings"]
    return {one["place"]: (one["problem"], one["remedy"]) for one in found if one["problem"]}


def places(program: Program) -> list[str]:
    """Return what the doctor looked at where all is well."""
    return [one["place"] for one in program.json("doctor")["findings"]]


def make_read_only(database: Path) -> None:
    """Mark a file as one of a newer SQLite, which this one must not write; it may be ours, and
    root's permissions do not end at a file's.
    """
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")


def test_a_store_that_cannot_be_written_is_told(program: Program) -> None:
    """By the doctor, and by the deployment, in one sentence each."""
    program.run("db", "upgrade")
    make_read_only(program.folder / "store.db")

    [(place, (problem, remedy))] = faults(program).items()
    assert place.startswith("store sqlite:///")
    assert problem == "it may not be written to; nothing else was looked at"
    assert remedy.startswith("let this user write to the file and to its folder")
    out, err = program.run("run", code=1)
    assert (out, err.count("\n")) == ("", 1)
    assert "it may not be written to; let this user write to the file" in err


def test_a_key_that_a_provider_refuses_is_told(program: Program, service: ChatService) -> None:
    """By a call that costs nothing."""
    service.listing = Behaviour(status=401)

    [(place, (problem, remedy))] = faults(program).items()
    assert place == "provider svc"
    assert "refuses the key" in problem
    assert "api_key_env" in remedy
    assert not service.calls


def listing(*names: str) -> Behaviour:
    """Return a list of models."""
    data = [{"id": name, "object": "model", "created": 1, "owned_by": "svc"} for name in names]
    return Behaviour(body=json.dumps({"object": "list", "data": data}).encode())


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("m-1",), ""),
        (("acme/m-1",), ""),
        (("m-1-2026-01-01", "other"), ""),
        (("mm-1", "other"), 'the service offers no model "m-1"; did you mean "mm-1"'),
        (("other",), 'the service offers no model "m-1"'),
    ],
)
def test_a_model_that_the_service_does_not_offer_is_told(
    program: Program, service: ChatService, names: tuple[str, ...], problem: str
) -> None:
    """By the service's own list; a version of a listed model is fine."""
    service.listing = listing(*names)
    found = faults(program) if problem else {}

    assert found == (
        {"provider svc": (problem, "correct models in [providers.svc]")} if problem else {}
    )
    if not problem:
        assert "provider svc" in places(program)


def test_an_address_without_a_list_of_models_is_told(
    program: Program, service: ChatService, config: str
) -> None:
    """Where the usual end is missing; the same answer at the usual address means nothing."""
    service.listing = Behaviour(status=404)
    assert "provider svc" in places(program)
    program.configure(config.replace(service.url, service.url.removesuffix("/v1")))

    assert faults(program)["provider svc"][1] == 'correct base_url, which often ends in "/v1"'


def test_a_named_variable_that_is_not_set_is_told(
    program: Program, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key would be missing without a word."""
    monkeypatch.delenv("GW_KEY", raising=False)
    table = 'plugin = "compatible"'
    program.configure(config.replace(table, f'{table}\napi_key_env = "GW_KEY"', 1))

    problem = "api_key_env names GW_KEY, which is not set"
    assert faults(program)["[providers.svc]"] == (problem, "set it, or correct the name")
    monkeypatch.setenv("GW_KEY", "sk-1")
    assert "[providers.svc]" not in places(program)


def test_answers_without_usage_and_a_clock_behind_the_newest_run_are_told(
    program: Program, service: ChatService
) -> None:
    """The cost is then an estimate, and a run would be taken for an older one."""
    body = {"choices": [{"finish_reason": "stop", "message": {"content": "Acme is good."}}]}
    service.behaviours = [Behaviour(body=json.dumps(body).encode())] * 2
    program.run("check", "--yes", code=None)
    with contextlib.closing(sqlite3.connect(program.folder / "store.db")) as store, store:
        store.execute("UPDATE runs SET started_at = datetime('now', '+9 days')")

    found = faults(program)
    assert found["model svc/m-1"][0].startswith("2 answers came without usage")
    assert "and the newest run began " in found["clock"][0]


@pytest.mark.parametrize(
    ("model", "budget", "told"),
    [("svc/m-1", 0, "its budget is 0"), ("gone/m-1", 1, "no provider has its model")],
)
def test_a_judge_that_can_ask_nobody_is_told(
    program: Program, config: str, model: str, budget: int, told: str
) -> None:
    """Alerts would wait for no second reading, and nobody would notice."""
    program.configure(f'{config}[scorers.judge]\nmodel = "{model}"\nbudget = {budget}\n')
    [(place, (problem, remedy))] = faults(program).items()
    assert place == f"judge {model}"
    assert problem == f"{told}, so nothing is read a second time"
    assert "[scorers.judge]" in remedy


@pytest.mark.parametrize(("ahead", "told"), [(7200, "behind"), (-7200, "ahead of")])
def test_a_clock_that_is_wrong_is_told(
    program: Program, service: ChatService, ahead: float, told: str
) -> None:
    """By the time that a provider gives with an answer that was asked for anyway."""
    service.listing = Behaviour()
    assert places(program)[-1] == "clock"
    service.ahead = ahead

    [(place, (problem, remedy))] = faults(program).items()
    assert place == "clock"
    assert problem.startswith("it is ")
    assert problem.endswith(f" {told} the clocks of providers")
    assert "NTP" in remedy


def test_a_disk_that_is_nearly_full_is_told(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is left of it."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: Room(10**12, 10**12 - 10**8, 10**8))

    remedy = "make room, or move the store in [storage]"
    assert faults(program) == {"disk": ("only 100 MB are left", remedy)}


async def test_nothing_is_wrong_where_both_platforms_let_the_bot_in(
    program: Program, config: str, chats: Chats
) -> None:
    """Every token, scope, server and channel is looked at, and nothing is posted."""
    program.configure(f"{config}{chats.routes()}{chats.tables()}")
    looked = await asyncio.to_thread(places, program)

    for place in ("slack: bot token", "slack: scopes", "slack: app token", "discord: token"):
        assert any(one.startswith(place) for one in looked), place
    assert sum(": channel " in one for one in looked) == 2
    assert (chats.in_slack(), chats.in_discord()) == ([], [])


async def test_what_slack_and_discord_do_not_allow_is_told(
    program: Program, config: str, chats: Chats
) -> None:
    """A scope, a channel that it was not invited to, permissions in a channel."""
    elsewhere = '\n[[routes]]\nchannel = "slack:C0000000404"\n'
    program.configure(f"{config}{chats.routes()}{elsewhere}{chats.tables()}")
    chats.slack.scopes = chats.slack.scopes.replace("files:write", "")
    chats.discord.gateway.permissions = str(1 << 10)  # it may look, and no more
    found = await asyncio.to_thread(faults, program)

    problem, remedy = found["slack: scopes"]
    assert "the scope files:write is missing" in problem
    assert "install the app again" in remedy
    assert found["slack: channel C0000000404"][0] == "Slack answers not_in_channel"
    [(problem, remedy)] = [found[place] for place in found if place.startswith("discord: channel")]
    assert problem.startswith("the bot may not: send messages")
    assert remedy == "allow it in the channel's permissions"


def test_deep_asks_each_model_a_question(program: Program, service: ChatService) -> None:
    """Its price is shown, and the answer enters no history; a model that fails is a fault."""
    found = [one["place"] for one in program.json("doctor", "--deep")["findings"]]
    assert any(place.startswith("a real call to 1 model (") for place in found), found
    assert any("it answered within" in place for place in found)
    assert len(service.calls) == 1
    service.behaviours = [Behaviour(status=401)] * 9
    out, _ = program.run("doctor", "--deep", "--json", code=1)
    assert "the service refuses the key" in out


def test_the_last_day_of_a_model_is_known_by_its_id() -> None:
    """Of the last day that its vendor announced; a snapshot ends with its model."""
    model = Model("svc", "gpt-4o-2024-11-20")
    ends = Landscape("openai", "OpenAI", shutdowns={"gpt-4o": date(2027, 1, 14)})
    assert last_day(model, [ends]) == date(2027, 1, 14)
    assert last_day(Model("svc", "openai/gpt-4o+search"), [ends]) == date(2027, 1, 14)
    assert last_day(Model("svc", "gpt-4o-mini"), [ends]) is None
