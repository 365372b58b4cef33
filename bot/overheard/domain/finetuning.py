"""Fine-tuning: approved answers, published content, and what vendors state of their services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


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
        item: The item's key, see `overheard.finetune.brief.Item`.
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
    """

    name: str
    title: str
    entries: tuple[LandscapeEntry, ...] = ()
    shutdowns: Mapping[str, date] = field(default_factory=dict, hash=False)
