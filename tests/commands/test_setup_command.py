"""Tests of `setup`: from a brand's name to a configuration, a check and a report."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.loopback import Behaviour, ChatService
from kit.program import Program
from overheard.commands.setup.terminal import setup
from overheard.config.loader import load_config
from overheard.deployment import Deployment
from overheard.errors import OverheardError, SetupRefused
from overheard.runtime.wiring import open_deployment, store_maintenance
from overheard.session import Session

ACME = ("setup", "--brand", "Acme", "--competitor", "Zeta", "--yes")
MODELS = {
    "object": "list",
    "data": [
        {"id": "grok-4.3", "object": "model", "created": 20, "owned_by": "x"},
        {"id": "text-embedding", "object": "model", "created": 30, "owned_by": "x"},
        {"id": "newest", "object": "model", "created": 40, "owned_by": "x"},
    ],
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatService]:
    """A service that lists its models, and the variable of its key."""
    monkeypatch.setenv("ACME_KEY", "sk-1")
    chat = ChatService()
    chat.listing = Behaviour(body=json.dumps(MODELS).encode())
    with contextlib.closing(chat):
        yield chat


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program in a folder without a configuration."""
    made = Program(tmp_path, "", store=False)
    (tmp_path / "config.toml").unlink()
    return made


def at(service: ChatService, preset: str = "compatible") -> tuple[str, ...]:
    """Return the options that name the service."""
    return ("--provider", preset, "--base-url", service.url, "--key-env", "ACME_KEY")


def stored(file: Path) -> Deployment:
    """Return the deployment of a configuration file as it stands in its store."""

    async def read() -> Deployment:
        async with open_deployment(load_config(file)) as deployment:
            return await deployment.refreshed()

    return asyncio.run(read())


def test_a_brand_and_a_competitor_are_enough(program: Program, service: ChatService) -> None:
    """A model of the service suggests questions and is asked them; the report is shown."""
    service.answer = lambda asked: (
        "1. Is it fast?\nCompetitor: Umbra" if "List" in asked else "Zeta."
    )
    shown, _ = program.run(*ACME, *at(service, "xai"), "--model", "grok-4.3", "--json")

    told = json.loads(shown.splitlines()[-1])
    now = stored(program.folder / "config.toml")
    assert [brand.name for brand in now.catalogue.brands] == ["Zeta", "Acme"]
    assert now.config.budget.month == 20
    assert told["questions"][0] == "Is it fast?"
    assert told["report"]["brands"][0]["results"]
    assert len(service.calls) == 2 + 3 * len(told["questions"])
    lines = (program.folder / "config.toml").read_text().splitlines()
    assert sum(1 for line in lines if line and not line.startswith("#")) <= 12


def test_what_it_stores_can_be_changed_in_chat(program: Program, service: ChatService) -> None:
    """The steps are those of a chat, and nothing of them is declared in the file."""
    words = (
        "--category",
        "project tool",
        "--chat",
        "slack",
        "--channel",
        "C1",
        "--alarms",
        "early",
    )
    shown, _ = program.run(*ACME, *at(service, "xai"), *words)

    now = stored(program.folder / "config.toml")
    declared = now.configured
    assert not any([*declared.brands, *declared.prompts, *declared.schedules])
    assert now.catalogue.tracked[0].category == "project tool"
    assert now.config.routes[0].channel == "slack:C1"
    assert now.config.alerts.budget == "early"
    assert [schedule.name for schedule in now.catalogue.schedules] == ["weekly"]
    assert "Still to be set up: facts." in " ".join(shown.split())


def test_a_second_brand_has_steps_of_its_own(program: Program, service: ChatService) -> None:
    """Its questions are not those of the first, and both are asked from now on."""
    for brand in ("Acme", "Umbra"):
        words = ("--competitor", "Zeta", "--yes", *at(service, "xai"))
        program.run("setup", "--brand", brand, *words)
        (program.folder / "config.toml").rename(program.folder / "written.toml")
    catalogue = stored(program.folder / "written.toml").catalogue
    assert [brand.name for brand in catalogue.tracked] == ["Acme", "Umbra"]
    texts = [prompt.text for prompt in catalogue.prompts_for("Umbra")]
    assert "What are the pros and cons of Umbra?" in texts
    [weekly] = catalogue.schedules
    assert weekly.brands == ("Acme", "Umbra")


