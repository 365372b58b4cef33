"""The seams: what each part of the house asks of another, as Protocols.

A provider, a scorer or a chat is any object of the right shape; nothing needs to be inherited.
"""

from overheard.interfaces.chats import (
    CANCEL as CANCEL,
    CONFIRM as CONFIRM,
    AccessPolicy as AccessPolicy,
    Chat as Chat,
    Connectable as Connectable,
    Conversation as Conversation,
    DarkChat as DarkChat,
    Desk as Desk,
    DrainingChat as DrainingChat,
    Finding as Finding,
    Form as Form,
    LaterChat as LaterChat,
    Linking as Linking,
    Located as Located,
    OpenChat as OpenChat,
    Person as Person,
    Refusal as Refusal,
    Request as Request,
)
from overheard.interfaces.plugins import (
    Asked as Asked,
    Batching as Batching,
    Described as Described,
    History as History,
    Judge as Judge,
    JudgeClient as JudgeClient,
    Listener as Listener,
    Listing as Listing,
    PostedListener as PostedListener,
    Provider as Provider,
    Recovering as Recovering,
    ScoredListener as ScoredListener,
    Scorer as Scorer,
    SecondReader as SecondReader,
    ShiftListener as ShiftListener,
    UpdateFeed as UpdateFeed,
    Verifiable as Verifiable,
    View as View,
    Work as Work,
)
from overheard.interfaces.services import (
    PROBLEM as PROBLEM,
    Clock as Clock,
    IsWanted as IsWanted,
    NoProgress as NoProgress,
    Progress as Progress,
    Queue as Queue,
    TaskHandler as TaskHandler,
    TaskResult as TaskResult,
)
from overheard.interfaces.store import Approvals as Approvals, Store as Store
