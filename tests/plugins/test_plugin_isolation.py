"""One plugin's fault stays its own, at registration and in every call."""

import asyncio
import contextlib
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kit.broken_plugins import ASKED, AT_START, COMMAND, LATER, SAID, SECRET, provider, scorer
from kit.installing import Shelf
from kit.office import open_office
from overheard import (
    FREE,
    Brand,
    Capabilities,
    Card,
    Field,
    Finish,
    Link,
    Model,
    Prompt,
    ProviderFailed,
    Question,
    Reading,
    Reply,
    Severity,
    Table,
    Tainted,
    cli,
)
from overheard.commands.registry import first_words
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.domain import Answer
from overheard.errors import PluginFault
from overheard.plugins import Guard, Plugins, guard, load_plugins, separated_output
from overheard.plugins.guard import Guards
from overheard.reading.reader import Reader
from overheard.runs.budget import capabilities_of, price_of
from overheard.runtime.wiring import session

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ACME = Brand("Acme")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins."""
    return Shelf(tmp_path, monkeypatch)


def load(config: str = "", patience: float = 10.0) -> Plugins:
    """Load all that is installed."""
    return load_plugins(parse_config(config), reserved=first_words(), timeout_s=patience)


def problem(plugins: Plugins, name: str) -> str:
    """Return what is wrong with a plugin."""
    return next(report.problem for report in plugins.reports if report.name == name)


def reading() -> Reading:
    """Return an answer as a scorer sees it."""
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    read = Reader([ACME]).read(Answer(1, question, Reply("Acme is good.", Finish.COMPLETE), NOW))
    return read.reading(ACME, ())


@pytest.mark.parametrize("definition", ["def", "async def"])
async def test_what_a_scorer_prints_does_not_reach_stdout(
    shelf: Shelf, capfd: pytest.CaptureFixture[str], definition: str
) -> None:
    """Stdout belongs to the command, which still writes to it."""
    shelf.install("odd", scorer("odd", "print('odd'); return []", definition))
    loaded: Any = load().scorers["odd"]
    with separated_output():
        await loaded.score(reading())
        print("result")  # noqa: T201 - as a command does

    assert capfd.readouterr() == ("result\n", "odd\n")


async def test_a_part_that_keeps_failing_is_left_alone_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The reason is reported once; after the pause one good call clears the fault."""
    now = [0.0]
    watched = Guard("The scorer odd", 2, lambda: now[0])
    calls = []

    async def fail() -> None:
        calls.append(1)
        raise ValueError

    async def work() -> str:
        return "good"

    for _ in range(4):
        with pytest.raises(PluginFault):
            await watched.call(fail, 1.0)
    assert len(calls) == 2
    assert watched.pause == (
        "The scorer odd is paused for 10 minutes after 2 faults in a row "
        "(it fails (ValueError)); ask its author, or remove it."
    )
    assert caplog.messages == [watched.pause]
    now[0] = guard.PAUSE_S
    assert watched.pause == ""
    assert await watched.call(work, 1.0) == "good"


def test_a_guard_that_is_logged_shows_no_secret() -> None:
    """Nor does what makes the guards of a plugin."""
    guards = Guards(Guard("", plugin="odd", secrets=["a secret"]))

    assert guards.of("The scorer odd").secrets == ["a secret"]
    assert "a secret" not in repr(guards)


async def test_a_call_that_does_not_heed_its_cancelling_is_left_behind() -> None:
    """The caller goes on all the same."""
    enough = asyncio.Event()

    async def stubborn() -> None:
        while not enough.is_set():
            try:
                await enough.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(PluginFault, match="gave no result"):
        await Guard("It").call(stubborn, 0.05)
    enough.set()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("brands count", 'there is a command that begins with "brands"'),
        ("Say It", "its name is not one or two words of small letters"),
    ],
)
def test_a_command_that_clashes_is_one_sentence(shelf: Shelf, name: str, told: str) -> None:
    """Ours stay what they are."""
    shelf.install("odd", COMMAND.format(name=name, body="return Card('T')"))

    assert told in problem(load(), "odd")


