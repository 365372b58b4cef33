"""How large the program is: files, lines of code, lines of docstrings, small functions called once.

Usage: python bench/size.py [--called-once]

A line of code has a token that is neither a comment nor part of a docstring. The core is
bot/overheard, the product is the core with storage and plugins (without the template of plugins).
The ceilings of these figures stand in docs/architecture.md, and tests/test_size.py holds them.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = (ROOT / "bot" / "overheard",)
PRODUCT = (*CORE, ROOT / "storage", ROOT / "plugins")
NOT_PRODUCT = "plugin-template"
"""A project of its own, which `overheard plugins new` copies."""
SMALL_LINES = 3
"""The body of a function of at most so many lines is as long as its signature and docstring."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of some folders: their Python files, lines of code and lines of docstrings.

    Attributes:
        called_once: Places and names of private functions without a decorator whose body has at
            most `SMALL_LINES` lines and whose name their file uses once, where they are called.
    """

    files: int
    code: int
    docs: int
    called_once: Sequence[str] = ()


def python_files(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the Python files below some folders, sorted in each folder."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if NOT_PRODUCT not in path.parts:
                yield path


def measure(folders: Sequence[Path]) -> Size:
    """Return the size of some folders together."""
    files = code = docs = 0
    called_once: list[str] = []
    for path in python_files(folders):
        text = path.read_text(encoding="utf-8")
        statements = list(_statements(ast.parse(text)))
        described = _docstring_lines(statements)
        is_text = False
        for number, line in enumerate(text.splitlines(), 1):
            if number not in described:
                code += is_text or line.strip()[:1] not in {"", "#"}
                is_text ^= line.count('"' * 3) % 2 == 1
        files += 1
        docs += len(described)
        uses = Counter(re.findall(r"\w+", text))
        called_once.extend(
            f"{path}:{node.lineno} {node.name}"
            for node in statements
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.decorator_list
            and node.name.startswith("_")
            and not node.name.startswith("__")
            and uses[node.name] == 2
            and _body_lines(node) <= SMALL_LINES
        )
    return Size(files, code, docs, tuple(called_once))


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function's body without its docstring."""
    is_described = ast.get_docstring(node) is not None and len(node.body) > 1
    return (node.end_lineno or 0) - node.body[1 if is_described else 0].lineno + 1


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield a module and its statements, which are a small part of its nodes."""
    ahead = [tree]
    while ahead:
        yield (node := ahead.pop())
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            ahead.extend(getattr(node, name, ()))


def _docstring_lines(statements: Sequence[ast.AST]) -> set[int]:
    """Return the numbers of the lines of docstrings, those of attributes among them."""
    lines: set[int] = set()
    for node in statements:
        body: list[ast.stmt] = getattr(node, "body", None) or []
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        described = [body[0]] if body else []
        described += [
            after
            for before, after in pairwise(body)
            if isinstance(before, ast.AnnAssign | ast.Assign)
        ]
        for statement in described:
            if (
                isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, str)
            ):
                lines.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return lines


def main() -> None:
    """Print the figures, by room of the core, storage and plugins."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--called-once", action="store_true", help="list the small functions")
    if parser.parse_args().called_once:
        print("\n".join(measure(CORE).called_once))
        return
    rooms = sorted(path for folder in PRODUCT for path in folder.iterdir() if path.is_dir())
    for room in rooms:
        size = measure([room])
        if size.files and room.name != NOT_PRODUCT:
            name = str(room.relative_to(ROOT))
            print(f"{name:32} files {size.files:4}  code {size.code:6}  docs {size.docs:6}")
    for name, folders in (("core", CORE), ("product", PRODUCT)):
        size = measure(folders)
        print(f"{name:32} files {size.files:4}  code {size.code:6}  docs {size.docs:6}")
    print(f"{len(measure(CORE).called_once)} small functions of the core are called once")


if __name__ == "__main__":
    main()
