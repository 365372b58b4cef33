"""Tests of the difference between the apps and the API: its interval, and its card."""

import json
import random
from pathlib import Path

import pytest

from kit import collectors
from kit.collectors import DataForSEOService
from kit.loopback import ChatService
from kit.program import PROMPTS, Program, sentences
from kit.vendors import KEY
from overheard.config.sections import Config
from overheard.plugins import load_plugins
from overheard_surfaces.gap import gap

CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[providers.openai]
plugin = "compatible"
base_url = "{api}"
models = ["gpt-9"]
prices."gpt-9" = {{ input = 0, output = 0 }}

[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""
COLLECTOR = """
[providers.dataforseo]
base_url = "{url}"
models = ["chatgpt", "ai-overviews"]
settled_s = 0
"""
QUESTIONS = PROMPTS[:8]


def test_a_known_difference_is_in_the_interval_19_of_20_times() -> None:
    """Eight questions, three times each; the questions differ much, and so do their differences."""
    chance, hits, seen, wrong, trials = random.Random(3), 0, 0, 0, 2000  # noqa: S311 - no secret
    for _ in range(trials):
        sides: list[dict[str, tuple[int, float]]] = [{}, {}]
        for number in range(8):
            api = chance.betavariate(6, 2.5)
            app = max(0.0, min(1.0, api - 0.3 + chance.uniform(-0.1, 0.1)))
            for side, rate in zip(sides, (app, api), strict=True):
                named = sum(chance.random() < rate for _ in range(3))
                side[str(number)] = (3, float(named))
        found = gap(*sides)
        assert found is not None
        assert found.interval is not None
        hits += found.interval[0] <= -0.297 <= found.interval[1]
        seen += found.direction == -1
        wrong += found.direction == 1
    assert hits / trials >= 0.95
    assert seen / trials > 0.45
    assert wrong == 0
    equal = {str(number): (3, 2.0) for number in range(8)}
    same = gap(equal, equal)
    assert same is not None
    assert same.interval is not None
    assert same.direction == 0
    assert same.interval[0] < 0 < same.interval[1]


def test_too_few_questions_give_no_interval() -> None:
    """And none in common no difference."""
    few = gap({"a": (3, 1.0)}, {"a": (3, 3.0)})
    assert few is not None
    assert (few.interval, few.direction) == (None, 0)
    assert gap({"a": (3, 1.0)}, {"b": (3, 3.0)}) is None


def program(folder: Path, service: ChatService, more: str = "") -> Program:
    """Return the program with an API, and perhaps a collector."""
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in QUESTIONS)
    config = CONFIG.format(folder=folder.as_posix(), api=service.url)
    return Program(folder, config + more + prompts)


