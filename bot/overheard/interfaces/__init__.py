"""The seams: what each part of the house asks of another, as Protocols.

A provider, a scorer or a chat is any object of the right shape; nothing needs to be inherited.
"""

from overheard.interfaces.chats import (
    Chat,
    Connectable,
    Conversation,
    Desk,
    Finding,
    Form,
    Gate,
    Linking,
    Patient,
    Person,
    Request,
)
from overheard.interfaces.plugins import (
    History,
    Listener,
    PostedListener,
    ScoredListener,
    ShiftListener,
    UpdateFeed,
    View,
)
from overheard.interfaces.providers import Batching, Described, Provider, Verifiable
from overheard.interfaces.scorers import Asker, Judge, Scorer
from overheard.interfaces.services import PROBLEM, Clock, Do, Going, Progress, Queue, Result
from overheard.interfaces.store import Store

__all__ = [
    "PROBLEM",
    "Asker",
    "Batching",
    "Chat",
    "Clock",
    "Connectable",
    "Conversation",
    "Described",
    "Desk",
    "Do",
    "Finding",
    "Form",
    "Gate",
    "Going",
    "History",
    "Judge",
    "Linking",
    "Listener",
    "Patient",
    "Person",
    "PostedListener",
    "Progress",
    "Provider",
    "Queue",
    "Request",
    "Result",
    "ScoredListener",
    "Scorer",
    "ShiftListener",
    "Store",
    "UpdateFeed",
    "Verifiable",
    "View",
]
