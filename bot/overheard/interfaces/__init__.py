"""The seams: what each part of the house asks of another, as Protocols.

A provider, a scorer or a chat is any object of the right shape; nothing needs to be inherited.
"""

from overheard.interfaces.chats import (
    AccessPolicy,
    Chat,
    Connectable,
    Conversation,
    DarkChat,
    Desk,
    DrainingChat,
    Finding,
    Form,
    Linking,
    Located,
    Person,
    Refusal,
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
from overheard.interfaces.providers import Batching, Described, Listing, Provider, Verifiable
from overheard.interfaces.scorers import Judge, JudgeClient, Scorer
from overheard.interfaces.services import (
    PROBLEM,
    Clock,
    IsWanted,
    Progress,
    Queue,
    TaskHandler,
    TaskResult,
)
from overheard.interfaces.store import Store

__all__ = [
    "PROBLEM",
    "AccessPolicy",
    "Batching",
    "Chat",
    "Clock",
    "Connectable",
    "Conversation",
    "DarkChat",
    "Described",
    "Desk",
    "DrainingChat",
    "Finding",
    "Form",
    "History",
    "IsWanted",
    "Judge",
    "JudgeClient",
    "Linking",
    "Listener",
    "Listing",
    "Located",
    "Person",
    "PostedListener",
    "Progress",
    "Provider",
    "Queue",
    "Refusal",
    "Request",
    "ScoredListener",
    "Scorer",
    "ShiftListener",
    "Store",
    "TaskHandler",
    "TaskResult",
    "UpdateFeed",
    "Verifiable",
    "View",
]
