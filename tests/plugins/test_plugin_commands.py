# ruff: noqa: ISC004 - a sentence in several lines is easier to read so
"""A third party's command: in the terminal, in chats, in help, and where something goes wrong."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from kit.installing import Shelf
from kit.office import DECLARED, PRICE, asked_office, open_office
from kit.scripted import reply
from overheard import cli
from overheard.alerts.service import Lifecycle
from overheard.cards.command import Face
from overheard.chat.desk import ChatDesk
from overheard.chat.terminal import grammar
from overheard.commands.registry import sections
from overheard.deployment import Call
from overheard.domain import Alert, Model, Shift
from overheard.runtime.wiring import session
from overheard.testing.fakes import FakeChat

COMMAND = """
    import asyncio
    from typing import Annotated
    from overheard import *

    class TooFewEars(OverheardError):
        message = "{{count}} ears are too few; grow {{more}} more."

        count: int
        more: str

    async def run(view: View, *, mode: Annotated[str, argument("What to do.")] = ""):
        {body}
        return Card("Odd", data={{"brands": len(view.catalogue.brands)}})

    @hookimpl
    def overheard_commands():
        yield CommandSpec("odd", "Do it.", run, {more})
"""


ASK = "ask the author of overheard-odd 1.2, or remove it."


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Somewhere to install plugins, in a folder without a configuration."""
    monkeypatch.delenv("OVERHEARD_CONFIG", raising=False)
    (tmp_path / "packages").mkdir()
    with contextlib.chdir(tmp_path):
        yield Shelf(tmp_path / "packages", monkeypatch)


def install(shelf: Shelf, body: str = "pass", more: str = "") -> None:
    """Install a plugin whose command does this."""
    shelf.install("odd", COMMAND.format(body=body, more=more))


def root() -> grammar.Root:
    """Return the terminal's commands as the program begins."""
    config = click.Option(["--config"], type=click.Path(path_type=Path))
    return grammar.Root(
        sections(Face.TERMINAL), cli._run_command, cli._plugin_commands, params=[config]
    )


def run(*words: str) -> tuple[str, str]:
    """Run the program, and return what it printed on standard output and standard error."""
    result = CliRunner().invoke(root(), words, obj=session())
    return result.stdout, result.stderr


def test_help_lists_a_command_below_the_heading_that_it_names(shelf: Shelf) -> None:
    """Without one it is below that of all commands of plugins."""
    install(shelf, more="section='Alerts'")
    out, _ = run("--help")
    alerts, _, rest = out.partition("Alerts:")[2].partition("Fine-tuning:")

    assert "odd" in alerts
    assert "odd" not in rest
    assert "Added by plugins" not in out


def test_a_shell_completes_it(shelf: Shelf) -> None:
    """As it does our own."""
    install(shelf)
    completing = ShellComplete(root(), {"obj": session()}, "overheard", "_OVERHEARD_COMPLETE")

    assert [item.value for item in completing.get_completions([], "od")] == ["odd"]


def test_a_command_that_opens_nothing_needs_no_configuration(shelf: Shelf) -> None:
    """It sees the bundled example; others say what is missing."""
    install(shelf, more="opens=False")
    assert run("odd", "--json")[0].splitlines()[-1] == '{"brands": 6}'

    Path("config.toml").write_text('[storage]\nurl = "store.db"\n[[brands]]\nname = "Acme"\n')
    assert run("odd", "--json")[0].splitlines()[-1] == '{"brands": 1}'


