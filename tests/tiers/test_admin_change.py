"""On one page an admin names tiers, seats people, sorts steps, sets hours and appoints; each refusal says what to do."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Rung, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import make_lead, make_person, seat_at
from tests.tiers.sheet import Sheet, said
from tests.tiers.test_draw import at_commit


@pytest.fixture
def sheet(desk, pipeline):
    return Sheet(desk, pipeline)


def tier(pipeline, stage):
    return Pipeline.objects.get(pk=pipeline.pk).tier_for(stage)


def row_of(sheet, prefix, thing):
    return sheet.row(prefix, id=thing.pk)


def saved(answer):
    errors = "" if answer.status_code == 302 else [f.formset.errors for f in answer.context["inline_admin_formsets"]]
    assert answer.status_code == 302, errors
    return True


def refused(answer, words):
    assert answer.status_code == 200
    assert words in said(answer)
    return True


# What an admin does -------------------------------------------------------------------------------------------------


def test_an_untouched_page_saves_and_leaves_no_history(sheet):
    assert saved(sheet.save())
    assert Tier.history.filter(history_type="~").count() == 0


def test_a_tier_is_renamed_and_its_clocks_are_set(sheet, pipeline):
    row = row_of(sheet, "tiers", tier(pipeline, Stage.LEAD))

    assert saved(
        sheet.change(row, name="Call centre", first_touch_minutes="15", pool_minutes="", strategy="pool").save()
    )

    renamed = tier(pipeline, Stage.LEAD)
    assert (renamed.name, renamed.first_touch_minutes, renamed.pool_minutes, renamed.strategy) == (
        "Call centre",
        15,
        None,
        "pool",
    )


def test_a_person_is_seated_as_team_lead_with_capacity_and_weight(sheet, pipeline):
    anna = make_person("anna")
    hunters = tier(pipeline, Stage.DEAL)

    assert saved(
        sheet.add("seats", user=anna.pk, tier=hunters.pk, role="lead", capacity="12", weight="2", is_open="on").save()
    )

    seat = Seat.objects.get(user=anna)
    assert (seat.tier, seat.role, seat.capacity, seat.weight, seat.is_open) == (hunters, "lead", 12, 2, True)


def test_a_seat_is_closed(pipeline, sam, desk):
    sheet = Sheet(desk, pipeline)

    assert saved(sheet.change(row_of(sheet, "seats", sam), is_open=None).save())

    assert Seat.objects.get(pk=sam.pk).is_open is False


def test_steps_are_sorted_by_dragging(sheet, pipeline):
    first, second, third = pipeline.steps.filter(stage=Stage.LEAD)
    for position, step in enumerate([third, first, second]):
        sheet.change(row_of(sheet, "lead_steps", step), position=position)

    assert saved(sheet.save())

    assert list(pipeline.steps.filter(stage=Stage.LEAD)) == [third, first, second]


def test_a_new_step_comes_last_in_its_own_stage(sheet, pipeline):
    assert saved(sheet.add("deal_steps", name="Lawyer", probability="80", position="0").save())

    assert [step.name for step in pipeline.steps.filter(stage=Stage.DEAL)][-1] == "Lawyer"
    assert Step.objects.get(name="Lawyer").stage == Stage.DEAL


def test_hours_days_off_rungs_and_absences_are_set(pipeline, sam, desk):
    sheet = Sheet(desk, pipeline)
    sheet.change(sheet.row("hours", weekday=0), opens="10:00", closes="19:30")
    sheet.add("days_off", date="2026-12-31", name="Eve")
    sheet.add("rungs", tier=sam.tier_id, act="warn", delay_minutes="45")
    sheet.add("absences", seat=sam.pk, first_day="2026-11-20", last_day="2026-11-25", reason="Leave")

    assert saved(sheet.save())

    monday = pipeline.hours.get(weekday=0)
    assert (monday.opens, monday.closes) == (time(10), time(19, 30))
    assert pipeline.days_off.get().date == date(2026, 12, 31)
    assert Rung.objects.get(act="warn").delay_minutes == 45
    assert Absence.objects.get().seat == sam


def test_heads_and_analysts_are_appointed_and_dismissed(desk, pipeline, olga):
    hugo, ana = make_person("hugo"), make_person("ana")
    sheet = Sheet(desk, pipeline)
    assert sheet.values["heads"] == [str(olga.pk)]
    sheet.values |= {"heads": [hugo.pk], "analysts": [ana.pk]}

    assert saved(sheet.save())

    page = Sheet(desk, pipeline)
    assert (page.values["heads"], page.values["analysts"]) == ([str(hugo.pk)], [str(ana.pk)])


@pytest.mark.parametrize("structure", list(Structure))
def test_an_empty_pipeline_changes_its_structure_stage_by_stage(desk, structure):
    """From three tiers to each other structure, on one page, in one save."""
    from pipeline_crm.tiers.actions import draw
    from pipeline_crm.tiers.stages import DIVISION

    pipeline = draw("North")
    sheet = Sheet(desk, pipeline)
    tiers = pipeline.ordered_tiers
    division = DIVISION[structure]
    for index, old in enumerate(tiers):
        row = row_of(sheet, "tiers", old)
        if index < len(division):
            sheet.change(row, **{f"works_{s.value}": "on" if s in division[index] else None for s in Stage})
        else:
            sheet.delete(row)

    assert saved(sheet.save())

    at_commit()
    assert Pipeline.objects.get(pk=pipeline.pk).structure == structure


def test_two_tiers_trade_their_stages(sheet, pipeline):
    scouts, hunters = tier(pipeline, Stage.LEAD), tier(pipeline, Stage.DEAL)
    sheet.change(row_of(sheet, "tiers", scouts), works_lead=None, works_deal="on")
    sheet.change(row_of(sheet, "tiers", hunters), works_deal=None, works_lead="on")

    assert saved(sheet.save())

    at_commit()
    assert (tier(pipeline, Stage.LEAD), tier(pipeline, Stage.DEAL)) == (hunters, scouts)


# What is refused ----------------------------------------------------------------------------------------------------

MISTAKES = {
    "uncovered": ({Stage.DEAL: {}}, "Nobody works the stage “Deal”: tick it at one tier."),
    "no stage at all": ({Stage.DEAL: {}}, "“Hunters” works no stage: tick one, or delete the tier."),
    "twice": (
        {Stage.LEAD: {Stage.LEAD, Stage.DEAL}},
        "The stage “Deal” is worked by several tiers (“Scouts”, “Hunters”): leave it ticked at one.",
    ),
    "out of order": (
        {Stage.LEAD: {Stage.LEAD, Stage.ACCOUNT}, Stage.ACCOUNT: {}},
        "“Scouts” works leads and accounts but not the deals between them",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_division_of_stages_is_refused_with_a_sentence(sheet, pipeline, mistake):
    wrong, words = MISTAKES[mistake]
    for stage, ticked in wrong.items():
        flags = {f"works_{s.value}": "on" if s in ticked else None for s in Stage}
        sheet.change(row_of(sheet, "tiers", tier(pipeline, stage)), **flags)

    assert refused(sheet.save(), words)

    assert Pipeline.objects.get(pk=pipeline.pk).structure == Structure.THREE
    assert Tier.history.filter(history_type="~").count() == 0


def test_deleting_a_tier_uncovers_its_stage(sheet, pipeline):
    answer = sheet.delete(row_of(sheet, "tiers", tier(pipeline, Stage.ACCOUNT))).save()

    assert refused(answer, "Nobody works the stage “Account”: tick it at one tier.")
    assert pipeline.tiers.count() == 3


def test_a_second_tier_for_a_stage_is_refused(sheet, pipeline):
    answer = sheet.add("tiers", name="More hunters", works_deal="on", strategy="pool").save()

    assert refused(answer, "The stage “Deal” is worked by several tiers (“Hunters”, “More hunters”)")
    assert pipeline.tiers.count() == 3


def test_a_stage_stays_with_the_tier_that_has_records(desk, pipeline, sam):
    make_lead(sam)
    sheet = Sheet(desk, pipeline)
    sheet.change(row_of(sheet, "tiers", sam.tier), works_lead=None, works_deal="on")
    sheet.change(row_of(sheet, "tiers", tier(pipeline, Stage.DEAL)), works_deal=None, works_lead="on")

    assert refused(sheet.save(), "“Scouts” has records at the stage “Lead” (1): leave the stage with it.")


def test_what_is_in_use_cannot_be_deleted_and_no_client_is_named(desk, pipeline, sam):
    lead = make_lead(sam, name="Ivan Secret")
    for prefix, thing, advice in [
        ("seats", sam, "Close the seat instead"),
        ("lead_steps", lead.step, "move the records to other steps first"),
        ("tiers", sam.tier, "Rename it instead"),
    ]:
        sheet = Sheet(desk, pipeline)
        answer = sheet.delete(row_of(sheet, prefix, thing)).save()

        assert refused(answer, "cannot be deleted, it is in use")
        assert advice in said(answer)
        assert "Ivan" not in said(answer)
        assert type(thing).objects.filter(pk=thing.pk).exists()


def test_an_unused_seat_step_and_reason_are_deleted(desk, pipeline, sam):
    step = pipeline.steps.filter(stage=Stage.LEAD).last()
    reason = pipeline.reasons.filter(kind=Reason.Kind.LOSE).last()
    sheet = Sheet(desk, pipeline)
    for prefix, thing in [("seats", sam), ("lead_steps", step), ("reasons", reason)]:
        sheet.delete(row_of(sheet, prefix, thing))

    assert saved(sheet.save())

    assert not Seat.objects.exists()
    assert not Step.objects.filter(pk=step.pk).exists()
    assert not Reason.objects.filter(pk=reason.pk).exists()


def test_the_last_step_of_a_stage_stays(sheet, pipeline):
    for step in pipeline.steps.filter(stage=Stage.LEAD):
        sheet.delete(row_of(sheet, "lead_steps", step))

    assert refused(sheet.save(), "The stage “Lead” needs at least one step: keep one.")
    assert pipeline.steps.filter(stage=Stage.LEAD).count() == 3


def test_a_reason_of_each_kind_stays_in_use(sheet, pipeline):
    for reason in pipeline.reasons.filter(kind=Reason.Kind.CHURN):
        sheet.change(row_of(sheet, "reasons", reason), is_active=None)

    assert refused(sheet.save(), "Keep at least one reason in use for: an account has churned.")


def test_a_seat_that_holds_records_stays_at_its_tier(desk, pipeline, sam):
    make_lead(sam)
    sheet = Sheet(desk, pipeline)
    sheet.change(row_of(sheet, "seats", sam), tier=tier(pipeline, Stage.DEAL).pk)

    assert refused(sheet.save(), "This seat holds records (1) and stays at its tier")
    assert Seat.objects.get(pk=sam.pk).tier == sam.tier


def test_an_empty_seat_moves_to_another_tier(desk, pipeline, sam):
    sheet = Sheet(desk, pipeline)

    assert saved(sheet.change(row_of(sheet, "seats", sam), tier=tier(pipeline, Stage.DEAL).pk).save())

    assert Seat.objects.get(pk=sam.pk).tier == tier(pipeline, Stage.DEAL)


def test_a_seat_at_a_tier_of_another_pipeline_cannot_be_picked(sheet, stan):
    answer = sheet.add(
        "seats", user=make_person("anna").pk, tier=stan.tier_id, role="member", capacity="9", weight="1"
    ).save()

    assert refused(answer, "Select a valid choice")


def test_a_row_of_another_pipeline_is_not_changed_through_this_page(sheet, stan):
    sheet.values |= {"seats-TOTAL_FORMS": 1, "seats-INITIAL_FORMS": 1}
    answer = sheet.change(
        "seats-0", id=stan.pk, user=stan.user_id, tier=stan.tier_id, role="lead", capacity="1", weight="1"
    ).save()

    assert answer.status_code == 200
    assert Seat.objects.get(pk=stan.pk).role == "member"


def test_a_configurator_neither_appoints_nor_seats_themselves(sheet, cody, pipeline):
    sheet.values["heads"] = [cody.pk]
    sheet.add(
        "seats", user=cody.pk, tier=tier(pipeline, Stage.LEAD).pk, role="lead", capacity="9", weight="1", is_open="on"
    )

    answer = sheet.save()

    assert refused(answer, "You cannot appoint yourself: ask another configurator.")
    assert refused(answer, "You cannot seat yourself: ask another configurator.")
    assert not Seat.objects.exists()


def test_two_steps_of_one_name_are_refused(sheet, pipeline):
    answer = sheet.add("lead_steps", name="First call", probability="5", position="9").save()

    assert refused(answer, "Such a row is there already: change or delete one of the two.")
    assert pipeline.steps.filter(name="First call").count() == 1


def test_a_person_is_seated_once_at_a_tier(desk, pipeline, sam):
    sheet = Sheet(desk, pipeline)
    sheet.add("seats", user=sam.user_id, tier=sam.tier_id, role="lead", capacity="9", weight="1", is_open="on")

    assert refused(sheet.save(), "Such a row is there already: change or delete one of the two.")
    assert Seat.objects.count() == 1


def test_a_desk_opens_before_it_closes(sheet):
    answer = sheet.change(sheet.row("hours", weekday=0), opens="19:00", closes="10:00").save()

    assert refused(answer, "The opening hour must come before the closing hour.")


@pytest.mark.django_db(transaction=True)
def test_what_only_the_database_sees_is_a_sentence_too(desk, pipeline, monkeypatch):
    """The forms are blinded on purpose: the commit itself refuses, and the page says why."""
    from pipeline_crm.tiers.formsets import TierFormSet

    monkeypatch.setattr(TierFormSet, "problems_of_staying", lambda self: iter(()))
    sheet = Sheet(desk, pipeline)
    sheet.change(row_of(sheet, "tiers", tier(pipeline, Stage.LEAD)), works_deal="on", name="Renamed")

    assert refused(sheet.save(), "Deals are worked by one tier only")
    assert tier(pipeline, Stage.LEAD).name == "Scouts"


@pytest.mark.django_db(transaction=True)
def test_an_uncovered_stage_is_refused_at_commit_with_a_sentence(desk, pipeline, monkeypatch):
    from pipeline_crm.tiers.formsets import TierFormSet

    monkeypatch.setattr(TierFormSet, "problems_of_staying", lambda self: iter(()))
    sheet = Sheet(desk, pipeline)

    answer = sheet.delete(row_of(sheet, "tiers", tier(pipeline, Stage.LEAD))).save()

    assert refused(answer, "Each of the three stages must be worked by exactly one tier")
    assert pipeline.tiers.count() == 3


def test_a_pipeline_in_use_is_not_deleted_and_an_empty_one_is(desk, pipeline, sam, stan):
    make_lead(sam, name="Ivan Secret")
    address = f"/admin/tiers/pipeline/{pipeline.pk}/delete/"

    page = said(desk.post(address, {"post": "yes"}))

    assert "cannot be deleted, it is in use" in page
    assert "Ivan" not in page
    assert Pipeline.objects.filter(pk=pipeline.pk).exists()
    stan.delete()
    desk.post(f"/admin/tiers/pipeline/{stan.tier.pipeline_id}/delete/", {"post": "yes"})
    assert not Pipeline.objects.filter(pk=stan.tier.pipeline_id).exists()


# What the page costs ------------------------------------------------------------------------------------------------


def test_the_page_costs_the_same_with_one_seat_and_with_thirty(desk, pipeline, sam):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            Sheet(desk, pipeline)
        return len(queries)

    cost()
    with_one = cost()
    for number in range(29):
        seat_at(pipeline, list(Stage)[number % 3], make_person(f"person{number}"))

    cost()
    assert cost() == with_one
