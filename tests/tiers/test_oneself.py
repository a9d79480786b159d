"""Whoever administers does not give themselves sight of clients: a superuser only of a pipeline that has none yet."""

from __future__ import annotations

import pytest

from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage
from tests.cast import make_lead, seat_at
from tests.tiers.sheet import Sheet, said

LATE = "This pipeline has clients, so somebody else who administers has to give you this."
SEAT = {"role": "lead", "capacity": "9", "weight": "1", "is_open": "on"}


@pytest.fixture
def page(browse, root, pipeline):
    return Sheet(browse(root), pipeline)


def seat_oneself(page, root, pipeline):
    tier = Pipeline.objects.get(pk=pipeline.pk).tier_for(Stage.LEAD)
    page.values["heads"] = [root.pk]
    return page.add("seats", user=root.pk, tier=tier.pk, **SEAT).save()


def test_who_founds_the_house_begins_to_work_in_it(page, root, pipeline):
    assert seat_oneself(page, root, pipeline).status_code == 302

    assert list(appointed(pipeline, "head_pipeline")) == [root.pk]
    assert Seat.objects.get().user_id == root.pk


def test_from_the_first_client_on_somebody_else_has_to(page, root, pipeline):
    make_lead(pipeline=pipeline)

    answer = seat_oneself(page, root, pipeline)

    assert (answer.status_code, said(answer).count(LATE)) == (200, 2)
    assert (list(appointed(pipeline, "head_pipeline")), Seat.objects.count()) == ([], 0)


@pytest.mark.parametrize(("change", "status"), [({"capacity": "9"}, 302), ({"role": "lead"}, 200)])
def test_of_ones_own_seat_only_what_shows_no_more_is_changed(browse, root, pipeline, change, status):
    seat = seat_at(pipeline, Stage.LEAD, root)
    make_lead(pipeline=pipeline)
    page = Sheet(browse(root), pipeline)

    assert page.change(page.row("seats", id=seat.pk), **change).save().status_code == status

    seat.refresh_from_db()
    assert (seat.capacity, seat.role) == ((9, "member") if status == 302 else (40, "member"))
