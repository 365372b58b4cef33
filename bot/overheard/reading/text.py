"""The text of an answer: its sentences, its words, and the marks of citations in it."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

TOP_LEVEL = (
    "com|org|net|io|ai|co|so|app|dev|edu|gov|info|biz|shop|store|tech|cloud|tv|me|us|uk|de|fr|it|es"
    "|nl|eu|ch|at|se|dk|no|fi|pl|ca|au|nz|jp|cn|in|br|kr|ru"
)
"""Top-level domains with which a dotted word is taken for an address."""

# The sets heed case: without, their 52,000 characters from U+3000 would take 30 ms to compile.
_ADDRESS = re.compile(
    r"(?i:https?://|\bwww\.)[^\s<>()\[\]\u3000-\uffef]*[^\s<>()\[\]\u3000-\uffef.,;:!?*_'\"]"
    rf"|(?<![\w.-])[\w.-]{{1,80}}\.(?i:{TOP_LEVEL})/[^\s<>()\[\]\u3000-\uffef]*"
)
_ADDRESSED = re.compile(r"[.:wW](?:[A-Za-z]{2,5}/|//|[wW]{2}\.)")
"""What every address contains: a much faster search, without which most texts are done."""
_MARKER = re.compile(
    r"[\[【\ue200⁰¹²³⁴-⁹](?:"  # one set first, which the search finds fast
    r"(?<=\[)(?:\^?\d{1,3}(?:\s*[,;\u2013-]\s*\^?\d{1,3})*|cite:[^\]\n]{0,80})\]"  # [1] [2, 3-5]
    r"|(?<=【)[^】\n]{0,80}†?[^】\n]{0,80}】"
    r"|(?<=\ue200)[^\ue201\n]{0,200}\ue201"  # the private marks of a chat product's raw text
    r"|(?<=[⁰¹²³⁴-⁹])[⁰¹²³⁴-⁹]*)"
)
_EMPTY_BRACKETS = re.compile(r"\s?(?:\((?:\s|[,;]|sources?:?|via|see)*\)|\[\s*\])", re.IGNORECASE)
_MAYBE_EMPTY_BRACKETS = re.compile(r"[(\[](?=[\s,;)\]SsVv])")
_SPACE_BEFORE_SIGN = re.compile(r"(?<![^\S\n])[^\S\n]++(?=[.,;:!?](?:\s|$))")
_DOMAIN = re.compile(rf"(?:[\w-]+\.)+(?:{TOP_LEVEL})", re.IGNORECASE)
_NUMBER = re.compile(r"\W*\d{1,3}\W*|\W+")
_CITING = re.compile(r"(?:[.!?;()]|\b(?:sources?|via|see|from)\b:?)\s*\Z", re.IGNORECASE)
_SOURCES = re.compile(
    r"\W*(?:sources?|references|citations|works cited|footnotes)\W*", re.IGNORECASE
)
_MAX_SOURCES_HEADING_CHARACTERS = 40
_ENTRY = re.compile(r"\s*\[\^?\d{1,3}\]")
_FOOTNOTE = re.compile(r"\s*\[\^[^\]\s]{1,40}\]:")


def without_citations(text: str) -> str:
    """Return a text without citation markers (``[1]``) and without bare addresses.

    The brackets that this leaves empty, "(source: )", are removed, and so are the spaces that it
    leaves before punctuation. A text without citations is returned unchanged.
    """
    rest = _ADDRESS.sub("", text) if _ADDRESSED.search(text) else text
    *parts, end = _MARKER.split(rest)
    rest = "".join([part[:-1] if part[-1:].isspace() else part for part in parts]) + end
    if _MAYBE_EMPTY_BRACKETS.search(rest):
        rest = _EMPTY_BRACKETS.sub("", rest)
    return text if rest == text else _SPACE_BEFORE_SIGN.sub("", rest)


def cites(label: str, before: str, titles: Collection[str]) -> bool:
    """Return whether a link is a citation. Other links are part of their sentence.

    A link is a citation if its label is a number or only signs, if it is the title of a source, if
    it begins with an address, or if an opening bracket precedes it. It is also a citation if its
    label is a domain ("acme.com") after the end of a sentence or after a word such as "via".

    Args:
        label: The text of the link.
        before: The text before the link in the same block.
        titles: Titles of the sources that the provider reports.
    """
    label = label.strip()
    return bool(
        _NUMBER.fullmatch(label)
        or label in titles
        or _ADDRESS.match(label)
        or before.rstrip().endswith("(")
        or (_DOMAIN.fullmatch(label) and _CITING.search(before))
    )


def opens_sources(line: str) -> bool:
    """Return whether a line is only the heading of a list of sources, such as "## References:"."""
    return len(line) < _MAX_SOURCES_HEADING_CHARACTERS and _SOURCES.fullmatch(line) is not None


def is_reference(content: str, under_sources: bool, in_list_item: bool = False) -> bool:
    """Return whether a block is an entry of a list of sources, or a footnote (``[^1]: ...``).

    Under the heading of a list of sources, a block with a link, with a number in brackets, or in an
    item of a list is an entry. Elsewhere, only a block with both a link and such a number is one.

    Args:
        content: The Markdown of the block.
        under_sources: Whether the block is under the heading of a list of sources.
        in_list_item: Whether the block is in an item of a Markdown list.
    """
    if "[^" in content and _FOOTNOTE.match(content):
        return True
    linked = "](" in content or "://" in content or "www." in content
    if under_sources and (linked or in_list_item):
        return True
    return (linked or under_sources) and _ENTRY.match(content) is not None


_APOSTROPHES = "\u2018\u2019\u02bc\u02b9\u2032\uff07`\u00b4"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_TRADE_MARKS = "\u2122\u00ae\u00a9\u2120"


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with a mapping to the offsets of the original text.

    Attributes:
        text: The folded text.
        origins: For each offset of `text`, including its end, the offset in the original; None if
            all offsets are equal.
    """

    text: str
    origins: tuple[int, ...] | None = None

    def origin(self, offset: int) -> int:
        """Return the offset in the original for an offset in the folded text."""
        return offset if self.origins is None else self.origins[offset]


