"""The source of the program, parsed once for all tests that read it."""

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def parsed() -> Mapping[Path, Sequence[ast.AST]]:
    """Return the nodes of the syntax trees of core, storage and plugins by their files."""
    files = (file for part in ("bot", "storage", "plugins") for file in (ROOT / part).rglob("*.py"))
    return {
        file: list(ast.walk(ast.parse(file.read_text(encoding="utf-8")))) for file in sorted(files)
    }
