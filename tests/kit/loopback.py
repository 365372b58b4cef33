"""A service on loopback that speaks Chat Completions, with faults on request."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLL_S = 0.01
"""Seconds after which a service sees that it is to stop; by default half a second, which each test
would wait for.
"""


@dataclass
class Behaviour:
    """What the service does with the next call."""

    status: int = 200
    body: bytes | None = None
    finish: str | None = "stop"
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    hang_up: bool = False
    delay: float = 0.0


class ChatService:
    """A running service.

    Attributes:
        calls: The bodies it was sent, in the order in which they arrived.
        keys: The keys it was sent.
        answer: From a prompt to the text of an answer.
        behaviours: What it does with the next calls, first to last; then it behaves.
        delay: Seconds that every answer takes.
        listing: What it does when it is asked for its models; by default it knows no such call.
        ahead: Seconds by which its clock is ahead.
        most_at_once: The largest number of calls that were under way together.
    """

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answer: Callable[[str], str] = lambda prompt: f"Acme is good. ({prompt})"
        self.behaviours: list[Behaviour] = []
        self.delay = 0.0
        self.listing = Behaviour(status=501)
        self.ahead = 0.0
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service._list(self)

            def do_POST(self) -> None:
                service._serve(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def prompts(self) -> list[str]:
        """Return what was asked, in the order in which it arrived."""
        return [call["messages"][0]["content"] for call in self.calls]

    def _list(self, handler: BaseHTTPRequestHandler) -> None:
        body = self.listing.body or b'{"object": "list", "data": []}'
        handler.send_response_only(self.listing.status)
        handler.send_header("Date", formatdate(time.time() + self.ahead, usegmt=True))
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        call = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            self.calls.append(call)
            self.keys.append(handler.headers.get("Authorization", ""))
            behaviour = self.behaviours.pop(0) if self.behaviours else Behaviour()
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self.delay + behaviour.delay)
        with self._lock:
            self._at_once -= 1
        if behaviour.hang_up:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self._completion(call, behaviour) if behaviour.body is None else behaviour.body
        try:
            handler.send_response(behaviour.status)
            handler.send_header("Content-Type", behaviour.content_type)
            handler.send_header("Content-Length", str(len(body)))
            for name, value in behaviour.headers.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            return  # the caller was killed, which is what some tests are about

    def _completion(self, call: dict[str, Any], behaviour: Behaviour) -> bytes:
        prompt = call["messages"][0]["content"]
        text = self.answer(prompt) if behaviour.text is None else behaviour.text
        completion = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": f"{call['model']}-2026-01-01",
            "system_fingerprint": "fp_1",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": behaviour.finish,
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
        }
        return json.dumps(completion).encode()
