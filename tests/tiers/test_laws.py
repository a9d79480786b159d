"""PostgreSQL itself refuses a pipeline whose stages are not covered once each, in order, whoever writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from pipeline_crm.tiers.actions import draw
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import make_lead
from tests.tiers.test_draw import at_commit

pytestmark = pytest.mark.django_db

FOUR = {
    Structure.THREE: ["lead", "deal", "account"],
    Structure.CLOSING_JOINED: ["lead deal", "account"],
    Structure.SEARCH_APART: ["lead", "deal account"],
    Structure.ONE: ["lead deal account"],
}
REFUSED = {
    "no tiers": ([], "every_stage_has_exactly_one_tier"),
    "leads uncovered": (["deal", "account"], "every_stage_has_exactly_one_tier"),
    "deals uncovered": (["lead", "account"], "every_stage_has_exactly_one_tier"),
    "accounts uncovered": (["lead", "deal"], "every_stage_has_exactly_one_tier"),
    # The counting trigger and the exclusion constraint both refuse these; which is first is PostgreSQL's affair.
    "leads twice": (["lead", "lead deal", "account"], "leads_have_one_tier|every_stage_has_exactly_one_tier"),
    "deals twice": (["lead deal", "deal", "account"], "deals_have_one_tier|every_stage_has_exactly_one_tier"),
    "accounts twice": (["lead", "deal account", "account"], "accounts_have_one_tier|every_stage_has_exactly_one_tier"),
    "all twice": (["lead deal account", "lead deal account"], "leads_have_one_tier|every_stage_has_exactly_one_tier"),
    "out of order": (["lead account", "deal"], "a_tier_works_stages_in_a_row"),
    "a tier without a stage": (["lead", "deal", "account", ""], "a_tier_works_some_stage"),
}


def commit(act: Callable[[], object]) -> None:
    """Acts, and lets the database judge as at the end of a transaction."""
    with transaction.atomic():
        act()
        at_commit()


def raw(statement: str) -> None:
    """Runs SQL past every model."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def divide(*divisions: str) -> Pipeline:
    """Writes a pipeline past every form and action, as a script might."""
    with transaction.atomic():
        pipeline = Pipeline.objects.create(name="Raw")
        for number, stages in enumerate(divisions):
            Tier.objects.create(
                pipeline=pipeline, name=f"Tier {number}", **{f"works_{s}": True for s in stages.split()}
            )
        at_commit()
    return pipeline


@pytest.mark.parametrize("structure", FOUR)
def test_the_four_structures_pass(structure):
    assert Pipeline.objects.get(pk=divide(*FOUR[structure]).pk).structure == structure


@pytest.mark.parametrize("wrong", REFUSED)
def test_every_other_division_is_refused(wrong):
    divisions, law = REFUSED[wrong]

    with pytest.raises(IntegrityError, match=law):
        divide(*divisions)

    assert not Pipeline.objects.exists()


UNDOING = {
    "update uncovers": (
        "UPDATE tiers_tier SET works_deal = false WHERE works_deal",
        "a_tier_works_some_stage|every_stage",
    ),
    "update doubles": ("UPDATE tiers_tier SET works_deal = true WHERE works_lead", "deals_have_one_tier"),
    "update crosses": ("UPDATE tiers_tier SET works_account = true WHERE works_lead", "a_tier_works_stages_in_a_row"),
    "delete uncovers": (
        "DELETE FROM tiers_rung; DELETE FROM tiers_tier WHERE works_account",
        "every_stage_has_exactly_one_tier",
    ),
    "a tier leaves for another pipeline": (
        "UPDATE tiers_tier SET name = 'Strays', pipeline_id = (SELECT max(id) FROM tiers_pipeline)"
        " WHERE id = (SELECT min(id) FROM tiers_tier)",
        "every_stage_has_exactly_one_tier|leads_have_one_tier",
    ),
}


@pytest.mark.parametrize("way", UNDOING)
def test_raw_sql_cannot_undo_the_division(way):
    draw("North")
    draw("South")
    at_commit()
    statement, law = UNDOING[way]

    with pytest.raises(IntegrityError, match=law):
        commit(lambda: raw(statement))

    assert {p.structure for p in Pipeline.objects.all()} == {Structure.THREE}


def test_queryset_update_cannot_uncover_a_stage():
    pipeline = draw("North", structure=Structure.ONE)
    at_commit()

    with pytest.raises(IntegrityError, match="every_stage_has_exactly_one_tier"):
        commit(lambda: pipeline.tiers.update(works_account=False))


def test_stages_may_change_hands_within_one_transaction():
    pipeline = draw("North")
    scouts, hunters, _ = pipeline.ordered_tiers

    with transaction.atomic():
        Tier.objects.filter(pk=scouts.pk).update(works_lead=False, works_deal=True)
        Tier.objects.filter(pk=hunters.pk).update(works_deal=False, works_lead=True)
        at_commit()

    assert Pipeline.objects.get().tier_for(Stage.LEAD) == hunters


def test_a_seat_with_records_cannot_be_moved_even_by_raw_sql(sam, pipeline):
    make_lead(sam)
    hunters = pipeline.tier_for(Stage.DEAL)

    with pytest.raises(IntegrityError, match="an_owner_sits_at_the_tier_of_the_record"):
        commit(lambda: Seat.objects.filter(pk=sam.pk).update(tier=hunters))