def test_times_chosen_before_stay(program: Program, service: ChatService) -> None:
    """Another set-up on the same store proposes what holds now."""
    program.run(*ACME, *at(service, "xai"))
    times = ("--cron", "0 8 * * thu", "--timezone", "Europe/Berlin")
    program.run("schedules", "edit", "weekly", *times)
    (program.folder / "config.toml").rename(program.folder / "written.toml")
    program.run(*ACME, *at(service, "xai"))
    [weekly] = stored(program.folder / "config.toml").catalogue.schedules
    assert (weekly.cron, weekly.timezone) == ("0 8 * * thu", "Europe/Berlin")


def test_a_model_is_chosen_among_the_newest_that_have_a_price(
    program: Program, service: ChatService
) -> None:
    """The service's own list says what there is."""
    program.run(*ACME, *at(service, "xai"))
    assert load_config(program.folder / "config.toml").providers["xai"]["models"] == ["grok-4.3"]


def test_a_price_that_is_not_known_is_not_paid(program: Program, service: ChatService) -> None:
    """The configuration is written, and nothing is asked."""
    shown, _ = program.run(*ACME, *at(service), "--model", "newest")

    assert service.calls == []
    assert "Ask with:" in shown
    assert (program.folder / "config.toml").exists()


def test_a_check_over_the_budget_is_not_paid(program: Program, service: ChatService) -> None:
    """Not even with `--yes`."""
    _, told = program.run(*ACME, *at(service, "xai"), "--budget", "0.01", code=1)

    assert "[budget]" in told
    assert service.calls == []


