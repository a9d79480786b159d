"""Who is dismissed is out in the same commit, by every way in, and an old way in does not open again later."""

from __future__ import annotations

import pytest
from django.db import transaction

from leads.models import Lead
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Seat
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_lead


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


@pytest.mark.parametrize("leaves", [{"user": False}, {"seat": False}])
def test_the_records_of_who_leaves_move_in_the_next_sweep(sam, sue, leaves):
    lead = make_lead(sam)
    if "user" in leaves:
        set_active(sam, to=False)
    else:
        Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert dict(sweep(now=MONDAY)) == {"reassigned": 1}
    assert Lead.objects.get(pk=lead.pk).seat == sue
