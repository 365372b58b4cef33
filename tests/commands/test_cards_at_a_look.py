"""What a reader sees in a chat: few words, none of those that only operators know, and ways on."""

import asyncio
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.forbidden import forbidden, said
from kit.office import DECLARED, Office, open_office
from kit.scripted import reply
from kit.stored_items import NOON
from overheard.cards.charts.renderer import without_pictures
from overheard.commands.check_card import paused_card
from overheard.domain import Finish, Model, Run
from overheard.errors import ProviderFailed
from overheard.runs.tasks import Outcome

BENCH = Path(__file__).parents[2] / "bench"
TYPO = "reprot"
"""Its card has a button with the name of a command that people write so."""


@pytest.mark.slow
async def test_cards_of_a_deployment_keep_their_budgets_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first check over a false price, a drop and its end, as the bench draws them."""
    monkeypatch.syspath_prepend(str(BENCH))
    sizes: Any = __import__("card_sizes")
    market: Any = __import__("market")
    too_long, unsaid, titles = [], {}, {}
    with without_pictures():
        async for kind, name, card in market.market_cards(str(tmp_path)):
            size, budget, titles[name] = sizes.size(card), sizes.BUDGETS[kind], card.title
            if not card.more and any(
                has > may
                for has, may in zip(
                    (size.words, size.numbers, size.buttons),
                    (budget[0], budget[1], budget[3]),
                    strict=True,
                )
            ):
                too_long.append((name, size))
            if words := sizes.unsaid(card) + forbidden(said(card)):
                unsaid[name] = words
    unsaid.pop(TYPO, None)
    for name in ("market", "card_sizes"):
        sys.modules.pop(name)

    assert not too_long
    assert not unsaid
    recovery = titles["digest of the recovery"]  # it is named as before; the price may come again
    assert recovery == "Pipedrive's week: ChatGPT got Pipedrive's price and founding year wrong"


async def test_help_offers_what_fits_the_state() -> None:
    """First the set-up's open steps; with answers, what they show; everything is a button away."""
    empty = (await (await open_office("")).chat.type("help")).card
    office = await open_office()
    before = (await office.chat.type("help")).card
    await office.chat.type("check")
    after = (await office.chat.type("help")).card

    assert list(empty.data["things"]) == ["setup brand"]
    assert "setup start" in before.data["things"]
    assert "setup start" not in after.data["things"]
    assert "report Acme" in after.data["things"]
    assert len(after.data["things"]) == 5
    assert after.actions[-1].words == "help everything"


async def test_a_wrong_name_is_private_and_offers_the_right_one(office: Office) -> None:
    """The button does the same with the name that was meant."""
    await office.chat.type("check")
    wrong = await office.chat.type("report Acmee")
    right = await office.chat.click(wrong, "Report Acme")

    assert wrong.private
    assert right.card.title.startswith("Acme: ")


@pytest.mark.parametrize(("channel", "told"), [("general", "shown here."), ("C2", "I'll show you")])
async def test_a_second_person_joins_a_check_that_is_under_way(channel: str, told: str) -> None:
    """They are told who asks, and when it is there, where the result is; elsewhere than in the
    channel of the check they are shown it; all privately.
    """
    office = await open_office(DECLARED)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slowly(_: object) -> Any:
        asked.set()
        await answer.wait()
        return reply("Acme is best.")

    office.provider.answer = slowly
    first = asyncio.create_task(office.chat.type("check"))
    await asked.wait()
    second = asyncio.create_task(office.chat.type("check", channel=f"fake:{channel}"))
    await asyncio.sleep(0.3)
    answer.set()
    done, joined = await first, await second

    assert joined.cards[0].title == "This is being asked already"
    assert told in str(joined.cards[0].text)
    assert joined.private
    assert done.card.title == "Acme: 1st of 2 at m-1"
    end = done.card.title if channel == "C2" else "Ada's check is done"
    assert [card.title for card in joined.cards[1:]] == [end]


async def test_a_service_that_fails_is_one_sentence_with_the_models_name() -> None:
    """Also when the model is paused in the middle of the check."""
    office = await open_office(DECLARED)
    busy = ProviderFailed(model="svc/m-1", reason="it is busy; try again later.")
    office.provider.answer = lambda _: busy
    card = (await office.chat.type("check --repeats 20")).card

    assert card.title == "The check of 2 Mar failed: no new figures"
    assert "m-1 did not answer: it is busy; try again later." in str(card.text)
    assert "svc/" not in str(card.text)
    assert "paused" not in str(card.text)


async def test_a_model_that_did_not_answer_is_named_wherever_its_figures_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures are older than the others; the check offers to ask it again."""
    monkeypatch.syspath_prepend(str(BENCH))
    bench: Any = __import__("market")
    with without_pictures():
        async with bench.open_market(str(tmp_path)) as market:
            await market.check(0)
            down = ProviderFailed(model="claude", reason="it is busy; try again later.")
            market.deployment.plugins.providers["anthropic"].answer = lambda _: down
            _, checked = await market.check(1)
            typed = (
                "status",
                "report",
                "report --week",
                "trend Pipedrive",
                "schedules list",
                "runs list",
            )
            cards = {words: (await market.chat.type(words)).card for words in typed}

    silent = "Claude: it is busy; try again later. The last is of 21 Sep: "
    assert checked.title == "Claude did not answer on 28 Sep; ChatGPT as usual"
    assert checked.actions[0].label == "Ask Claude again"
    assert checked.actions[0].words.endswith(
        "--model anthropic/claude-sonnet-5-5+search --repeats 3"
    )
    for words in ("status", "report", "report --week"):
        assert checked.title in cards[words].title
        assert silent in str(cards[words].text)
        named = [line for line in str(cards[words].text).splitlines() if "as usual" in line]
        assert ["ChatGPT" in line and "Claude" not in line for line in named] == [True]
    assert "Claude, 21 Sep" in cards["report"].table.header
    assert "ChatGPT" in cards["report"].table.header
    newest = {row[0]: row[1] for row in cards["trend Pipedrive"].table.rows}
    assert newest["Claude"].endswith(", 21 Sep")
    assert newest["ChatGPT"].endswith(")")
    [schedule] = cards["schedules list"].table.rows
    assert schedule[1:] == ("every Monday at 9:00 (Europe/Berlin)", "5 Oct 2026, 09:00 CEST")
    assert (
        cards["runs list"].text
        == "48 questions each.\n\n28 Sep: Ada, partial\n21 Sep: Ada, complete"
    )


def test_a_paused_check_tells_what_it_has() -> None:
    """Its answers also when nothing was reused, what lacks, and that its price is an estimate."""
    cut, failures = Counter({(Model("svc", "m"), Finish.CUT): 2}), Counter({"It fails.": 3})
    outcome = Outcome(Run("r1", NOON), complete=12, spent=0.5)
    assert paused_card(outcome).footer == "12 answers · $0.50 · Run r1"
    partly = replace(outcome, cut=cut, failures=failures, estimated=0.25)
    told = "12 answers, 2 incomplete, 3 without an answer · about $0.50 · Run r1"
    assert paused_card(partly).footer == told