@pytest.mark.parametrize(("scores", "shown"), [("visibility", False), ("words", True)])
def test_help_shows_the_commands_of_plugins_that_can_be_used(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scores: str, shown: bool
) -> None:
    """A plugin that takes the name of a built-in scorer has none, as when it is called."""
    monkeypatch.chdir(tmp_path)
    command = COMMAND.format(name="odd", body="return Card('T')")
    shelf.install("odd", scorer(scores, "return []") + command)

    assert ("odd" in load().commands) is shown
    for words in (["--help"], ["help"]):
        out = CliRunner().invoke(cli.app, words, obj=session()).stdout
        assert ("Do it." in out) is shown
    said = CliRunner().invoke(cli.app, ["odd"], obj=session()).stderr
    assert ("No such command" in said or "no command" in said) is not shown


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise SystemExit", "fails (SystemExit in overheard_odd)"),
        ("return 'done'", "fails (it is str, and no Card)"),
        ("return view.config", "fails (AttributeError in overheard_odd)"),
    ],
)
async def test_a_command_that_fails_is_one_sentence(shelf: Shelf, body: str, told: str) -> None:
    """It ends as our own do; and it does not see the configuration."""
    shelf.install("odd", COMMAND.format(name="odd", body=body))

    with pytest.raises(PluginFault, match='The command "odd"') as fault:
        await load().commands["odd"].run(Call((await open_office()).deployment))
    assert told in str(fault.value)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("Card('T', text=object())", "its text is object"),
        ("Card('T', fields=(Field('a', 7),))", "its fields[0].value is int"),
        ("Card('T', table=Table(('a',), ((1,),)))", "its table.rows[0][0] is int"),
        ("Card('T', more=('x',))", "its more[0] is str"),
        ("Card('T', severity='odd')", "its severity is str"),
        ("Card('T', data={(1, 2): 3})", "its data is not ready for JSON"),
        ("Card('T', fields=(Field('a', 'b'),) * 50_000)", "its Card is too large to be read"),
        ("[Card('T')]", "it is list, and no Card"),
    ],
)
async def test_a_card_of_the_wrong_shape_is_one_sentence(
    shelf: Shelf, card: str, told: str
) -> None:
    """It never reaches the code that would show it."""
    code = COMMAND.format(name="odd", body=f"return {card}")
    shelf.install("odd", code.replace("import Card", "import Card, Field, Table"))

    with pytest.raises(PluginFault) as fault:
        await load().commands["odd"].run(Call((await open_office()).deployment))
    assert str(fault.value) == (
        f'The command "odd" fails ({told}); ask the author of overheard-odd 1.2, or remove it.'
    )


async def test_a_card_is_shown_as_the_plugin_made_it(shelf: Shelf) -> None:
    """Its copy has all of it; lists take the place of tuples, and data are as in JSON."""
    body = """return Card(
            "T", Tainted("x"), [Field("a", "b", wide=True)], Table(("a",), [["b"]], {0}),
            severity=Severity.GOOD, more=[Card("U")], data={"at": (1, 2)}, link=Link("l", "u"))"""
    names = "import Card, Field, Link, Severity, Table, Tainted"
    shelf.install("odd", COMMAND.format(name="odd", body=body).replace("import Card", names))

    assert await load().commands["odd"].run(Call((await open_office()).deployment)) == Card(
        "T",
        Tainted("x"),
        (Field("a", "b", wide=True),),
        Table(("a",), (("b",),), frozenset({0})),
        severity=Severity.GOOD,
        more=(Card("U"),),
        data={"at": [1, 2]},
        link=Link("l", "u"),
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("(Option(7, 'x'),)", "its options[0].name is int"),
        ("(Option('a b', 'x'),)", 'its option "a b" is not a word of small letters'),
        ("(Option('a', 'x', 'text'),)", "its options[0].kind is str"),
        ("(Option('json', 'x'),)", 'its option "json" is there already'),
        ("(Option('a', 'x'), Option('a', 'y'))", 'its option "a" is there already'),
        ("None", "its options is NoneType"),
        ("(), role='admin'", "its role is str"),
    ],
)
def test_a_command_that_cannot_be_typed_is_one_sentence(
    shelf: Shelf, wrong: str, told: str
) -> None:
    """Help and all other commands would fail with it."""
    code = COMMAND.format(name="odd", body="return Card('T')").replace("run)", f"run, {wrong})")
    shelf.install("odd", code.replace("import Card", "import Card, Option"))

    assert f"registers CommandSpec as a command, and {told}" in problem(load(), "odd")


