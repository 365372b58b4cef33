"""On how many answers rules and the second reader agree."""

import json
import re
from pathlib import Path

import pytest

from kit.loopback import ChatService
from kit.program import CONFIG, Program, sentences
from overheard_judge.agreement import estimate

READ = """
[scorers.judge]
model = "svc/judge-1"
budget = 1
share = 1
"""
GOOD, BAD = "Acme is a joy to use.", "Acme is expensive."


def reading(prompt: str) -> str:
    """Answer buyers' questions, and read praise in all answers but those of team 3."""
    mark = re.search(r"=== [0-9a-f]{16} ===", prompt)
    number = int(found.group(1)) if (found := re.search(r"team (\d+)", prompt)) else 0
    if not mark:
        return f"For team {number}: {BAD if number in {2, 3} else GOOD}"
    said = BAD if BAD in prompt else GOOD
    drawbacks = [{"aspect": "price", "quote": BAD}] if number == 3 else []
    tone = "mixed" if number == 3 else "positive"
    acme = {"brand": "Acme", "tone": tone, "standing": "listed", "quote": said}
    return json.dumps({"check": mark.group(), "brands": [{**acme, "drawbacks": drawbacks}]})


@pytest.fixture
def program(tmp_path: Path, service: ChatService) -> Program:
    """The program after a check of twelve questions, of which all answers are read twice."""
    service.answer = reading
    prompts = "".join(f'\n[[prompts]]\ntext = "Which for team {n}?"\n' for n in range(12))
    priced = 'prices."m-1" = { input = 1, output = 2 }\n'
    config = CONFIG.format(folder=tmp_path.as_posix(), url=service.url)
    config = config.replace(priced, priced + priced.replace("m-1", "judge-1"))
    made = Program(tmp_path, config + prompts + READ)
    made.run("check", "--yes")
    return made


def test_the_card_counts_where_both_agree_and_lists_the_others(program: Program) -> None:
    """Both see the price of team 3; that of team 2 the rules alone, in tone and drawback."""
    found = program.json("agreement", "Acme")
    assert (found["agree"], found["of"], found["model"]) == (11, 12, "svc/judge-1")
    differences = [(other["what"], other["rules"], other["read"]) for other in found["others"]]
    assert differences == [("Drawback", f"\u201c{BAD}\u201d", "no"), ("Tone", "mixed", "positive")]
    assert len({other["answer"] for other in found["others"]}) == 1
    said = sentences(program.run("agreement")[0])
    assert "Rules and judge-1 agree on 11 of 12 answers" in said
    assert (
        "A drawback: 17 % of the answers that name it by the rules, 8 % by judge-1 (0 % to 31 %)."
        in said
    )


def test_before_anything_is_read_twice_the_card_says_what_will_be(tmp_path: Path) -> None:
    """It costs nothing to ask."""
    config = CONFIG.format(folder=tmp_path.as_posix(), url="http://127.0.0.1:9")
    program = Program(tmp_path, config)
    assert "No model reads answers a second time yet" in sentences(program.run("agreement")[0])
    program.configure(config + READ.replace("share = 1", "share = 0.25"))
    said = sentences(program.run("agreement")[0])
    assert "has been read twice yet" in said
    assert "judge-1 reads 25 % of the next answers, too." in said


def test_the_rules_are_the_control_variate() -> None:
    """What they see too much in the tenth is taken off their rate of all answers."""
    rules = [1.0] * 30 + [0.0] * 70
    pairs = [(1.0, 1.0)] * 8 + [(1.0, 0.0)] * 2 + [(0.0, 0.0)] * 30
    found = estimate(rules, pairs)
    assert found
    assert (found.rules, round(found.read, 3)) == (0.3, 0.25)
    assert 0.1 < found.low < found.read < found.high < 0.4
    plain = 1.645 * (0.2 * 0.8 / 40) ** 0.5  # of the 40 answers alone
    assert found.high - found.read < 1.2 * plain
    assert estimate(rules, pairs[:9]) is None
    assert estimate([0.0] * 100, [(0.0, 0.0)] * 10) is None
