"""The program in an empty folder, without a provider."""

from pathlib import Path

import pytest

from office import DECLARED
from program import Program


@pytest.fixture
def terminal(tmp_path: Path) -> Program:
    """The program, with one brand, one prompt and one fact that the configuration declares."""
    store = f'[storage]\nurl = "sqlite:///{tmp_path.as_posix()}/store.db"\n'
    return Program(tmp_path, store + DECLARED)
