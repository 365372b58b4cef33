"""Mutation testing: how many small faults in the rules of news and money do the tests notice?

    uv run python bench/mutants.py                       50 mutants drawn from each group of modules
    uv run python bench/mutants.py --seed 2              50 others of each
    uv run python bench/mutants.py --group money --all   every mutant of a group (hours)
    uv run python bench/mutants.py --only decide.py      those of one module
    uv run python bench/mutants.py --constants           those of constants alone
    uv run python bench/mutants.py --record 40           keep a sample of killed mutants for CI
    uv run python bench/mutants.py --replay              the kept sample alone (CI, two minutes)

A mutant is the program with one small change inside one function (a comparison, an operator, a
number, a condition, a returned value or a deleted statement) or in one constant of a module (a
number by a quarter, an element of a collection left out). The change is made in memory, in a forked
process, by exchanging the code object of the function, or the constant wherever it was imported;
then the fast tests that execute the line, or use the constant, run, those of its own module before
others, until one fails. A mutant that no test notices has survived, unless
`bench/equivalent_mutants.toml` lists it with the reason why it changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import faulthandler
import gc
import importlib
import io
import json
import multiprocessing
import os
import random
import resource
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain, islice
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
import pytest
from coverage import Coverage

ROOT = Path(__file__).parents[1]
CORE = ROOT / "bot" / "overheard"
SOURCES = (CORE, ROOT / "storage")
"""Where the paths of modules begin."""


@dataclass(frozen=True)
class Group:
    """Modules, as patterns of paths below one of `SOURCES`, and the tests that guard them."""

    modules: Sequence[str]
    tests: Sequence[str]


_MONEY = ("runs/budget.py", "runs/limits.py", "runs/quote.py")
GROUPS = {
    "detection": Group(["detection/*.py"], ["detection"]),
    "alerts": Group(
        ["alerts/*.py", "commands/report.py", "commands/routes.py", "commands/shifts.py",
         "commands/alert_actions.py", "commands/alerts.py", "commands/bursts.py"],
        ["alerts", "runtime/test_automatic_bursts.py", "commands/test_routes_commands.py",
         "commands/test_catching_up.py", "commands/test_reported_statements.py",
         "commands/test_cards_at_a_look.py", "commands/test_status_command.py",
         "end_to_end/test_shifts.py"],
    ),
    "money": Group(
        [*_MONEY, "domain/runs.py", "provider_kit/settings.py", "commands/spend.py",
         "overheard_storage/money.py"],
        ["runs", "storage/test_money.py", "provider_kit", "commands/test_check_price.py",
         "commands/test_spend_command.py"],
    ),
    "runs": Group(["runs/*.py"], ["runs"]),
}  # fmt: skip
"""The modules of each group; one that several groups name belongs to the first."""
BAR = 0.9
CachedFunction = type(cache(len))
EQUIVALENT = ROOT / "bench" / "equivalent_mutants.toml"
SAMPLE = ROOT / "bench" / "mutants.json"
TEST_TIMEOUT_S, WAIT_TIMEOUT_S = 60, 600
"""How long the tests of one mutant may compute together, and how long they may wait: on a busy
machine, they wait for long."""
TESTS_PER_MUTANT = 60
OPTIONS = ("-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin",
           "-p", "pytest_timeout", "-p", "pytest_overheard", "-m", "not slow and not long",
           "-k", "not postgresql and not pgqueuer")  # fmt: skip
_SWAPS = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
)
COMPARISONS = {a: b for pair in _SWAPS for a, b in (pair, pair[::-1])}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
             ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult}  # fmt: skip


def name_of(path: Path) -> str:
    """Return the path of a module below its source root."""
    return str(next(path.relative_to(root) for root in SOURCES if path.is_relative_to(root)))


def path_of(module: str) -> Path:
    """Return the file that has a name below a source root, whether it exists or not."""
    return next((root / module for root in SOURCES if (root / module).exists()), CORE / module)


@dataclass(frozen=True)
class Mutant:
    """One changed line of a function.

    Attributes:
        module: Path below its source root, such as ``detection/decide.py``.
        function: Qualified name of the changed function.
        line: Number of the changed line.
        before: Source of the line.
        after: The changed expression or statement.
        part: The function or class at the top of the module, as it is without the change.
        place: The place of the changed node in a walk through the part.
        number: Which of the changes of the node it is.
    """

    module: str
    function: str
    line: int
    before: str
    after: str
    part: ast.Module
    place: int
    number: int

    @cached_property
    def code(self) -> CodeType:
        """The changed code object of the function."""
        changed = copy.deepcopy(self.part)
        node = next(islice(ast.walk(changed), self.place, None))
        result = next(islice(_changes(node), self.number, None))(node)
        _replace(changed, node, ast.copy_location(result or ast.Pass(), node))
        # A function or class is compiled alone: the whole module would take ten times as long.
        file = str(path_of(self.module))
        return _code_of(compile(ast.fix_missing_locations(changed), file, "exec"), self.function)

    @property
    def key(self) -> str:
        """What names the mutant as long as its line is not edited."""
        return f"{self.module}::{self.function}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class ConstantMutant:
    """One changed constant of a module, seen by all modules that import it by its name. Defaults of
    parameters and other constants that were computed from it stay as they are.

    Attributes:
        module: Path below its source root.
        names: The names that the statement assigns.
        line: Number of the changed line.
        before: Source of the line.
        after: The changed expression.
        statement: The changed assignment.
    """

    module: str
    names: Sequence[str]
    line: int
    before: str
    after: str
    statement: ast.stmt

    def values(self) -> dict[str, object]:
        """Return the changed values by name."""
        namespace = dict(vars(sys.modules[_imported_name(path_of(self.module))]))
        changed = ast.fix_missing_locations(ast.Module([self.statement], []))
        exec(compile(changed, str(path_of(self.module)), "exec"), namespace)  # noqa: S102
        return {name: namespace[name] for name in self.names}

    @property
    def key(self) -> str:
        """What names the mutant as long as its line is not edited."""
        return f"{self.module}::{self.names[0]}: {self.before} -> {self.after}"


AnyMutant = Mutant | ConstantMutant


def _imported_name(path: Path) -> str:
    root = CORE.parent if path.is_relative_to(CORE) else ROOT / "storage"
    return ".".join(path.relative_to(root).with_suffix("").parts)


def _constant_mutants(
    statement: ast.stmt, module: str, lines: Sequence[str]
) -> Iterator[ConstantMutant]:
    """Yield the mutants of the constants that a statement at the top of a module assigns."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    if not all(name.isupper() for name in names):  # the name of a type
        return
    for place, node in enumerate(ast.walk(statement.value)):
        is_unpacked = node is statement.value and isinstance(target, ast.Tuple)
        is_unpacked |= isinstance(getattr(node, "ctx", None), ast.Store)
        if is_unpacked or (result := _changed_constant(node)) is None:
            continue
        changed = copy.deepcopy(statement)
        original = next(islice(ast.walk(changed.value), place, None))
        _replace(changed, original, ast.copy_location(result, original))
        line = original.lineno
        after = ast.unparse(result).split("\n")[0]
        yield ConstantMutant(module, names, line, lines[line - 1].strip(), after, changed)


