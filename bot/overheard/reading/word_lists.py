"""Lists of words and phrases in text files, beside the code that reads a text by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from re import _parser  # type: ignore[attr-defined]
from sys import maxsize
from typing import Any

CONTRAST = ("but", "although", "though", "while", "whereas")
"""Conjunctions after which a clause says something else than the one before."""
_HEADING = re.compile(r"\[([a-z][a-z ]*)\]")
_SPECIAL = re.compile(r"\[[^\]]*\]|(?P<apostrophe>')|\{(?P<list>[a-z][a-z ]*)\}")
"""What a line may have beside a regular expression; a set of characters stays as it is."""


class WordLists:
    """The lists of words and phrases in a text file of a package.

    In the file, ``[name]`` on a line of its own begins a list, and ``#`` a comment. The file is
    read when it is first needed, and once. Every file has the list ``contrast``, with `CONTRAST`.

    Args:
        package: The package that has the file, such as ``overheard_my_scorer``.
        file: The name of the file, such as ``words.txt``; in UTF-8.
    """

    def __init__(self, package: str, file: str) -> None:
        self._package, self._file = package, file

    def lines(self, name: str = "") -> list[str]:
        """Return the lines of a list, without comments and empty lines; without a name, those
        before the first list.

        Raises:
            KeyError: The file has no such list.
        """
        return self._lists[name]

    def words(self, name: str = "") -> frozenset[str]:
        """Return the words of a list; spaces and lines divide them."""
        return frozenset(" ".join(self.lines(name)).split())

    def pattern(self, name: str = "") -> str:
        """Return a regular expression that finds what any line of a list does, in a group that is
        not captured. Where several lines match, the first counts.

        Each line is a regular expression. In it, ``{name}`` stands for another list of the file,
        and an apostrophe for both of its forms, straight and curly.
        """
        return f"(?:{'|'.join(self._patterns(name))})"

    def compiled(
        self, name: str = "", frame: str = "{}", *, any_case: bool = True
    ) -> re.Pattern[str]:
        """Return the `pattern` of a list, compiled.

        Args:
            frame: The regular expression around it, with "{}" where the list stands.
            any_case: Whether letters of any case match.
        """
        flags = re.IGNORECASE if any_case else re.NOFLAG
        return re.compile(frame.replace("{}", self.pattern(name)), flags)

    def phrases(self, name: str, frame: str = "{}", *, any_case: bool = True) -> Phrases:
        """Return the lines of a list as `Phrases`, which find what `compiled` finds, and faster
        where a list is long and few texts have its words. The arguments are those of `compiled`.
        """
        flags = re.IGNORECASE if any_case else re.NOFLAG
        framed = (frame.replace("{}", f"(?:{line})") for line in self._patterns(name))
        return Phrases(tuple(framed), flags)

    def each(self, name: str = "") -> tuple[re.Pattern[str], ...]:
        """Return the lines of a list, each compiled by itself; letters match in their case."""
        return tuple(map(re.compile, self._patterns(name)))

    def _patterns(self, name: str) -> list[str]:
        return [_SPECIAL.sub(self._expanded, line) for line in self.lines(name)]

    def _expanded(self, special: re.Match[str]) -> str:
        if special["apostrophe"]:
            return r"['\u2019]"
        return self.pattern(special["list"]) if special["list"] else special.group()

    @cached_property
    def _lists(self) -> dict[str, list[str]]:
        lists: dict[str, list[str]] = {"": [], "contrast": [*CONTRAST]}
        entries = lists[""]
        from importlib.resources import files  # help imports this module, and reads no list

        text = files(self._package).joinpath(self._file).read_text(encoding="utf-8")
        for line in map(str.strip, text.splitlines()):
            if heading := _HEADING.fullmatch(line):
                entries = lists.setdefault(heading[1], [])
            elif line and not line.startswith("#"):
                entries.append(line)
        return lists


class Phrases:
    """Regular expressions as one pattern, of which a text is searched only for those that it can
    match: each needs one of a few texts, all of which are found at once.

    A search finds the leftmost place, and there the first expression, as a search for all of them,
    divided by "|", does.
    """

    def __init__(self, patterns: Sequence[str], flags: int) -> None:
        self._patterns = patterns
        self._flags = flags
        self._compiled: dict[int, re.Pattern[str]] = {}

    def search(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """Return the first match in a part of a text, as `re.Pattern.search` does."""
        found = [m for p in self._possible(text, start, end) if (m := p.search(text, start, end))]
        return min(found, key=re.Match.start, default=None)

    def match(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """Return the match at the start of a part of a text, as `re.Pattern.match` does."""
        matches = (p.match(text, start, end) for p in self._possible(text, start, end))
        return next(filter(None, matches), None)

    def finditer(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """Yield the matches in a part of a text, none of which is empty, as `re.Pattern.finditer`
        does.
        """
        possible = self._possible(text, start, end)
        while found := [m for p in possible if (m := p.search(text, start, end))]:
            first = min(found, key=re.Match.start)
            yield first
            start = first.end()

    def _possible(self, text: str, start: int, end: int) -> Sequence[re.Pattern[str]]:
        """Return the expressions that may match in a part of a text, in their order."""
        automaton, users, always = self._needed
        found = automaton.find_matches_as_indexes(text[start:end].casefold(), overlapping=True)
        if not found and not always:
            return ()
        numbers = sorted({*always, *(number for need, _, _ in found for number in users[need])})
        for number in numbers:
            if number not in self._compiled:
                self._compiled[number] = re.compile(self._patterns[number], self._flags)
        return [self._compiled[number] for number in numbers]

    @cached_property
    def _needed(self) -> tuple[Any, list[list[int]], list[int]]:
        """What finds all needed texts, the numbers of the expressions that need each of them, and
        those of the expressions that need none.
        """
        from ahocorasick_rs import AhoCorasick

        users: dict[str, list[int]] = {"": []}
        for number, pattern in enumerate(self._patterns):
            for need in _needs(_parser.parse(pattern, self._flags)) or ("",):
                users.setdefault(need, []).append(number)
        always = users.pop("")
        return AhoCorasick(list(users)), list(users.values()), always


def _needs(parsed: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Return texts, in small letters, of which each match of a parsed expression has one: the
    longest that are found; empty if none are.
    """
    best, literal = frozenset[str](), ""
    for operation, argument in [*parsed, ("END", None)]:
        needs = frozenset[str]()
        match str(operation):
            case "LITERAL":
                literal += chr(argument)
                continue
            case "SUBPATTERN":
                needs = _needs(argument[-1])
            case "BRANCH":
                branches = [_needs(branch) for branch in argument[1]]
                needs = frozenset().union(*branches) if all(branches) else needs
            case "MAX_REPEAT" | "MIN_REPEAT" if argument[0]:
                needs = _needs(argument[2])
        best = max(best, needs, frozenset(filter(None, [literal.casefold()])), key=_rarity)
        literal = ""
    return best


def _rarity(needs: frozenset[str]) -> tuple[int, int]:
    """Return a rank that is higher the fewer texts have one of the needed ones."""
    return min((len(need.strip()) for need in needs), default=-1), -len(needs)
