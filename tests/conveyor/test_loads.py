"""The ledger of loads says what is open, and can be counted anew when somebody has laid a hand on it."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from pipeline_crm.conveyor.loads import load_of, recount
from pipeline_crm.conveyor.models import Load
from pipeline_crm.conveyor.roster import Roster
from pipeline_crm.tiers.setup import setup
from tests.cast import MONDAY, make_deal, make_lead


def test_a_ledger_that_was_spoilt_is_put_right(sam, sue, hal):
    make_deal(sam, hal)
    for _each in range(3):
        make_lead(sam)
    right = load_of([sam.pk, sue.pk, hal.pk])
    Load.objects.filter(seat=sam).delete()
    Load.objects.create(seat=sue, delta=2)

    out = StringIO()
    call_command("recount_loads", stdout=out)

    assert out.getvalue() == f"seat {sam.pk}: +3\nseat {sue.pk}: -2\n2 seats were wrong.\n"
    assert +load_of([sam.pk, sue.pk, hal.pk]) == +right == {sam.pk: 3, hal.pk: 1}
    assert recount() == {}


def test_who_is_chosen_is_judged_by_the_same_load(sam, sue):
    for seat in (sam, sam, sue):
        make_lead(seat)
    Load.objects.create(seat=sue, delta=5)

    facts = Roster(sam.tier, setup(), now=MONDAY).facts

    counted = {pk: fact.open_items for pk, fact in facts.items() if pk in (sam.pk, sue.pk)}
    assert counted == load_of([sam.pk, sue.pk]) == {sam.pk: 2, sue.pk: 6}
