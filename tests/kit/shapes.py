"""The shapes in which vendors answer: how each is asked, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kit.vendors import KEY, Call, Document
from overheard import Finish, Provider
from overheard_anthropic.provider import AnthropicProvider, AnthropicSettings
from overheard_compatible.agent import AgentProvider
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.settings import CompatibleSettings
from overheard_google.provider import GoogleProvider, GoogleSettings
from overheard_openai.provider import OpenAIProvider, OpenAISettings

QUESTION = "Which tool is best?"
PRICES = {"m-1": {"input": 1.0, "output": 2.0, "search": 0.5}}


@dataclass(frozen=True)
class Shape:
    """A vendor's way to be asked and to answer.

    Attributes:
        name: For the ids of tests.
        make: A provider, from its settings.
        path: What the base URL ends in.
        check: Raises when a question is not put as the vendor wants it.
        answer: An answer, from its text and the vendor's word for how it ended.
        words: The vendor's words for how an answer ended.
        error: The body of a refusal, from its code word.
    """

    name: str
    make: Callable[[dict[str, Any]], Provider]
    path: str
    check: Callable[[Call], None]
    answer: Callable[[str, str | None], Document]
    words: Mapping[Finish, str]
    error: Callable[[str], Document]

    def __str__(self) -> str:
        return self.name

    def provider(self, url: str, **settings: Any) -> Provider:
        """Return a provider that asks at an address."""
        return self.make(
            {
                "base_url": url + self.path,
                "models": ["m-1"],
                "api_key_env": "VENDOR_KEY",
                "prices": PRICES,
                **settings,
            }
        )


def _responses(text: str, word: str | None = "completed") -> Document:
    kind = "refusal" if word == "refusal" else "output_text"
    content = {"type": kind, "text": text, "refusal": text, "annotations": []}
    cut = word in {"max_output_tokens", "content_filter"}
    status = "incomplete" if cut else "completed" if word == "refusal" else word
    return {
        "id": "r-1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "incomplete_details": {"reason": word} if cut else None,
        "model": "m-1-2026-01-01",
        "output": [{"type": "message", "role": "assistant", "id": "1", "content": [content]}],
        "usage": {
            "input_tokens": 10,
            "output_tokens": 20,
            "total_tokens": 30,
            "input_tokens_details": {"cached_tokens": 4},
            "output_tokens_details": {"reasoning_tokens": 5},
        },
    }


def _messages(text: str, word: str | None = "end_turn") -> Document:
    return {
        "id": "m-1",
        "type": "message",
        "role": "assistant",
        "model": "m-1-2026-01-01",
        "stop_reason": word,
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": text}],
        "usage": {
            "input_tokens": 6,
            "cache_read_input_tokens": 4,
            "output_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 5},
        },
    }


def _gemini(text: str, word: str | None = "STOP") -> Document:
    parts = [{"text": "Hm.", "thought": True}, {"text": text}]
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "index": 0}
            | ({"finishReason": word} if word else {})
        ],
        "modelVersion": "m-1-2026-01-01",
        "usageMetadata": {
            "promptTokenCount": 10,
            "cachedContentTokenCount": 4,
            "candidatesTokenCount": 15,
            "thoughtsTokenCount": 5,
        },
    }


def _chat(text: str, word: str | None = "stop") -> Document:
    refused = word == "refusal"
    message = {"role": "assistant", "content": None if refused else text}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-1-2026-01-01",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop" if refused else word,
                "message": message | ({"refusal": text} if refused else {}),
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }


def _check_responses(call: Call) -> None:
    assert (call.method, call.path) == ("POST", "/v1/responses")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body["input"] == QUESTION
    assert call.body["model"] == "m-1"
    assert call.body["store"] is False
    allowed = {"input", "instructions", "model", "store", "tools", "include", "max_tool_calls"}
    assert call.body.keys() <= allowed | {"max_output_tokens", "temperature"}


def _check_messages(call: Call) -> None:
    assert (call.method, call.path) == ("POST", "/v1/messages")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body["messages"] == [{"role": "user", "content": QUESTION}]
    assert call.body["max_tokens"] > 0
    assert call.body.keys() <= {"messages", "model", "max_tokens", "system", "tools"}


def _check_gemini(call: Call) -> None:
    assert (call.method, call.path) == ("POST", "/v1beta/models/m-1:generateContent")
    assert call.headers["x-goog-api-key"] == KEY
    assert call.body["contents"] == [{"role": "user", "parts": [{"text": QUESTION}]}]
    assert call.body["generationConfig"]["seed"] == 7
    allowed = {"contents", "generationConfig", "tools", "toolConfig", "systemInstruction"}
    assert call.body.keys() <= allowed


def _check_chat(call: Call) -> None:
    assert (call.method, call.path) == ("POST", "/v1/chat/completions")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body["messages"][-1] == {"role": "user", "content": QUESTION}
    assert [one["role"] for one in call.body["messages"][:-1]] in ([], ["system"])
    allowed = {"messages", "model", "seed", "random_seed", "max_tokens", "temperature", "plugins"}
    assert call.body.keys() <= allowed | {"max_completion_tokens", "stream", "stream_options"}


def _check_agent(call: Call) -> None:
    assert (call.method, call.path) == ("POST", "/v1/responses")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body["input"] == QUESTION
    allowed = {"input", "instructions", "model", "store", "tools", "tool_choice", "max_tool_calls"}
    more = {"language_preference", "max_output_tokens", "temperature"}
    assert call.body.keys() <= allowed | more


def _error(code: str) -> Document:
    return {"error": {"message": f"Wrong: {KEY}", "type": code, "code": code}}


def _google_error(code: str) -> Document:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}
    return {"error": {"message": f"Wrong: {KEY}", "status": code, "details": [reason]}}


RESPONSES = Shape(
    "responses",
    lambda table: OpenAIProvider("svc", OpenAISettings.model_validate(table)),
    "/v1",
    _check_responses,
    _responses,
    {
        Finish.COMPLETE: "completed",
        Finish.LENGTH: "max_output_tokens",
        Finish.FILTERED: "content_filter",
        Finish.REFUSED: "refusal",
        Finish.CUT: "in_progress",
    },
    _error,
)
MESSAGES = Shape(
    "messages",
    lambda table: AnthropicProvider("svc", AnthropicSettings.model_validate(table)),
    "",
    _check_messages,
    _messages,
    {
        Finish.COMPLETE: "end_turn",
        Finish.LENGTH: "max_tokens",
        Finish.REFUSED: "refusal",
        Finish.CUT: "pause_turn",
    },
    _error,
)
GEMINI = Shape(
    "gemini",
    lambda table: GoogleProvider("svc", GoogleSettings.model_validate(table)),
    "",
    _check_gemini,
    _gemini,
    {
        Finish.COMPLETE: "STOP",
        Finish.LENGTH: "MAX_TOKENS",
        Finish.FILTERED: "SAFETY",
        Finish.CUT: "OTHER",
    },
    _google_error,
)
CHAT = Shape(
    "chat",
    lambda table: CompatibleProvider("svc", CompatibleSettings.model_validate(table)),
    "/v1",
    _check_chat,
    _chat,
    {
        Finish.COMPLETE: "stop",
        Finish.LENGTH: "length",
        Finish.FILTERED: "content_filter",
        Finish.REFUSED: "refusal",
        Finish.CUT: "something_new",
    },
    _error,
)
AGENT = Shape(
    "agent",
    lambda table: AgentProvider(
        "svc", CompatibleSettings.model_validate({"preset": "perplexity", **table})
    ),
    "/v1",
    _check_agent,
    _responses,
    {Finish.COMPLETE: "completed", Finish.LENGTH: "max_output_tokens", Finish.CUT: "in_progress"},
    _error,
)
SHAPES = (RESPONSES, MESSAGES, GEMINI, CHAT, AGENT)
