"""The judge in a deployment: configured, asked in a check, paid for once, shown."""

import json
import re
from pathlib import Path

import pytest

from kit.loopback import ChatService
from kit.program import CONFIG, Program, sentences

JUDGED = """
[[prompts]]
text = "Which tool is best?"

[scorers.judge]
model = "svc/judge-2026-01-01"
budget = 1
share = 1
"""


def judging(prompt: str) -> str:
    """Answer buyers' questions, and judge the text between two marks."""
    mark = re.search(r"=== [0-9a-f]{16} ===", prompt)
    if not mark:
        return "Acme is a joy to use. Zeta is slow."
    named = re.search(r"^The brands: (.*)$", prompt, re.MULTILINE)
    assert named
    brands = [
        {"brand": name, "tone": "positive", "quote": "Acme is a joy to use.", "drawbacks": []}
        for name in json.loads(named.group(1))
    ]
    return json.dumps({"check": mark.group(), "brands": brands})


@pytest.fixture
def judged(tmp_path: Path, service: ChatService) -> Program:
    """The program with a judge that is another model of the same service."""
    service.answer = judging
    config = CONFIG.format(folder=tmp_path.as_posix(), url=service.url)
    priced = 'prices."m-1" = { input = 1, output = 2 }\n'
    both = priced + 'prices."judge-2026-01-01" = { input = 1, output = 2 }\n'
    return Program(tmp_path, config.replace(priced, both) + JUDGED)


def test_a_check_has_its_answers_read_a_second_time(judged: Program, service: ChatService) -> None:
    """By their own model, once; the streams stay those of the rules."""
    results = judged.json("check", "--yes")["results"]
    assert {r["metric"] for r in results} >= {"sentiment", "drawback", "visibility"}
    requests = [prompt for prompt in service.prompts() if prompt.startswith("You read how")]
    assert sum("Acme is a joy" in prompt for prompt in requests) == 1
    calls = len(service.calls)
    judged.json("report")
    assert len(service.calls) == calls
    assert {call["model"] for call in service.calls} == {"m-1", "judge-2026-01-01"}


def test_power_prices_the_judge_with_the_answers(judged: Program) -> None:
    """A plan that leaves it out would be too cheap."""
    [with_judge] = judged.json("power")["models"]
    config = judged.folder / "config.toml"
    config.write_text(config.read_text().replace(JUDGED, JUDGED.partition("[scorers")[0]))
    [alone] = judged.json("power")["models"]
    prices = [plan["offers"][0]["usd_per_year"] for plan in (with_judge, alone)]
    assert prices[0] > prices[1] > 0


def test_the_price_of_a_check_shows_what_the_judge_will_take(
    judged: Program, service: ChatService
) -> None:
    """In addition to the questions. Answers of separate runs are not judged."""
    _, err = judged.run("check", code=1)

    told = sentences(err)
    assert re.search(r"for less than \$0.01; judging the answers adds .*, at most \$0.16;", told)
    assert service.calls == []
    _, alone = judged.run("ask", "Which tool is best?", code=1)
    assert "judging" not in alone


def test_models_show_how_well_the_judge_agrees_with_gold(judged: Program) -> None:
    """Before it was asked, and after: it quotes what is not in the gold answers."""
    assert "has not been asked yet" in sentences(judged.run("models", "list")[0])
    judged.run("check", "--yes")
    [judge] = judged.json("models", "list")["judges"]
    assert judge["told"] == (
        "The judge judge (svc/judge-2026-01-01) agrees with only 0 of 36 gold labels, because its "
        "replies cannot be used: its quote is not in the answer (36)."
    )
