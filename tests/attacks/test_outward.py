"""The server calls nobody because of what a person writes: the one address that it asks is the firm's own telephone system.

No field of the product is an address that is fetched: no webhook, no picture by its address, no unfurled link. So the corpus
goes into every text there is, while whoever opens a connection from Python is written down (PostgreSQL is spoken to in C).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.telephony import ring
from tests.access.matrix.asking import Asking
from tests.attacks.corpus import HERE
from tests.attacks.forms import Form
from tests.length import LONG

# The trap's own address as filters that are not careful fail to know it; {port} is where it listens.
ADDRESSES = (HERE / "addresses.txt").read_text().splitlines()
THINNED = 12  # in the short form each form meets every so manieth address


class Trap(BaseHTTPRequestHandler):
    """Counts whoever comes."""

    hits: list[str]

    def do_GET(self) -> None:
        self.hits.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_what: Any) -> None:
        """Says nothing."""


@pytest.fixture
def trap() -> Iterator[Any]:
    """A server on this machine that nobody has any business with."""
    Trap.hits = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whom Python code of this process has called since."""
    called: list[Any] = []
    connect = socket.socket.connect

    def written_down(line: socket.socket, address: Any) -> None:
        called.append(address)
        connect(line, address)

    monkeypatch.setattr(socket.socket, "connect", written_down)
    return called


@pytest.mark.django_db
def test_no_text_makes_the_server_call_anybody(house: Asking, forms: list[Form], trap: Any, called: list[Any]) -> None:
    addresses = [address.replace("{port}", str(trap.server_port)) for address in ADDRESSES]
    broken = []
    for place, form in enumerate(forms):
        for address in addresses if LONG else addresses[place % THINNED :: THINNED]:
            told = form.values | dict.fromkeys(form.texts, address)
            if form.texts and house.ask(form.who, "POST", form.action, told).word.startswith("5"):
                broken.append((form.route, address))

    assert (broken, called, Trap.hits) == ([], [], [])


@pytest.mark.parametrize("text", ADDRESSES)
def test_neither_a_number_nor_a_name_leads_the_call_elsewhere(
    text: str, trap: Any, called: list[Any], settings: Any
) -> None:
    """The telephone system stands at a port where nobody listens; the trap is never asked instead."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        home = closed.getsockname()
    settings.TELEPHONY_URL = f"https://127.0.0.1:{home[1]}/call?to={{number}}&from={{person}}"
    address = text.replace("{port}", str(trap.server_port))

    with pytest.raises(Refused):
        ring(address, person=address)

    assert (called, Trap.hits) == ([home], [])


def test_the_trap_and_the_ear_would_hear_a_call(trap: Any, called: list[Any]) -> None:
    line = HTTPConnection("127.0.0.1", trap.server_port, timeout=5)
    line.request("GET", "/heard")
    line.getresponse().close()
    line.close()

    assert (called, Trap.hits) == ([("127.0.0.1", trap.server_port)], ["/heard"])
