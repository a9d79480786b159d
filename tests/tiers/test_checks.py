"""`manage.py check` warns of tiers where nobody can receive."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from pipeline_crm.tiers.checks import tiers_have_people
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage
from tests.cast import make_person, seat_at

pytestmark = pytest.mark.django_db


def warned() -> list[str]:
    return sorted(warning.obj.name for warning in tiers_have_people(None) if warning.id == "tiers.W001")


def test_each_tier_without_an_open_seat_is_warned_of_with_a_hint(pipeline, sam):
    assert warned() == ["Farmers", "Hunters"]
    assert all(f"/admin/tiers/pipeline/{pipeline.pk}/change/" in warning.hint for warning in tiers_have_people(None))


def test_a_closed_seat_and_a_person_who_left_do_not_count(pipeline, sam):
    for stage in (Stage.DEAL, Stage.ACCOUNT):
        seat_at(pipeline, stage, make_person(f"at_{stage}"))
    assert warned() == []

    Seat.objects.filter(tier__works_deal=True).update(is_open=False)
    sam.user.is_active = False
    sam.user.save()

    assert warned() == ["Hunters", "Scouts"]


def test_a_pipeline_out_of_use_is_not_warned_of(pipeline):
    Pipeline.objects.update(is_active=False)

    assert warned() == []


def test_before_the_tables_are_made_the_check_is_silent(pipeline):
    def refuse(*args, **kwargs):
        raise DatabaseError('relation "tiers_tier" does not exist')

    with connection.execute_wrapper(refuse):
        assert tiers_have_people(None) == []
