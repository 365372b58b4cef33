"""Tests of the child process in which third-party scorers read."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.broken_plugins import LATER, scorer
from kit.installing import Shelf
from overheard import Brand, Finish, Model, Prompt, Question, Reading, Reply
from overheard.config.loader import parse_config
from overheard.domain import Answer, Catalogue
from overheard.errors import PluginFault
from overheard.plugins import IsolatedScorer, Plugins, load_plugins, scorer_process
from overheard.plugins.validation import Nonsense, read_reply
from overheard.reading.reader import Reader
from overheard.scoring.service import Scoring

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ACME = Brand("Acme")
GOOD = "return [Score('good', 0.5, 'Acme is good.', (Detail('a', 'b'),))]"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins; what they do may take a second."""
    monkeypatch.setattr(scorer_process, "SCORE_TIMEOUT_S", 1.0)
    return Shelf(tmp_path, monkeypatch)


def answer(number: int = 1) -> Answer:
    """Return an answer."""
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    return Answer(1, question, Reply("Acme is good.", Finish.COMPLETE), NOW, id=number)


def reading() -> Reading:
    """Return an answer as a scorer sees it."""
    return Reader([ACME]).read(answer()).reading(ACME, ())


def isolated(plugins: Plugins, name: str) -> IsolatedScorer:
    """Return a scorer of a third party."""
    found = plugins.scorers[name]
    assert isinstance(found, IsolatedScorer)
    return found


def running(pid: int) -> bool:
    """Return whether a process is there, and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_scores_come_back_whole(shelf: Shelf) -> None:
    """With quotes and details, and from another process than ours."""
    shelf.install("good", scorer("good", f"assert os.getpid() != {os.getpid()}; {GOOD}"))
    plugins = load_plugins(parse_config(""))
    [score] = await isolated(plugins, "good").score(reading())
    plugins.close()

    assert (score.metric, score.value, score.quote) == ("good", 0.5, "Acme is good.")
    assert score.details[0].topic == "a"


HARMFUL = ("matching", "blocking", "growing", "leaving", "crashing", "forking", "quitting")


@pytest.mark.parametrize("name", HARMFUL)
async def test_a_harmful_scorer_is_named_and_the_others_go_on(shelf: Shelf, name: str) -> None:
    """A slow regular expression, a memory bomb, an exit, a crash, a fork that keeps the pipe."""
    code, sentence = LATER[name]
    shelf.install(name, code)
    shelf.install("good", scorer("good", GOOD))
    plugins = load_plugins(parse_config(""))
    begun = time.monotonic()
    with pytest.raises(PluginFault) as fault:
        await isolated(plugins, name).score(reading())
    [score] = await isolated(plugins, "good").score(reading())
    plugins.close()

    assert str(fault.value).startswith(sentence)
    assert str(fault.value).endswith(f"; ask the author of overheard-{name} 1.2, or remove it.")
    assert score.value == 0.5
    assert time.monotonic() - begun < 30.0


async def test_answers_are_read_many_at_a_time_and_a_fault_costs_one(shelf: Shelf) -> None:
    """The scores of the others are kept, in their order."""
    body = "if reading.answer.id % 5 == 0: os._exit(3)\n            "
    body += "if reading.answer.id == 3: raise RuntimeError\n            "
    shelf.install("odd", scorer("odd", body + "return [Score('odd', reading.answer.id / 100)]"))
    plugins = load_plugins(parse_config(""))
    scoring = Scoring([plugins.scorers["odd"]], Catalogue((ACME,)))
    answers = [answer(number) for number in range(1, 12)]
    [read] = await scoring.read((scoring.scorers[0], answers))
    plugins.close()

    assert {one.id: records[0].score.value for one, records in read} == {
        number: number / 100 for number in (1, 2, 4, 6, 7, 8, 9, 11)
    }
    ask = "ask the author of overheard-odd 1.2, or remove it."
    assert scoring.faults == {
        f"The scorer odd fails (RuntimeError in overheard_odd); {ask}": 1,
        f"The scorer odd ended its process (exit status 3); {ask}": 2,
    }


async def test_a_scorer_that_keeps_failing_is_paused(shelf: Shelf) -> None:
    """Its process is not started for it any more."""
    shelf.install("leaving", LATER["leaving"][0])
    plugins = load_plugins(parse_config(""))
    given = await isolated(plugins, "leaving").score_all([[reading()]] * 7)
    plugins.close()

    told = [str(one) for one in given]
    assert sum("ended its process" in one for one in told[:5]) == 5
    assert all("is paused for 10 minutes after 5 faults in a row" in one for one in told[5:])
    assert plugins.paused == told[-1:]


async def test_what_is_no_reply_is_a_fault_and_never_unpickled(shelf: Shelf) -> None:
    """A scorer can write to the connection, and then its process is replaced."""
    body = "os.write(int(sys.argv[1]), b'no reply' + bytes([10]))"
    shelf.install("odd", scorer("odd", f"{body}; return []"))
    shelf.install("good", scorer("good", GOOD))
    plugins = load_plugins(parse_config(""))
    with pytest.raises(PluginFault, match="fails \\(its process sends what is no reply\\)"):
        await isolated(plugins, "odd").score(reading())
    assert await isolated(plugins, "good").score(reading())
    plugins.close()


@pytest.mark.parametrize("line", [b'{"scores": [1]}', b'{"scores": [{"metric": 7}]}', b"[]"])
def test_a_line_of_another_shape_is_no_reply(line: bytes) -> None:
    """It is JSON, and holds no scores."""
    with pytest.raises(Nonsense, match="no reply"):
        read_reply(line)


async def test_a_scorer_forks_and_nothing_is_left_when_plugins_are_closed(
    shelf: Shelf, tmp_path: Path
) -> None:
    """All that its process has started ends with it."""
    body = "child = os.fork()\n            if not child: time.sleep(600)\n            "
    body += f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child}}'); return []"
    shelf.install("odd", scorer("odd", body))
    plugins = load_plugins(parse_config(""))
    await isolated(plugins, "odd").score(reading())
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(map(running, pids))
    plugins.close()
    async with asyncio.timeout(10):
        while any(map(running, pids)):  # noqa: ASYNC110 - it says nothing when it ends
            await asyncio.sleep(0.02)


PARENT = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, sys.argv[2])
from test_scorer_process import isolated, reading
from overheard.config.loader import parse_config
from overheard.plugins import load_plugins
asyncio.run(isolated(load_plugins(parse_config("")), "odd").score(reading()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may live for a minute")
def test_the_process_dies_with_a_parent_that_is_killed(shelf: Shelf, tmp_path: Path) -> None:
    """Even when a scorer holds it at that moment."""
    pid = tmp_path / "pid"
    body = f"open({str(pid)!r}, 'w').write(str(os.getpid())); "
    shelf.install("odd", scorer("odd", body + "import re; re.match('(a+)+$', 'a' * 64 + '!')"))
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), str(Path(__file__).parent)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    deadline = time.monotonic() + 30.0
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(pid.read_text())
    assert running(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5.0
    while running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(child)


@pytest.mark.parametrize("definition", ["def", "async def"])
async def test_a_slow_regular_expression_costs_a_scorer_its_own_scores(
    shelf: Shelf, definition: str
) -> None:
    """The event loop goes on, whether or not the scorer is async."""
    shelf.install(
        "slow", scorer("slow", "import re; re.match('(a+)+$', 'a' * 64 + 'b')", definition)
    )
    scoring = asyncio.create_task(isolated(load_plugins(parse_config("")), "slow").score(reading()))
    turns = 0
    while not scoring.done():
        turns += 1
        await asyncio.sleep(0.05)

    with pytest.raises(PluginFault, match="The scorer slow gave no result within 1 s"):
        await scoring
    assert turns > 5


async def test_a_plugin_whose_scorer_computes_without_an_end_is_left_out_at_the_next_start(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named at the first late reading, and the next reading has half of the time. A scorer
    that waits is only paused.
    """
    config = parse_config("", str(tmp_path / "config.toml"))
    shelf.install("slow", scorer("slow", "import re; re.match('(a+)+$', 'a' * 64 + 'b')"))
    shelf.install("dozing", scorer("dozing", "await asyncio.sleep(600)", "async def"))
    plugins = load_plugins(config)
    for name in ("slow", "dozing"):
        odd = isolated(plugins, name)
        faults = [str(one) for one in await odd.score_all([[reading()]] * 3)]
        assert f"The scorer {name} gave no result within 1 s" in faults[0]
        assert faults[0] == caplog.messages[-2]
        assert "gave no result within 0.5 s" in faults[1]
        assert "is paused" in faults[2]
        assert ("so the next start leaves its plugin out" in faults[2]) == (name == "slow")
    problems = {one.name: one.problem for one in load_plugins(config).faulty}

    assert "it gave no result within 0.5 s and kept its process busy" in problems["slow"]
    assert "dozing" not in problems