def fold(text: str) -> Folded:
    """Return a text folded for comparison, with the offsets in the original text.

    Small letters replace capitals, and Latin and Greek letters lose their accents. Every kind of
    apostrophe becomes ``'``. Hyphens, trade mark signs and white space except the end of a line
    become one space each: "Coca-Cola" equals "Coca Cola". A character may fold to several, such as
    "ß" to "ss"; none folds to nothing.
    """
    runs = _RUN.findall(text)  # apart by ASCII or not, because ASCII is folded much faster
    folded = "".join(run.translate(_TABLE) for run in runs)
    if len(folded) == len(text):  # every character folds to at least one: no offset moved
        return Folded(folded)
    origins: list[int] = []
    run_start = 0
    for run in runs:
        if run.isascii():
            origins += range(run_start, run_start + len(run))
        else:
            for offset, char in enumerate(run, start=run_start):
                origins += [offset] * len(_TABLE[ord(char)])
        run_start += len(run)
    return Folded(folded, (*origins, len(text)))


_RUN = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")


class _Table(dict[int, str]):
    """A translation table that folds each character at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded_character(chr(code))
        return folded


def _folded_character(char: str) -> str:
    """Return the folded form of one character, one or more characters long.

    An apostrophe gives ``'``. A hyphen, a trade mark sign, and white space except the end of a line
    give a space. A lone surrogate gives U+FFFD. Other characters lose case, width and accent; a
    character of which nothing would remain stays as it is.
    """
    if char in _APOSTROPHES:
        return "'"
    if char in _HYPHENS or char in _TRADE_MARKS or (char.isspace() and char != "\n"):
        return " "
    if "\ud800" <= char <= "\udfff":  # a lone surrogate, which the search does not accept
        return "\ufffd"
    folded = unicodedata.normalize("NFKC", char).casefold()
    return "".join(map(_plain, folded)).strip("\u0307") or char


def _plain(char: str) -> str:
    """Return a Latin or Greek letter without its accent, and every other character unchanged: in
    other scripts, a mark makes another letter.
    """
    accented = char < "\u0250" or "\u0370" <= char < "\u0400" or "\u1e00" <= char < "\u2000"
    return unicodedata.normalize("NFD", char)[0] if accented else char


_TABLE = _Table()


_ABBREVIATIONS = """
    mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf al approx est inc ltd co corp llc fig vol
    dept u.s u.k u.s.a a.m p.m sq ft pt qt oz jan feb mar apr jun jul aug sep sept oct nov dec
