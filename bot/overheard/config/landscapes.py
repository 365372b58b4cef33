"""Landscape files: vendors' statements on fine-tuning and the use of data.

A landscape is a TOML file. Each table is a vendor; each table in it is a topic (see
`overheard.domain.LandscapeTopic`) with the vendor's statement, the page that makes it, and the
day on which the statement was last checked::

    [acme]
    title = "Acme AI"

    [acme.crawlers]
    value = "AcmeBot. It fetches pages for training."
    source = "https://acme.example/docs/bots"
    as_of = 2026-11-05

The table ``shutdowns`` names the last day of models, as the page of ``deprecations`` gives it::

    [acme.shutdowns]
    "acme-2-mini" = 2026-12-11

If only a copy or a quotation of the page was read, ``via`` names the copy, and ``as_of`` is the
latest day that the copy proves. A topic on which the vendor's pages are silent is left out and
shown as unknown; entries are never guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files

from pydantic import Field, TypeAdapter

from overheard.config.settings import Settings
from overheard.domain import Landscape, LandscapeEntry, LandscapeTopic

FILE = "landscape.toml"


class EntryTable(Settings):
    """One topic of a vendor: see `overheard.domain.LandscapeEntry`."""

    value: str = Field(min_length=1)
    source: str = Field(pattern=r"^https?://\S+$", examples=["https://acme.com/bots"])
    as_of: date | None = None
    via: str = ""

    def entry(self, topic: LandscapeTopic, *, corrected: bool = False) -> LandscapeEntry:
        """Return the entry that the table declares."""
        return LandscapeEntry(topic, self.value, self.source, self.as_of, self.via, corrected)


def read_landscapes(package: str) -> Iterator[Landscape]:
    """Yield the vendors in the ``landscape.toml`` of an import package.

    Raises:
        ValueError: when the file is no valid landscape.
    """
    tables = tomllib.loads(files(package).joinpath(FILE).read_text(encoding="utf-8"))
    for name, table in tables.items():
        title = str(table.pop("title", name))
        ends = TypeAdapter(dict[str, date]).validate_python(table.pop("shutdowns", {}))
        yield Landscape(name, title, tuple(_entries(table)), ends)


def _entries(table: Mapping[str, object]) -> Iterator[LandscapeEntry]:
    read = TypeAdapter(dict[LandscapeTopic, EntryTable]).validate_python(table)
    yield from (read[topic].entry(topic) for topic in LandscapeTopic if topic in read)