def test_a_command_that_opens_a_deployment_needs_a_configuration(shelf: Shelf) -> None:
    """The sentence says how to write one."""
    install(shelf)

    assert "config.toml cannot be read" in run("odd")[1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "raise UnknownName(kind='ear', name='x', hint='', known='left, right')",
            'There is no ear called "x"; known: left, right.',
        ),
        (
            "raise BadUsage(problem='An ear is missing', usage='odd EAR')",
            "An ear is missing; write it as odd EAR.",
        ),
        ("raise TooFewEars(count=1, more='one')", "1 ears are too few; grow one more."),
        ("raise TooFewEars(count=1, more='k-secret-0815')", "1 ears are too few; grow *** more."),
        ("view.ears", f'The command "odd" fails (AttributeError in overheard_odd); {ASK}'),
        (
            "raise ConfirmationNeeded(price='It costs $2', usd=2.0)",
            'The command "odd" says: This run needs a yes before it spends: It costs $2; '
            f"repeat the command with --yes; {ASK}",
        ),
    ],
)
async def test_what_a_command_says_is_no_fault_of_its_author(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    """An error for people passes, without secrets; any other names the plugin."""
    monkeypatch.setenv("ODD_KEY", "k-secret-0815")
    install(shelf, body, more="opens=False")
    office = await open_office()

    assert str((await office.chat.type("odd")).card.text) == told


def test_an_error_reads_in_the_terminal_as_our_own(shelf: Shelf) -> None:
    """One sentence."""
    body = "raise UnknownName(kind='ear', name='x', hint='', known='left')"
    install(shelf, body, more="opens=False")

    assert run("odd")[1].splitlines() == ['There is no ear called "x"; known: left.']


def test_the_progress_of_a_command_is_shown_in_the_terminal(shelf: Shelf) -> None:
    """As Overheard's own output, which is not limited."""
    body = "view.progress.start('Counting ears', 2); view.progress.advance(2)"
    install(shelf, body, more="opens=False")
    lines = run("odd")[1].splitlines()

    assert lines[0] == "Counting ears: 2 to do"
    assert lines[1].startswith("Counting ears: 2 of 2 after ")


async def test_the_progress_of_a_command_is_shown_in_a_chat(shelf: Shelf) -> None:
    """In the card that says that it is under way."""
    install(shelf, "view.progress.start('Counting ears', 2); await asyncio.sleep(0.2)")
    office = await open_office()
    chat = FakeChat(ChatDesk(office.deployment, office.gate, patience=0.01, pause=0.01))
    screen = await chat.type("odd")

    assert "Counting ears …" in [str(card.text) for card in screen.cards]
    assert screen.card.title == "Odd"


async def test_a_chat_does_not_ask_for_a_file_of_this_machine(shelf: Shelf) -> None:
    """The terminal does."""
    code = COMMAND.format(body="pass", more="").replace(
        "mode: Annotated[str, arg", "file: Annotated[Path, arg"
    )
    shelf.install(
        "odd",
        code.replace('= ""', "= Path()").replace("import asyncio", "from pathlib import Path"),
    )
    office = await open_office()
    [spec] = [spec for spec in office.desk.commands if spec.name == "odd"]

    assert spec.options == ()
    assert "FILE" in run("odd", "--help")[0]


async def test_a_view_has_what_cards_of_overheard_are_made_of(shelf: Shelf) -> None:
    """Models and their names, vendors, what an answer says, and what people have approved."""
    body = """
        [answer] = [one async for one in view.history.answers(numbers=[1])]
        scores = await view.score([answer])
        await view.approvals.approve(Approval(answer.id, "", view.who, view.clock.now()))
        return Card("Odd", data={
            "face": view.face.value,
            "models": [[str(model), view.names.name(model)] for model in view.models],
            "vendor": view.landscapes["ours"].entries[0].value,
            "mentions": [mention.brand for mention in view.mentions(answer)],
            "scores": {record.brand: record.score.value for record in scores},
            "approved": [one.answer_id for one in await view.approvals.approvals()],
        })"""
    install(shelf, body)
    tuning = '[landscape.ours.fine-tuning]\nvalue = "By hand."\nsource = "https://e.com/t"\n'
    office = await asked_office("Acme is good.", config=f"{DECLARED}\n{tuning}as_of = 2026-02-01")
    card = (await office.chat.type("odd")).card

    assert card.data == {
        "face": "chat",
        "models": [["svc/m-1", "m-1"]],
        "vendor": "By hand.",
        "mentions": ["Acme"],
        "scores": {"Acme": 1.0, "Zeta": 0.0},
        "approved": [1],
    }
    assert [one.answer_id for one in await office.store.finetune.approvals()] == [1]


async def test_a_form_is_filled_in_with_what_the_command_knows(shelf: Shelf) -> None:
    """Values that a form cannot have are a fault of the plugin."""
    fill = "fill=lambda view, **given: values(view)"
    code = COMMAND.format(body="pass", more=f"role=Role.ADMIN, {fill}")
    values = """
    async def values(view):
        return {"mode": view.channel} if view.catalogue.brands else {"mode": object()}
    """
    shelf.install("odd", code + values)
    office = await open_office(forms=True)
    empty = await open_office("", forms=True)
    screen, broken = await office.chat.type("odd"), await empty.chat.type("odd")

    assert screen.form
    assert screen.form.values == {"mode": office.chat.channel}
    assert "its form has other values than texts and numbers" in str(broken.card.text)


ASKS = """
    async def run(view: View, *, agreed: bool = False):
        panel = Panel(("Acme",), view.catalogue.prompts, view.models)
        if not agreed:
            {before}
            raise await view.quote(panel)
        asked = await view.ask({panel})
        return Card("Odd", data={{"texts": [answer.reply.text for answer in asked.answers]}})

    @hookimpl
    def overheard_commands():
        yield CommandSpec("odd", "Do it.", run, spends=True)
"""


def asking(shelf: Shelf, panel: str = "panel", before: str = "pass") -> None:
    """Install a plugin whose command asks models."""
    imports = "from dataclasses import replace\n    from overheard import *\n"
    shelf.install("odd", f"\n    {imports}{ASKS.format(panel=panel, before=before)}")


async def test_a_command_asks_models_once_its_price_is_agreed(shelf: Shelf) -> None:
    """The answers are stored and charged, and are no part of the history."""
    asking(shelf)
    office = await open_office(price=PRICE)
    office.provider.answer = lambda _: reply("Acme is good.")
    question = await office.chat.type("odd")
    assert office.provider.asked == []
    assert "1 question for less than" in str(question.card)
    card = (await office.chat.click(question, "Ask")).card

    assert card.data == {"texts": ["Acme is good."]}
    [run] = await office.store.runs.find()
    assert (run.label, run.aside) == ("odd", True)


@pytest.mark.parametrize(
    ("panel", "before"), [("replace(panel, repeats=2)", "pass"), ("panel", "await view.ask(panel)")]
)
async def test_a_command_asks_no_more_than_was_agreed(
    shelf: Shelf, panel: str, before: str
) -> None:
    """Neither more often, nor before the yes: the plugin is named, and nothing is asked."""
    asking(shelf, panel, before)
    office = await open_office()
    card = (await office.chat.type("odd")).card

    assert "fails (ValueError in overheard_odd)" in str(card.text)
    assert office.provider.asked == []


async def test_a_view_draws_and_finds_models(shelf: Shelf) -> None:
    """A chart of differences, and the words of a metric; a name that is none is said."""
    body = """
        rate = view.metrics["visibility"]
        gain = Difference(words_of(rate.name).title, 0.4, (0.1, 0.7), rate.scale, "better", True)
        image = await view.draw(Spans("Acme", (gain,)), "odd.png")
        said = view.readable("**Acme** is good.")
        return Card(str(view.find_model(mode or "M-1")), said, image=image)"""
    install(shelf, body)
    office = await open_office()
    card = (await office.chat.type("odd")).card

    assert (card.title, card.text) == ("svc/m-1", "Acme is good.")
    assert card.image
    assert card.image.alt == "Acme: Named +40 points (better)."
    assert 'no model called "nobody"' in str((await office.chat.type("odd nobody")).card.text)


def test_a_command_that_serves_brings_requests_to_the_desk(shelf: Shelf) -> None:
    """It is carried out with the role of the person."""
    body = """
        class Reader:
            forms = False
            async def show(self, card, *, private=False):
                self.card = card
        told = []
        for command in ("brands list", "brands add"):
            reader, ann = Reader(), Person("door", "1", "Ann", role=Role.VIEWER)
            request = Request(command, ann, "door:1", command=command, options={"name": "Zeta"})
            await view.desk.serve(request, reader)
            told.append(reader.card.title)
        return Card("Served", "; ".join(told))
"""
    Path("config.toml").write_text(DECLARED, encoding="utf-8")
    install(shelf, body.strip(), more="serves=True, faces=IN_TERMINAL")
    out, err = run("odd")

    assert "1 brand, 1 competitor; Not allowed" in out, err


EXPLAINS = """
    from typing import Annotated
    from overheard import *

    async def why(view: View, *, alert: Annotated[str, argument("Which.", Kind.ALERT)]):
        if {fails}:
            raise OverheardError
        [told] = [one for one in await view.history.alerts() if str(one.id) == alert]
        blocks = [
            Block(run, view.clock.now(), prompt, told.shift.model, "e.com", "cited", 1, hit, hit)
            for run, hit in ((1, 1), (2, 1), (3, 1), (4, 0))
            for prompt in "abcdef"
        ]
        [(site, (p_value, least))] = view.p_values_at(blocks, 4).items()
        table = Table(("Site",), (("e.com",),))
        return Card(
            f"It cites {{site}} less", "In 6 of 6.", table=table, footer="No proof",
            data={{"found": least <= p_value < 0.01}},
        )

    @hookimpl
    def overheard_commands():
        yield CommandSpec("odd", "Say why.", why, explains=True)
"""


@pytest.mark.parametrize("fails", [False, True])
async def test_a_command_explains_the_change_of_an_alert(shelf: Shelf, fails: bool) -> None:
    """Its title stands in the details, and its card answers "why"; where it fails, all is as it is
    without it.
    """
    shelf.install("odd", EXPLAINS.format(fails=fails))
    office = await asked_office("Acme is good.", "Zeta is good.")
    run = (await office.store.runs.find())[0]
    shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, 1.0, 0.0, -1.0, (-1.0, -0.5))
    alert = Alert(shift, office.deployment.clock.now())
    await Lifecycle.of(Call(office.deployment)).raise_alert(alert)
    details = (await office.chat.type("alerts show 1")).card
    why = (await office.chat.type("alerts show 1 --about why")).card

    assert ("Why? It cites e.com less. It began" in str(details.text)) is not fails
    assert (why.title == "It cites e.com less") is not fails
    assert (why.table is None) is fails
    assert ("No proof" in why.footer) is not fails