"""
_SHORTENED = frozenset(_ABBREVIATIONS.split())
_END = re.compile(
    r"[\n.!?…。！？｡](?:"  # noqa: RUF001 - one set first, which the search finds fast
    r"(?<=\n)"
    r"|(?<=[。！？｡])(?<![。！？｡].)[。！？｡]*[」』）”’]*"  # noqa: RUF001 - Chinese and Japanese
    r"|(?<=[.!?…])(?<![.!?…].)[.!?…]*[\"'”’)\]]*(?=\s+[^\sa-z])"  # noqa: RUF001 - curly quotes
    r"|(?<=\.)(?<![.!?…].)[\"'”’)\]]*(?=\s)"  # noqa: RUF001 - curly quotes are meant
    r"|(?<=[a-z)].)(?<=[.!?])(?=[A-Z][a-z])"  # the space is missing
    r")"
)
_LAST_WORD = re.compile(r"[\w.&]+\Z")
_ABBREVIATION_WINDOW_CHARACTERS = 12
"""Characters before a full stop that are searched for an abbreviation."""


def sentences(body: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of the sentences in order, without surrounding white space.

    Every end of a line ends a sentence, and so does a full stop, question mark or exclamation mark.
    The full stop of an abbreviation, an initial, a decimal or a domain name does not. Blank lines
    give no sentence; a text without words gives an empty tuple.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(body):
        if not _is_abbreviation(body, start, end):
            _add_span(spans, body, start, end.end())
            start = end.end()
    _add_span(spans, body, start, len(body))
    return tuple(spans)


def _is_abbreviation(body: str, start: int, end: re.Match[str]) -> bool:
    """Return whether a full stop ends an abbreviation ("etc.") or a capital initial ("J.") rather
    than a sentence. False for every other end of a sentence.
    """
    if end.group() != ".":
        return False
    window_start = max(start, end.start() - _ABBREVIATION_WINDOW_CHARACTERS)
    word = _LAST_WORD.search(body, window_start, end.start())
    if not word:
        return False
    last_word = word.group()
    return (len(last_word) == 1 and last_word.isupper()) or last_word.casefold() in _SHORTENED


def _add_span(spans: list[tuple[int, int]], body: str, start: int, end: int) -> None:
    """Append the (start, end) offsets of ``body[start:end]``, without its outer white space, to
    `spans`. A blank piece is not appended.
    """
    piece = body[start:end]
    text = piece.strip()
    if text:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(text)))


_SHORT = 3
"""Names of up to this many letters have no Arabic or Hebrew prefix."""
_OPEN_SCRIPTS = ("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff")
_HAN_AND_KANA = ("\u2e80", "\u309f"), ("\u3400", "\u9fff"), ("\uf900", "\ufaff")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_CASES = frozenset(
    ["а", "у", "е", "ом", "ы", "ов", "ам", "ах", "и", "ой", "ю", "ем", "я"]  # noqa: RUF001 - Cyrillic is meant
)
"""Case endings of Russian and Ukrainian names."""
_WRITTEN_ON = re.compile(
    r"(?<!\w)(?:"
    r"[\u0648\u0641]?(?:[\u0628\u0643]?\u0627\u0644|\u0644\u0644|[\u0628\u0643\u0644])?"  # Arabic
    r"|\u05d5?(?:\u05db?\u05e9)?[\u05d4\u05d1\u05dc\u05de\u05db]?"  # Hebrew
    r")\Z"
)
"""Prefixes that Arabic and Hebrew join to a name: and, so, in, like, to, the."""
_BARE_GENITIVE = frozenset({"de", "nl", "sv", "da", "nb", "nn", "no"})
"""Languages that write the genitive of a name with an s and no apostrophe."""
_COUNTED_NAMES = re.compile(
    r"\b(?:two|three|four|five|six|ten|dozens? of|both|several|many|most|all|these|those|few|our"
    r"|their|my|\d{1,3})\s(?:\w+\s)?\Z"
)
"""Before a name in the plural."""
_COUNT_CHARACTERS = 24
"""Characters before a name that are searched for a number."""
_WORDS = re.compile(r"[^\W\d_]+")
_GERMANIC = """
    der die das und ist sind mit für von nicht ein eine einen auch im zu auf oder wie bei
    het een van voor niet met och är för med inte en og er til ikke på
