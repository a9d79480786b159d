"""What slips past the code is refused by PostgreSQL, by a law whose name is a sentence."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.tiers.models import Step, Tier
from pipeline_crm.timeline.models import Entry, Movement
from tests.cast import MONDAY, make_account, make_deal, make_lead, make_offer


@pytest.fixture
def refused():
    """A block that must be refused by the law of this name, at once or at the commit."""
    from contextlib import contextmanager

    @contextmanager
    def block(law: str):
        with pytest.raises(DatabaseError, match=law), transaction.atomic():  # noqa: PT012
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    return block


def test_update_of_a_state_is_refused(sam, refused):
    lead = make_lead(sam)

    with refused("Invalid transition"):
        Lead.objects.filter(pk=lead.pk).update(state="qualified", version=F("version") + 1)


def test_bulk_update_of_a_state_is_refused(sam, refused):
    lead = make_lead(sam)
    lead.__dict__.update(state="qualified", version=lead.version + 1)

    with refused("Invalid transition"):
        Lead.objects.bulk_update([lead], ["state", "version"])


def test_a_raw_save_of_a_state_is_refused(sam, refused):
    lead = make_lead(sam)
    lead.__dict__.update(state="qualified", version=lead.version + 1)

    with refused("Invalid transition"):
        lead.save()


def test_raw_sql_on_a_state_is_refused(sam, refused):
    lead = make_lead(sam)

    with refused("Invalid transition"), connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET state = 'qualified', version = version + 1 WHERE id = %s", [lead.pk])


def test_an_unknown_state_is_refused(sam, refused):
    lead = make_lead(sam)

    with refused("Invalid transition"):
        Lead.objects.filter(pk=lead.pk).update(state="weird", version=F("version") + 1)


def test_a_lead_cannot_be_born_qualified(sam, refused):
    lead = make_lead(sam)
    lead.pk = None
    lead.__dict__.update(state="qualified", version=1)

    with refused("a_record_begins_at_the_beginning"):
        Lead.objects.bulk_create([lead])


def test_a_legal_move_without_its_movement_is_refused(sam, refused):
    lead = make_lead(sam)

    with refused("every_move_has_its_movement"):
        Lead.objects.filter(pk=lead.pk).update(state="contacted", version=F("version") + 1)


def test_a_new_owner_without_a_new_version_is_refused(sam, sue, refused):
    lead = make_lead(sam)

    with refused("a_move_counts_one_version"):
        Lead.objects.filter(pk=lead.pk).update(seat=sue)


def test_a_version_that_runs_ahead_is_refused(sam, refused):
    lead = make_lead(sam)

    with refused("a_version_counts_moves_only"):
        Lead.objects.filter(pk=lead.pk).update(version=F("version") + 1)


def test_an_owner_of_another_tier_is_refused(sam, hal, refused):
    lead = make_lead(sam)

    with refused("an_owner_sits_at_the_tier_of_the_record"):
        Lead.objects.filter(pk=lead.pk).update(seat=hal, version=F("version") + 1)


def test_a_tier_that_does_not_work_the_stage_is_refused(sam, hal, refused):
    lead = make_lead(sam)

    with refused("a_record_is_at_the_tier_of_its_stage"):
        Lead.objects.filter(pk=lead.pk).update(tier=hal.tier, seat=hal, version=F("version") + 1)


def test_a_step_of_another_stage_is_refused(pipeline, sam, refused):
    lead = make_lead(sam)
    step = Step.objects.filter(pipeline=pipeline, stage="deal")[0]

    with refused("a_record_stands_on_a_step_of_its_stage"):
        Lead.objects.filter(pk=lead.pk).update(step=step, version=F("version") + 1)


def test_a_step_of_another_pipeline_is_refused(sam, stan, refused):
    lead = make_lead(sam)
    step = Step.objects.filter(pipeline=stan.tier.pipeline, stage="lead")[0]

    with refused("a_record_stands_on_a_step_of_its_stage"):
        Lead.objects.filter(pk=lead.pk).update(step=step, version=F("version") + 1)


def test_a_disqualified_lead_must_say_why(sam, refused):
    lead = make_lead(sam)

    with refused("a_disqualified_lead_says_why"):
        Lead.objects.filter(pk=lead.pk).update(state="disqualified", version=F("version") + 1)


def test_a_parked_lead_must_have_a_date(sam, refused):
    lead = make_lead(sam)

    with refused("a_parked_lead_has_a_date"):
        Lead.objects.filter(pk=lead.pk).update(state="parked", version=F("version") + 1)


def test_a_qualified_lead_without_a_deal_is_refused(sam, hal, refused):
    deal = make_offer(sam)

    with refused("a_qualified_lead_has_its_deal"), connection.cursor() as cursor:
        # As if the second half of a hand-off had not been written.
        cursor.execute("UPDATE deals_deal SET lead_id = NULL, repeat_of_id = id WHERE id = %s", [deal.pk])
        cursor.execute("UPDATE leads_lead SET state = state, comment = 'touched' WHERE id = %s", [deal.lead_id])


def test_a_won_deal_without_an_account_is_refused(sam, hal, refused):
    deal = make_deal(sam, hal)

    with refused("a_won_deal_has_its_account"):
        Deal.objects.filter(pk=deal.pk).update(state="won", version=F("version") + 1)
        written(deal, to_state="won")


def written(item, *, to_state: str) -> None:
    """The movement that a forger would add."""
    Movement.objects.create(
        client=item.client,
        pipeline=item.pipeline,
        stage=item.stage,
        record_id=item.pk,
        version=item.version + 1,
        cause="won",
        at=MONDAY,
        to_state=to_state,
        to_step=item.step,
        to_seat=item.seat,
        to_tier=item.tier,
    )


def test_an_offered_deal_without_its_hand_off_is_refused(sam, hal, refused):
    deal = make_offer(sam)

    with refused("what_is_offered_has_a_hand_off"):
        Deal.objects.filter(pk=deal.pk).update(state="offered", comment="touched")
        HandOff.objects.filter(to_id=deal.pk).update(state="expired", answered_at=MONDAY)
        Deal.objects.filter(pk=deal.pk).update(comment="touched again")


def test_one_record_is_offered_once_at_a_time(sam, hal):
    deal = make_offer(sam)
    offer = HandOff.objects.get(to_id=deal.pk)
    offer.pk = None

    with pytest.raises(IntegrityError, match="a_record_is_offered_once_at_a_time"), transaction.atomic():
        offer.save(force_insert=True)


def test_a_deal_from_nowhere_is_refused(sam, hal, refused):
    deal = make_deal(sam, hal)

    with refused("a_deal_comes_from_a_lead_or_an_account"):
        Deal.objects.filter(pk=deal.pk).update(lead=None)


def test_a_client_has_one_account_in_a_pipeline(sam, hal, fay, refused):
    account = make_account(sam, hal, fay)
    account.pk = None
    account.__dict__.update(state="active", version=1)

    with refused("a_client_has_one_account_in_a_pipeline"):
        Account.objects.bulk_create([account])


@pytest.mark.parametrize("model", [Movement, Entry], ids=["movements", "entries"])
@pytest.mark.parametrize("act", ["update", "delete"])
def test_history_is_append_only(sam, refused, model, act):
    from leads import actions

    actions.log_touch(make_lead(sam).pk, kind="call", outcome="reached", by=sam.user, now=MONDAY)

    with refused("append_only"):
        model.objects.update(at=MONDAY) if act == "update" else model.objects.all().delete()


def test_a_record_is_never_deleted(sam, refused):
    make_lead(sam)

    with refused("a_lead_is_never_deleted"):
        Lead.objects.all().delete()


def test_a_stage_is_never_left_uncovered(pipeline, refused):
    with refused("every_stage_has_exactly_one_tier"):
        Tier.objects.filter(pipeline=pipeline, works_account=True).delete()


def test_a_stage_is_never_covered_twice(pipeline, refused):
    with refused("leads_have_one_tier|every_stage_has_exactly_one_tier"):
        Tier.objects.filter(pipeline=pipeline, works_deal=True).update(works_lead=True)


def test_tiers_work_stages_in_a_row(pipeline, refused):
    with refused("a_tier_works_stages_in_a_row"):
        Tier.objects.filter(pipeline=pipeline, works_lead=False).delete()
        Tier.objects.filter(pipeline=pipeline, works_lead=True).update(works_account=True)
