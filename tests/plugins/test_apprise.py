"""Chat `apprise`, with the real library: messages by SMTP and by a webhook on loopback."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from overheard import Card, ChatFailed, ChatUnavailable, Field, Image, Quote, Table, Tainted
from overheard.config.loader import parse_config
from overheard.interfaces import Chat
from overheard.plugins import load_plugins
from overheard.testing import check_chat

TOKEN = "s3cr3t-t0ken"
CONFIG = '[chats.mail]\nplugin = "apprise"\nurl_env = "MAIL_URL"'
CARD = Card(
    "ChatGPT names Acme less",
    "Named in 8 of 24 answers, usually 22.",
    fields=(Field("Model", "ChatGPT"),),
    table=Table(("Brand", "Named"), (("Acme", "8"), ("Globex", "21"))),
    quotes=(Quote("ChatGPT", Tainted("Ask <@U1> or @everyone, *really*.")),),
    image=Image(b"\x89PNG\r\n\x1a\n" + bytes(40), "A line that falls"),
)


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server without a login."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.mails: list[EmailMessage] = []


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as `smtplib` speaks."""

    def handle(self) -> None:
        """Take a mail."""
        self.wfile.write(b"220 loopback\r\n")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                mail = message_from_bytes(b"".join(lines), policy=policy.default)
                self.server.mails.append(mail)  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if command == b"QUIT" else b"250 well\r\n")


class Webhook(BaseHTTPRequestHandler):
    """A service that takes JSON."""

    bodies: ClassVar[list[Any]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        """Take a message."""
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def served(server: socketserver.TCPServer) -> Iterator[int]:
    """Serve in a thread; the port."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service as Apprise writes it; its path is a secret."""
    monkeypatch.setattr(Webhook, "bodies", [])
    monkeypatch.setattr(Webhook, "status", 200)
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Webhook)) as port:
        yield f"json://127.0.0.1:{port}/{TOKEN}"


def opened(monkeypatch: pytest.MonkeyPatch, url: str) -> Chat:
    """Return the chat of a table that names an address."""
    monkeypatch.setenv("MAIL_URL", url)
    plugins = load_plugins(parse_config(CONFIG))
    assert plugins.faulty == []
    return plugins.chats["mail"]


async def test_a_card_is_an_e_mail_with_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The title is the subject; what a model wrote mentions no person."""
    with served(mailbox := Mailbox()) as port:
        url = f"mailto://bot@example.com:{port}?smtp=127.0.0.1&mode=insecure&to=ann@example.com"
        await opened(monkeypatch, url).post("here", CARD, key="alert-1")
    [mail] = mailbox.mails
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert (mail["subject"], mail["to"]) == (CARD.title, "ann@example.com")
    for said in ("8 of 24", "Model: ChatGPT", "Globex: Named 21", "*really*"):
        assert said in text
    assert "@everyone" not in text
    assert [part.get_filename() for part in mail.iter_attachments()] == ["chart.png"]


async def test_it_keeps_the_contract_of_chats(
    webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message a post, found by its key, within the limits, without a ping."""
    chat = opened(monkeypatch, webhook)
    await check_chat(
        chat, "here", sent=lambda: [body["message"] + body["title"] for body in Webhook.bodies],
        longest=33_000,
    )  # fmt: skip


async def test_all_addresses_of_a_table_get_the_message(
    webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses are separated by white space."""
    await opened(monkeypatch, f"{webhook}\n{webhook}/two").post("here", CARD, key="k")
    assert [body["title"] for body in Webhook.bodies] == [CARD.title] * 2


async def test_a_refusal_is_a_sentence_without_the_address(
    webhook: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The service and its status are named; a later try sends the message."""
    chat = opened(monkeypatch, webhook)
    monkeypatch.setattr(Webhook, "status", 403)
    with pytest.raises(ChatFailed, match="JSON answers with status 403") as failed:
        await chat.post("here", CARD, key="k")
    monkeypatch.setattr(Webhook, "status", 200)
    await chat.post("here", CARD, key="k")
    assert TOKEN not in str(failed.value) + "".join(capfd.readouterr())


async def test_a_service_that_is_away_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """So is an address at which no service listens."""
    chat = opened(monkeypatch, f"mailto://bot:{TOKEN}@example.com:1?smtp=127.0.0.1&mode=insecure")
    with pytest.raises(ChatFailed, match="E-Mail cannot be reached, or refuses it") as failed:
        await chat.post("here", CARD, key="k")
    assert TOKEN not in str(failed.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize("url", [f"nonsense://{TOKEN}", TOKEN, f"mailto://{TOKEN}"])
async def test_a_wrong_address_is_named_by_its_number(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The doctor and the running bot say which address it is, and not what is in it."""
    chat = opened(monkeypatch, f"json://localhost {url}")
    [finding] = await chat.examine(["here"])
    assert finding.problem.startswith("address 2 of 2 (")
    with pytest.raises(ChatUnavailable, match=r"address 2 of 2 \(.*\) is not valid") as wrong:
        await chat.run(None)  # type: ignore[arg-type] # it does not come to that
    assert TOKEN not in f"{finding} {wrong.value} {''.join(capfd.readouterr())}"


async def test_the_doctor_names_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent."""
    chat = opened(monkeypatch, "workflows://host.example/flow/signature mailto://a:b@example.com")
    [finding] = await chat.examine(["here"])
    assert "E-Mail" in finding.place
    assert not finding.problem
