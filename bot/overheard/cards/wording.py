"""Formats of numbers, times and untrusted text, the same on every card."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from math import ceil, floor

from overheard.cards.card import MAX_FILE_BYTES, File, Table, Tainted, Text
from overheard.domain import Scale

MINUS = "\N{MINUS SIGN}"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not taken from `strftime`, which follows the locale of the machine."""

MAX_STEM_CHARS = 60
"""Characters of a file's name, without its ending."""
SENTENCE_SHARE, WORD_SHARE = 0.8, 0.6
"""Shares of a limit that a cut after a sentence, and after a word, has to keep."""
NOTE_LENGTH = 40
"""UTF-16 code units that are kept free for the note at the end of a counted text."""
_SENTENCE_END, _WORD_END = re.compile(r"(?<=[.!?])(?=\s)"), re.compile(r"\s")
_BROKEN_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\$")
"""A backslash at the end that has lost the character after it."""
_PER_CENT = re.compile(r"(?<=\d) %")
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Invisible characters that Unicode classes as letters, marks or unassigned."""


def percent(rate: float) -> str:
    """Format a rate (0 to 1) in whole per cent: ``43 %``.

    Only 0 is ``0 %``, and only 1 is ``100 %``: rates close to these are ``under 1 %`` and ``over 99
    %``, without ``<`` and ``>``, which a chat could read as markup.
    """
    if 0 < rate < 0.005:
        return "under 1 %"
    if 0.995 <= rate < 1:
        return "over 99 %"
    return f"{_whole(rate * 100)} %"


def share(rate: float, answers: int = 0) -> str:
    """Format a rate (0 to 1) of answers: as a count (``9``) of a number of answers, or in per cent
    (``38 %``) when that number is 0.
    """
    return str(_whole(rate * answers)) if answers else percent(rate)


def _whole(number: float) -> int:
    """Round a number; halves go up, also if a mean of floats lies a hair below one."""
    return floor(number + 0.5 + 1e-9)


def value(number: float, scale: Scale) -> str:
    """Format a value on a metric's scale: a rate ``43 %``, a polarity ``+0.42``, a rank ``2.3``."""
    if scale.is_rate:
        return percent(number)
    if scale.signed:
        return _signed(number, scale.digits)
    return f"{number:.{scale.digits}f}".replace("-", MINUS)


def change(difference: float, scale: Scale) -> str:
    """Format a change between two values of a scale, with its sign and unit.

    A rate in percentage points ``+41 points``, a polarity ``+0.42``, a rank ``+1.2 places``; no
    change is ``0 points``.
    """
    number = _signed_difference(difference, scale)
    return f"{number}{_unit(scale, number)}"


def interval(low: float, high: float, scale: Scale) -> str:
    """Format an interval of a change, with its unit once: ``+12 to +55 points``."""
    ends = _signed_difference(low, scale), _signed_difference(high, scale)
    return f"{ends[0]} to {ends[1]}{_unit(scale)}"


def value_range(low: float, high: float, scale: Scale) -> str:
    """Format an interval of a value: ``35 to 52 %``, ``+0.10 to +0.42``, ``1.5 to 2.3``.

    Both ends are limited to the range of the scale. An end such as ``under 1 %`` is written out:
    ``under 1 to 5 %``.
    """
    ends = value(max(low, scale.low), scale), value(min(high, scale.high), scale)
    if all(end.endswith(" %") for end in ends):
        return f"{ends[0][:-2]} to {ends[1]}"
    return " to ".join(ends)


def money(dollars: float | None, *, about: bool = False) -> str:
    """Format US dollars (0 or more) to the cent: ``$1.23``; None is ``unknown``.

    Less than a cent is ``less than $0.01``, and nothing is ``$0.00``.

    Args:
        dollars: The amount, or None when it is not known.
        about: Whether the amount is partly an estimate: ``about $1.23``.
    """
    if dollars is None:
        return "unknown"
    if 0 < dollars < 0.01:
        return "less than $0.01"
    return f"{'about ' if about else ''}${dollars:,.2f}"


def size(count: int) -> str:
    """Format a number of bytes: ``1 kB``, ``120 kB``, ``2.4 MB``; kilobytes (1,000) are
    rounded up.
    """
    if count >= 999_500:
        return f"{count / 1_000_000:.1f} MB"
    return f"{ceil(count / 1_000):,} kB"


