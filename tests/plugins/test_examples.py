"""The examples are plugins as other people write them: the kit checks them as it does theirs."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretStr

from kit.installing import Shelf
from overheard import Card, Judge, Table, Tainted
from overheard.testing import (
    EchoAsker,
    EchoProvider,
    OpenDeployment,
    Reaction,
    Service,
    check_chat,
    check_command,
    check_feed,
    check_hosted_provider,
    check_scorer,
    readings,
)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins."""
    return Shelf(tmp_path, monkeypatch)


def example(shelf: Shelf, name: str) -> Any:
    """Install an example, and return its module."""
    shelf.example(name)
    module: ModuleType = importlib.import_module(f"overheard_{name}")
    return module


def generated(text: str, ended: str = "eos_token") -> dict[str, Any]:
    """Return what text-generation-inference sends."""
    details = {"finish_reason": ended, "generated_tokens": 20, "seed": 1}
    return {"generated_text": text, "details": details}


async def test_the_provider_in_the_own_house_passes(
    shelf: Shelf, overheard_service: Service
) -> None:
    """It meets all that can happen at its server."""
    inhouse = example(shelf, "inhouse")

    def make(url: str, key: str, timeout: float) -> Any:
        table = {"base_url": url, "api_key": SecretStr(key), "timeout": timeout}
        return inhouse.InhouseProvider("own", inhouse.InhouseSettings.model_validate(table))

    await check_hosted_provider(
        make, overheard_service, answer=generated, cut=lambda text: generated(text, "length")
    )


async def test_the_scorer_with_a_service_passes(shelf: Shelf, overheard_service: Service) -> None:
    """Its service is asked only about answers that name the brand, and may say anything."""
    readability = example(shelf, "readability")
    settings = readability.ReadabilitySettings(url=f"{overheard_service.url}/ease")
    overheard_service.reactions = [Reaction({"ease": 7.5})]
    scorer = readability.Readability(settings)
    await check_scorer(scorer)

    [named, silent] = readings(["Acme is good.", "Nobody is named."])
    overheard_service.calls.clear()
    assert [score.value for score in await scorer.score(named)] == [1.0]
    assert await scorer.score(silent) == []
    assert [call.body for call in overheard_service.calls] == [{"text": "Acme is good."}]


@pytest.mark.parametrize(
    "reaction",
    [Reaction(status=500), Reaction(b"<html>"), Reaction({"no": 1}), Reaction(hang_up=True)],
    ids=["broken", "no JSON", "another shape", "hung up"],
)
async def test_the_scorer_whose_service_fails_costs_its_own_scores_alone(
    shelf: Shelf, overheard_deployment: OpenDeployment, overheard_service: Service, reaction: Any
) -> None:
    """The other scorers score all the same."""
    shelf.example("readability")
    overheard_service.reactions = [reaction]
    deployment = await overheard_deployment(
        f'[scorers.readability]\nurl = "{overheard_service.url}"'
    )
    deployment.provider.answer = lambda _: "Acme is good."
    await deployment.type("check")

    assert await deployment.scores("reading_ease") == []
    assert await deployment.scores("visibility")


async def test_the_judge_passes_and_is_asked_about_each_text_once(
    shelf: Shelf, overheard_provider: EchoProvider
) -> None:
    """Its verdicts come from what its model says; a reply that is none gives no score."""
    recommended = example(shelf, "recommended")
    table = {"model": "echo/judge-1", "budget": 1}
    judge = recommended.Recommended(recommended.RecommendedSettings.model_validate(table))
    other = recommended.Recommended(
        recommended.RecommendedSettings.model_validate({**table, "model": "echo/judge-2"})
    )
    assert isinstance(recommended.Recommended(recommended.RecommendedSettings(**table)), Judge)
    judge.connect(EchoAsker("Yes."))
    await check_scorer(judge, others=[other])

    judge.connect(EchoAsker("Yes.", "no", "Perhaps."))
    values = [[s.value for s in await judge.score(one)] for one in readings(["Acme wins."] * 3)]
    assert values == [[1.0], [0.0], []]
    assert judge.agreement(["yes", "no", "yes"]) == (2, 3)


async def test_the_judge_is_paid_for_and_asked_by_a_deployment(
    shelf: Shelf, overheard_deployment: OpenDeployment, overheard_provider: EchoProvider
) -> None:
    """What it says is a score like any other."""
    shelf.example("recommended")
    overheard_provider.answer = lambda question: (
        "yes" if "Answer with one word" in question.prompt.text else "Take Acme."
    )
    deployment = await overheard_deployment(
        '[scorers.recommended]\nmodel = "echo/echo-1"\nbudget = 1'
    )
    await deployment.type("check")

    assert deployment.problems == {}
    assert {record.score.value for record in await deployment.scores("recommended")} == {1.0}


async def test_the_chat_for_webhooks_passes(shelf: Shelf, overheard_service: Service) -> None:
    """The chat keeps to its platform's limit, and mentions in text from outside have no effect."""
    webhook = example(shelf, "webhook")
    table = {"url": SecretStr(f"{overheard_service.url}/hooks/secret")}
    chat = webhook.WebhookChat("team", webhook.WebhookSettings.model_validate(table))

    def sent() -> list[str]:
        return [call.body["text"] for call in overheard_service.calls]

    await check_chat(chat, "here", sent=sent, longest=webhook.LONGEST_TEXT, pings=["@all", "<@U1>"])


def test_the_chat_for_webhooks_posts_tables_and_the_cards_below(shelf: Shelf) -> None:
    """As Markdown has them; nothing in a cell ends it."""
    webhook = example(shelf, "webhook")
    table = Table(("Brand", "Visibility"), (("A|cme", Tainted("40 %")),))

    assert webhook.rendered(Card("Report", table=table, more=(Card("Below"),))) == (
        "**Report**\n\n| Brand | Visibility |\n| --- | --- |\n| A\\|cme | 40 % |\n\n**Below**"
    )


async def test_the_feed_and_the_command_pass(
    shelf: Shelf, tmp_path: Path, overheard_deployment: OpenDeployment
) -> None:
    """The feed reads a file, and the command shows the updates that feeds reported."""
    changelog = example(shelf, "changelog")
    file = tmp_path / "changes.jsonl"
    file.write_text(
        json.dumps({"model": "echo/echo-1", "at": "2026-03-01T09:00:00+00:00", "note": "New."})
    )
    await check_feed(changelog.ChangelogFeed("v", changelog.ChangelogSettings(file=file)))
    [spec] = changelog.overheard_commands()
    check_command(spec)

    deployment = await overheard_deployment(
        f'[feeds.vendor]\nplugin = "changelog"\nfile = "{file}"'
    )
    await deployment.type("changes --show updates")
    screen = await deployment.type("changelog --most 3")
    assert screen.card.data == {"updates": 1}
