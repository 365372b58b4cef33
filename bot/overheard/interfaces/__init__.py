"""The seams: what each part of the house asks of another, as Protocols.

A provider, a scorer or a chat is any object of the right shape; nothing needs to be inherited.
"""

from overheard.interfaces.asking import Provider
from overheard.interfaces.running import Clock, Progress
from overheard.interfaces.scoring import Scorer
from overheard.interfaces.storing import Store
from overheard.interfaces.talking import (
    Chat,
    Conversation,
    Desk,
    Finding,
    Form,
    Person,
    Request,
)

__all__ = [
    "Chat",
    "Clock",
    "Conversation",
    "Desk",
    "Finding",
    "Form",
    "Person",
    "Progress",
    "Provider",
    "Request",
    "Scorer",
    "Store",
]
