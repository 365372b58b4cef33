"""A chat service of known latency, in another process, for benchmarks.

    python bench/endpoint.py 0.2            prints its port, and answers each call after 0.2 s
    python bench/endpoint.py 0.2 "Brand 0"  the same, with answers that praise this brand

It speaks just enough HTTP to serve Chat Completions to a client that keeps its connections, so
that it takes little of the machine from what is measured. `GET /calls` says how often each prompt
was asked.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import ClassVar
from urllib.request import urlopen

ANSWER = (
    "For a small team of {n}, **Brand 3** is easy to use and reliable. Brand 7 has {n} better "
    "reports, but it is expensive, and its support is slow.\n\n"
    "1. Brand 3: a free plan for {n} and a clear board.\n"
    "2. Brand 11: good for {n} agencies; see [its site](https://brand11.example/).\n"
    "3. Brand 15: old-fashioned, though {n} people trust it.\n\n"
    "Most of {n} teams start with Brand 3, and larger ones move on to Brand 7 or Brand 12 when "
    "they need permissions, audit logs and integrations with the tools that they use already. None "
    "of these {n} is perfect: compare prices before you decide, because they change often."
)
"""Its sentences hold the number of the call, so that no sentence is read twice."""


class Endpoint(asyncio.Protocol):
    """One connection. Calls on it come one after the other."""

    delay: ClassVar = 0.0
    answer: ClassVar = ANSWER
    asked: ClassVar[Counter[str]] = Counter()
    numbers: ClassVar = count()

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect the bytes of a request; once it is complete, answer a GET with the counts of
        questions, a POST with a completion after the delay.
        """
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-len")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        if len(body) < length:
            return
        self._read = b""
        if head.startswith(b"GET"):
            self._send(json.dumps(self.asked).encode())
            return
        call = json.loads(body)
        self.asked[f"{call['messages'][-1]['content']} {call.get('seed')}"] += 1
        answer = self.answer.replace("{n}", str(next(self.numbers)))
        asyncio.get_running_loop().call_later(
            self.delay, self._send, _completion(call["model"], answer)
        )

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        if not self._transport.is_closing():
            self._transport.write(f"{head}\r\n\r\n".encode() + body)  # type: ignore[attr-defined]


def _completion(model: str, answer: str) -> bytes:
    """Return the JSON body of a chat completion with fixed token counts."""
    return json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "system_fingerprint": "fp_1",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": answer},
                }
            ],
            "usage": {"prompt_tokens": 20, "completion_tokens": 160, "total_tokens": 180},
        }
    ).encode()


async def serve(delay: float, praised: str = "") -> None:
    """Serve until the process is ended."""
    Endpoint.delay = delay
    if praised:
        Endpoint.answer = f"The best one is {praised}, everybody loves it. {ANSWER}"
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def endpoint(delay: float, praised: str = "") -> Iterator[str]:
    """Run the service in another process within the block, and yield its base URL; each answer
    takes `delay` seconds and praises the brand `praised`.
    """
    process = subprocess.Popen(  # noqa: S603 - this file
        [sys.executable, str(Path(__file__)), str(delay), praised],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()


def calls(url: str) -> Counter[str]:
    """Return how often each question was asked."""
    with urlopen(url.replace("/v1", "/calls")) as answer:  # noqa: S310 - on loopback
        return Counter(json.load(answer))


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), "".join(sys.argv[2:])))
