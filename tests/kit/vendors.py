"""A service on loopback that speaks as several vendors do: strict, with faults on request."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from overheard.testing.service import Call, Document, Reaction, Service

KEY = "sk-very-secret-0123456789"
__all__ = ["KEY", "Call", "Document", "Reaction", "Vendor", "untrusted"]


def untrusted(folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a server with a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class Vendor(Service):
    """A running service.

    Attributes:
        calls: The questions it was asked; look-ups of models are not among them.
        looked_up: The paths of those.
        models: From the path of a look-up to what it returns; without one, 404.
        looking_up: What it does with all look-ups instead.
    """

    def __init__(self, check: Callable[[Call], None] = lambda _: None) -> None:
        super().__init__()
        self.looked_up: list[str] = []
        self.models: Callable[[str], Document | None] = lambda _: None
        self.looking_up: Reaction | None = None
        self._check = check

    def react(self, call: Call) -> Reaction:
        """React as the vendor would."""
        if call.method == "GET":
            self.looked_up.append(call.path)
            found = self.models(call.path)
            if self.looking_up:
                return self.looking_up
            return Reaction({"error": {}}, 404) if found is None else Reaction(found)
        reaction = super().react(call)
        try:
            self._check(call)
        except (AssertionError, KeyError, IndexError, TypeError) as wrong:
            return Reaction({"error": {"message": f"{wrong!r}"}}, 418)
        return reaction