def test_the_app_is_compared_with_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """The same questions in one check: the app names Acme in two of eight answers."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    named = "Acme is the best choice. Zeta is good, too."
    service.answer = lambda _: named
    with DataForSEOService(0.0012).running() as collector:
        collector.answer = lambda prompt: (
            named if prompt in QUESTIONS[:2] else "Zeta is the best choice."
        )
        collector.fate = lambda prompt: {
            QUESTIONS[6]: collectors.NONE,
            QUESTIONS[7]: collectors.FAILED,
        }.get(prompt, collectors.ANSWERED)
        there = program(tmp_path, service, COLLECTOR.format(url=collector.url))
        there.run("check", "--yes", code=None)
        data = there.json("apps")
        report = sentences(there.run("report")[0])
        card, more = (sentences(there.run("apps", *how)[0]) for how in ((), ("--details",)))

    [app, overviews] = data["apps"]
    assert (app["app"], app["api"]) == ("dataforseo/chatgpt", "openai/gpt-9")
    assert (app["asked"], app["answers"], app["none_shown"], app["not_observed"]) == (8, 7, 0, 1)
    share = app["gaps"]["visibility"]
    assert share["app"] == {"answers": 7, "sum": 2.0}
    assert share["api"] == {"answers": 7, "sum": 7.0}
    assert share["difference"] == pytest.approx(-5 / 7)
    assert share["interval"][1] < 0
    assert (overviews["answers"], overviews["none_shown"], overviews["not_observed"]) == (6, 1, 1)
    assert "In the ChatGPT app people see you less: 2 of 7 answers, by API 7" in card
    assert "Google shows an overview for 6 of 7 questions." in card
    assert "What I could not observe counts as neither." in card
    assert "ChatGPT app 2 of 7, 1 not observed" in card
    assert "AI Overviews 2 of 6, 1 no answer, 1 not observed" in card
    assert "a signed-out visitor" in card
    assert "In the ChatGPT app people see you less: 2 of 7 answers, by API 7." in report
    assert app["sources"] == {"app": {"g2.test": 7}, "by_api": {}}
    assert "Sources in the app: g2.test 7. By API: none." in more
    assert "First choice" in more


def test_where_only_the_api_is_asked_the_apps_are_offered_with_their_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """Eight questions at two apps each week, at the price of the account that is there."""
    there = program(tmp_path, service)
    data, card = there.json("apps"), sentences(there.run("apps")[0])
    monkeypatch.setenv("CLORO_API_KEY", KEY)
    at_cloro = there.json("apps")["usd_a_month"]

    assert at_cloro == pytest.approx(8 * (0.0056 + 0.0040) * 52 / 12)
    assert data["apps"] is None
    assert data["usd_a_month"] == pytest.approx(2 * 8 * 0.0012 * 52 / 12)
    assert "about $0.08 a month" in card


def test_the_apps_are_asked_from_now_on_once_a_trial_has_succeeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """The key is in the environment and no product in the file; one answer is bought."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    schedule = '[[schedules]]\nname = "weekly"\ncron = "0 7 * * 1"\n'
    with DataForSEOService(0.0012).running() as collector:
        dormant = COLLECTOR.format(url=collector.url).replace(
            'models = ["chatgpt", "ai-overviews"]\n', ""
        )
        there = program(tmp_path, service, dormant + schedule)
        assert "Next: overheard collectors start" in sentences(there.run("apps")[0])
        asked = sentences(there.run("collectors", "start", code=None)[1])
        collector.fate = lambda _: collectors.FAILED
        failed = sentences(there.run("collectors", "start", "--yes", code=None)[0])
        bought = len(collector.tasks)
        collector.fate = lambda _: collectors.ANSWERED
        started = there.json("collectors", "start", "--yes")
        assert len(collector.tasks) == bought + 1
        there.run("schedules", "run", "weekly", "--yes")
        assert len(collector.tasks) == bought + 17
        apps = there.json("apps")["apps"]
        there.run("collectors", "stop")
        there.run("schedules", "run", "weekly", "--yes")
        collector.gone = {"serp/google/organic"}
        found = str(there.json("doctor", code=1)["findings"])

    assert "about $0.08 a month if it is weekly" in asked
    assert "DataForSEO sells no answers of ai-overviews any more" in found
    assert "The trial has failed, so the apps are not asked" in failed
    assert started["models"] == ["dataforseo/chatgpt", "dataforseo/ai-overviews"]
    assert started["trial_usd"] == pytest.approx(0.0012)
    assert [app["app"] for app in apps] == started["models"]
    assert len(collector.tasks) == bought + 17


def test_without_a_key_the_apps_cannot_be_asked(tmp_path: Path, service: ChatService) -> None:
    """It says where the key belongs."""
    there = program(tmp_path, service)
    told = sentences(there.run("collectors", "start", "--yes", code=None)[1])

    assert "set DATAFORSEO_API_KEY, or name its file as api_key_file" in told


def test_where_every_question_has_a_follow_up_nothing_is_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """The apps take none, so there is no trial to fail."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    config = CONFIG.format(folder=tmp_path.as_posix(), api=service.url)
    there = Program(tmp_path, f'{config}[[prompts]]\ntext = "Which tool? >> The cheapest?"\n')
    told = sentences(there.run("collectors", "start", "--yes", code=None)[1])

    assert "questions without a follow-up, and there is none" in told


def test_a_key_in_the_environment_alone_is_an_account_that_is_asked_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until `collectors start`."""
    monkeypatch.setenv("CLORO_API_KEY", KEY)
    plugins = load_plugins(Config())

    assert not plugins.providers["cloro"].models()
    assert "dataforseo" not in plugins.providers


def test_the_doctor_names_a_dead_key_an_empty_balance_and_a_product_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """By calls that cost nothing; and one bought answer is a real trial."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    with DataForSEOService(0.0012).running() as collector:
        there = program(tmp_path, service, COLLECTOR.format(url=collector.url))

        def fault(code: int = 1) -> str:
            findings = there.json("doctor", code=code)["findings"]
            return "; ".join(
                f"{one['problem']}: {one['remedy']}"
                for one in findings
                if "dataforseo" in one["place"]
            )

        assert fault(code=0) == ": "
        collector.gone = {"serp/google/organic"}
        assert fault().startswith('the service offers no model "ai-overviews"')
        collector.balance = 0.0
        assert fault() == "the account has no credit left: top it up at DataForSEO"
        monkeypatch.setenv("DATAFORSEO_API_KEY", "another")
        assert fault().startswith("the service refuses the key")
        assert collector.tasks == []

        monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
        collector.balance, collector.gone = 1.0, set()
        places = [one["place"] for one in there.json("doctor", "--deep")["findings"]]
    assert any(place.startswith("model dataforseo/chatgpt (it answered") for place in places)
    assert len(collector.tasks) == 2


def test_how_often_google_shows_an_overview_is_a_metric_with_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """Of what was observed: one that failed is no zero, and one without an overview is."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    with DataForSEOService(0.0012).running() as collector:
        fates = {QUESTIONS[6]: collectors.NONE, QUESTIONS[7]: collectors.FAILED}
        collector.fate = lambda prompt: fates.get(prompt, collectors.ANSWERED)
        there = program(tmp_path, service, COLLECTOR.format(url=collector.url))
        there.run("check", "--yes", code=None)
        scores = there.lines("export", "scores")
        trend = there.json("trend", "--metric", "overview_shown")

    shown = [one for one in scores if one["metric"] == "overview_shown"]
    assert sorted(one["value"] for one in shown) == [0, *([1] * 6)]
    assert {one["brand"] for one in shown} == {"Acme"}
    assert {one["model"] for one in shown} == {"ai-overviews"}
    empty = [one for one in scores if one["prompt"] == QUESTIONS[6]]
    of_overviews = [one["metric"] for one in empty if one["model"] == "ai-overviews"]
    assert of_overviews == ["overview_shown"]
    [(model, [point])] = trend["models"].items()
    assert model == "dataforseo/ai-overviews"
    assert point["value"] == pytest.approx(6 / 7)


