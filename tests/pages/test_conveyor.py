"""The head's page: the whole conveyor in numbers, where it is stuck, and names only for those who may know them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from deals import actions as hunting
from deals.models import Deal
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, rota
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.reports.belts import answer_face, shortened
from pipeline_crm.reports.shapes import Heap, Ladder, Pile
from pipeline_crm.reports.stuck import is_stuck, unit_of
from pipeline_crm.reports.whole import whole_of
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Reason, Rung, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    at_work,
    make_account,
    make_contacted,
    make_deal,
    make_head,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def whole_at(pipeline, now, *, days=1, named=True):
    return whole_of(Pipeline.objects.get(pk=pipeline.pk), days=days, named=named, now=now)


def piles(whole):
    return {
        stretch.stage: [(pile.open, pile.late) for pile in stretch.piles if pile.open] for stretch, _ in whole.parts
    }


# The figures -----------------------------------------------------------------------------------------------------


def test_each_step_counts_what_lies_there_and_an_offer_lies_at_the_joint(pipeline, sam, hal, fay):
    make_lead(sam)
    make_lead(sam)
    on_second_step = make_contacted(sam)
    second = pipeline.steps.filter(stage=Stage.LEAD)[1]
    belt.move_step(type(on_second_step), on_second_step.pk, step_id=second.pk, by=sam.user, now=MONDAY)
    make_deal(sam, hal)
    make_offer(sam)
    make_account(sam, hal, fay)

    whole = whole_at(pipeline, MONDAY + MINUTE)

    assert piles(whole) == {"lead": [(2, 0), (1, 0)], "deal": [(1, 0)], "account": [(1, 0)]}
    assert [stretch.on_belt for stretch, _ in whole.parts] == [3, 1, 1]
    assert [(joint.waiting, joint.late) for _, joint in whole.parts if joint] == [(1, 0), (0, 0)]


def test_what_waits_too_long_is_late_in_its_pile_and_at_its_joint(pipeline, sam, hal):
    make_lead(sam)
    make_offer(sam)

    whole = whole_at(pipeline, MONDAY + 5 * HOUR)

    assert piles(whole)["lead"] == [(1, 1)]
    assert [(joint.waiting, joint.late, joint.state) for _, joint in whole.parts if joint] == [
        (1, 1, "waiting"),
        (0, 0, "passed"),
    ]


def test_the_oldest_wait_is_the_longest_that_a_client_was_not_spoken_with(pipeline, sam):
    make_lead(sam, now=MONDAY)
    touched = make_lead(sam, now=MONDAY - 7 * HOUR)
    belt.touch(type(touched), touched.pk, kind="call", outcome="busy", by=sam.user, now=MONDAY + HOUR)

    whole = whole_at(pipeline, MONDAY + 2 * HOUR)

    assert [stretch.oldest for stretch, _ in whole.parts] == [2 * 3600.0, None, None]


def test_a_joint_tells_the_share_accepted_and_the_working_time_to_an_answer(pipeline, sam, hal):
    for minutes in (10, 20, 60):
        deal = make_offer(sam)
        handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY + minutes * MINUTE)
    returned = make_offer(sam)
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(returned.pk, reason=why, comment="", by=hal.user, now=MONDAY + MINUTE)
    make_offer(sam)

    joint = whole_at(pipeline, MONDAY + HOUR).parts[0][1]

    assert (joint.tally.share, joint.tally.returned, joint.tally.unanswered, joint.waiting) == (75, 1, 0, 1)
    assert (joint.face.words, joint.face.state) == ("answer in 20 min", "ok")


def test_the_period_decides_what_is_counted_as_flow(pipeline, sam, hal):
    make_deal(sam, hal, now=MONDAY)
    make_deal(sam, hal, now=MONDAY - timedelta(days=3))

    today, week = (whole_at(pipeline, MONDAY + HOUR, days=days) for days in (1, 7))

    # From Tuesday to Monday there are five working days.
    assert [stretch.out for stretch, _ in today.parts] == [1.0, 0.0, 0.0]
    assert [stretch.out for stretch, _ in week.parts] == [0.4, 0.0, 0.0]
    assert (today.parts[0][1].tally.accepted, week.parts[0][1].tally.accepted) == (1, 2)


def test_a_queue_that_grows_is_told_with_its_numbers(pipeline, sam, hal):
    make_lead(sam)
    make_lead(sam)
    make_offer(sam)

    growth = whole_at(pipeline, MONDAY + HOUR).growth

    assert growth == "Lead: 3 came today and 1 left, so the queue has grown."


@pytest.mark.parametrize(
    ("structure", "joints", "ends"),
    [
        (Structure.THREE, [True, True, False], ["", "", ""]),
        (Structure.CLOSING_JOINED, [False, True, False], ["end", "start", ""]),
        (Structure.SEARCH_APART, [True, False, False], ["", "end", "start"]),
        (Structure.ONE, [False, False, False], ["end", "both", "start"]),
    ],
)
def test_a_joint_stands_only_where_the_owner_changes(db, structure, joints, ends):
    pipeline = drawing.draw("Any firm", structure=structure)

    whole = whole_at(pipeline, MONDAY)

    assert [joint is not None for _, joint in whole.parts] == joints
    assert [stretch.open for stretch, _ in whole.parts] == ends
    assert len(whole.tiers) == sum(joints) + 1


def test_an_offered_repeat_deal_is_told_where_no_joint_stands_before_deals(db):
    from accounts import actions as farming
    from tests.cast import BRIEF

    pipeline = drawing.draw("Furniture", structure=Structure.CLOSING_JOINED)
    Pipeline.objects.filter(pk=pipeline.pk).update(repeat_deals="hunters")
    seller, farmer = (
        seat_at(pipeline, stage, make_person(name)) for stage, name in ((Stage.DEAL, "sel"), (Stage.ACCOUNT, "far"))
    )
    account = make_account(seller, seller, farmer)
    farming.open_repeat(account.pk, product=None, amount=None, brief=BRIEF, by=farmer.user, now=MONDAY)

    whole = whole_at(pipeline, MONDAY + MINUTE)

    assert [stretch.offered for stretch, _ in whole.parts] == [0, 1, 0]


# Where it is stuck -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("open_", "late", "stay", "limit", "answer"),
    [
        (9, 3, 120, 60, True),
        (10, 3, 120, 60, False),  # less than a third
        (2, 2, 120, 60, False),  # too few to speak of
        (9, 9, 50, 60, False),  # late, but they have only just come
        (9, 3, None, None, True),  # a step without a limit
    ],
)
def test_a_step_is_stuck_when_a_third_is_late_and_the_mean_stay_over_its_limit(open_, late, stay, limit, answer):
    assert is_stuck(Heap(open=open_, late=late), stay, limit) is answer


@pytest.mark.parametrize(("highest", "unit"), [(0, 1), (18, 1), (19, 2), (91, 10), (90, 5), (400, 50)])
def test_a_box_stands_for_so_many_records_that_the_highest_pile_fits(highest, unit):
    assert unit_of([0, highest]) == unit


def test_more_steps_than_fit_are_told_together():
    steps = [Pile(step=n, name=f"Step {n}", stage="deal", open=1, late=n % 2) for n in range(1, 10)]

    shown = shortened(steps)

    assert [pile.name for pile in shown] == [*(f"Step {n}" for n in range(1, 7)), "3 more steps"]
    assert (shown[-1].open, shown[-1].late) == (3, 2)


@pytest.mark.parametrize(
    ("seconds", "minutes", "state", "left"),
    [(1200, 60, "ok", 67), (2700, 60, "soon", 25), (4000, 60, "over", 0), (4000, None, "ok", 100)],
)
def test_the_clock_over_a_joint_measures_against_what_is_allowed(seconds, minutes, state, left):
    face = answer_face(seconds, minutes)

    assert (face.state, face.left) == (state, left)


def everything_stuck(pipeline, sam, sue):
    """A full seat, somebody away, a record in the pool, an offer without an answer."""
    Seat.objects.filter(pk=sam.pk).update(capacity=3)
    for _ in range(3):
        make_lead(Seat.objects.get(pk=sam.pk))
    make_lead(sue)
    chief = make_head(pipeline)
    rota.send_away(
        sue.pk, first_day=MONDAY.date(), last_day=MONDAY.date() + timedelta(days=2), reason="", by=chief, now=MONDAY
    )
    make_lead(pipeline=pipeline)
    make_offer(hal_giver := seat_at(pipeline, Stage.LEAD, make_person("gus")))
    Seat.objects.filter(pk=hal_giver.pk).update(capacity=0)


def test_each_reason_is_a_sentence_with_numbers_and_one_thing_to_do(pipeline, sam, sue, hal):
    everything_stuck(pipeline, sam, sue)

    reasons = whole_at(pipeline, MONDAY + 3 * HOUR).reasons

    team = reverse("reports:team", args=[sam.tier_id])
    leads = f"{reverse('leads:list')}?pipeline={pipeline.pk}"
    first = pipeline.steps.filter(stage=Stage.LEAD)[0]
    found = {one.title: (one.words, one.url) for one in reasons}
    assert found == {
        "No room left: Scouts": (
            "1 person at work holds 3, the limit is 3; 1 is away; 1 client waits",
            team,
        ),
        "Nobody takes the pool: Scouts": (
            "1 record is in the pool, 1 of them longer than it may",
            f"{leads}&view=pool",
        ),
        "Held by people who are away: Scouts": (
            "1 record lies with 1 person",
            f"{team}book/?what=relief&from={sue.pk}",
        ),
        "Offers lie unanswered: Hunters": (
            "1 offer waits for an answer, 1 of them longer than it may",
            reverse("reports:team", args=[hal.tier_id]),
        ),
        f"No touch: {first.name}": (
            "5 of 5 had no call, message or meeting since they came to this step",
            f"{leads}&view=team&late=1&step={first.pk}",
        ),
    }


def test_a_reason_that_half_of_the_returns_name_is_told(pipeline, sam, hal):
    budget, need = Reason.objects.filter(pipeline=pipeline, kind=Reason.Kind.RETURN_DEAL)[:2]
    for why in (budget, budget, budget, need):
        deal = make_offer(sam)
        hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY + MINUTE)

    reasons = whole_at(pipeline, MONDAY + 2 * MINUTE).reasons

    assert [(one.title, one.words) for one in reasons] == [
        (f"Returned: {budget.name}", "3 of 4 returns to Scouts name it")
    ]


def test_the_ladder_counts_what_the_sweep_did_today(pipeline, sam, sue):
    pipeline.steps.update(limit_minutes=None)
    Rung.objects.filter(tier=sam.tier).delete()
    for act, delay in ((Rung.Act.REMIND, 0), (Rung.Act.WARN, 30), (Rung.Act.REASSIGN, 60)):
        Rung.objects.create(tier=sam.tier, act=act, delay_minutes=delay)
    Seat.objects.filter(pk=sue.pk).update(capacity=1)
    leads = [make_lead(sam) for _ in range(3)]
    when = [MONDAY + minutes * MINUTE for minutes in (70, 105, 135)]
    done = sweep(now=when[0])
    belt.touch(type(leads[0]), leads[0].pk, kind="call", outcome="no_answer", by=sam.user, now=when[0] + MINUTE)
    done += sweep(now=when[1])
    done += sweep(now=when[2])

    ladder = whole_at(pipeline, when[2] + MINUTE).ladder
    tomorrow = whole_at(pipeline, MONDAY + timedelta(days=1)).ladder

    assert dict(done) == {"reminded": 3, "warned": 2, "reassigned": 1, "pooled": 1}
    assert ladder == Ladder(reminded=3, warned=2, reassigned=1, pooled=1, rescued=1)
    assert tomorrow == Ladder()


def test_load_per_seat_leaves_out_empty_closed_seats_and_team_leads_who_hold_nothing(pipeline, sam, sue, lena):
    make_lead(sam)
    Seat.objects.filter(pk=sue.pk).update(is_open=False)

    scouts = whole_at(pipeline, MONDAY).tiers[0]

    assert [(seat.name, seat.load.open, seat.capacity) for seat in scouts.seats] == [("Sam Scout", 1, 40)]


# Who may open it -------------------------------------------------------------------------------------------------


@pytest.fixture
def otto(db):
    """The head of another pipeline."""
    person = make_person("otto", "Otto Other")
    assign_perm("tiers.head_pipeline", person, drawing.draw("Elsewhere", structure=Structure.ONE))
    return person


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("olga", 200),
        ("ada", 200),
        ("root", 404),
        ("sam", 404),
        ("hal", 404),
        ("fay", 404),
        ("lena", 404),
        ("cody", 404),
        ("stan", 404),
        ("otto", 404),
    ],
)
def test_only_heads_and_analysts_of_the_pipeline_open_its_conveyor(who, status, request, browse, pipeline):
    person = request.getfixturevalue(who)

    answer = browse(person).get(reverse("reports:conveyor", args=[pipeline.pk]))

    assert answer.status_code == status


def test_somebody_who_is_not_signed_in_is_asked_to(client, pipeline):
    address = reverse("reports:conveyor", args=[pipeline.pk])

    answer = client.get(address)

    assert (answer.status_code, answer.url) == (302, f"/auth/login/?next={address}")


def test_an_analyst_reads_the_numbers_and_nobodys_name(browse, pipeline, olga, ada, sam, hal):
    now = timezone.now()
    make_lead(sam, name="Ivan Secret", now=now)
    make_deal(sam, hal, name="Maria Hidden", now=now)
    rota.send_away(
        sam.pk, first_day=now.date(), last_day=now.date() + timedelta(days=2), reason="Surgery", by=olga, now=now
    )
    address = reverse("reports:conveyor", args=[pipeline.pk])

    heads, analysts = (browse(who).get(address).content.decode() for who in (olga, ada))

    names = ["Sam Scout", "Hal Hunter", reverse("reports:team", args=[sam.tier_id])]
    assert [name in heads for name in names] == [True, True, True]
    secrets = [*names, "Surgery", "Secret", "Hidden", reverse("leads:list"), reverse("deals:list")]
    assert [secret for secret in secrets if secret in analysts] == []
    assert "Seat 1" in analysts


def test_a_period_that_does_not_exist_is_today(browse, pipeline, olga):
    answers = [browse(olga).get(reverse("reports:conveyor", args=[pipeline.pk]), {"days": days}) for days in ("x", "7")]

    assert [answer.context["days"] for answer in answers] == [1, 7]


def test_the_page_asks_the_database_as_often_for_one_record_as_for_thirty(browse, pipeline, olga, sam, hal, fay):
    now = timezone.now()
    address = reverse("reports:conveyor", args=[pipeline.pk])
    browser = browse(olga)

    def fill(times):
        for _ in range(times):
            make_lead(sam, now=now)
            make_offer(sam, now=now)
            make_account(sam, hal, fay, now=now)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200
        return len(asked)

    Seat.objects.update(capacity=400)
    sam.refresh_from_db()
    fill(1)
    one = queries()
    for number in range(10):
        seat_at(pipeline, Stage.LEAD, make_person(f"new{number}"))
    with at_work(sam, hal, fay):
        fill(29)

    assert queries() == one


def test_a_tier_without_people_is_drawn_too(browse, pipeline, olga):
    Tier.objects.filter(pipeline=pipeline).update(answer_minutes=None)

    answer = browse(olga).get(reverse("reports:conveyor", args=[pipeline.pk]))

    assert answer.context["whole"].reasons == []
    assert "Nobody sits here yet." in answer.content.decode()
