"""A setting that is missing or wrong stops the start with a sentence, and never with a password in it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from pipeline_crm import environment


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        environment.required("SECRET_KEY")


def test_an_empty_variable_is_a_missing_one(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        environment.required("SECRET_KEY")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1", True),
        ("true", True),
        ("Yes", True),
        ("on", True),
        ("0", False),
        ("", False),
        ("no", False),
        (" off ", False),
    ],
)
def test_a_flag_is_yes_or_no(monkeypatch, text, meaning):
    monkeypatch.setenv("DEBUG", text)

    assert environment.flag("DEBUG") is meaning


def test_a_flag_that_is_neither_is_refused(monkeypatch):
    monkeypatch.setenv("DEBUG", "maybe")

    with pytest.raises(ImproperlyConfigured, match="DEBUG must be 1 or 0"):
        environment.flag("DEBUG")


def test_words_are_parted_by_commas(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "crm.example.com, crm.example.org,,")

    assert environment.words("ALLOWED_HOSTS") == ["crm.example.com", "crm.example.org"]


def test_a_database_address_is_taken_apart():
    found = environment.database("postgresql://crm:p%40ss@db.example.com:5433/crm?sslmode=require")

    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "crm",
        "USER": "crm",
        "PASSWORD": "p@ss",
        "HOST": "db.example.com",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_may_live_behind_a_socket():
    found = environment.database("postgresql://postgres@/pipeline?host=/srv/folder")

    assert (found["HOST"], found["NAME"], found["OPTIONS"]) == ("/srv/folder", "pipeline", {})


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://crm:hunter2@db/crm", "DATABASE_URL must start with one of: postgres, postgresql."),
        ("postgresql://crm:hunter2@db", "DATABASE_URL names no database: it should end with /NAME."),
        ("postgresql://crm:hunter2@db:many/crm", "DATABASE_URL is not an address: "),
    ],
)
def test_a_wrong_database_address_is_refused_without_repeating_the_password(url, sentence):
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.database(url)

    assert str(refusal.value).startswith(sentence)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp+tls://mail.example.com", 587, True, False),
        ("smtp+ssl://mail.example.com", 465, False, True),
        ("smtp+tls://mail.example.com:2525", 2525, True, False),
    ],
)
def test_a_mail_server_is_taken_apart(url, port, tls, ssl):
    options = environment.mailer(url)["OPTIONS"]

    assert (options["host"], options["port"], options["use_tls"], options["use_ssl"]) == (
        "mail.example.com",
        port,
        tls,
        ssl,
    )


def test_mail_may_go_nowhere():
    assert environment.mailer("nowhere:") == {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


def test_mail_may_be_files_in_a_folder():
    assert environment.mailer("files:/srv/our%20mail") == {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": "/srv/our mail"},
    }


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://crm.example.com", "https://crm.example.com"),
        ("https://crm.example.com:8443/sales/", "https://crm.example.com:8443/sales"),
        ("http://crm.local", "http://crm.local"),
        ("https://*.example.com", "https://otherwise"),
        ("", "https://otherwise"),
    ],
)
def test_the_site_knows_its_own_address(url, site):
    assert environment.site(url, otherwise="https://otherwise") == site


@pytest.mark.parametrize("url", ["crm.example.com", "ftp://crm.example.com", "https://"])
def test_a_wrong_address_of_the_site_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        environment.site(url, otherwise="https://otherwise")


def test_a_wrong_mail_address_is_refused():
    with pytest.raises(ImproperlyConfigured, match="MAIL_URL must start with one of"):
        environment.mailer("mail.example.com")
