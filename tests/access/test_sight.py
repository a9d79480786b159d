"""Who sees what: every person × every relation to a record, each cell explicit."""

import pytest
from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm

from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import read_sight, sight_of
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import Openness
from tests.cast import make_account, make_contacted, make_deal, make_lead, make_offer, make_person

PEOPLE = ["sam", "sue", "lena", "hal", "fay", "olga", "ada", "cody", "stan", "root"]

# yes: in full · name: an offer, without contact · pool: without a name · -: 404
TABLE = """
                      sam   sue   lena  hal   fay   olga  ada  cody  stan  root
  sams_lead           yes   -     yes   -     -     yes   -    -     -     -
  pool_lead           pool  pool  yes   -     -     yes   -    -     -     -
  handed_lead         -     -     yes   -     -     yes   -    -     -     -
  offered_deal        -     -     -     name  -     yes   -    -     -     -
  hals_deal           -     -     -     yes   -     yes   -    -     -     -
  won_deal            -     -     -     -     -     yes   -    -     -     -
  fays_account        -     -     -     -     yes   yes   -    -     -     -
  foreign_lead        -     -     -     -     -     -     -    -     yes   -
"""


@pytest.fixture
def world(pipeline, sam, sue, lena, hal, fay, olga, ada, cody, stan, root, request):
    """One record for each row of the table."""
    handed = make_deal(sam, hal)
    account = make_account(sam, hal, fay)
    return {
        "sams_lead": make_contacted(sam),
        "pool_lead": make_lead(pipeline=pipeline),
        "handed_lead": handed.lead,
        "offered_deal": make_offer(sam),
        "hals_deal": handed,
        "won_deal": account.deal,
        "fays_account": account,
        "foreign_lead": make_lead(stan),
    }


def test_every_person_and_every_record(world, request):
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    assert head == PEOPLE

    seen = {
        name: {person: verdict(request.getfixturevalue(person), record) for person in PEOPLE}
        for name, record in world.items()
    }

    assert seen == {row[0]: dict(zip(PEOPLE, row[1:], strict=True)) for row in rows}


def verdict(person, record) -> str:
    """What somebody sees of a record, as the table writes it."""
    user = getattr(person, "user", person)
    found = visible(user, type(record).objects.all()).filter(pk=record.pk).first()
    if found is None:
        return "-"
    return {Openness.FULL: "yes", Openness.NAMED: "name", Openness.HIDDEN: "pool"}[found.openness(sight_of(user))]


@pytest.mark.parametrize("model", [Lead, Deal, Account, HandOff])
def test_somebody_who_left_sees_nothing(world, sam, hal, fay, model):
    for seat in (sam, hal, fay):
        seat.user.is_active = False
        seat.user.save()

    assert [visible(seat.user, model.objects.all()).count() for seat in (sam, hal, fay)] == [0, 0, 0]


def test_a_closed_seat_sees_nothing_at_once(world, sam):
    sam.is_open = False
    sam.save()

    assert list(visible(sam.user, Lead.objects.all())) == []


def test_a_seat_closed_past_the_code_sees_nothing_at_once(world, sam):
    """The grant follows the seat by the database, whoever writes it."""
    type(sam).objects.filter(pk=sam.pk).update(is_open=False)

    assert list(visible(sam.user, Lead.objects.all())) == []


def test_a_global_grant_by_mistake_opens_nothing(world, sue):
    assign_perm("tiers.work_tier", sue.user)
    assign_perm("tiers.head_pipeline", sue.user)

    assert list(visible(sue.user, Deal.objects.all())) == []
    assert list(visible(sue.user, Lead.objects.all())) == [world["pool_lead"]]


def test_a_hand_off_is_not_seen_by_its_giver(world, sam, hal):
    assert list(visible(sam.user, HandOff.objects.all())) == []
    assert [offer.to_id for offer in visible(hal.user, HandOff.objects.all())] == [world["offered_deal"].pk]


def test_a_model_that_does_not_say_who_sees_it_is_shown_to_nobody(sam):
    with pytest.raises(TypeError, match="does not say who sees it"):
        visible(sam.user, Client.objects.all())


def test_sight_is_read_in_a_few_questions_however_much_somebody_sees(sam, olga, django_assert_num_queries):
    """The stamp alone; what it vouches for is in memory."""
    first = [read_sight(sam.user), read_sight(olga)]
    with django_assert_num_queries(2):
        assert [read_sight(sam.user), read_sight(olga)] == first


def test_a_group_of_analysts_is_granted_what_its_members_see(pipeline, ada):
    group = Group.objects.create(name="Analysts of the board")
    reader = make_person("rita")
    reader.groups.add(group)
    assign_perm("tiers.analyse_pipeline", group, pipeline)

    assert [read_sight(person).analysed for person in (reader, ada)] == [(pipeline,), (pipeline,)]
    assert list(visible(reader, Lead.objects.all())) == []
