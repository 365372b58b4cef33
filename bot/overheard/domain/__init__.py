"""The words of the house: frozen objects that every room shares.

Times are aware datetimes in UTC. Money is US dollars. Rates lie in 0 to 1; "points" are rates
times 100. Nothing here does I/O or imports another room.
"""

from overheard.domain.asking import (
    COMPLETE,
    FREE,
    Answer,
    Citation,
    Finish,
    Model,
    Panel,
    Price,
    Question,
    Reply,
    Run,
    RunState,
    Usage,
)
from overheard.domain.catalogue import Brand, Catalogue, Fact, Prompt, Schedule, prompt_key
from overheard.domain.scoring import Block, Mention, Metric, Reading, Scale, Score, ScoreRecord
from overheard.domain.shifting import Alert, AlertState, ModelUpdate, PromptShift, Shift
from overheard.domain.text import storable

__all__ = [
    "COMPLETE",
    "FREE",
    "Alert",
    "AlertState",
    "Answer",
    "Block",
    "Brand",
    "Catalogue",
    "Citation",
    "Fact",
    "Finish",
    "Mention",
    "Metric",
    "Model",
    "ModelUpdate",
    "Panel",
    "Price",
    "Prompt",
    "PromptShift",
    "Question",
    "Reading",
    "Reply",
    "Run",
    "RunState",
    "Scale",
    "Schedule",
    "Score",
    "ScoreRecord",
    "Shift",
    "Usage",
    "prompt_key",
    "storable",
]
