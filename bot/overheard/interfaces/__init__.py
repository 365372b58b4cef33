"""The seams: what each part of the house asks of another, as Protocols.

A provider, a scorer or a chat is any object of the right shape; nothing needs to be inherited.
"""

from overheard.interfaces.asking import Batching, Described, Provider, Verifiable
from overheard.interfaces.extending import (
    History,
    Listener,
    PostedListener,
    ScoredListener,
    ShiftListener,
    UpdateFeed,
    View,
)
from overheard.interfaces.running import Clock, Progress
from overheard.interfaces.scoring import Asker, Judge, Scorer
from overheard.interfaces.storing import Store
from overheard.interfaces.talking import (
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
from overheard.interfaces.working import PROBLEM, Do, Going, Queue, Result

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
