"""A mail server of a few lines: what tests send arrives here, over a real socket."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class Mailbox:
    """What arrived, and how the server behaves. `refuse` is the command that it says 550 to."""

    port: int = 0
    refuse: str = ""
    silent: threading.Event | None = None
    said: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    @property
    def mail(self) -> EmailMessage:
        """The only mail."""
        (only,) = self.mails
        parsed = message_from_bytes(only, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


def _talk(box: Mailbox, handler: socketserver.StreamRequestHandler) -> None:
    def say(line: str) -> None:
        handler.wfile.write(f"{line}\r\n".encode())

    if box.silent:
        box.silent.wait(30)
        return
    say("220 test")
    while line := handler.rfile.readline().decode().strip():
        box.said.append(line)
        verb = line.split()[0].upper()
        if verb == box.refuse:
            say("550 no")
        elif verb == "EHLO":
            say("250-test")
            say("250 AUTH PLAIN")
        elif verb == "AUTH":
            say("235 fine")
        elif verb == "DATA":
            say("354 go on")
            lines = iter(handler.rfile.readline, b".\r\n")
            box.mails.append(b"".join(lines))
            say("250 taken")
        elif verb == "QUIT":
            say("221 bye")
            return
        else:
            say("250 fine")


@contextmanager
def mailbox(tls: ssl.SSLContext | None = None, **behaviour: Any) -> Iterator[Mailbox]:
    """A server on a free port of this machine."""
    box = Mailbox(**behaviour)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _talk(box, self)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> Any:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
