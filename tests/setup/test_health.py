"""The health page tells a load balancer the truth, and nothing more."""

import pytest
from django.db import OperationalError, connection


@pytest.mark.django_db
def test_all_is_well_while_the_database_answers(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_silent_database_is_told_without_details(client, monkeypatch):
    def refuse(*args: object) -> None:
        raise OperationalError("could not connect to db.internal as crm")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = client.get("/healthz")

    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")


@pytest.mark.django_db
def test_health_is_not_sent_on_to_tls(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200
    assert client.get("/auth/login/").status_code == 301
