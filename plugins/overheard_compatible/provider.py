"""Asking an endpoint that speaks Chat Completions, through the openai SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overheard import Finish, Price, ProviderFailed, Question, Reply, Usage
from overheard_compatible.settings import CompatibleSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

FINISHES = {
    "stop": Finish.COMPLETE,
    "length": Finish.LENGTH,
    "content_filter": Finish.FILTERED,
}

MOST_TOKENS = 2**31 - 1

REASONS = {
    "APITimeoutError": "no whole answer within {timeout} s; try again, or raise timeout.",
    "APIConnectionError": "{url} cannot be reached; check base_url and the network.",
    "AuthenticationError": "the service refuses the key; check api_key_env or api_key_file.",
    "PermissionDeniedError": "the service refuses the key; check api_key_env or api_key_file.",
    "RateLimitError": "the service says it is asked too often; wait, or lower concurrency.",
    "NotFoundError": "there is no such model at {url}; check models and base_url.",
    "APIStatusError": "the service answers with status {status}; try again later.",
}
"""What went wrong, by the SDK's class of error; its nearest class counts."""


class CompatibleProvider:
    """One endpoint.

    Attributes:
        name: The name of its table.
        concurrency: How many calls it may be given at a time.
    """

    def __init__(self, name: str, settings: CompatibleSettings) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._settings = settings
        self._opened: AsyncOpenAI | None = None

    def models(self) -> Sequence[str]:
        """Return the configured model ids."""
        return self._settings.models

    def price(self, model: str) -> Price | None:
        """Return the configured price, or None: a price is never guessed."""
        table = self._settings.prices.get(model)
        return Price(table.input, table.output) if table else None

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question.

        Raises:
            ProviderFailed: with what went wrong, in one sentence without the key.
        """
        import openai

        settings = self._settings
        try:
            completion = await self._client().chat.completions.create(
                model=question.model.name,
                messages=[{"role": "user", "content": question.prompt.text}],
                seed=seed,
                max_tokens=settings.max_tokens or openai.omit,
                temperature=openai.omit if settings.temperature is None else settings.temperature,
            )
            return self._reply(question.model.name, completion)
        except openai.OpenAIError as error:
            raise ProviderFailed(model=question.model, reason=self._reason(error)) from None
        except (AttributeError, IndexError, TypeError, ValueError, RecursionError):
            # The SDK builds its objects without checking them: a body of another shape, or one
            # that is not JSON, shows only when it is read.
            reason = (
                "the answer cannot be read: it is not what Chat Completions return; "
                "check base_url, or try again later."
            )
            raise ProviderFailed(model=question.model, reason=reason) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened:
            await self._opened.close()

    def _client(self) -> AsyncOpenAI:
        if self._opened is None:
            from openai import AsyncOpenAI

            settings = self._settings
            self._opened = AsyncOpenAI(
                base_url=settings.base_url,
                api_key=settings.api_key.get_secret_value() if settings.api_key else "none",
                timeout=settings.timeout,
                max_retries=settings.retries,
            )
        return self._opened

    def _reply(self, model: str, completion: ChatCompletion) -> Reply:
        choice = completion.choices[0]
        text = choice.message.content or ""
        usage = Usage(
            _tokens(getattr(completion.usage, "prompt_tokens", 0)),
            _tokens(getattr(completion.usage, "completion_tokens", 0)),
        )
        price = self.price(model)
        return Reply(
            text=text,
            finish=self._finish(getattr(choice, "finish_reason", None), text),
            served_model=_word(getattr(completion, "model", "")),
            fingerprint=_word(completion.system_fingerprint),
            usage=usage,
            cost_usd=price.cost(usage) if price else None,
        )

    def _finish(self, reason: str | None, text: str) -> Finish:
        finish = FINISHES.get(reason or "", Finish.CUT)
        if finish is Finish.LENGTH and self._settings.max_tokens:
            finish = Finish.WINDOW
        return finish if text.strip() or finish is Finish.FILTERED else Finish.FAILED

    def _reason(self, error: Exception) -> str:
        """Say what went wrong, in words of our own: the service's may repeat the key."""
        reason = next(
            (said for kind in type(error).__mro__ if (said := REASONS.get(kind.__name__))),
            "{kind}; try again later.",
        )
        return reason.format(
            kind=type(error).__name__,
            status=getattr(error, "status_code", ""),
            timeout=f"{self._settings.timeout:g}",
            url=self._settings.base_url,
        )


def _word(told: object) -> str:
    """Return a name that the service tells; some tell a number."""
    return str(told) if isinstance(told, str | int | float) else ""


def _tokens(told: object) -> int:
    """Return a count of tokens; one that nobody can be billed for says nothing, which is 0."""
    return int(told) if isinstance(told, int | float) and 0 <= told <= MOST_TOKENS else 0
