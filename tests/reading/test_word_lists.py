"""Lists of words and phrases beside the code of a plugin."""

import re
from pathlib import Path

import pytest

from overheard import WordLists

TEXT = """# Of a plugin.
1.5 good

# Words that deny.
[negations]
not no
never
[claims]
is(?:n't| not) {praise}
[ab]+c
[praise]
good|great
"""


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WordLists:
    """Return the lists of a package."""
    package = tmp_path / "overheard_my_words"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return WordLists("overheard_my_words", "words.txt")


def test_a_list_has_the_lines_below_its_heading(lists: WordLists) -> None:
    """Comments and empty lines are left out; without a name it is what stands before all lists."""
    assert lists.lines() == ["1.5 good"]
    assert lists.lines("negations") == ["not no", "never"]
    with pytest.raises(KeyError):
        lists.lines("unknown")


def test_words_are_divided_by_spaces_and_lines(lists: WordLists) -> None:
    """They are a set."""
    assert lists.words("negations") == {"not", "no", "never"}


@pytest.mark.parametrize("text", ["isn't good", "isn\u2019t great", "is not good", "abbac"])
def test_a_pattern_finds_what_any_line_does(lists: WordLists, text: str) -> None:
    """Another list stands for itself in braces, an apostrophe for both forms; sets of characters
    stay.
    """
    assert re.fullmatch(lists.pattern("claims"), text)
    assert not re.fullmatch(lists.pattern("claims"), f"{text}{{praise}}")


def test_each_file_has_the_words_of_contrast(lists: WordLists) -> None:
    """They are the same for all plugins."""
    assert lists.words("contrast") == {"but", "although", "though", "while", "whereas"}


def test_a_list_is_compiled_in_its_frame(lists: WordLists) -> None:
    """By default for letters of any case."""
    assert lists.compiled("praise", r"\bso {}\b").search("So GREAT!")
    assert not lists.compiled("praise", any_case=False).search("So GREAT!")


def test_each_line_is_compiled_by_itself(lists: WordLists) -> None:
    """So that all of them can be asked in turn, and name the same groups."""
    first, second = lists.each("claims")
    assert first.fullmatch("isn't good")
    assert second.fullmatch("abc")


def test_the_file_is_read_when_it_is_needed() -> None:
    """A plugin may name its lists when it is imported, which costs nothing."""
    lists = WordLists("overheard", "no_such_file.txt")
    with pytest.raises(FileNotFoundError):
        lists.lines()
