"""Fine-tuning a model of one's own: what vendors allow, what may be taught, the files."""

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl
from overheard_finetune.approvals import DATASET_APPROVE, DATASET_WITHDRAW
from overheard_finetune.commands import DATASET_BUILD, DATASET_CORRECT, DATASET_REVIEW
from overheard_finetune.compare import COMPARE
from overheard_finetune.landscape import LANDSCAPE

__all__ = ["overheard_commands"]


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from (COMPARE, LANDSCAPE, DATASET_REVIEW, DATASET_CORRECT, DATASET_BUILD)
    yield from (DATASET_APPROVE, DATASET_WITHDRAW)
