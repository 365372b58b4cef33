"""What people decide for the fine-tuning side: what may be taught, and what was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word that a model may be taught an answer.

    Attributes:
        answer_id: The store's number of the answer.
        text: What is to be taught in its place, or an empty string when it is right as it stands.
        who: Who said so, as the audit log names them.
        at: When.
    """

    answer_id: int
    text: str
    who: str
    at: datetime

    @property
    def corrects(self) -> bool:
        """Whether the answer was wrong and something else is to be taught."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Publication:
    """A person's word that content on an item of a brief is published.

    Attributes:
        brand: The brand's name.
        item: The item's key, see `overheard.finetune.brief.Item`.
        kind: What kind of item it is.
        subject: What it is about: a prompt's key, a fact's field, a topic, a domain.
        stated: What models state of it, or an empty string.
        at: When it was published.
        who: Who said so.
    """

    brand: str
    item: str
    kind: str
    subject: str
    stated: str
    at: datetime
    who: str


class LandscapeTopic(StrEnum):
    """What is told of a vendor, in the order in which it is shown."""

    TUNING = "fine-tuning"
    FORMATS = "formats"
    LIMITS = "limits"
    API_DATA = "api-data"
    CONSUMER_DATA = "consumer-data"
    OPT_OUT = "opt-out"
    CRAWLERS = "crawlers"
    ROBOTS = "robots"
    DEPRECATIONS = "deprecations"


@dataclass(frozen=True, slots=True)
class LandscapeEntry:
    """One thing that a vendor says of fine-tuning or of data.

    Attributes:
        topic: What it is about.
        value: What the vendor says, in our words; the first sentence stands for itself.
        source: The vendor's page that says so.
        as_of: The latest day for which it is known to hold, or None when nobody knows.
        via: The copy or quotation that was read in place of the page itself, or an empty string.
        corrected: Whether the configuration says so, and not the plugin.
    """

    topic: LandscapeTopic
    value: str
    source: str
    as_of: date | None = None
    via: str = ""
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Landscape:
    """What is known of a vendor; a topic without an entry is not known.

    Attributes:
        name: What it is called in commands and in the configuration: ``openai``.
        title: What people call it: ``OpenAI``.
        entries: At most one for each topic.
    """

    name: str
    title: str
    entries: tuple[LandscapeEntry, ...] = ()
