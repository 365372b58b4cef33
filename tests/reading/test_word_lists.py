"""Lists of words and phrases beside the code of a plugin."""

import json
import re
import sys
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
    monkeypatch.delitem(sys.modules, "overheard_my_words", raising=False)
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


FRAMES = {
    ("overheard_sentiment", "faults.txt"): (
        *(("price", r"\b(?=\w){}"), ("fault", r"\b(?=\w){}")),
        ("clause edge", r"[;!?.,\s]{}"),
    ),
    ("overheard_visibility", "picks.txt"): (
        *(("advised against", r"\b{}\b"), ("words of a pick", r"{} \Z"), ("object", r"{}\s*\Z")),
        *(("pick after name", "{}"), ("pick in sentence", r"\b{}"), ("cited", "{}")),
    ),
}
"""Lists with the frames in which they are searched; some have lines that need no text."""


@pytest.mark.parametrize("file", FRAMES)
def test_phrases_find_what_the_whole_pattern_finds(file: tuple[str, str]) -> None:
    """In each sentence of the labelled ones, from any place on: the same places, in their order."""
    gold = Path(__file__).parents[2] / "bench" / "gold" / "fresh-sentences.jsonl"
    texts = [json.loads(line)["text"] for line in gold.read_text(encoding="utf-8").splitlines()]
    found = 0
    for name, frame in FRAMES[file]:
        whole, phrases = (
            WordLists(*file).compiled(name, frame),
            WordLists(*file).phrases(name, frame),
        )
        for text in texts:
            places = [match.span() for match in whole.finditer(text, 5)]
            first, at_start = phrases.search(text, 5), phrases.match(text, 5)
            assert [match.span() for match in phrases.finditer(text, 5, len(text))] == places
            assert ([first.span()] if first else []) == places[:1]
            assert (at_start and at_start.span()) == ((m := whole.match(text, 5)) and m.span())
            found += len(places)
    assert found


def test_a_text_that_folds_to_another_length_is_searched_by_itself(lists: WordLists) -> None:
    """The places of "STRASSE" are not those of "Straße", though both are "strasse" when folded."""
    claims = lists.phrases("claims")
    for text in ("STRASSE is not good", "Straße is not good"):
        name_end = text.index(" ")
        assert claims.search(text, name_end + 1, len(text)), text
