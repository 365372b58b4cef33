"""The ceilings of size, which docs/architecture.md states."""

import asyncio
import re
from pathlib import Path

import path
import pytest
import size

TABLE = re.compile(r"^\| (?P<figure>(?:core|product)[^|]*) \| (?P<ceiling>\d+) \|", re.MULTILINE)
CEILINGS = {
    row["figure"]: int(row["ceiling"])
    for row in TABLE.finditer((size.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
}

CHANGES_OF_ROOM = "core: changes of room in one check"


def test_no_count_exceeds_its_ceiling() -> None:
    """What is new is paid for by what goes; a ceiling is raised by a decision record only."""
    core = size.measure(size.CORE)
    rest = size.measure([folder for folder in size.PRODUCT if folder not in size.CORE])
    figures = {
        "core: lines of code": core.code,
        "core: files": core.files,
        "core: lines of docstrings in 100 lines of code": 100 * core.docs / core.code,
        "core: private functions of at most 3 lines that are called once": len(core.called_once),
        "product (core, storage, plugins): lines of code": core.code + rest.code,
    }
    assert {*figures, CHANGES_OF_ROOM} == set(CEILINGS)
    exceeded = {name: count for name, count in figures.items() if count > CEILINGS[name]}
    assert not exceeded, f"the ceilings are {CEILINGS}"


@pytest.mark.slow
def test_one_check_changes_rooms_at_most_as_often_as_its_ceiling() -> None:
    """The functions of a check call their own room where they can."""
    assert asyncio.run(path.walk()).room_changes <= CEILINGS[CHANGES_OF_ROOM]


def test_only_tokens_outside_docstrings_and_comments_are_code(tmp_path: Path) -> None:
    """Blank lines, comments and docstrings, those of attributes too, are no code."""
    (tmp_path / "module.py").write_text(
        '"""A module.\n\nTwo paragraphs."""\n\n# why\nX = (\n    1\n)  # a number\n"""Of X."""\n'
    )
    assert size.measure([tmp_path]) == size.Size(files=1, code=3, docs=4)
