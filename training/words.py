"""Write the lists of ordinary words and compounds that mentions are told from.

    apt-get download scowl wordnet-base && for deb in *.deb; do dpkg-deb -x $deb lists; done
    uv run python training/words.py lists/usr/share bot/overheard/reading

The words are those of SCOWL of sizes 10, 20 and 35 in letters a to z, without regular endings,
each with its main part of speech by the counts of WordNet 3.0. The compounds are WordNet's nouns
and verbs of two such words.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

SIZES = (10, 20, 35)
MORE = [
    "meta",
    "aurora",
    "bento",
    "catalyst",
    "divvy",
    "gusto",
    "jasper",
    "latte",
    "luna",
    "lux",
    "mandarin",
    "max",
    "mini",
    "outreach",
    "oxford",
    "pixel",
    "prima",
    "quince",
    "sentinel",
    "sync",
    "tech",
    "terra",
    "trove",
    "turbo",
    "vale",
    "vegan",
    "vertex",
    "vibe",
    "zen",
    "oscar",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "a",
]
ENDINGS = ("s", "ed", "ing")
PARTS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
MIN_COUNT = 2
"""Counts from which a part of speech is more than a guess."""
BOTH = 0.2
"""Share of the rarer part of speech from which a word is both a verb and a noun."""
LICENCES = Path(__file__).parent.joinpath("words-licences.txt").read_text(encoding="utf-8")


def scowl(folder: Path) -> set[str]:
    """Return the words of SCOWL, and `MORE`."""
    found = set(MORE)
    for language in ("english", "american", "british"):
        for size in SIZES:
            text = (folder / f"{language}-words.{size}").read_text(encoding="latin-1")
            found |= {word for word in text.splitlines() if re.fullmatch("[a-z]{2,}", word)}
    return found


def parts_of_speech(folder: Path) -> dict[str, str]:
    """Return, by word, its main part of speech in WordNet: ``a`` (adjective or adverb), ``v``
    (verb) or ``b`` (verb and noun); nouns and rare words are absent.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in (folder / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        word, sense = key.split("%")
        counts[word][PARTS[sense[0]]] += int(count)
    tags = {}
    for word, found in counts.items():
        verb, noun, adjective = found["v"], found["n"], found["a"] + found["r"]
        if sum(found.values()) < MIN_COUNT:
            continue
        if adjective > max(verb, noun):
            tags[word] = "a"
        elif verb and verb >= BOTH * (verb + noun):
            tags[word] = "b" if noun >= BOTH * (verb + noun) else "v"
    return tags


def compounds(folder: Path, words: set[str]) -> dict[str, set[str]]:
    """Return the second words of WordNet's compounds of two words of `words`, by their
    first words.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for part in ("noun", "verb"):
        for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
            for first, second in _pairs(line):
                if first in words and second in words:
                    found[first].add(second)
    return found


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Yield (first word, second word) for each lower-case compound in a line of WordNet's data."""
    fields = line.split(" | ", maxsplit=1)[0].split()
    if line.startswith("  "):
        return
    for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
        if re.fullmatch("[a-z]{2,}_[a-z]{2,}", word):
            first, second = word.split("_")
            yield first, second


def main(lists: Path, target: Path) -> None:
    """Write both lists."""
    words = scowl(lists / "dict/scowl")
    base = {w for w in words if not any(w.removesuffix(e) in words - {w} for e in ENDINGS)}
    tags = parts_of_speech(lists / "wordnet")
    text = " ".join(f"{word}/{tags[word]}" if word in tags else word for word in sorted(base))
    (target / "common_words.txt").write_text(
        f"{LICENCES}{fill(text, 100, break_on_hyphens=False)}\n"
    )
    pairs = compounds(lists / "wordnet", words)
    lines = (f"{first} {' '.join(sorted(seconds))}\n" for first, seconds in sorted(pairs.items()))
    (target / "compounds.txt").write_text(LICENCES + "".join(lines))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
