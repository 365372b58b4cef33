"""Asking the model on this machine, through llama.cpp's own server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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
    Usage,
)
from overheard_local import weights
from overheard_local.settings import LocalSettings

MODEL = "smollm2-135m-instruct"
BASE, TUNED = "base", "tuned"
"""Names under which the model can be asked without its adapter and with it, side by side."""
PROMPT_TOKENS = 400
"""Room for the question in each slot, beside the answer window."""


class LocalProvider:
    """A model on this machine. Whether an adapter is at work does not show in the model's id.

    Attributes:
        name: The name of its table.
        concurrency: How many answers are written at a time.
    """

    def __init__(self, name: str, settings: LocalSettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix=name)
        self._starting = asyncio.Lock()
        self._server: Any = None

    def models(self) -> Sequence[str]:
        """Return the one model's id; `BASE` and `TUNED` are asked for by name."""
        file = self._settings.model_file
        return [file.stem if file else MODEL]

    @property
    def _known(self) -> tuple[str, ...]:
        """All names that can be asked; any other would be the same model in disguise."""
        return (*self.models(), BASE, TUNED)

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all are free
        """Return no cost: the model runs here."""
        return FREE

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are alike
        """Return what can be done with the model."""
        return Capabilities(sampling=True, seed=True, fingerprint=True, how="on this machine")

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question.

        Raises:
            ProviderUnavailable: when the model or its engine is not installed.
            ProviderFailed: when the engine gives no answer.
        """
        if question.model.searches:
            reason = 'this model cannot search; leave "+search" away.'
            raise ProviderFailed(model=question.model, reason=reason, kind=FailureKind.REQUEST)
        if question.model.name not in self._known:
            reason = f"there is no such model here; there are {', '.join(self._known)}."
            raise ProviderFailed(model=question.model, reason=reason, kind=FailureKind.REQUEST)
        async with self._starting:
            if self._server is None:
                self._server = await self._in_thread(self._start)
        request = self._request(question, seed)
        try:
            answer = await self._in_thread(self._server.handle_chat_completions, request)
            return _reply(answer)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            reason = f"its engine says {error}; try again, or shorten the prompt."
            raise ProviderFailed(model=question.model, reason=reason) from None

    async def close(self) -> None:
        """Stop the server once the answers under way are written."""
        # A server that is let go while it writes never stops.
        await asyncio.to_thread(self._threads.shutdown)
        self._server = None

    def _request(self, question: Question, seed: int) -> dict[str, Any]:
        settings = self._settings
        request: dict[str, Any] = {
            "messages": [{"role": "user", "content": question.prompt.text}],
            "max_tokens": question.limit or settings.max_tokens,
            "temperature": 0.0 if question.limit else settings.temperature,
            "seed": seed,
        }
        if settings.adapter:
            scale = 0.0 if question.model.name == BASE else settings.adapter_scale
            request["lora"] = [{"id": 0, "scale": scale}]
        elif question.model.name == TUNED:
            reason = "it has no adapter; name one as adapter in its [providers.*] table."
            raise ProviderFailed(model=question.model, reason=reason)
        return request

    async def _in_thread(self, call: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _start(self) -> Any:
        settings = self._settings
        file = weights.model_file(settings, self.name)
        adapter = weights.adapter_file(settings, self.name)
        try:
            import xllamacpp
        except ImportError:
            raise ProviderUnavailable(
                provider=self.name,
                reason="its engine is not installed",
                remedy='install it with "pip install xllamacpp"',
            ) from None
        try:
            return xllamacpp.Server(_parameters(xllamacpp, settings, file, adapter))
        except RuntimeError as error:
            raise ProviderUnavailable(
                provider=self.name,
                reason=f"{file} does not load ({error})",
                remedy="check model_file and adapter",
            ) from None


def _parameters(engine: Any, settings: LocalSettings, file: Path, adapter: Path | None) -> Any:
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


def _reply(answer: dict[str, Any]) -> Reply:
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