def enclosed(file: File) -> str:
    """Return the line of a card about its file: name, size and description, or why it is
    not sent.
    """
    name_and_size = f"{line(file.name)} ({size(len(file.content))})"
    if file.fits:
        return f"{name_and_size}: {line(file.alt)}"
    return f"{name_and_size} is not sent: a file in a chat can have {size(MAX_FILE_BYTES)} at most."


def file_name(text: str, ending: str) -> str:
    """Return a name for a file that every system takes: ``Acme, Inc.`` becomes ``acme-inc.csv``.

    The name before the ending has at most `MAX_STEM_CHARS` characters; without a letter or digit it
    is ``file``.

    Args:
        text: The words of the name.
        ending: The ending, without its dot.
    """
    stem = re.sub(r"[^\w]+", "-", text.casefold()).strip("-")[:MAX_STEM_CHARS]
    return f"{stem or 'file'}.{ending}"


def duration(seconds: float) -> str:
    """Format seconds (0 or more) in the two largest units: ``1 min 20 s``, ``2 h 5 min``.

    Less than ten seconds have a decimal, ``0.4 s``; a second unit of 0 is left out, ``2 h``. The
    largest unit is a day, ``d``.
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(index for index, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number)


def count(number: int, noun: str, plural: str = "") -> str:
    """Format a count with its noun: ``1 answer``, ``30 answers``, ``1,234 replies``.

    Args:
        noun: The noun in the singular.
        plural: Its plural; by default with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def ordinal(number: int) -> str:
    """Format a place: ``1st``, ``2nd``, ``11th``."""
    is_teen = 10 < number % 100 < 14
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listing(items: Sequence[str]) -> str:
    """Format a list within a sentence: ``a``, ``a and b``, ``a, b and c``; empty for an
    empty list.
    """
    return " and ".join(filter(None, (", ".join(items[:-1]), "".join(items[-1:]))))


def day(at: datetime, zone: tzinfo) -> str:
    """Format the day in a time zone: ``3 Mar 2026``."""
    return f"{short_day(at, zone)} {at.astimezone(zone).year}"


def short_day(at: datetime, zone: tzinfo) -> str:
    """Format the day in a time zone without its year: ``3 Mar``."""
    local = at.astimezone(zone)
    return f"{local.day} {MONTHS[local.month - 1]}"


def clock(at: datetime, zone: tzinfo) -> str:
    """Format the time of day in a time zone: ``14:05``."""
    return f"{at.astimezone(zone):%H:%M}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Format day, time and time zone of a moment: ``3 Mar 2026, 14:05 CET``."""
    return f"{day(at, zone)}, {clock(at, zone)} {at.astimezone(zone).tzname()}"


def printable(text: str) -> str:
    """Return text with visible characters only, safe for terminals and chats; markup is not
    escaped.

    Control characters become their Unicode pictures, and lone surrogates the replacement character.
    Zero-width characters, bidirectional overrides, variation selectors and tags are removed. Every
    line end becomes a newline, and a tab four spaces.
    """
    text = re.sub("\r\n?|[\u2028\u2029\u0085]", "\n", text).replace("\t", "    ")
    return "".join(map(_visible, _FILLERS.sub("", text)))


def visible(text: Text) -> str:
    """Return text, untrusted or not, without invisible characters and without space at its ends.

    Markup in it is not escaped.
    """
    return printable(_plain_text(text)).strip()


def line(text: str) -> str:
    """Return printable text on one line, with each run of white space replaced by one space."""
    return " ".join(printable(text).split())


def unbroken(text: str) -> str:
    """Return text in which no line ends between a number and its per cent sign."""
    return _PER_CENT.sub("\N{NO-BREAK SPACE}%", text)