async def test_a_command_may_ask_for_a_yes(shelf: Shelf) -> None:
    """That is no fault in a plugin that declares it; elsewhere there is no one to answer."""
    body = "raise ConfirmationNeeded(price='It costs $2', usd=2.0)"
    code = COMMAND.format(name="odd", body=body).replace("run(view)", "run(view, agreed=False)")
    code = code.replace("import Card", "import Card, ConfirmationNeeded")
    shelf.install("odd", code.replace("run)", "run, spends=True)"))
    shelf.install("other", code.replace('"odd"', '"other"'))
    commands = load().commands

    proposal: Any = await commands["odd"].run(Call((await open_office()).deployment))
    assert (proposal.price, proposal.usd) == ("It costs $2", 2.0)
    with pytest.raises(PluginFault, match="ask the author of overheard-other"):
        await commands["other"].run(Call((await open_office()).deployment))


def asked(model: str = "odd/m-1") -> Question:
    """Return a question to a model."""
    return Question(Prompt("Which?"), Model.parse(model))


@pytest.mark.parametrize(("ask", "told"), ASKED.values(), ids=ASKED)
async def test_a_provider_at_fault_is_one_sentence_that_names_its_package(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, ask: str, told: str
) -> None:
    """For each fault, with the remedy and without its secret."""
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    shelf.install("odd", provider("odd", ask))

    with pytest.raises(PluginFault) as fault:
        await load().providers["odd"].ask(asked(), seed=1)
    assert str(fault.value) == (
        f"The model odd/m-1 {told.format(module='overheard_odd')}; "
        "ask the author of overheard-odd 1.2, or remove it."
    )


@pytest.mark.parametrize("more", SAID.values(), ids=SAID)
async def test_a_provider_that_says_nonsense_of_itself_answers_all_the_same(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, more: str
) -> None:
    """What it does not say is not known, and it is asked for it once."""
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    monkeypatch.setattr("overheard.plugins.guarded.CLOSE_TIMEOUT_S", 0.1)
    shelf.install("odd", provider("odd", more=more))
    odd = load().providers["odd"]
    prices = [price_of(asked().model, {"odd": odd}) for _ in range(10)]
    able = [capabilities_of(asked().model, {"odd": odd}) for _ in range(10)]

    assert set(prices) == {None if "def price" in more else FREE}
    assert set(able) == {Capabilities()}
    assert (await odd.ask(asked(), seed=1)).text == "Acme."
    assert SECRET not in caplog.text
    assert len([line for line in caplog.messages if "overheard-odd 1.2" in line]) <= 2
    with contextlib.suppress(TimeoutError, PluginFault):
        await odd.close()


async def test_a_model_that_keeps_failing_is_left_alone_until_it_is_resumed(shelf: Shelf) -> None:
    """Admins are notified once; the provider's other models are asked as ever."""
    ask = "Odd.asked += 1\n            "
    ask += "if Odd.failing and question.model.name == 'm-1': raise RuntimeError\n            "
    ask += "return Reply('Acme.', Finish.COMPLETE)"
    shelf.install("odd", provider("odd", ask, "asked, failing = 0, True"))
    plugins = load()
    odd: Any = plugins.providers["odd"]
    for _ in range(9):
        with pytest.raises(PluginFault):
            await odd.ask(asked(), seed=1)
        assert (await odd.ask(asked("odd/m-2"), seed=1)).text == "Acme."
    code: Any = sys.modules["overheard_odd"].Odd

    assert code.asked == guard.MAX_FAULTS + 9
    [told] = plugins.paused
    assert told == (
        "The model odd/m-1 is paused for 10 minutes after 5 faults in a row "
        "(it fails (RuntimeError in overheard_odd)); "
        "ask the author of overheard-odd 1.2, or remove it."
    )
    assert (await plugins.notices.next()).text == told
    code.failing = False
    assert plugins.resume("odd") == ["The model odd/m-1"]
    assert (await odd.ask(asked(), seed=1)).text == "Acme."
    assert plugins.paused == []


