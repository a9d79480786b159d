"""People come in by a link that works once; nobody else ever holds their password."""

from __future__ import annotations

import re
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test import Client as Browser
from django.utils import timezone

from pipeline_crm.users.actions import NotInvited, come_in, invite
from pipeline_crm.users.models import Invitation, User
from tests.cast import make_person
from tests.tiers.sheet import values_on

PEOPLE = "/admin/users/user/"
NEW = "Kettle-42-lamp"
CHOSEN = {"new_password1": NEW, "new_password2": NEW}
NINA = {"username": "nina", "first_name": "Nina", "last_name": "New", "email": "nina@firm.example", "language": "ru"}
CHIEF = {"username": "chief", "first_name": "Ada", "last_name": "Stern", "email": "ada@firm.example", "language": "en", "password1": NEW, "password2": NEW}  # fmt: skip


@pytest.fixture
def desk(browse: Any, cody: User) -> Browser:
    """The configurator's browser."""
    return browse(cody)


@pytest.fixture
def post(django_capture_on_commit_callbacks: Any) -> Any:
    """Posts, and does what is done after the commit."""

    def posted(browser: Browser, address: str, told: dict[str, Any]) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return browser.post(address, told)

    return posted


def link_in(letter: Any) -> str:
    return re.search(r"/me/join/[\w-]+/", letter.body)[0]


def test_who_is_added_gets_a_letter_in_their_language_and_chooses_their_password(desk, post, client):
    post(desk, PEOPLE + "add/", NINA)
    [letter] = mail.outbox

    page, answer = client.get(link_in(letter)), client.post(link_in(letter), CHOSEN)

    assert (letter.to, letter.subject) == (["nina@firm.example"], "Ваш вход в Pipeline")
    assert "Вы входите под именем nina" in letter.body
    assert page.status_code == 200
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/find/").status_code == 200
    assert Browser().login(username="nina", password=NEW)


def test_the_link_works_once(desk, post, client):
    post(desk, PEOPLE + "add/", NINA)
    link = link_in(mail.outbox[0])
    client.post(link, CHOSEN)

    again = Browser().post(link, {"new_password1": "Other-42-lamp", "new_password2": "Other-42-lamp"})

    assert (again.status_code, Browser().get(link).status_code) == (404, 404)
    assert not Browser().login(username="nina", password="Other-42-lamp")


def test_a_newer_link_ends_the_older_one(desk, post):
    post(desk, PEOPLE + "add/", NINA)
    nina = User.objects.get(username="nina")
    page = desk.get(f"{PEOPLE}{nina.pk}/change/")
    post(desk, f"{PEOPLE}{nina.pk}/change/", values_on(page) | {"users_user_send_again": "1"})
    older, newer = map(link_in, mail.outbox)

    assert [Browser().get(link).status_code for link in (older, newer)] == [404, 200]


def test_a_link_has_its_time(db):
    nina = make_person("nina")
    token = invite(nina, now=timezone.now())

    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        assert Browser().get(f"/me/join/{token}/").status_code == 404


def test_the_database_does_not_hold_the_link(db):
    token = invite(make_person("nina"), now=timezone.now())

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(i::text, ' ') FROM users_invitation i")
        assert token not in cursor.fetchone()[0]


def test_a_weak_password_is_refused_and_the_link_lives_on(db, client):
    token = invite(make_person("nina"), now=timezone.now())

    answer = client.post(f"/me/join/{token}/", {"new_password1": "12345678", "new_password2": "12345678"})

    assert answer.status_code == 422
    assert client.get(f"/me/join/{token}/").status_code == 200


def test_without_an_address_nobody_is_added(desk, post):
    post(desk, PEOPLE + "add/", NINA | {"email": ""})
    post(desk, PEOPLE + "add/", NINA | {"email": "CODY@firm.example"})

    assert not User.objects.filter(username="nina").exists()
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_letter_that_cannot_be_sent_is_told(desk, monkeypatch):
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send", lambda _self: (_ for _ in ()).throw(smtplib.SMTPException("no"))
    )

    answer = desk.post(PEOPLE + "add/", NINA)

    assert answer.status_code == 302
    assert "could not be sent" in desk.get(PEOPLE).text
    assert User.objects.filter(username="nina").exists()


def test_a_configurator_does_not_take_an_account_over_by_its_address(desk, post):
    nina = make_person("nina", last_login=timezone.now())
    page = desk.get(f"{PEOPLE}{nina.pk}/change/")

    post(desk, f"{PEOPLE}{nina.pk}/change/", values_on(page) | {"email": "cody+nina@firm.example"})
    post(desk, f"{PEOPLE}{nina.pk}/change/", values_on(page) | {"users_user_send_again": "1"})

    assert User.objects.get(pk=nina.pk).email == "nina@firm.example"
    assert mail.outbox == []


# The first administrator -----------------------------------------------------------------------------------------


def printed(*words: str) -> str:
    from io import StringIO

    out = StringIO()
    call_command("invite_admin", *words, stdout=out)
    return re.search(r"^http\S+?(/me/join/[\w-]+/)$", out.getvalue().strip())[1]


def test_the_first_administrator_comes_in_by_a_printed_link_and_sets_a_second_factor_up(db, settings, client):
    settings.SECOND_FACTOR_REQUIRED = True
    link = printed()

    page, answer = client.get(link), client.post(link, CHIEF)
    chief = User.objects.get()

    assert page.status_code == 200
    assert (chief.username, chief.email, chief.is_superuser, chief.is_staff) == (
        "chief",
        "ada@firm.example",
        True,
        True,
    )
    assert answer.status_code == 302
    assert client.get("/admin/").headers["Location"] == "/auth/2fa/"
    assert Browser().get(link).status_code == 404


def test_where_there_is_an_administrator_no_link_is_printed_and_older_ones_are_dead(db):
    link = printed()
    make_person("root", is_superuser=True, is_staff=True)

    with pytest.raises(CommandError, match="There is an administrator already"):
        printed()

    assert Browser().post(link, CHIEF).status_code == 404
    assert Browser().get(printed("--another")).status_code == 200


def test_the_printed_link_has_a_day(db):
    link = printed()

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert Browser().get(link).status_code == 404


# Law and race ----------------------------------------------------------------------------------------------------


def test_nobody_is_deleted_whoever_asks(db):
    nina = make_person("nina")

    with pytest.raises(InternalError, match="Cannot delete"), transaction.atomic():
        nina.delete()
    with pytest.raises(InternalError, match="Cannot delete"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM users_user")

    assert User.objects.get() == nina


@pytest.mark.django_db(transaction=True)
def test_of_many_who_hold_the_same_link_one_comes_in():
    token = invite(make_person("nina"), now=timezone.now())
    barrier, came = threading.Barrier(4), []

    def try_it(number: int) -> None:
        barrier.wait()
        try:
            come_in(token, password=f"{NEW}{number}", now=timezone.now())
            came.append(number)
        except NotInvited:
            pass
        finally:
            connection.close()

    together = [threading.Thread(target=try_it, args=[number]) for number in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()

    assert len(came) == 1
    assert Invitation.objects.count() == 0
    assert User.objects.get().check_password(f"{NEW}{came[0]}")
