"""What every command of the terminal has in common."""

import json
from importlib.metadata import version
from pathlib import Path

from kit.loopback import ChatService
from kit.program import Program


def test_the_version_is_that_of_the_distribution(program: Program) -> None:
    """`--version` needs no command."""
    out, _ = program.run("--version")

    assert out.strip() == version("overheard")


def test_a_broken_configuration_is_told_and_nothing_else_happens(program: Program) -> None:
    """All problems are shown, one a line, without a traceback."""
    program.configure('[storage]\nulr = ""\n[[brands]]\nname = ""')
    out, err = program.run("check", code=1)

    assert out == ""
    assert err.splitlines() == [
        'config.toml, [storage]: unknown key "ulr"; did you mean "url".',
        "config.toml, [[brands]] number 1: name must not be empty.",
    ]


def test_a_noun_and_a_number_show_that_one(program: Program, config: str) -> None:
    """`alerts 7` is `alerts show 7`."""
    program.configure(config)
    _, err = program.run("alerts", "7", code=1)

    assert 'no alert called "7"' in err


def test_what_there_is_only_one_of_need_not_be_named(program: Program, config: str) -> None:
    """A brand, a model or a schedule. Of several, and for what is removed, one has to be."""
    program.configure(config)
    program.run("schedules", "add", "weekly", "every Monday at 9")

    assert program.json("claims")["brand"] == "Acme"
    assert "weekly" in program.run("schedules", "pause")[0]
    assert "m-1 on" in program.run("updates", "add")[0]
    assert "Missing argument 'BRAND'" in program.run("brands", "remove", code=2)[1]
    needed = "Name the ALERT: there is not exactly one"
    assert needed in program.run("alerts", "show", code=1)[1]
    program.run("brands", "add", "Globex")
    assert "Name the BRAND: there is not exactly one" in program.run("claims", code=1)[1]


def test_the_configuration_can_be_named(program: Program, config: str, tmp_path: Path) -> None:
    """`--config` comes before the command."""
    (tmp_path / "other.toml").write_text(config)
    program.configure("not toml")

    assert program.json("--config", "other.toml", "report")["brands"][0]["brand"] == "Acme"


def test_plugins_need_no_configuration(program: Program) -> None:
    """What is installed can be looked at before anything is configured."""
    (program.folder / "config.toml").unlink()
    states = {p["name"]: p["state"] for p in program.json("plugins")["plugins"]}

    assert states["visibility"] == states["local"] == "loaded"


def test_a_failed_plugin_is_told_when_a_check_starts(
    program: Program, config: str, service: ChatService
) -> None:
    """The check goes on with what works."""
    program.configure(config + "\n[providers.oracle]\n")
    _, err = program.run("check", "--yes")

    assert "Plugin oracle: is asked for by config.toml, [providers.oracle]" in err
    assert len(service.calls) == 12


def test_a_chart_that_cannot_be_saved_loses_nothing_else(
    program: Program, service: ChatService
) -> None:
    """What was paid for is shown all the same."""
    program.run("check", "--yes")
    out, err = program.run("report", "--chart", "nowhere/report.png")

    assert "Acme: 1st of " in out
    assert "The chart cannot be saved as nowhere/report.png: No such file or directory." in err


def test_the_schema_can_be_brought_up(program: Program) -> None:
    """The first time it is made; the second time there is nothing to do."""
    (program.folder / "store.db").unlink()
    first, second = program.json("db", "upgrade"), program.json("db", "upgrade")

    assert first["before"] is None
    assert second == {"before": first["after"], "after": first["after"]}


def test_json_is_the_last_line_and_the_only_one(program: Program, service: ChatService) -> None:
    """Progress and warnings go to standard error."""
    out, _ = program.run("check", "--yes", "--json")

    [line] = out.splitlines()
    assert json.loads(line)["state"] == "complete"


def test_the_chart_is_saved_where_it_was_asked_for(program: Program, service: ChatService) -> None:
    """A report has a trend; a check has a chart for each alert."""
    for answer in ("Acme.", "Acme.", "Zeta."):
        service.answer = lambda _, answer=answer: answer  # type: ignore[misc] # a default value
        checked, _ = program.run("check", "--yes", "--repeats", "2", "--chart", "check.png")
    reported, _ = program.run("report", "--chart", "report.png")

    for command, out in {"check": checked, "report": reported}.items():
        assert f"Chart saved as {command}.png" in out
        assert (program.folder / f"{command}.png").read_bytes().startswith(b"\x89PNG")