async def test_a_provider_that_says_why_there_is_no_answer_is_not_left_alone(shelf: Shelf) -> None:
    """The service has the trouble, and the caller has a breaker for that."""
    ask = "raise ProviderFailed(model=question.model, reason='it is busy; wait.')"
    shelf.install("odd", provider("odd", ask))
    plugins = load()
    for _ in range(9):
        with pytest.raises(ProviderFailed, match="odd/m-1 did not answer: it is busy; wait"):
            await plugins.providers["odd"].ask(asked(), seed=1)

    assert plugins.paused == []


@pytest.mark.parametrize("entry", ["overheard-odd", "Overheard_Odd==1.2", "overheard-odd>=1"])
def test_a_plugin_that_is_allowed_is_loaded(shelf: Shelf, entry: str) -> None:
    """Names are compared as pip does."""
    shelf.install("odd", "")

    assert problem(load(f'[plugins]\nallow = ["{entry}"]'), "odd") == ""


@pytest.mark.parametrize("allow", ["[]", '["overheard-odd==1.3"]', '["other"]'])
def test_a_plugin_that_is_not_allowed_runs_no_code(
    shelf: Shelf, allow: str, tmp_path: Path
) -> None:
    """The message says what to write; built-in plugins need no permission."""
    shelf.install("odd", f"open({str(tmp_path / 'ran')!r}, 'w')")
    plugins = load(f"[plugins]\nallow = {allow}")

    assert 'add "overheard-odd==1.2" to config.toml, [plugins] allow' in problem(plugins, "odd")
    assert not (tmp_path / "ran").exists()
    assert "visibility" in plugins.scorers


def test_records_that_cannot_be_read_are_one_sentence_each(shelf: Shelf, tmp_path: Path) -> None:
    """A missing attribute, no metadata, and entry points that are none: the others are loaded."""
    for name in ("lost", "bare", "torn", "good"):
        shelf.install(name, scorer("odd", "return []"))
    (tmp_path / "overheard_lost-1.2.dist-info" / "entry_points.txt").write_text(
        "[overheard]\nlost = overheard_lost:nowhere\n"
    )
    (tmp_path / "overheard_bare-1.2.dist-info" / "METADATA").write_bytes(b"\xff\xfe")
    (tmp_path / "overheard_torn-1.2.dist-info" / "entry_points.txt").write_text(
        "[overheard]\nodd\n"
    )
    plugins = load()

    assert "cannot be imported: AttributeError" in problem(plugins, "lost")
    assert "entry_points.txt that cannot be read" in problem(plugins, "overheard-torn")
    provided = {report.name: report.provides for report in plugins.reports}
    assert ("scorer odd",) in (provided["bare"], provided["good"])
    assert provided["visibility"] == ("scorer visibility",)


def test_many_broken_plugins_at_once_are_one_sentence_each(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the others do, a good one is loaded, stdout stays empty, and what they say is one
    short sentence without secrets.
    """
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    for name, (code, _) in {**AT_START, **LATER}.items():
        shelf.install(name, code)
    shelf.install("good", scorer("odd", "return []"))
    names = {*AT_START, *LATER, "good"}
    points = [point for point in entry_points(group="overheard") if point.name in names]
    begun = time.monotonic()
    with separated_output():
        words = first_words()
        plugins = load_plugins(parse_config(""), points, reserved=words, timeout_s=2.0)
    took = time.monotonic() - begun

    reports = {report.name: report for report in plugins.reports}
    assert len(reports) >= 30
    assert reports["good"].provides == ("scorer odd",)
    # The clash is with a built-in scorer, which is not among these.
    assert {report.name for report in plugins.faulty} == set(AT_START) - {"clashes"}
    for report in plugins.faulty:
        assert AT_START[report.name][1] in report.problem
        assert len(report.problem) < 500
        assert "\n" not in report.problem
    assert took < 3 * 2.0 + 6 * 0.5  # those that hang do so beside each other
    out, err = capsys.readouterr()
    assert out == ""
    assert SECRET not in err
    assert len(err) < 21_000