def test_a_refused_key_leaves_no_file(program: Program, service: ChatService) -> None:
    """It is tested before anything is written."""
    service.listing = Behaviour(status=401, body=b"{}")
    _, told = program.run(*ACME, *at(service), code=1)

    assert "refuses the key" in told
    assert list(program.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [(["--provider", "openai"], "OPENAI_API_KEY"), (["--provider", "compatible"], "--base-url")],
)
def test_what_is_missing_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str
) -> None:
    """The variable of a key, and an address."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    _, told = program.run(*ACME, *words, code=1)

    assert problem in told
    assert list(program.folder.iterdir()) == []


def test_a_misspelt_model_is_named_with_those_that_exist(
    program: Program, service: ChatService
) -> None:
    """Before anything is written."""
    _, told = program.run(*ACME, *at(service), "--model", "newst", code=1)
    assert "no model newst" in told
    assert "newest" in told


def test_a_configuration_is_not_overwritten_without_asking(program: Program) -> None:
    """`--yes` is no permission for that."""
    program.configure("# mine\n")
    _, told = program.run(*ACME, "--provider", "local", code=1)

    assert "config.toml exists" in told
    assert (program.folder / "config.toml").read_text() == "# mine\n"


def test_what_is_not_given_is_asked_for(tmp_path: Path, service: ChatService) -> None:
    """A person at the terminal answers; the price is agreed to before the check."""
    asked: list[str] = []
    replies = {
        "exists": "yes",
        "brand": 'Acme "Best"',
        "competitors": "Zeta, Umbra",
        "What is it": "project tool",
        "Which model": "grok-4.3",
        "alerts": "slack",
        "costs": "no",
    }

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return next((reply for key, reply in replies.items() if key in question), default)

    file = tmp_path / "config.toml"
    file.write_text("# old\n")
    session = Session(open_deployment, store_maintenance, config=file, ask=ask)
    card = asyncio.run(setup(session, provider="xai", base_url=service.url, key_env="ACME_KEY"))

    config = load_config(file)
    catalogue = stored(file).catalogue
    assert catalogue.tracked[0].name == 'Acme "Best"'
    assert catalogue.tracked[0].competitors == ("Zeta", "Umbra")
    assert config.slack is not None
    assert len(catalogue.prompts) == 9  # one of them names the brand
    assert "overheard slack manifest" in str(card.text)
    assert service.calls == []
    assert any("costs" in question and "$" in question for question in asked)


def test_an_own_service_is_asked_for_by_its_address(tmp_path: Path, service: ChatService) -> None:
    """And by the variable of its key, where neither is given."""
    replies = {"Address": service.url, "Key": "ACME_KEY"}

    def ask(question: str, default: str) -> str:
        return next((reply for key, reply in replies.items() if key in question), default)

    file = tmp_path / "config.toml"
    session = Session(open_deployment, store_maintenance, config=file, ask=ask)
    given: dict[str, Any] = {
        "brand": "Acme",
        "category": "tool",
        "provider": "compatible",
        "models": ["newest"],
    }
    asyncio.run(setup(session, **given))

    settings = load_config(file).providers["compatible"]
    assert (settings["base_url"], settings["api_key_env"]) == (service.url, "ACME_KEY")


def test_what_cannot_be_used_is_asked_for_again(tmp_path: Path, service: ChatService) -> None:
    """What was typed before stays. A service without a list is asked for by the model's name, its
    price and its limit, and the first check is made within the budget.
    """
    service.listing = Behaviour(status=501)
    typed = {
        "Competitors": ["Zeta"],
        "Service": ["compatible", ""],
        "Address": ["no address", service.url],
        "Answer again?": ["yes"],
        "Which model?": ["m-1"],
        "Dollars": ["one", "1 x", "$1, 4"],
        "max_tokens": ["0", "1.5", "4,096"],
        "costs": ["yes"],
    }

    def ask(question: str, default: str) -> str:
        replies = next((typed[key] for key in typed if key in question), [])
        return (replies.pop(0) if replies else "") or default

    file = tmp_path / "config.toml"
    session = Session(open_deployment, store_maintenance, config=file, ask=ask)
    asyncio.run(setup(session, brand="Acme", competitors=["Zeta"], category="tool"))

    config = load_config(file)
    assert config.providers["compatible"] == {
        "base_url": service.url,
        "models": ["m-1"],
        "prices": {"m-1": {"input": 1.0, "output": 4.0}},
        "max_tokens": 4096,
    }
    assert config.budget.month == 20
    assert service.calls


def again(file: Path, replies: dict[str, list[str]], **given: Any) -> list[str]:
    """Set up by replies, whose key is in the question, and return the questions."""
    asked: list[str] = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        typed = next((replies[key] for key in replies if key in question), [])
        return (typed.pop(0) if typed else "") or default

    session = Session(open_deployment, store_maintenance, config=file, ask=ask)
    asyncio.run(setup(session, brand="Acme", competitors=["Zeta"], category="tool", **given))
    return asked


def test_another_service_has_not_the_address_and_key_of_the_failed_one(
    tmp_path: Path, service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would get the key of the other, or ask at its address."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    service.listing = Behaviour(status=401, body=b"{}")
    replies = {"Service": ["openai"], "Answer again?": ["yes", "no"]}
    given = {"provider": "compatible", "base_url": service.url, "key_env": "ACME_KEY"}
    with pytest.raises(OverheardError, match="OPENAI_API_KEY"):
        again(tmp_path / "config.toml", replies, **given)


@pytest.mark.parametrize(
    ("model", "addresses", "is_asked"), [("newest", ["no address"], False), ("newst", [], True)]
)
def test_a_model_stays_unless_it_was_the_fault(
    tmp_path: Path, service: ChatService, model: str, addresses: list[str], is_asked: bool
) -> None:
    """Where only the address was wrong, it is not asked for again."""
    file = tmp_path / "config.toml"
    replies = {
        "Address": [*addresses, service.url, service.url],
        "Answer again?": ["yes"],
        "Which model": ["newest"],
    }
    asked = again(file, replies, provider="compatible", models=[model], key_env="ACME_KEY")

    assert load_config(file).providers["compatible"]["models"] == ["newest"]
    assert any("Which model" in question for question in asked) is is_asked


def test_nobody_is_asked_where_nobody_can_answer(tmp_path: Path) -> None:
    """What is needed has to be given."""
    session = Session(open_deployment, store_maintenance, config=tmp_path / "config.toml")
    with pytest.raises(SetupRefused, match="--brand"):
        asyncio.run(setup(session))
    with pytest.raises(SetupRefused, match="--competitor"):
        asyncio.run(setup(session, brand="Acme"))
