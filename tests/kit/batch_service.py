"""A service on loopback that sells batches as OpenAI, Anthropic and Google do, with faults on
request.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kit.loopback import POLL_S
from kit.shapes import GEMINI, MESSAGES, RESPONSES

Document = dict[str, Any]

LOOK = r"/v1(beta/|/messages/|/)batches/([^/:]+)"
CANCEL = LOOK + r"[/:]cancel"

OK, ERRORED, EXPIRED, CANCELLED, MISSING = "ok", "errored", "expired", "cancelled", "missing"
CUT, ODD = "cut", "odd"
"""What becomes of a question: a line that is cut off, and an answer that is none."""


@dataclass
class HandedIn:
    """A batch that a vendor has: its questions, by their ids."""

    questions: dict[str, Document]
    cancelled: bool = False


@dataclass
class BatchService:
    """A running service.

    Attributes:
        url: Its address.
        batches: What was handed in, by the service's ids.
        ready: Whether batches have ended when they are retrieved.
        fate: From the id of a question to what becomes of it.
        looks: How often a batch was retrieved.
        written: Whether the file of answers is there, in a vendor's batch that has ended.
        ending: How all batches end as a whole, without any answer; empty when they end well.
        refusal: A status with which it refuses everything, or 0.
        taking: Waited for when a batch is submitted, before the response is sent.
    """

    url: str = ""
    batches: dict[str, HandedIn] = field(default_factory=dict)
    ready: bool = True
    fate: Callable[[str], str] = lambda _: OK
    looks: int = 0
    written: bool = True
    ending: str = ""
    refusal: int = 0
    taking: Callable[[], object] = lambda: None
    _files: dict[str, str] = field(default_factory=dict)

    def questions(self) -> list[str]:
        """Return what was handed in, in all batches."""
        return [item for batch in self.batches.values() for item in batch.questions]

    def react(self, method: str, path: str, body: bytes) -> tuple[int, Document | str]:
        """Return the status and the body of a response."""
        if self.refusal:
            return self.refusal, {"error": {"code": "refused", "message": "x", "type": "refused"}}
        told = self._took(path, body) if method == "POST" else self._gave(path)
        return (404, {"error": {"message": f"{method} {path}"}}) if told is None else (200, told)

    def _took(self, path: str, body: bytes) -> Document | None:
        if path == "/v1/files":
            return self._upload(body)
        if path == "/v1/batches":
            return self._take(_read_lines(self._files[json.loads(body)["input_file_id"]]))
        if path == "/v1/messages/batches":
            requests = json.loads(body)["requests"]
            return self._take({r["custom_id"]: r["params"] for r in requests}, "/messages/")
        if found := re.fullmatch(CANCEL, path):
            self.batches[found[2]].cancelled = True
            return self._told(found[2], found[1] or "")
        return self._google_took(path, body)

    def _google_took(self, path: str, body: bytes) -> Document | None:
        if path == "/upload/v1beta/files":
            return {}  # the upload address is in a header
        if path == "/upload/there":
            name = f"files/in-{len(self._files)}"
            self._files[name] = body.decode()
            return {"file": {"name": name}}
        if path == "/v1beta/models/m-1:batchGenerateContent":
            file = json.loads(body)["batch"]["inputConfig"]["fileName"]
            lines = map(json.loads, self._files[file].splitlines())
            asked = {line["key"]: line["request"] | {"model": "m-1"} for line in lines}
            return self._take(asked, "beta/")
        return None

    def _gave(self, path: str) -> Document | str | None:
        if found := re.fullmatch(r"/v1/files/([^/]+)/content", path):
            return self._output(found[1])
        if found := re.fullmatch(r"/v1/messages/batches/([^/]+)/results", path):
            return _lines(self._message_line(*each) for each in self._each(found[1]))
        if found := re.fullmatch(r"/v1beta/files/out-([^/]+):download", path):
            return _lines(self._gemini_line(*each) for each in self._each(found[1]))
        if found := re.fullmatch(LOOK, path):
            self.looks += 1
            return self._told(found[2], found[1] or "")
        return None

    def _upload(self, body: bytes) -> Document:
        text = body.decode().split("\r\n\r\n")
        name = f"file-{len(self._files)}"
        self._files[name] = next(part for part in text if part.startswith('{"custom_id"'))
        return {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "x"} | {
            "purpose": "batch",
            "status": "processed",
        }

    def _take(self, questions: dict[str, Document], shape: str = "") -> Document:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = HandedIn(questions)
        self.taking()
        return self._told(name, shape)

    def _told(self, name: str, shape: str) -> Document:
        batch = self.batches[name]
        ended = self.ready or batch.cancelled
        count = len(batch.questions)
        if shape == "beta/":
            state = "CANCELLED" if batch.cancelled else "SUCCEEDED" if ended else "RUNNING"
            state = self.ending.upper() or state
            has_file = ended and self.written and not self.ending
            output = {"output": {"responsesFile": f"files/out-{name}"}} if has_file else {}
            told = {"state": f"BATCH_STATE_{state}", "model": "models/m-1"}
            return {"name": f"batches/{name}", "metadata": told | output, "done": ended}
        if shape == "/messages/":
            counts = dict.fromkeys(("processing", "errored", "canceled", "expired"), 0)
            return {
                "id": name,
                "type": "message_batch",
                "processing_status": "ended" if ended else "in_progress",
                "request_counts": counts | {"succeeded": count if ended else 0},
                "results_url": f"{self.url}/v1/messages/batches/{name}/results",
                "created_at": "2026-03-01T00:00:00Z",
                "expires_at": "2026-03-02T00:00:00Z",
            }
        state = "cancelled" if batch.cancelled else "completed" if ended else "in_progress"
        has_file = ended and not self.ending
        return {
            "id": name,
            "object": "batch",
            "endpoint": "/v1/responses",
            "input_file_id": "file-0",
            "completion_window": "24h",
            "created_at": 1,
            "status": self.ending or state,
            "errors": {"data": [{"code": "token_limit_exceeded", "message": "sk-very-secret"}]},
            "output_file_id": f"out-{name}" if has_file else None,
            "error_file_id": f"err-{name}" if has_file else None,
            "request_counts": {"total": count, "completed": count if ended else 1, "failed": 0},
        }

    def _output(self, name: str) -> str:
        kind, _, batch = name.partition("-")
        paid = {OK, CUT, ODD}
        each = [one for one in self._each(batch) if (one[1] in paid) == (kind == "out")]
        return _lines(self._response_line(*one) for one in each)

    def _each(self, batch: str) -> Iterator[tuple[str, str]]:
        """Yield the questions of a batch that have a line, the last first, and their fates."""
        for item in reversed(self.batches[batch].questions):
            if (fate := self.fate(item)) != MISSING:
                yield item, fate

    def _response_line(self, item: str, fate: str) -> Document:
        if fate == ODD:
            return {"custom_id": item, "response": {"status_code": 200, "body": {"output": 7}}}
        if fate == OK:
            body = RESPONSES.answer(f"Acme is good. ({item})", "completed")
            return {"custom_id": item, "response": {"status_code": 200, "body": body}}
        if fate == ERRORED:
            body = {"error": {"code": "model_not_found", "message": "sk-very-secret"}}
            return {"custom_id": item, "response": {"status_code": 404, "body": body}}
        return {"custom_id": item, "response": None, "error": {"code": f"batch_{fate}"}}

    def _message_line(self, item: str, fate: str) -> Document:
        if fate == ODD:
            message = MESSAGES.answer("", "end_turn") | {"content": 7}
            return {"custom_id": item, "result": {"type": "succeeded", "message": message}}
        if fate == OK:
            message = MESSAGES.answer(f"Acme is good. ({item})", "end_turn")
            return {"custom_id": item, "result": {"type": "succeeded", "message": message}}
        if fate == ERRORED:
            error = {"type": "invalid_request_error", "message": "sk-very-secret"}
            told = {"type": "errored", "error": {"type": "error", "error": error}}
            return {"custom_id": item, "result": told}
        return {"custom_id": item, "result": {"type": "canceled" if fate == CANCELLED else fate}}

    def _gemini_line(self, item: str, fate: str) -> Document:
        if fate == ODD:
            return {"key": item, "response": {"candidates": 7}}
        if fate == OK:
            answer = GEMINI.answer(f"Acme is good. ({item})", "STOP")
            return {"key": item, "response": answer | {"aFieldOfTomorrow": 1}}
        code = "INVALID_ARGUMENT" if fate == ERRORED else fate
        return {"key": item, "error": {"code": 3, "status": code, "message": "sk-very-secret"}}


@contextmanager
def selling() -> Iterator[BatchService]:
    """Run a service within the block."""
    service = BatchService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, told = service.react(method, self.path.partition("?")[0], body)
            sent = (told if isinstance(told, str) else json.dumps(told)).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.send_header("X-Goog-Upload-URL", f"{service.url}/upload/there")
                self.send_header("X-Goog-Upload-Status", "final")
                self.end_headers()
                self.wfile.write(sent)
            except OSError:
                return  # the caller was killed, which is what some tests are about

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def _read_lines(text: str) -> dict[str, Document]:
    read = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert {line["url"] for line in read} == {"/v1/responses"}
    return {line["custom_id"]: line["body"] for line in read}


def _lines(documents: Iterator[Document]) -> str:
    lines = (json.dumps(document) for document in documents)
    return "".join((line[:30] if f'{CUT}"' in line else line) + "\n" for line in lines)
