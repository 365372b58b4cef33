"""Fine-tuning: approved answers, published content, and what vendors state of their services."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from overheard.domain.models import Model

SHUTDOWN_NOTICE = timedelta(days=90)
"""The time before the last day of a model from which on it is said that the model ends."""
_SNAPSHOT = re.compile(r"-(?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{3})$")
"""The date or number at the end of the name of a snapshot, such as ``gpt-5-2026-01-31``."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's permission to use an answer as a training example.

    Attributes:
        answer_id: The store's number of the answer.
        text: The corrected text to teach instead, or an empty string when the answer is right.
        who: The person who approved, as the audit log names them.
        at: When the answer was approved.
    """

    answer_id: int
    text: str
    who: str
    at: datetime

    @property
    def corrects(self) -> bool:
        """Whether a corrected text is to be taught instead of the answer."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Publication:
    """A person's statement that content for an item of a brief is published.

    Attributes:
        brand: The brand's name.
        item: The item's key, see `overheard.advice.brief.BriefItem`.
        subject: The item's subject: a prompt's key, a fact's field, a topic or a domain.
        stated: What models state about the subject, or an empty string.
        at: When the content was published.
        who: The person who reported it.
    """

    brand: str
    item: str
    kind: str
    subject: str
    stated: str
    at: datetime
    who: str


class LandscapeTopic(StrEnum):
    """The topics of a vendor's landscape, in the order in which they are shown."""

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
    """A vendor's statement on one topic of fine-tuning or data use.

    Attributes:
        value: The statement in our words; its first sentence must be clear by itself.
        source: Address of the vendor's page that makes the statement.
        as_of: The latest day on which the statement was checked, or None when unknown.
        via: The copy or quotation that was read instead of the page, or an empty string.
        corrected: Whether the entry comes from the configuration and not from a plugin.
        short: The statement in a few words without a full stop, such as ``unless opted out``, for
            tables; or an empty string.
    """

    topic: LandscapeTopic
    value: str
    source: str
    as_of: date | None = None
    via: str = ""
    corrected: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class Landscape:
    """All entries of a vendor; a topic without an entry is unknown.

    Attributes:
        name: The name in commands and in the configuration, such as ``openai``.
        title: The name on cards, such as ``OpenAI``.
        entries: At most one entry for each topic.
        shutdowns: The announced last day of models, by the vendor's id of the model.
        docs: The address of the vendor's pages, where what is not known would be said; or empty.
    """

    name: str
    title: str
    entries: tuple[LandscapeEntry, ...] = ()
    shutdowns: Mapping[str, date] = field(default_factory=dict, hash=False)
    docs: str = ""


def last_day(model: Model, landscapes: Iterable[Landscape]) -> date | None:
    """Return the last day of a model as the first landscape that lists it has it; None if no day is
    known. A landscape has a vendor's announcements.

    Of a gateway's name, such as ``openai/gpt-5``, the part after the last slash is looked up. A
    dated snapshot that is not listed itself ends with its model.
    """
    name = model.id.casefold().rpartition("/")[2]
    for landscape in landscapes:
        for listed_name in (name, _SNAPSHOT.sub("", name)):
            if listed_name in landscape.shutdowns:
                return landscape.shutdowns[listed_name]
    return None


def apply_corrections(
    supplied: Mapping[str, Landscape],
    corrections: Mapping[str, Mapping[LandscapeTopic, LandscapeEntry]],
) -> dict[str, Landscape]:
    """Return the landscape of each vendor by its name: those of plugins in their order, then those
    that only the configuration has. An entry of the configuration replaces that of a plugin on the
    same topic. Entries of a corrected landscape are in the order of `LandscapeTopic`.

    Args:
        supplied: Landscapes of plugins, by the vendor's name.
        corrections: Entries of the configuration, by the vendor's name and topic. A vendor that no
            plugin supplies is called by this name.
    """
    landscapes = {
        name: supplied.get(name, Landscape(name, name)) for name in [*supplied, *corrections]
    }
    for name, better in corrections.items():
        by_topic = {entry.topic: entry for entry in landscapes[name].entries} | dict(better)
        entries = tuple(by_topic[topic] for topic in LandscapeTopic if topic in by_topic)
        landscapes[name] = replace(landscapes[name], entries=entries)
    return landscapes