def shorten(text: str, limit: int) -> str:
    """Return text of at most `limit` characters; a longer text is cut and ends in an ellipsis.

    It is cut after the last sentence if at least 80 % of the limit remain, else after the last word
    if at least 60 % do, else at the limit.

    Args:
        limit: The most characters, with the ellipsis; at least 1.
    """
    if len(text) <= limit:
        return text
    cut = limit - 1
    for end, least_share in ((_SENTENCE_END, SENTENCE_SHARE), (_WORD_END, WORD_SHARE)):
        last_end = max((match.start() for match in end.finditer(text[:limit])), default=0)
        if last_end and last_end >= least_share * limit:
            cut = last_end
            break
    return text[:cut].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def length(text: str) -> int:
    """Return a text's length as most platforms count: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int, *, counts: bool = False) -> str:
    """Return text of at most `limit` UTF-16 code units, in which no character and no escape by a
    backslash is split.

    A longer text is cut and ends in an ellipsis.

    Args:
        counts: Whether the number of characters left out follows the ellipsis:
            ``Acme is… (1,204 more characters)``; the limit is above `NOTE_LENGTH` then.
    """
    if length(text) <= limit:
        return text
    head = _first_units(text, max(limit - (NOTE_LENGTH if counts else 1), 0)).rstrip()
    rest = f" ({count(len(text) - len(head), 'more character')})" if counts else ""
    return f"{head}\N{HORIZONTAL ELLIPSIS}{rest}"


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield text in pieces of at most `limit`, above 1, UTF-16 code units; nothing for empty text.

    It is split at the last end of a paragraph, a line or a word in the second half of the limit,
    else at the limit, but within no character and no escape. White space at the split is removed.
    """
    while length(text) > limit:
        head = _first_units(text, limit)
        at = max(head.rfind(gap, len(head) // 2) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else max(len(head), 1)
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def _first_units(text: str, limit: int) -> str:
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    head = units.decode("utf-16-le", "surrogatepass")
    # A character of which only a half is left goes.
    return _BROKEN_ESCAPE.sub(r"\1", head if text.startswith(head) else head[:-1])


def _visible(char: str) -> str:
    """Return a character, or what is shown in its place.

    A control character other than a newline becomes its picture, a format character "", and a lone
    surrogate the replacement character.
    """
    category = unicodedata.category(char)
    if category == "Cc" and char != "\n":
        code = ord(char)
        if code < 0x20:
            return chr(0x2400 + code)
        return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"\\x{code:02x}"
    if category == "Cf":
        return ""
    return "\N{REPLACEMENT CHARACTER}" if category == "Cs" else char


def _signed_difference(difference: float, scale: Scale) -> str:
    """Return a signed difference on a metric's scale without its unit; rates in percentage points.

    Differences of rates have a decimal only under one point.
    """
    if not scale.is_rate:
        return _signed(difference, scale.digits)
    points = difference * 100
    is_under_one = 0.05 <= abs(points) < 0.95
    return _signed(points, 1 if is_under_one else 0)


def _unit(scale: Scale, number: str = "") -> str:
    """Return the unit of a change with a space before it; "" for a scale without one."""
    if not scale.unit:
        return ""
    is_one = number.lstrip(f"+{MINUS}") == f"{1:.{scale.digits}f}"
    return f" {scale.unit}" if is_one else f" {scale.unit}s"


def _signed(number: float, digits: int) -> str:
    """Return a number with a sign; one that rounds to 0 has none."""
    unsigned = f"{abs(number):.{digits}f}"
    if not float(unsigned):
        return unsigned
    return f"{'+' if number > 0 else MINUS}{unsigned}"


def heading_cells(table: Table) -> int:
    """Return how many cells name a row of a table: 1, or 2 if the first cells of some rows are
    equal.

    Always 1 in a table of one or two columns.
    """
    first_cells = [_plain_text(row[0]) for row in table.rows]
    is_ambiguous = len(set(first_cells)) < len(first_cells)
    return 2 if is_ambiguous and len(table.header) > 2 else 1


def heading(table: Table, cells: Sequence[str]) -> str:
    """Return the name of a table's row: its naming cells with a dot between, ``Acme · ChatGPT``.

    An empty cell is ``-``. A first cell that is right-aligned, as numbers are, gets the name of its
    column: ``Alert 4``.

    Args:
        cells: The formatted cells that name the row, as many as `heading_cells` says; at least one.
    """
    names = [cell or "-" for cell in cells]
    if 0 in table.right:
        names[0] = f"{table.header[0]} {names[0]}"
    return " \N{MIDDLE DOT} ".join(names)


def named_cells(names: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Return cells with the names of their columns, ``Now: 3``; an empty cell is ``-``.

    A single cell needs no name.

    Args:
        cells: The formatted cells, one for each name.
    """
    values = [cell or "-" for cell in cells]
    if len(values) == 1:
        return values
    return [f"{name}: {value}" for name, value in zip(names, values, strict=True)]


def _plain_text(text: Text) -> str:
    """Return text, untrusted or not, as a string."""
    return text.text if isinstance(text, Tainted) else text


_ID = re.compile(r" \([a-z0-9_-]+:[^()]*\)$")
"""How `overheard.interfaces.Person` writes an id after a name."""


def name_without_id(who: str) -> str:
    """Return a person's name without the id that the audit log keeps with it: ``Ada`` for ``Ada
    (slack:U1)``. A name without an id is returned as it is.
    """
    return _ID.sub("", who)
