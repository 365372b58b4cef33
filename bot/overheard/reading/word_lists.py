"""Lists of words and phrases in text files, beside the code that reads a text by them."""

from __future__ import annotations

import re
from functools import cached_property

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