async def test_a_late_start_and_a_late_reading_before_a_resume_leave_no_plugin_out(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine delays the start; who resumes a plugin gives it all of its time again."""
    shelf.install("slow", scorer("slow", "while True: pass"))
    plugins = load_plugins(parse_config("", str(tmp_path / "config.toml")))
    odd = isolated(plugins, "slow")
    with monkeypatch.context() as patch:
        patch.setattr(scorer_process, "START_TIMEOUT_S", 0.01)
        faults = [str(one) for one in await odd.score_all([[reading()]] * 2)]
    assert all("within 0.01 s" in fault for fault in faults)
    for _ in range(2):
        plugins.resume("slow")
        with pytest.raises(PluginFault, match="gave no result within 1 s;"):
            await odd.score(reading())
    plugins.close()

    assert load_plugins(parse_config("", str(tmp_path / "config.toml"))).faulty == []


async def test_an_async_scorer_reads_for_all_brands_of_an_answer_at_a_time_in_one_loop(
    shelf: Shelf,
) -> None:
    """It may wait for another service, and keep a connection."""
    body = "self.loops = {*getattr(self, 'loops', ()), asyncio.get_running_loop()}; "
    body += "self.reads += 1; await asyncio.sleep(0.3); "
    body += "return [Score('good', float(self.reads == 3 and len(self.loops) == 1), 'x')]"
    shelf.install("good", scorer("good", body, "async def"))
    odd = isolated(load_plugins(parse_config("")), "good")
    [scores] = await odd.score_all([[reading()] * 3])

    assert not isinstance(scores, PluginFault)
    assert [score.value for [score] in scores] == [1.0] * 3
