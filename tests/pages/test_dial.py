"""Calls that show no number: the firm's telephone system is asked, one host over TLS, and pages hold masks."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.test import Client as Browser

from pipeline_crm import environment
from pipeline_crm.audit.models import Line
from pipeline_crm.clients.models import OpenedHour
from pipeline_crm.tiers.models import Seat, Tier
from pipeline_crm.timeline.models import Entry
from tests.cast import make_lead

Browse = Callable[..., Browser]
# The telephone system is asked after the commit, so there has to be one.
pytestmark = pytest.mark.django_db(transaction=True)
PHONE, OTHER = "+79161234508", "+79161234599"


class Exchange(http.server.BaseHTTPRequestHandler):
    """A telephone system that writes down what it is asked."""

    asked: list[str]
    status: int

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/led-astray/")
        self.end_headers()

    def log_message(self, *_what: Any) -> None:
        """Says nothing."""


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """The telephone system, whose certificate this machine trusts."""
    certificate = tmp_path / "exchange.pem"
    certificate.write_bytes(certified())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked, server.status = [], 200  # type: ignore[attr-defined]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.TELEPHONY_URL = f"https://127.0.0.1:{server.server_port}/call?to={{number}}&from={{person}}&key=secret"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def certified() -> bytes:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + signed.public_bytes(serialization.Encoding.PEM)


def test_a_call_is_made_and_no_page_shows_the_number(browse: Browse, sam: Seat, exchange: Any) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(hides_digits=True)
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)
    page = f"/leads/{lead.pk}/"

    before = browser.get(page).content.decode()
    answer = browser.post(f"{page}dial/", {"next": page}, follow=True)

    assert exchange.asked == ["/call?to=%2B79161234508&from=sam&key=secret"]
    assert "Your telephone rings" in answer.content.decode()
    for seen in (before, answer.content.decode(), str({**browser.session})):
        assert [word for word in ("123-45-08", "1234508", "key=secret") if word in seen] == []
    assert f'action="{page}dial/"' in before
    assert f'action="{page}reveal/"' not in before


def test_a_call_is_written_down_and_counted_as_if_it_were_shown(browse: Browse, sam: Seat, exchange: Any) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(reveals_per_hour=1)
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)

    answers = [browser.post(f"/leads/{lead.pk}/dial/").status_code for _ in range(2)]

    assert (answers, len(exchange.asked)) == ([303, 429], 1)
    mark = str(lead.client.contact_points.get().mark)
    told = Line.objects.filter(kind="dialled").values_list("by", "client_id", "record_id", "traces")
    assert list(told) == [(sam.user_id, lead.client_id, lead.pk, [mark])]
    assert OpenedHour.objects.get().count == 1
    assert not Entry.objects.filter(kind="revealed").exists()


def test_where_numbers_are_hidden_they_open_to_nobody_but_who_steers(
    browse: Browse, sam: Seat, lena: Seat, exchange: Any
) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(hides_digits=True)
    lead = make_lead(sam, phone=PHONE)

    hidden, shown = (
        browse(who).post(f"/leads/{lead.pk}/reveal/", headers={"HX-Request": "true"}) for who in (sam, lena)
    )

    assert (hidden.status_code, "123-45-08" in hidden.content.decode()) == (422, False)
    assert (shown.status_code, "123-45-08" in shown.content.decode()) == (200, True)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_the_telephone_system_leads_nobody_on(browse: Browse, sam: Seat, exchange: Any, status: int) -> None:
    exchange.status = status
    lead = make_lead(sam, phone=PHONE)

    answer = browse(sam).post(f"/leads/{lead.pk}/dial/", follow=True)

    assert (answer.redirect_chain, len(exchange.asked)) == ([(f"/leads/{lead.pk}/", 303)], 1)
    assert Line.objects.filter(kind="dialled").count() == 1
    assert "The telephone system did not take the call." in answer.content.decode()


def test_a_silent_or_untrusted_system_is_told_in_words(
    browse: Browse, sam: Seat, exchange: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)
    monkeypatch.delenv("SSL_CERT_FILE")
    untrusted = browser.post(f"/leads/{lead.pk}/dial/", follow=True)
    settings.TELEPHONY_URL = "https://127.0.0.1:1/{number}"
    silent = browser.post(f"/leads/{lead.pk}/dial/", follow=True)

    for answer in (untrusted, silent):
        assert (answer.status_code, "does not answer" in answer.content.decode()) == (200, True)
    assert exchange.asked == []


@pytest.mark.parametrize("place", ["1", "-1", "x", "", "99999999999999999999", "0.5"])
def test_only_a_phone_of_this_client_is_called(browse: Browse, sam: Seat, exchange: Any, place: str) -> None:
    make_lead(sam, phone=OTHER)
    lead = make_lead(sam, phone=PHONE)

    answer = browse(sam).post(f"/leads/{lead.pk}/dial/", {"place": place, "number": OTHER, "to": OTHER})

    assert (answer.status_code, exchange.asked) == (422, [])


def test_without_a_telephone_system_nobody_is_called(browse: Browse, sam: Seat, settings: Any) -> None:
    settings.TELEPHONY_URL = ""
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)

    answer = browser.post(f"/leads/{lead.pk}/dial/")

    assert (answer.status_code, OpenedHour.objects.count()) == (422, 0)
    assert f"/leads/{lead.pk}/dial/" not in browser.get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "http://pbx.example.com/{number}",
        "https://{number}.example.com/",
        "https://user@pbx.example.com/{number}",
        "https:///{number}",
        "https://pbx.example.com/call",
        "file:///{number}",
    ],
)
def test_the_address_of_the_telephone_system_is_one_host_over_tls(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="TELEPHONY_URL"):
        environment.telephony(url)


def test_an_address_with_a_place_for_the_number_is_taken() -> None:
    url = "https://pbx.example.com:8443/call/{number}?from={person}"

    assert (environment.telephony(url), environment.telephony("")) == (url, "")
