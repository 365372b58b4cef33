"""Tokens: made with a role, shown once, stored as hashes, revoked."""

import hashlib
import secrets
from dataclasses import asdict, dataclass

from overheard import Person, Role, View

PREFIX = "ovh_"
SECRET_BYTES = 24
"""Random bytes of a token: it cannot be found from its hash by trial. Written as hexadecimal
digits, which no chat takes for markup, and fit on a line of a phone."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is stored.

    Attributes:
        role: What its holder may do: ``viewer`` or ``operator``.
        hash: The SHA-256 of the secret, as hexadecimal digits.
        by: Who made it, as the audit log names people.
        since: The day on which it was made, as ``2026-11-30``.
    """

    name: str
    role: str
    hash: str
    by: str
    since: str

    @property
    def person(self) -> Person:
        """Its holder, as access control and the audit log know them."""
        return Person("mcp", self.name, self.name, role=Role[self.role.upper()])


class TokenBook:
    """The tokens of a deployment.

    Args:
        view: Its `work` keeps the tokens.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    async def all(self) -> list[Token]:
        """Return all tokens, the oldest first."""
        kept = await self._view.work.kept()
        return [Token(**value) for value in kept.values()]

    async def find(self, secret: str) -> Token | None:
        """Return the token of a secret; None for one that was never made, or was revoked."""
        digest = _hash(secret)
        return next((token for token in await self.all() if token.hash == digest), None)

    async def create(self, name: str, role: str) -> str:
        """Store a new token, and return its secret, which is stored nowhere."""
        secret = PREFIX + secrets.token_hex(SECRET_BYTES)
        today = self._view.clock.now().astimezone(self._view.zone).date().isoformat()
        await self.put(Token(name, role, _hash(secret), self._view.who, today))
        return secret

    async def put(self, token: Token) -> None:
        """Store a token in place of the one with its name."""
        await self._view.work.keep(token.name, asdict(token))

    async def remove(self, name: str) -> None:
        """Remove a token, which is then not valid any more."""
        await self._view.work.keep(name, None)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
