"""What is sealed in the database is read by who has a key, and by nobody else; keys can be changed."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ImproperlyConfigured

from pipeline_crm import environment, sealing

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_sealed_text_says_nothing_and_opens_again(settings):
    settings.DATA_KEYS = [NEW]

    sealed = sealing.seal("+7 916 123-45-67")

    assert "916" not in sealed
    assert sealing.unseal(sealed) == "+7 916 123-45-67"


def test_an_older_key_still_opens_until_all_is_sealed_anew(settings):
    settings.DATA_KEYS = [OLD]
    sealed = sealing.seal("words")
    settings.DATA_KEYS = [NEW, OLD]

    anew = sealing.reseal(sealed)

    assert sealing.unseal(sealed) == "words"
    settings.DATA_KEYS = [NEW]
    assert sealing.unseal(anew) == "words"
    with pytest.raises(InvalidToken):
        sealing.unseal(sealed)


def test_who_changes_a_sealed_text_breaks_it(settings):
    settings.DATA_KEYS = [NEW]
    sealed = sealing.seal("words")

    with pytest.raises(InvalidToken):
        sealing.unseal(sealed[:-8] + "AAAAAAA=")


def test_keys_are_read_newest_first(monkeypatch):
    monkeypatch.setenv("DATA_KEYS", f"{NEW}, {OLD}")

    assert environment.keys("DATA_KEYS", otherwise=None) == [NEW, OLD]


@pytest.mark.parametrize(
    "words", ["short", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=,short", "!" * 44, ",", "ключ" * 11]
)
def test_what_is_no_key_is_refused_without_being_repeated(monkeypatch, words):
    monkeypatch.setenv("DATA_KEYS", words)

    with pytest.raises(ImproperlyConfigured, match="DATA_KEYS must hold keys") as refused:
        environment.keys("DATA_KEYS", otherwise=None)

    assert "short" not in str(refused.value)


def test_at_home_a_key_is_made_of_the_secret(monkeypatch):
    monkeypatch.delenv("DATA_KEYS", raising=False)

    made = environment.keys("DATA_KEYS", otherwise="secret")

    assert made == environment.keys("DATA_KEYS", otherwise="secret") != environment.keys("DATA_KEYS", otherwise="other")
    assert len(Fernet(made[0]).encrypt(b"words")) > 0
