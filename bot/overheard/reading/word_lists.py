"""Lists of words and phrases in text files, beside the code that reads a text by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
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
        self._index = _Index()

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
        return Phrases(tuple(framed), flags, self._index)

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
    match: each needs some texts, and those of all lists of a file are found in one pass.

    A search finds the leftmost place, and there the first expression, as a search for all of them,
    divided by "|", does.
    """

    def __init__(self, patterns: Sequence[str], flags: int, index: _Index) -> None:
        self._patterns, self._flags, self._index = patterns, flags, index
        self._compiled: dict[int, re.Pattern[str]] = {}
        index.add(self)

    def needs(self) -> Iterator[frozenset[str]]:
        """Yield for each expression the texts of which it needs one, in small letters; none for one
        that can match without.
        """
        for pattern in self._patterns:
            yield _needs(_parser.parse(pattern, self._flags).data)

    def search(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """Return the first match in a part of a text, as `re.Pattern.search` does."""
        found = [m for p in self._possible(text, start, end) if (m := p.search(text, start, end))]
        return min(found, key=re.Match.start) if found else None

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

    def may_occur(self, text: str) -> bool:
        """Return whether a text has what any expression needs, so that a search may find it."""
        known = self._index.known.get(text)
        return self in (self._index.places(text) if known is None else known)

    def occurs(self, text: str, start: int, end: int, *, first: bool = False) -> bool:
        """Return whether a part of a text, read without the text around it, has a match; with
        `first`, whether it begins with one.
        """
        if not (possible := self._possible(text, start, end)):
            return False
        part = text[start:end]
        return any(p.match(part) if first else p.search(part) for p in possible)

    def _possible(self, text: str, start: int, end: int) -> Sequence[re.Pattern[str]]:
        """Return the expressions that may match in a part of a text, in their order."""
        known = self._index.known.get(text)
        places = (self._index.places(text) if known is None else known).get(self)
        if not places:
            return ()
        numbers = {number for at, to, number in places if start <= at and to <= end}
        if not numbers:
            return ()
        for number in numbers - self._compiled.keys():
            self._compiled[number] = re.compile(self._patterns[number], self._flags)
        return [self._compiled[number] for number in sorted(numbers)]


_KEPT_TEXTS = 64
"""Texts in which needs are known: the answer, and those of its parts that are searched alone."""
_EVERYWHERE = (maxsize, 0)
_Places = dict[Phrases, list[tuple[int, int, int]]]
"""For each list the (start, end) offsets of what its expressions need, and their numbers;
`_EVERYWHERE` for what may be in any part of a text."""


class _Index:
    """What the expressions of all lists of a file need, found in one pass over a text.

    Attributes:
        known: The places in the last texts.
    """

    def __init__(self) -> None:
        self._lists: list[Phrases] = []
        self._users: list[list[tuple[Phrases, int]]] = []
        self._free: list[tuple[Phrases, int]] = []
        self._automaton: Any = None
        self.known: dict[str, _Places] = {}

    def add(self, phrases: Phrases) -> None:
        """Add a list, whose expressions are parsed when a text is searched."""
        self._lists.append(phrases)
        self._automaton = None
        self.known.clear()

    def places(self, text: str) -> _Places:
        """Find where a text has what expressions need, and keep it among `known`."""
        if self._automaton is None:
            self._parse()
        if len(self.known) >= _KEPT_TEXTS:
            self.known.clear()
        folded = text.casefold()
        is_shifted = len(folded) != len(text)
        places = self.known[text] = {} if is_shifted else self.known.setdefault(folded, {})
        if not places:
            self._fill(places, folded, is_shifted=is_shifted)
        return places

    def _fill(self, places: _Places, folded: str, *, is_shifted: bool) -> None:
        for phrases, number in self._free:
            places.setdefault(phrases, []).append((*_EVERYWHERE, number))
        for need, *span in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            start, end = _EVERYWHERE if is_shifted else span
            for phrases, number in self._users[need]:
                places.setdefault(phrases, []).append((start, end, number))

    def _parse(self) -> None:
        from ahocorasick_rs import AhoCorasick

        users: dict[str, list[tuple[Phrases, int]]] = {}
        self._free = []
        for phrases in self._lists:
            for number, needs in enumerate(phrases.needs()):
                self._free += [] if needs else [(phrases, number)]
                for need in needs:
                    users.setdefault(need, []).append((phrases, number))
        self._automaton, self._users = AhoCorasick(list(users)), list(users.values())


_MOST_STRINGS = 64
"""Texts of which an expression may need one; more would be found in most texts."""


def _needs(parsed: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Return texts, in small letters, of which each match of a parsed expression has one: the
    longest that are found; empty if none are.
    """
    best, run = frozenset[str](), [""]
    for part in [*parsed, ("END", None)]:
        strings = _strings([part])
        joined = [start + end for start in run for end in strings]
        if strings and len(joined) <= _MOST_STRINGS:
            run = joined
            continue
        folded = frozenset(map(str.casefold, run)) if all(run) else frozenset[str]()
        best = max(best, folded, _needs_within(*part), key=_rarity)
        run = strings or [""]
    return best


def _needs_within(operation: Any, argument: Any) -> frozenset[str]:
    """Return the needed texts of one part of an expression."""
    match operation:
        case _parser.SUBPATTERN:
            return _needs(argument[-1].data)
        case _parser.BRANCH:
            branches = [_needs(branch.data) for branch in argument[1]]
            return frozenset().union(*branches) if all(branches) else frozenset()
        case _parser.MAX_REPEAT | _parser.MIN_REPEAT if argument[0]:
            return _needs(argument[2].data)
    return frozenset()


def _strings(parsed: Iterable[tuple[Any, Any]]) -> list[str]:
    """Return all texts that a parsed expression matches; empty if there are more than a few."""
    strings = [""]
    for operation, argument in parsed:
        match operation:
            case _parser.LITERAL:
                ends = [chr(argument)]
            case _parser.IN if all(kind is _parser.LITERAL for kind, _ in argument):
                ends = [chr(letter) for _, letter in argument]
            case _parser.SUBPATTERN:
                ends = _strings(argument[-1].data)
            case _parser.BRANCH if len(argument[1]) <= _MOST_STRINGS:
                branches = [_strings(branch.data) for branch in argument[1]]
                ends = list(chain.from_iterable(branches)) if all(branches) else []
            case _parser.MAX_REPEAT | _parser.MIN_REPEAT if argument[:2] == (0, 1):
                ends = ["", *_strings(argument[2].data)]
                ends = ends if len(ends) > 1 else []
            case _parser.AT | _parser.ASSERT | _parser.ASSERT_NOT:
                ends = [""]
            case _:
                ends = []
        if not 0 < len(strings) * len(ends) <= _MOST_STRINGS:
            return []
        strings = [start + end for start in strings for end in ends]
    return strings


def _rarity(needs: frozenset[str]) -> tuple[int, int]:
    """Return a rank that is higher the fewer texts have one of the needed ones."""
    return min((len(need.strip()) for need in needs), default=-1), -len(needs)