TEXTS = (
    "**Acme** is the best choice for most teams.\n\n1. Acme, from $25\n2. Zeta",
    "| Tool | Price |\n|---|---|\n| Zeta | $10 |\n| Acme | $25 |\n\nZeta is cheaper, Acme is slow.",
    "I would look at Zeta first. It has a free plan.",
)


def test_bought_answers_get_the_figures_of_the_same_answers_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """Score for score, and source for source."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    with DataForSEOService(0.0012).running() as collector:
        collector.answer = lambda prompt: TEXTS[QUESTIONS.index(prompt) % len(TEXTS)]
        there = program(tmp_path, service, COLLECTOR.format(url=collector.url))
        there.run("check", "--yes", "--model", "dataforseo/chatgpt")
        bought, answers = scores(there), there.lines("export", "answers")

    (tmp_path / "other").mkdir()
    other = program(tmp_path / "other", service)
    file = tmp_path / "other" / "history.jsonl"
    fields = ("asked_at", "run", "prompt", "provider", "model", "text", "citations", "finish")
    lines = [json.dumps({name: answer[name] for name in fields}) for answer in answers]
    file.write_text("\n".join(lines), encoding="utf-8")
    other.run("import", str(file))

    assert len(answers) == 8
    assert len(bought) > 40
    assert scores(other) == bought


def scores(there: Program) -> list[tuple[object, ...]]:
    """Return all scores, in an order of their own."""
    names = ("prompt", "brand", "metric", "value")
    return sorted(tuple(map(str, map(line.get, names))) for line in there.lines("export", "scores"))


def test_another_name_of_the_products_model_is_an_update_of_the_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """The collector reports it with each answer."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    with DataForSEOService(0.0012).running() as collector:
        there = program(tmp_path, service, COLLECTOR.format(url=collector.url))
        there.run("check", "--yes", "--model", "dataforseo/chatgpt")
        monkeypatch.setattr(collectors, "MODEL", "gpt-6")
        there.run("check", "--yes", "--model", "dataforseo/chatgpt")
        updates = there.json("changes", "--show", "updates")["updates"]

    [update] = [one for one in updates if one["model"] == "dataforseo/chatgpt"]
    assert "gpt-6" in str(update)


def test_a_country_is_added_asked_by_the_schedule_and_compared_with_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: ChatService
) -> None:
    """Its country and language are sent, and it is a history of its own."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    schedule = '[[schedules]]\nname = "weekly"\ncron = "0 7 * * 1"\n'
    with DataForSEOService(0.0012).running() as collector:
        config = COLLECTOR.format(url=collector.url).replace(', "ai-overviews"', "")
        there = program(tmp_path, service, config + schedule)
        asked = sentences(there.run("markets", "add", "Germany", code=None)[1])
        there.run("markets", "add", "Germany", "--yes")
        home = (2840, "en")
        monkeypatch.setattr(
            collector,
            "text",
            lambda task: f"{'Acme' if task.place == home else 'Zeta'} is the best choice.",
        )
        there.run("schedules", "run", "weekly", "--yes")
        data, card = there.json("markets", "list"), sentences(there.run("markets", "list")[0])
        there.run("markets", "remove", "DE")
        after = there.json("markets", "list")

    assert "Asking in Germany too: less than $0.01 a check, about $0.04 a month" in asked
    assert {task.place for task in collector.tasks} == {home, (2276, "de")}
    [market] = data["markets"]
    assert (market["app"], market["country"]) == ("dataforseo/chatgpt@DE-de", "DE")
    assert (market["there"]["named"], market["home"]["named"]) == (0, 8)
    assert market["interval"][1] < 0
    assert (
        "Germany is your weak spot: ChatGPT app names you in 0 of 8 answers, at home in 8" in card
    )
    assert (after["asked"], after["markets"]) == ([], [])
