"""The work of a run, cut into tasks that any process can carry out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TaskKind(StrEnum):
    """What is to be done."""

    ASK = "ask"
    """Ask a part of the questions of a run."""
    SCORE = "score"
    """Score the answers to a part of them, by all scorers that ask nobody."""
    JUDGE = "judge"
    """Have judges read the answers of a run: in one piece, since each of their rounds is paid."""
    DETECT = "detect"
    """Look whether brands have moved."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of a run's work. Doing it twice comes to the same as doing it once.

    Attributes:
        kind: What is to be done.
        run_id: For which run.
        provider: Whose models are meant; empty means all.
        first: The place of the first prompt of the panel that is meant, from 0.
        last: The place behind the last one; 0 means all to the end.
        brands: Whom to look at, where that is what is to be done.
    """

    kind: TaskKind
    run_id: int
    provider: str = ""
    first: int = 0
    last: int = 0
    brands: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name; no other task of any run has it."""
        return f"{self.kind}:{self.run_id}:{self.provider}:{self.first}-{self.last}"
