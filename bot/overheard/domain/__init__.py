"""The words of the house: frozen objects that every room shares.

Times are aware datetimes in UTC. Money is US dollars. Rates lie in 0 to 1; "points" are rates
times 100. Nothing here does I/O or imports another room.
"""

from overheard.domain.asking import (
    BURST,
    UNENDED,
    Answer,
    Panel,
    Question,
    Run,
    RunState,
    Spending,
)
from overheard.domain.batching import Batch, BatchLook
from overheard.domain.catalogue import Brand, Catalogue, Fact, Prompt, Rule, Schedule, prompt_key
from overheard.domain.editions import PENDING, Edition, EditionState
from overheard.domain.finetuning import (
    Approval,
    Landscape,
    LandscapeEntry,
    Publication,
    Topic,
)
from overheard.domain.money import Account, Balance, Claim, Payer
from overheard.domain.observing import Census, QueueStanding
from overheard.domain.operating import AuditEntry, ScheduleState
from overheard.domain.prompts import variants
from overheard.domain.scoring import (
    Block,
    Detail,
    Mention,
    Metric,
    Reading,
    Scale,
    Score,
    ScoreRecord,
)
from overheard.domain.services import (
    COMPLETE,
    FREE,
    Capabilities,
    Citation,
    Failing,
    Finish,
    Model,
    Price,
    RateLimits,
    Reply,
    Usage,
)
from overheard.domain.shifting import (
    Alert,
    AlertEvent,
    AlertState,
    Delivery,
    DeliveryKind,
    Happening,
    ModelUpdate,
    PromptShift,
    Serving,
    Shift,
    alert_key,
)
from overheard.domain.tabulating import BlockRun, BlockStream, BlockTable, tabulated
from overheard.domain.talking import Waiting
from overheard.domain.text import storable
from overheard.domain.working import Task, TaskKind

__all__ = [
    "BURST",
    "COMPLETE",
    "FREE",
    "PENDING",
    "UNENDED",
    "Account",
    "Alert",
    "AlertEvent",
    "AlertState",
    "Answer",
    "Approval",
    "AuditEntry",
    "Balance",
    "Batch",
    "BatchLook",
    "Block",
    "BlockRun",
    "BlockStream",
    "BlockTable",
    "Brand",
    "Capabilities",
    "Catalogue",
    "Census",
    "Citation",
    "Claim",
    "Delivery",
    "DeliveryKind",
    "Detail",
    "Edition",
    "EditionState",
    "Fact",
    "Failing",
    "Finish",
    "Happening",
    "Landscape",
    "LandscapeEntry",
    "Mention",
    "Metric",
    "Model",
    "ModelUpdate",
    "Panel",
    "Payer",
    "Price",
    "Prompt",
    "PromptShift",
    "Publication",
    "Question",
    "QueueStanding",
    "RateLimits",
    "Reading",
    "Reply",
    "Rule",
    "Run",
    "RunState",
    "Scale",
    "Schedule",
    "ScheduleState",
    "Score",
    "ScoreRecord",
    "Serving",
    "Shift",
    "Spending",
    "Task",
    "TaskKind",
    "Topic",
    "Usage",
    "Waiting",
    "alert_key",
    "prompt_key",
    "storable",
    "tabulated",
    "variants",
]
