"""A pipeline is drawn whole, in any structure and for any trade, and the database agrees."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, connection, transaction

from pipeline_crm.tiers.actions import draw
from pipeline_crm.tiers.models import Pipeline, Reason, Rung
from pipeline_crm.tiers.presets import PRESETS, Industry
from pipeline_crm.tiers.stages import DIVISION, Stage, Structure

pytestmark = pytest.mark.django_db

STRUCTURES = list(Structure)
CYRILLIC = re.compile("[А-Яа-яЁё]")


def at_commit() -> None:
    """Lets the database check now what it would check at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("structure", STRUCTURES)
def test_each_structure_is_drawn_with_its_stages_divided(structure):
    pipeline = draw("North", structure=structure)

    at_commit()
    drawn = Pipeline.objects.get(pk=pipeline.pk)
    assert tuple(tier.stages for tier in drawn.ordered_tiers) == DIVISION[structure]
    assert drawn.structure == structure


@pytest.mark.parametrize("preset", PRESETS)
def test_each_industry_is_drawn_in_its_own_structure(preset):
    pipeline = draw("North", preset=preset)

    assert Pipeline.objects.get(pk=pipeline.pk).structure == PRESETS[preset].structure


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("preset", [None, *PRESETS])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_any_trade_can_be_drawn_in_any_structure_and_speaks_one_language(structure, preset, language):
    pipeline = draw("North", structure=structure, preset=preset, language=language)

    at_commit()
    rows = [
        *pipeline.tiers.all(),
        *pipeline.steps.all(),
        *pipeline.sources.all(),
        *pipeline.reasons.all(),
        *pipeline.products.all(),
    ]
    assert {bool(CYRILLIC.search(row.name)) for row in rows} == {language == "ru"}


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_a_drawn_pipeline_lacks_nothing_that_work_needs(preset):
    pipeline = draw("North", preset=preset)

    assert {step.stage for step in pipeline.steps.all()} == set(Stage)
    assert {reason.kind for reason in pipeline.reasons.all()} == set(Reason.Kind)
    assert pipeline.sources.exists()
    assert all(product.price > 0 for product in pipeline.products.all())
    assert all(tier.rungs.filter(act="reassign").exists() for tier in pipeline.tiers.all())
    assert not pipeline.calendar.is_round_the_clock


def test_the_names_of_tiers_follow_the_structure_and_the_language():
    assert [tier.name for tier in draw("A", structure=Structure.THREE).ordered_tiers] == [
        "Scouts",
        "Hunters",
        "Farmers",
    ]
    assert [tier.name for tier in draw("B", structure=Structure.THREE, language="ru").ordered_tiers] == [
        "Разведчики",
        "Охотники",
        "Фермеры",
    ]
    assert [tier.name for tier in draw("C", structure=Structure.SEARCH_APART, language="ru").ordered_tiers] == [
        "Разведчики",
        "Менеджеры",
    ]


def test_prices_are_believable_in_the_currency_of_the_pipeline():
    roubles = draw("A", preset=Industry.FLOWER_SHOP).products.first()
    euros = draw("B", preset=Industry.FLOWER_SHOP, currency="EUR").products.first()

    assert (roubles.price, euros.price) == (2900, 35)


def test_a_pipeline_that_fails_half_way_is_not_drawn_at_all():
    draw("North")

    with pytest.raises(IntegrityError), transaction.atomic():
        draw("North")

    assert Pipeline.objects.count() == 1


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_what_nobody_can_work_costs_nobody_a_turn(preset):
    reasons = draw("North", preset=preset).reasons.filter(gives_turn_back=True)

    assert set(reasons.values_list("kind", "name")) == {
        (Reason.Kind.DISQUALIFY, name) for name in ("Wrong number", "Spam", "A duplicate")
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_trade_reminds_before_a_clock_runs_out(preset):
    for tier in draw("North", preset=preset).tiers.all():
        first = tier.rungs.first()

        assert (first.act, first.delay_minutes < 0) == (Rung.Act.REMIND, True)
