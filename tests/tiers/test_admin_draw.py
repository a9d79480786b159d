"""An admin draws a pipeline from one of the four structures or from an industry."""

from __future__ import annotations

import pytest
from django.urls import reverse

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.presets import PRESETS
from pipeline_crm.tiers.stages import Structure
from tests.tiers.sheet import said

ADD = "/admin/tiers/pipeline/add/"
NORTH = {"name": "North", "language": "en", "currency": "EUR", "time_zone": "Europe/Berlin", "country": "DE"}


@pytest.mark.parametrize("structure", list(Structure))
def test_a_pipeline_is_drawn_from_each_structure(desk, structure):
    answer = desk.post(ADD, NORTH | {"shape": structure.value})

    pipeline = Pipeline.objects.get(name="North")
    assert answer.url == reverse("admin:tiers_pipeline_change", args=[pipeline.pk]) + "#seats"
    assert (pipeline.structure, pipeline.currency, pipeline.time_zone, pipeline.country) == (
        structure,
        "EUR",
        "Europe/Berlin",
        "DE",
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_a_pipeline_is_drawn_from_each_industry(desk, preset):
    desk.post(ADD, NORTH | {"shape": preset, "language": "ru"})

    pipeline = Pipeline.objects.get(name="North")
    assert pipeline.structure == PRESETS[preset].structure
    assert [t.name for t in pipeline.ordered_tiers] == [d.name.ru for d in PRESETS[preset].desks]


def test_every_shape_has_a_card_with_its_belt(desk):
    page = said(desk.get(ADD))

    assert page.count('shape-card"') == len(PRESETS) + len(Structure)
    assert page.count('data-stage="lead"') == len(PRESETS) + len(Structure)


def test_a_name_that_is_taken_is_refused_and_nothing_is_drawn(desk, pipeline):
    answer = desk.post(ADD, NORTH | {"name": pipeline.name, "shape": "3"})

    assert answer.status_code == 200
    assert "already exists" in said(answer)
    assert Pipeline.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "wrong"), [("currency", "XYZ"), ("time_zone", "Mars/Base"), ("country", "XX"), ("shape", "4")]
)
def test_only_what_is_offered_can_be_picked(desk, field, wrong):
    answer = desk.post(ADD, NORTH | {"shape": "3", field: wrong})

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Pipeline.objects.exists()


def test_who_drew_the_pipeline_is_kept(desk, cody):
    desk.post(ADD, NORTH | {"shape": "car_dealer"})

    pipeline = Pipeline.objects.get()
    assert {h.history_user for h in pipeline.history.all()} == {cody}
    assert {h.history_user for tier in pipeline.tiers.all() for h in tier.history.all()} == {cody}