"""
_BARE_WORDS = frozenset(_GERMANIC.split())
_ENGLISH = "the of and is are to for with this that it in on at by from as"
_ENGLISH_WORDS = frozenset(_ENGLISH.split())


def inside_word(text: str, left: int, right: int) -> bool:
    """Return whether a name in a text is only a part of a longer word, by the rules of its script.

    A name is inside a word if the character before or after it belongs to the same script class
    (`_script_class`). Exceptions, which are not inside a word: names in scripts that do not divide
    words (Chinese, Thai); a joined Arabic or Hebrew prefix; a Russian or Ukrainian case ending; a
    Korean particle after the name.

    Args:
        text: The folded text.
        left: Offset of the name.
        right: Offset after the name.
    """
    before, after = text[left - 1 : left], text[right : right + 1]
    first, last = _script_class(text[left]), _script_class(text[right - 1])
    joined_before = bool(before) and _script_class(before) == first and first not in {"", "open"}
    if joined_before and not _is_written_on(text, left, right):
        return True
    if not after or last not in {"word", "katakana"} or _script_class(after) != last:
        return False
    ending = _CYRILLIC.match(text, right) if _CYRILLIC.match(text, right - 1) else None
    return ending is None or ending.group() not in _CASES


def _is_written_on(text: str, left: int, right: int) -> bool:
    """Return whether a name has only an Arabic or Hebrew prefix before it in the same word."""
    if right - left < _SHORT or not "\u05d0" <= text[left] <= "\u06ff":
        return False
    return _WRITTEN_ON.search(text, max(0, left - 5), left) is not None


def takes_ending(text: str, left: int, body: str, sentence: tuple[int, int], language: str) -> bool:
    """Return whether an s after a name can be an ending of the name, and not a letter of another
    word.

    It can where the language writes a genitive without an apostrophe ("Acmes Preise"): by the
    language of the question, or else by the words of the sentence. It can also after a word of
    number ("two Pipedrives").

    Args:
        text: The folded text.
        left: Offset of the name in the folded text.
        body: The text as written.
        sentence: (start, end) offsets in `body` of the sentence with the name.
        language: The language of the question, such as ``de`` or ``pt-BR``; "" if unknown.
    """
    if language[:2] in _BARE_GENITIVE:
        return True
    if _COUNTED_NAMES.search(text, max(0, left - _COUNT_CHARACTERS), left):
        return True
    words = set(_WORDS.findall(body[slice(*sentence)].casefold()))
    return len(words & _BARE_WORDS) > len(words & _ENGLISH_WORDS)


@cache
def _script_class(char: str) -> str:
    """Return the script class by which the end of a word is found: ``katakana``, ``hangul``,
    ``open``, ``word``; "" for punctuation and space.

    Chinese, hiragana, Thai, Lao, Khmer and Burmese are ``open``: words are not divided. A run of
    katakana is a word; Hangul ties particles to the end of a word.
    """
    if "\u30a0" <= char <= "\u30ff" and char != "\u30fb":
        return "katakana"
    if "\uac00" <= char <= "\ud7a3":
        return "hangul"
    if any(low <= char <= high for low, high in (*_OPEN_SCRIPTS, *_HAN_AND_KANA)):
        return "open" if char.isalnum() else ""
    return "word" if char.isalnum() or char in "_&" else ""
