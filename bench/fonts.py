"""Make the fonts of the charts from Noto Sans: one file that has the letters of all scripts that it
covers, one with the bold Latin, Greek and Cyrillic letters, and the widths of the letters.

Run where fontTools is installed: python bench/fonts.py FOLDER, with the variable fonts of Noto Sans
(Latin, Arabic, Hebrew, SC) and the regular weights of KR and Thai below FOLDER.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "bot/overheard/cards/charts/fonts"
FAMILY = "Overheard Sans"
LATIN = {
    *range(0x20, 0x250),
    *range(0x300, 0x530),
    *range(0x1E00, 0x1F00),
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20D0),
    *(0x2116, 0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212),
}
KANA = {*range(0x3000, 0x3100), *range(0xFF00, 0xFFEF)}
FEATURES = ("kern", "liga", "ccmp", "locl", "mark", "mkmk")
JOINING = (*FEATURES, "isol", "init", "medi", "fina", "rlig", "calt")
EM = 1000


def _letters(encoding: str, first: tuple[int, int], second: tuple[int, int]) -> set[int]:
    """Return the code points of a national character set, by the ranges of its two bytes."""
    pairs = (bytes((a, b)) for a in range(*first) for b in range(*second))
    return {ord(text) for pair in pairs if len(text := pair.decode(encoding, "ignore")) == 1}


def _han() -> set[int]:
    """Return the Chinese characters of GB 2312, Big5 (frequent ones) and JIS X 0208 (level 1)."""
    found = _letters("gb2312", (0xB0, 0xF8), (0xA1, 0xFF))
    found |= _letters("euc_jp", (0xA1, 0xD0), (0xA1, 0xFF))
    found |= _letters("big5", (0xA4, 0xC7), (0xA1, 0xFF))
    return {code for code in found if code >= 0x2E80}


def _subset(
    source: Path, target: Path, letters: Iterable[int], weight: int, features: Sequence[str]
) -> Path:
    """Save those of `letters` (code points) that a font file has as a font of one weight without
    hints, and return `target`.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font: Any = TTFont(source)
    if "fvar" in font:
        places = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        font = instancer.instantiateVariableFont(font, places | {"wght": weight})
    options = subset.Options(layout_features=list(features), hinting=False, notdef_outline=True)
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "STAT", "MVAR", "DSIG", "meta"]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=letters)
    cut.subset(font)
    font.save(target)
    return target


def _save(font: Any, name: str, weight: int) -> None:
    """Save a font as the family's font `name`, with its licence and weight in the tables."""
    font["name"].names = []
    entries = {
        0: "Subset of Noto Sans; its copyright notices are in OFL.txt",
        1: FAMILY,
        2: name,
        4: f"{FAMILY} {name}",
        6: f"{FAMILY.replace(' ', '')}-{name}",
        13: "SIL Open Font License 1.1",
    }
    for number, text in entries.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font.save(TARGET / f"{FAMILY.replace(' ', '')}-{name}.ttf")


def _widths(font: Any) -> dict[str, Any]:
    """Return the advance of each letter in thousandths of the size; those of 1000 in ``wide``."""
    glyphs, names = font["hmtx"], font.getBestCmap()
    advances = {chr(code): glyphs[name][0] for code, name in sorted(names.items())}
    wide = "".join(letter for letter, width in advances.items() if width == EM)
    return {"wide": wide, "widths": {k: w for k, w in advances.items() if w != EM}}


def main() -> None:
    """Write the fonts and the widths."""
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder

    def find(name: str) -> Path:
        return next(iter(sorted(folder.rglob(name))))

    with tempfile.TemporaryDirectory() as temporary:
        at = Path(temporary)
        latin, han = find("*noto-sans-latin-v*.ttf"), (_han() | KANA) - LATIN
        hangul = _letters("euc_kr", (0xB0, 0xC9), (0xA1, 0xFF))
        parts = [
            _subset(latin, at / "latin.ttf", LATIN, 400, FEATURES),
            _subset(find("*arabic*.ttf"), at / "ar.ttf", range(0x600, 0x700), 400, JOINING),
            _subset(find("*hebrew*.ttf"), at / "he.ttf", range(0x590, 0x600), 400, FEATURES),
            _subset(find("*Thai_400*.ttf"), at / "th.ttf", range(0xE00, 0xE80), 400, FEATURES),
            _subset(find("*sans-sc-*.ttf"), at / "zh.ttf", han, 400, FEATURES),
            _subset(find("*KR_400*.ttf"), at / "ko.ttf", hangul, 400, FEATURES),
        ]
        merged = Merger().merge([str(part) for part in parts])
        _save(merged, "Regular", 400)
        bold: Any = TTFont(_subset(latin, at / "bold.ttf", LATIN, 600, FEATURES))
        _save(bold, "SemiBold", 600)
        found = {"regular": _widths(merged), "bold": _widths(bold)}
    (TARGET / "widths.json").write_text(json.dumps(found, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
