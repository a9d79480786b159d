"""Who is dismissed is out in the same commit, by every way in, and an old way in does not open again later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pgtrigger
import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from leads.models import Lead
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Seat
from pipeline_crm.users.actions import invite
from pipeline_crm.users.models import Invitation, User
from tests.cast import MONDAY, make_lead
from tests.users.conftest import PASSWORD, sign_in, with_password


def set_active(seat: Seat, *, to: bool) -> None:
    User.objects.filter(pk=seat.user_id).update(is_active=to)


def test_an_open_session_ends_with_the_commit_and_does_not_come_back_with_the_person(sam, browse):
    browser = browse(sam)
    answers = [browser.get("/leads/").status_code]
    set_active(sam, to=False)
    answers.append(browser.get("/leads/").status_code)
    set_active(sam, to=True)
    answers.append(browser.get("/leads/").status_code)

    assert answers == [200, 302, 302]


def test_a_dismissal_that_is_rolled_back_signs_nobody_out(sam, browse):
    browser = browse(sam)
    with transaction.atomic():
        set_active(sam, to=False)
        transaction.set_rollback(True)

    assert browser.get("/leads/").status_code == 200


def test_an_edit_of_the_person_signs_nobody_out(sam, browse):
    browser = browse(sam)
    user = User.objects.get(pk=sam.user_id)
    user.last_name = "Scoutsdaughter"
    user.save()

    assert browser.get("/leads/").status_code == 200


def test_every_way_in_ends_with_the_commit(sam, lena):
    """Sessions, the list of devices, an open invitation and a link to a new password; those of colleagues stay."""
    browser, colleague = sign_in(sam.user), sign_in(lena.user)
    token = invite(sam.user, now=timezone.now())
    Browser().post("/auth/password/reset/", {"email": sam.user.email})
    reset = next(line for line in mail.outbox[0].body.splitlines() if "/auth/" in line).partition("/auth/")[2]
    open_before = Browser().get(f"/auth/{reset}", follow=True).context.get("token_fail", False)

    set_active(sam, to=False)
    set_active(sam, to=True)

    assert open_before is False
    assert Session.objects.count() == 2  # the colleague's, and the stranger's who followed the link
    assert [row.user for row in UserSession.objects.all()] == [lena.user]
    assert browser.get("/leads/").status_code == 302
    assert colleague.get("/leads/").status_code == 200
    assert Browser().get(f"/me/join/{token}/").status_code == 404
    assert Browser().get(f"/auth/{reset}", follow=True).context["token_fail"] is True


def test_the_alarm_rings_where_the_law_is_missing(sam):
    """Without the trigger all that must end comes back with the person."""
    browser, token = sign_in(sam.user), invite(sam.user, now=timezone.now())

    with pgtrigger.ignore("users.User:who_is_dismissed_is_signed_out"):
        set_active(sam, to=False)
        set_active(sam, to=True)

    assert browser.get("/leads/").status_code == 200
    assert Browser().get(f"/me/join/{token}/").status_code == 200


def test_a_dismissal_that_is_rolled_back_takes_nothing_away(sam):
    sign_in(sam.user)
    token = invite(sam.user, now=timezone.now())
    with transaction.atomic():
        set_active(sam, to=False)
        transaction.set_rollback(True)

    assert UserSession.objects.count() == 1
    assert Browser().get(f"/me/join/{token}/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(10))
def test_who_comes_in_while_being_dismissed_is_not_in(sam, number):
    """By the link or by the password, at the same moment: whoever wins, after the commit nobody is in."""
    token, person = invite(with_password(sam.user), now=timezone.now()), sam.user
    barrier, browsers = threading.Barrier(3), [Browser(), Browser()]
    told = {"new_password1": "Kettle-42-lamp", "new_password2": "Kettle-42-lamp"}

    def act(what: Callable[[], Any]) -> None:
        barrier.wait()
        what()
        connection.close()

    acts: list[Callable[[], Any]] = [
        lambda: set_active(sam, to=False),
        lambda: browsers[0].post(f"/me/join/{token}/", told),
        lambda: browsers[1].post("/auth/login/", {"login": person.username, "password": PASSWORD}),
    ]
    together = [threading.Thread(target=act, args=[one]) for one in acts]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()

    assert [browser.get("/leads/").status_code for browser in browsers] == [302, 302]
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("leaves", [{"user": False}, {"seat": False}])
def test_the_records_of_who_leaves_move_in_the_next_sweep(sam, sue, leaves):
    lead = make_lead(sam)
    if "user" in leaves:
        set_active(sam, to=False)
    else:
        Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert dict(sweep(now=MONDAY)) == {"reassigned": 1}
    assert Lead.objects.get(pk=lead.pk).seat == sue
