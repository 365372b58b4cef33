"""Schedules, and what the doctor finds, as people type them."""

import pytest

from kit.loopback import Behaviour, ChatService
from kit.program import Program, sentences
from kit.recording import RecordingChat
from overheard.interfaces import Finding

WEEKLY = '[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\ntimezone = "Europe/Berlin"\n'


def test_people_keep_schedules_of_their_own(program: Program) -> None:
    """Added, changed, paused, resumed and removed, each with its next time in the answer."""
    added = program.json("schedules", "add", "daily", "30 6 * * *", "--brand", "acme")
    assert (added["brands"], added["repeats"], added["timezone"]) == (["Acme"], 1, "UTC")
    assert added["next"].endswith("T06:30:00+00:00")
    changed = program.json("schedules", "edit", "Daily", "--repeats", "3", "--cron", "0 5 * * *")
    assert (changed["repeats"], changed["cron"], changed["brands"]) == (3, "0 5 * * *", ["Acme"])
    assert program.json("schedules", "pause", "daily")["next"] is None
    assert "paused already" in sentences(program.run("schedules", "pause", "daily")[0])
    assert program.json("schedules", "pause", "daily", "--undo")["next"].endswith("T05:00:00+00:00")
    [listed] = program.json("schedules")["schedules"]
    assert (listed["name"], listed["provisioned"], listed["paused"]) == ("daily", False, False)

    _, err = program.run("schedules", "remove", "daily", code=1)
    assert 'the schedule "daily" runs no more' in err
    program.run("schedules", "remove", "daily", "--yes")
    assert program.json("schedules")["schedules"] == []
    done = [e["words"] for e in program.json("audit")["entries"] if e["outcome"] == "done"]
    assert 'schedules add daily "30 6 * * *" --brand acme' in done


def test_what_the_configuration_declares_is_shown_and_read_only(
    program: Program, config: str
) -> None:
    """It can be paused, and is changed in its file."""
    program.configure(config + WEEKLY)
    [listed] = program.json("schedules")["schedules"]
    assert (listed["name"], listed["provisioned"]) == ("weekly", True)
    for typed in (["edit", "weekly", "--repeats", "2"], ["remove", "weekly", "--yes"]):
        assert "config.toml and read-only here" in program.run("schedules", *typed, code=1)[1]
    assert program.json("schedules", "pause", "weekly")["paused"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["add", "x", "0 7 * *"], "A schedule's cron must have five fields"),
        (["add", "x", "0 7 * * *", "--timezone", "Berlin"], "timezone must be an IANA zone"),
        (["add", "x", "0 7 * * *", "--brand", "acmee"], 'did you mean "Acme"'),
        (["edit", "wekly", "--repeats", "2"], 'did you mean "weekly"'),
        (["add", "weekly", "0 7 * * *"], 'The schedule "weekly" is there already'),
    ],
)
def test_a_mistake_in_a_schedule_is_one_sentence(
    program: Program, config: str, typed: list[str], told: str
) -> None:
    """It says what to write instead."""
    program.configure(config + WEEKLY)

    assert told in program.run("schedules", *typed, code=1)[1]


def test_a_schedule_can_be_run_now(program: Program, config: str, service: ChatService) -> None:
    """It asks for a yes, as any check does, and is named after its schedule."""
    program.configure(config + WEEKLY)
    program.run("schedules", "run", "weekly", code=1)
    assert program.json("schedules", "run", "weekly", "--yes")["label"] == "weekly"
    assert len(service.calls) == 12


def test_the_doctor_finds_nothing_where_all_is_well(program: Program) -> None:
    """It asks no model anything."""
    data = program.json("doctor")

    assert data["well"]
    places = [finding["place"].split()[0] for finding in data["findings"]]
    assert places[:4] == ["configuration", "store", "disk", "plugins"]
    assert places[-3:] == ["outbox", "alerts", "clock"]


def test_the_doctor_tells_each_fault_with_its_remedy(
    program: Program, config: str, service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ends with 1: a key that is refused, a channel that is gone, a chat that is missing."""
    service.behaviours = [Behaviour(status=401)] * 9
    routes = '[[routes]]\nchannel = "slack:C1"\nmetrics = ["visibilty"]\n'
    program.configure(config + "[slack]\n" + routes + '[[routes]]\nchannel = "matrix:7"\n')
    chat = RecordingChat()
    chat.findings = [Finding("slack: channel C1", "it does not exist", "correct the route")]
    monkeypatch.setattr("overheard_slack._chat", lambda _: chat)
    out, _ = program.run("doctor", code=1)

    shown = sentences(out)
    for told in ("it does not exist", "correct the route", "add a [matrix] table", "visibility"):
        assert told in shown
    assert chat.closed


def test_the_doctor_looks_at_a_broken_configuration(program: Program) -> None:
    """All that is wrong is in one table."""
    program.configure('[budget]\nrun = -1\n[[brands]]\nname = ""\n')
    out, _ = program.run("doctor", code=1)

    assert "2 faults" in out


def test_the_doctor_looks_at_a_store_that_cannot_be_used(program: Program, config: str) -> None:
    """It says so, and looks at everything else."""
    folder = program.folder / "file"
    folder.write_text("")
    program.configure(config.replace("store.db", "file/store.db"))
    out, _ = program.run("doctor", code=1)

    assert "is not a folder" in sentences(out)
