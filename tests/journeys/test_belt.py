"""All four structures carry a lead to an account, by the acts themselves."""

import pytest

from accounts import actions as farming
from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Reason
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Movement
from tests.cast import BRIEF, MONDAY, make_account, make_person, reason, seat_at


@pytest.mark.parametrize("structure", Structure)
def test_every_structure_carries_a_lead_to_an_account(db, structure):
    pipeline = drawing.draw("Any firm", structure=structure)
    seats = {}
    for tier in pipeline.ordered_tiers:
        person = make_person(f"p{tier.pk}")
        seats |= {stage: seat_at(pipeline, stage, person) for stage in tier.stages}

    account = make_account(*(seats[stage] for stage in Stage))

    assert (account.state, account.seat) == ("active", seats[Stage.ACCOUNT])
    assert Deal.objects.get().state == "won"
    assert Lead.objects.get().state == "qualified"
    assert HandOff.objects.filter(state="accepted").count() == 2
    for stage in Stage:
        versions = list(Movement.objects.filter(stage=stage).order_by("version").values_list("version", flat=True))
        assert versions == list(range(1, len(versions) + 1))


def test_a_returned_deal_is_the_scouts_contacted_lead_again(pipeline, sam, hal):
    from deals import actions as hunting
    from tests.cast import make_deal

    deal = make_deal(sam, hal)

    hunting.return_to_scout(
        deal.pk, reason=reason(pipeline, Reason.Kind.RETURN_DEAL), comment="No budget.", by=hal.user, now=MONDAY
    )

    lead = Lead.objects.get()
    assert (lead.state, lead.seat) == ("contacted", sam)
    assert HandOff.objects.get().state == "returned"


def test_a_farmer_opens_a_repeat_deal_and_keeps_the_account(pipeline, sam, hal, fay):
    account = make_account(sam, hal, fay)

    deal = farming.open_repeat(account.pk, product=None, amount=None, brief=BRIEF, by=fay.user, now=MONDAY)

    assert (deal.state, deal.seat) == ("open", fay)
    assert Account.objects.get().seat == fay
