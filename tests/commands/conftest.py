"""The program in an empty folder, without a provider."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.office import DECLARED, Office, open_office
from kit.program import Program
from overheard.chat import replies


@pytest.fixture
async def office() -> Office:
    """A deployment that declares a brand, its competitor, a question and a fact."""
    return await open_office()


@pytest.fixture
def terminal(tmp_path: Path) -> Program:
    """The program, with one brand, one prompt and one fact that the configuration declares."""
    store = f'[storage]\nurl = "sqlite:///{tmp_path.as_posix()}/store.db"\n'
    return Program(tmp_path, store + DECLARED)


@pytest.fixture(autouse=True)
def _no_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which a command fails as no command should: a person would read only that
    something went wrong.
    """
    yield
    for phase in ("setup", "call"):
        faults = [r for r in caplog.get_records(phase) if r.name == replies.__name__]
        assert not any(r.levelno >= logging.ERROR for r in faults), faults
