"""A mail server of a few words, on a port of its own; it may be struck dumb after it has taken a message."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes whatever comes and keeps it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counter)
        self.taken: list[bytes] = []
        self.dumb = threading.Event()

    @property
    def url(self) -> str:
        """Where to reach it, as MAIL_URL says it."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def letters(self) -> list[Message]:
        """What was taken, read."""
        return [message_from_bytes(each) for each in self.taken]


class Counter(socketserver.StreamRequestHandler):
    """One conversation."""

    server: PostOffice

    def handle(self) -> None:
        """Says yes to everything; when dumb, the message is taken and the yes to it never said."""
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"QUIT":
                return self.say("221 bye")
            if word != b"DATA":
                self.say("250 yes")
                continue
            self.say("354 go on")
            lines = []
            while (part := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(part.removeprefix(b"."))
            self.server.taken.append(b"".join(lines))
            if self.server.dumb.is_set():
                self.rfile.readline()
                return None
            self.say("250 taken")
        return None

    def say(self, words: str) -> None:
        """One line."""
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def open_office() -> Iterator[PostOffice]:
    """A mail server for as long as somebody stays inside."""
    with PostOffice() as office:
        thread = threading.Thread(target=office.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield office
        finally:
            office.shutdown()
            thread.join(5)