def _changed_constant(node: ast.AST) -> ast.AST | None:
    """Return a changed copy of a node of a constant: a truth value turned round, a number larger by
    a quarter (a whole one by 1 at least), a collection without its last element; None for others.
    """
    match node:
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Constant(value=int(value)):
            return ast.Constant(value + max(1, value // 4))
        case ast.Constant(value=float(value)):
            return ast.Constant(value * 1.25 or 1.0)
        case ast.Tuple(elts=[*most, _]) | ast.List(elts=[*most, _]) | ast.Set(elts=[*most, _]):
            return _set(copy.copy(node), elts=most) if most else None
        case ast.Dict(keys=[*keys, _], values=[*values, _]):
            return _set(copy.copy(node), keys=keys, values=values) if keys else None
        case _:
            return None


def _changes(node: ast.AST) -> Iterator[Callable[[ast.AST], ast.AST | None]]:
    """Yield functions that each return a changed copy of the node; a returned None deletes the
    statement.
    """
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            yield lambda n: _set(n, ops=[COMPARISONS[type(op)]()])
        case ast.BinOp(op=op) if type(op) in OPERATORS and not _is_text(node):
            yield lambda n: _set(n, op=OPERATORS[type(op)]())
        case ast.BoolOp(op=op):
            yield lambda n: _set(n, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield lambda _: copy.deepcopy(operand)
        case ast.If(test=test) | ast.IfExp(test=test):
            yield lambda n: _set(n, test=ast.UnaryOp(ast.Not(), copy.deepcopy(test)))
        case ast.Constant(value=bool(value)):
            yield lambda n: _set(n, value=not value)
        case ast.Constant(value=int(value) | float(value)):
            yield lambda n: _set(n, value=value + 1)
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield lambda n: _set(n, value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign():
            yield lambda _: None


def _set(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(
        isinstance(s, ast.JoinedStr) or isinstance(getattr(s, "value", 0), str) for s in sides
    )


def mutants(path: Path) -> list[AnyMutant]:
    """Return all mutants of a module."""
    source = path.read_text(encoding="utf-8")
    name, lines = name_of(path), source.splitlines()
    found: list[AnyMutant] = []
    for part in ast.parse(source).body:
        found += _mutants_of(ast.Module([part], []), name, lines)
        found += _constant_mutants(part, name, lines)
    return found


def _mutants_of(part: ast.Module, module: str, lines: Sequence[str]) -> Iterator[Mutant]:
    """Yield the mutants of a part of a module."""
    parents = {child: node for node in ast.walk(part) for child in ast.iter_child_nodes(node)}
    for place, node in enumerate(ast.walk(part)):
        owner = _function_of(node, parents)
        if owner is None:
            continue
        before = lines[node.lineno - 1].strip() if hasattr(node, "lineno") else ""
        for number, change in enumerate(_changes(node)):
            result = change(copy.deepcopy(node))
            after = ast.unparse(result).split("\n")[0] if result else "(deleted)"
            yield Mutant(module, owner, node.lineno, before, after, part, place, number)


def _function_of(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str | None:
    """Return the qualified name of the outermost function that has the node in its body, or None;
    `parents` has the parent by node.
    """
    names, inside = [], None
    while (parent := parents.get(node)) is not None:
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = node in parent.body
            names = [parent.name]
        elif isinstance(parent, ast.ClassDef):
            names.insert(0, parent.name)
        node = parent
    return ".".join(names) if inside else None


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Replace a node in a syntax tree, in place."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]


def _code_of(module: CodeType, name: str) -> CodeType:
    code = module
    for part in name.split("."):
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == part)
    return code


class Program:
    """The functions of the program that is loaded in this process.

    They are looked up once. Then all objects are set aside from garbage collection, without which
    the garbage collections of each forked process would take longer than its tests.
    """

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        self._cached: list[CachedFunction[object]] = []
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                code = thing.__code__
                place = (code.co_filename, code.co_name, code.co_firstlineno)
                self._functions[place].append(thing)
            elif isinstance(thing, CachedFunction):
                self._cached.append(thing)
        gc.freeze()

    def change(self, mutant: AnyMutant) -> bool:
        """Exchange the code of the mutant's function, or its constant, wherever it is bound; return
        whether it is bound anywhere.
        """
        if isinstance(mutant, ConstantMutant):
            _change_constants(mutant)
            found = True
        else:
            code = mutant.code
            functions = self._functions[
                str(path_of(mutant.module)), code.co_name, code.co_firstlineno
            ]
            for function in functions:
                function.__code__ = code
            found = bool(functions)
        for cached in self._cached:
            cached.cache_clear()
        return found


def _change_constants(mutant: ConstantMutant) -> None:
    """Exchange the changed constants in all modules that have them by their names."""
    home = vars(sys.modules[_imported_name(path_of(mutant.module))])
    before = {name: home[name] for name in mutant.names}
    for name, value in mutant.values().items():
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name) is before[name]:
                setattr(module, name, value)


class _Reach:
    """Notes which lines of some modules each test executes, and how long it takes.

    Attributes:
        seconds: How long each test takes with its fixtures, by its name.
        passed: Whether all tests passed that were noted.
    """

    def __init__(self, paths: Collection[Path]) -> None:
        self.seconds: dict[str, float] = {}
        self.passed = False
        self._lines: dict[str, dict[int, list[str]]] = {}
        self._uses = _uses_of_names(paths)
        self._coverage = Coverage(
            data_file=None,
            config_file=False,
            include=[str(path) for path in paths],
            concurrency=["thread", "greenlet"],
        )

    def note(self, tests: Sequence[str]) -> None:
        """Note some tests, which run in a forked process: a thread that they leave behind, such as
        the one that draws charts, would be missing in the processes that are forked later, where
        a test that waits for it would hang.
        """
        fork = multiprocessing.get_context("fork")
        receiving, sending = fork.Pipe(duplex=False)
        child = fork.Process(target=self._send_noted, args=(tests, sending))
        child.start()
        sending.close()
        self.passed, self.seconds, self._lines = receiving.recv()
        child.join()

    def _send_noted(self, tests: Sequence[str], sending: Connection) -> None:
        """Note some tests in this process and send what the attributes are to be then."""
        self._coverage.start()
        passed = not run_tests(tests, [self])
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        sending.send((passed, self.seconds, lines))
        sys.stdout.flush()
        os._exit(0)  # an orderly end would wait for the process that draws charts

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note the lines and the seconds of a test and its fixtures."""
        began = time.perf_counter()
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")
            self.seconds[item.nodeid] = time.perf_counter() - began

    def is_used(self, mutant: ConstantMutant) -> bool:
        """Return whether a function uses the constant: no other use of it can be changed."""
        return any(self._uses[name] for name in mutant.names)

    def tests(self, mutant: AnyMutant) -> list[str]:
        """Return the tests that execute the line of a mutant or, if none does, its function, or
        that use its constant: those of its own module first, the quickest first.
        """
        names = {name for place in self._places(mutant) for name in self._tests_at(*place)}
        own = f"test_{Path(mutant.module).stem}"
        return sorted(names, key=lambda name: (own not in name, self.seconds[name]))

    def _places(self, mutant: AnyMutant) -> Iterable[tuple[str, int]]:
        """Return the lines, with their files, that show what a mutant changes."""
        if isinstance(mutant, ConstantMutant):
            return chain.from_iterable(self._uses[name] for name in mutant.names)
        file = str(path_of(mutant.module))
        if any(self._tests_at(file, mutant.line)):
            return [(file, mutant.line)]
        return [(file, line) for _, _, line in mutant.code.co_lines() if line]

    def _tests_at(self, file: str, line: int) -> list[str]:
        return [name for name in self._lines.get(file, {}).get(line, ()) if name]


def _uses_of_names(paths: Iterable[Path]) -> dict[str, list[tuple[str, int]]]:
    """Return the lines within functions, with their files, that use a name, by name."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path in paths:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in chain.from_iterable(map(ast.walk, function.body)):
                    if isinstance(node, ast.Name):
                        found[node.id].append((str(path), node.lineno))
    return found


def run_tests(tests: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run tests in this process without output, and return pytest's exit code; 0 means that all
    passed.
    """
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        code = int(pytest.main([*OPTIONS, *tests], plugins=list(plugins)))
    if code and plugins and isinstance(plugins[0], _Reach):
        print(said.getvalue()[-3000:])
    return code


def killed_by(mutant: AnyMutant, tests: Sequence[str], program: Program) -> str:
    """Return the first test that notices a mutant, or an empty string."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        # A mutant that loops for ever is noticed. (An alarm would be that of pytest-timeout.)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        faulthandler.dump_traceback_later(WAIT_TIMEOUT_S, exit=True, file=nowhere)
        resource.setrlimit(resource.RLIMIT_CPU, (TEST_TIMEOUT_S, TEST_TIMEOUT_S))
        failed: list[str] = []
        noted = type("Noted", (), {"pytest_runtest_logreport": staticmethod(
            lambda report: failed.append(report.nodeid) if report.failed else None)})()  # fmt: skip
        code = run_tests(tests, [noted]) if program.change(mutant) else 99
        os.write(write, (failed[0] if failed else "?" if code in {1, 2, 3} else "").encode())
        os._exit(0 if code != 99 else 99)
    os.close(write)
    name = os.fdopen(read).read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 99:
        raise SystemExit(f"No function to change: {mutant.key}")
    return name or ("(timeout)" if status else "")


def _load(paths: Sequence[Path]) -> None:
    """Import the modules at some paths and the whole program; changes `sys.path`."""
    sys.path[0:1] = [
        str(ROOT / "tests"),
        str(ROOT / "bot"),
        str(ROOT / "storage"),
        str(ROOT / "plugins"),
    ]
    for path in paths:
        importlib.import_module(_imported_name(path))
    importlib.import_module("overheard.runtime.wiring")


def _groups_of_paths() -> dict[Path, str]:
    """Return all modules with the name of their group."""
    found: dict[Path, str] = {}
    for name, group in GROUPS.items():
        for pattern in group.modules:
            for path in sorted(p for root in SOURCES for p in root.glob(pattern)):
                if path.stem != "__init__":
                    found.setdefault(path, name)
    return found


def replay() -> int:
    """Run each mutant of the kept sample against the test that failed for it; return 1 if one
    survives or a third are stale, else 0.
    """
    kept: dict[str, str] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    paths = {path_of(key.split("::")[0]) for key in kept}
    _load([p for p in paths if p.exists()])
    known = {m.key: m for p in paths if p.exists() for m in mutants(p)}
    program = Program()
    survived = [
        key
        for key, test in kept.items()
        if key in known and not killed_by(known[key], [test], program)
    ]
    stale = [key for key in kept if key not in known]
    for key in survived:
        print("survived", key)
    for key in stale:
        print("stale   ", key)
    print(f"{len(kept) - len(survived) - len(stale)} of {len(kept)} killed, {len(stale)} stale")
    return int(bool(survived) or len(stale) > len(kept) / 3)


def _drawn(found: Sequence[AnyMutant], count: int, seed: int) -> list[AnyMutant]:
    return random.Random(seed).sample(found, min(count, len(found)))


def _print_shares(
    group: str, chosen: Sequence[AnyMutant], killed: Collection[str], available: int
) -> float:
    """Print how many of the chosen mutants were killed, by module, and return their share."""
    for module in sorted({m.module for m in chosen}):
        keys = [m.key for m in chosen if m.module == module]
        print(f"  {module}: {sum(k in killed for k in keys)} of {len(keys)}")
    count = sum(m.key in killed for m in chosen)
    share = count / max(len(chosen), 1)
    print(f"{group}: {count} of {len(chosen)} killed ({share:.0%}), of {available} in all")
    return share


def main() -> int:
    """Draw mutants of each group, run the tests that reach each, print the survivors and the share
    killed by module and by group, and return 1 if it is below `BAR` in a group.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--count", type=int, default=50, help="mutants of each group")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--group", choices=GROUPS, default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--constants", action="store_true", help="only constants of modules")
    parser.add_argument("--record", type=int, default=0)
    parser.add_argument("--replay", action="store_true")
    given = parser.parse_args()
    os.chdir(ROOT)
    if given.replay:
        return replay()
    equivalent = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    groups = _groups_of_paths()
    _load(list(groups))
    reach = _Reach(groups)
    pool: dict[str, list[AnyMutant]] = defaultdict(list)
    for path, group in groups.items():
        if given.only in name_of(path) and given.group in {group, ""}:
            pool[group] += [
                mutant
                for mutant in mutants(path)
                if mutant.key not in equivalent
                and (
                    reach.is_used(mutant)
                    if isinstance(mutant, ConstantMutant)
                    else not given.constants
                )
            ]
    chosen = {
        group: found if given.all else _drawn(found, given.count, given.seed)
        for group, found in pool.items()
    }
    reach.note(sorted({f"tests/{s}" for group in chosen for s in GROUPS[group].tests}))
    if not reach.passed:
        raise SystemExit("The tests fail without any mutant.")
    killed: dict[str, str] = {}
    program = Program()
    for number, mutant in enumerate(chain.from_iterable(chosen.values()), 1):
        tests = reach.tests(mutant)
        if tests and (test := killed_by(mutant, tests[:TESTS_PER_MUTANT], program)):
            killed[mutant.key] = test
        else:
            print(
                f"survived {'' if tests else '(no test) '}line {mutant.line} {mutant.key}",
                flush=True,
            )
        print(f"{number}, {len(killed)} killed", end="\r", file=sys.stderr)
    shares = [_print_shares(group, chosen[group], killed, len(pool[group])) for group in chosen]
    if given.record:
        sample = [key for key in killed if "::" in killed[key]]
        kept = random.Random(given.seed).sample(sample, min(given.record, len(sample)))
        SAMPLE.write_text(
            json.dumps({k: killed[k] for k in sorted(kept)}, indent=1, ensure_ascii=False) + "\n"
        )
    return int(min(shares, default=1.0) < BAR)


if __name__ == "__main__":
    sys.exit(main())
