"""Tests of the `db` commands in the terminal."""

import sqlite3
from contextlib import closing

from kit.program import Program, sentences


def test_a_store_is_looked_at(terminal: Program) -> None:
    """It is well, of the revision that is needed, and has a size."""
    terminal.run("db", "upgrade")
    terminal.run("brands", "list")
    found = terminal.json("db", "check")
    assert (found["well"], found["revision"]) == (True, found["expected"])
    assert found["size"] > 0


def test_a_store_that_is_not_well_ends_the_command_with_an_error(terminal: Program) -> None:
    """What is wrong is said, with what to do."""
    terminal.run("db", "upgrade")
    terminal.run("brands", "list")
    with closing(sqlite3.connect(terminal.folder / "store.db")) as file, file:
        file.execute("INSERT INTO facts SELECT 99, 99, 'a', 'b', NULL, '', '[]', 0, 0, 0")
    out, _ = terminal.run("db", "check", code=1)
    assert "1 row of facts.brand_id refers to something that is not there." in sentences(out)
    assert "Restore a backup." in sentences(out)


def test_an_old_store_is_told_of_and_left_alone(terminal: Program) -> None:
    """Its tables are not brought up by looking at them."""
    file = terminal.folder / "store.db"
    file.unlink()
    sqlite3.connect(file).execute("CREATE TABLE other (id)")
    out, _ = terminal.run("db", "check", code=1)
    assert "run: overheard db upgrade" in sentences(out)


def test_a_copy_says_what_was_copied(terminal: Program) -> None:
    """Table by table, and the copy is a store."""
    terminal.run("db", "upgrade")
    terminal.run("brands", "list")
    url = f"sqlite:///{terminal.folder}/copy.db"
    rows = terminal.json("db", "copy", url)["rows"]
    assert (rows["brands"], rows["prompts"], rows["facts"]) == (2, 1, 1)
    _, err = terminal.run("db", "copy", url, code=1)
    assert "it is not empty" in sentences(err)


def test_a_backup_is_written(terminal: Program) -> None:
    """Its size is shown."""
    terminal.run("db", "upgrade")
    terminal.run("brands", "list")
    done = terminal.json("db", "backup", "monday.db")
    assert done["bytes"] == (terminal.folder / "monday.db").stat().st_size
