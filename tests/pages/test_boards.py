"""The board of a stage: steps on one belt, what waits at the joint in, what went out by the joint behind."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.actions import move_step, set_task
from pipeline_crm.conveyor.board import limit_words
from pipeline_crm.conveyor.riders import CARDS
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Reason, Source, Step
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    BRIEF,
    MONDAY,
    make_account,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)


def board_of(browser, stage, question=""):
    """The board as its page was given it."""
    answer = browser.get(f"/{stage}s/board/?{question}")
    assert answer.status_code == 200
    return answer.context["board"]


def riding(board):
    """Who stands on which step; steps without anybody are left out."""
    return {column.step.name: [card.title for card in column.cards] for column in board.columns if column.cards}


def names(board):
    """Everybody who rides on a board, from the first step to the last."""
    return [card.title for column in board.columns for card in column.cards]


def steps_of(pipeline, stage):
    return list(Step.objects.filter(pipeline=pipeline, stage=stage).order_by("position"))


@pytest.fixture
def firm(pipeline, sam, sue, hal, hana, fay, lena, olga):
    """Everybody at work, each with something that another must not see."""
    make_lead(sam, name="Anna of Sam")
    make_lead(sue, name="Boris of Sue")
    make_lead(pipeline=pipeline, name="Clara of Nobody")
    make_deal(sam, hal, name="Dmitry of Hal")
    make_deal(sam, hana, name="Elena of Hana")
    make_account(sam, hal, fay, name="Fedor of Fay")
    return pipeline


def test_everybody_sees_their_own_cards_and_no_other(firm, sam, sue, lena, hal, hana, fay, olga, browse):
    cases = [
        (sam, "lead"),
        (sue, "lead"),
        (lena, "lead"),
        (olga, "lead"),
        (hal, "deal"),
        (hana, "deal"),
        (olga, "deal"),
        (fay, "account"),
        (fay, "deal"),
    ]

    seen = [sorted(names(board_of(browse(who), stage))) for who, stage in cases]

    assert seen == [
        ["Anna of Sam"],
        ["Boris of Sue"],
        ["Anna of Sam", "Boris of Sue"],
        ["Anna of Sam", "Boris of Sue"],
        ["Dmitry of Hal"],
        ["Elena of Hana"],
        ["Dmitry of Hal", "Elena of Hana"],
        ["Fedor of Fay"],
        [],
    ]


def test_a_board_and_its_list_hold_the_same_records(firm, sam, lena, olga, hal, browse):
    cases = [(sam, "lead"), (lena, "lead"), (olga, "deal"), (hal, "deal")]

    both = [
        (
            sorted(card.title for card, _place in browse(who).get(f"/{stage}s/").context["lines"] if card.item.seat_id),
            sorted(names(board_of(browse(who), stage))),
        )
        for who, stage in cases
    ]

    assert [on_list for on_list, _ in both] == [on_board for _, on_board in both]


def test_the_pool_stands_at_the_joint_without_names(pipeline, sam, lena, browse):
    source = Source.objects.filter(pipeline=pipeline)[0]
    make_lead(pipeline=pipeline, name="Clara Secret", source=source)

    answers = [browse(who).get("/leads/board/") for who in (sam, lena)]

    assert [[card.title for card in page.context["board"].joint_in.pool] for page in answers] == [
        [source.name],
        ["Clara Secret"],
    ]
    assert "Secret" not in answers[0].content.decode()


def test_an_offer_stands_at_the_joint_with_its_brief_and_is_accepted_from_there(pipeline, sam, hal, browse):
    deal = make_offer(sam, name="Irina", now=timezone.now())

    page = browse(hal).get("/deals/board/")
    offer = page.context["board"].joint_in.offers[0]
    text = html.unescape(page.content.decode())
    answer = browse(hal).post(offer.accept, {"version": deal.version, "next": "/deals/board/"})

    assert (offer.title, riding(page.context["board"])) == ("Irina", {})
    assert [words for words in (BRIEF.summary, "Sam S.", "Accept", "Return, say why") if words not in text] == []
    assert (answer.status_code, answer["Location"]) == (303, "/deals/board/")
    assert Deal.objects.get(pk=deal.pk).state == "open"


def test_who_is_in_charge_sees_an_offer_and_whom_it_waits_for_but_cannot_accept_it(pipeline, sam, hal, olga, browse):
    make_offer(sam, name="Irina", now=timezone.now())

    page = browse(olga).get("/deals/board/")

    text = page.content.decode()
    assert [card.title for card in page.context["board"].joint_in.offers] == ["Irina"]
    assert ("Hal H." in text, "/accept/" in text) == (True, False)


def test_a_column_tells_how_many_how_much_and_what_is_late(pipeline, sam, hal, browse):
    steps = steps_of(pipeline, Stage.DEAL)
    now = timezone.now()
    make_deal(sam, hal, name="Late", amount=Decimal(7_000_000))
    make_deal(sam, hal, name="Early", amount=Decimal(2_500_000), now=now)
    moved = make_deal(sam, hal, name="Moved", amount=Decimal(1_000_000), now=now)
    move_step(Deal, moved.pk, step_id=steps[1].pk, by=hal.user, now=now)

    board = board_of(browse(hal), "deal")

    assert [(column.count, column.total, column.late) for column in board.columns[:3]] == [
        (2, Decimal(9_500_000), 1),
        (1, Decimal(1_000_000), 0),
        (0, None, 0),
    ]
    assert riding(board) == {steps[0].name: ["Late", "Early"], steps[1].name: ["Moved"]}
    assert (board.count, board.total, board.late) == (3, Decimal(10_500_000), 1)


def test_a_card_says_what_is_next(pipeline, sam, browse):
    tasked = make_lead(sam, name="With a task")
    make_lead(sam, name="Without")
    for title, hours in (("Later", 5), ("Send two plans", 2)):
        set_task(Lead, tasked.pk, title=title, due_at=MONDAY + timedelta(hours=hours), by=sam.user, now=MONDAY)

    cards = board_of(browse(sam), "lead").columns[0].cards

    assert {card.title: card.todo for card in cards} == {
        "With a task": "Send two plans",
        "Without": "Make the first call",
    }


def test_a_long_column_shows_its_most_urgent_cards_and_leads_to_the_rest(pipeline, sam, browse):
    for n in range(CARDS + 2):
        make_lead(sam, name=f"Lead {n:02}", now=MONDAY + timedelta(minutes=n))
    step = steps_of(pipeline, Stage.LEAD)[0]

    page = browse(sam).get("/leads/board/")

    column = page.context["board"].columns[0]
    assert [card.title for card in column.cards] == [f"Lead {n:02}" for n in range(CARDS)]
    link = re.search(rf'href="([^"]*step={step.pk})">\s*2 more', page.content.decode())
    assert len(browse(sam).get(html.unescape(link.group(1))).context["lines"]) == CARDS + 2


def test_a_card_is_moved_by_the_form_that_dragging_posts_too(pipeline, sam, browse):
    lead = make_lead(sam, name="Anna")
    steps = steps_of(pipeline, Stage.LEAD)
    page = browse(sam).get("/leads/board/").content.decode()

    form = re.search(rf'action="(/leads/{lead.pk}/move/)" data-move-form>(.*?)</form>', page, flags=re.DOTALL)
    fields = dict(re.findall(r'name="(version|next)" value="([^"]*)"', form.group(2)))
    choices = [int(pk) for pk in re.findall(r'name="step" value="(\d+)"', form.group(2))]
    answer = browse(sam).post(form.group(1), fields | {"step": steps[1].pk})

    assert choices == [step.pk for step in steps]
    assert (answer.status_code, answer["Location"]) == (303, "/leads/board/")
    assert Lead.objects.get(pk=lead.pk).step == steps[1]


def test_a_card_leaves_the_stage_by_a_page_of_its_own_and_only_when_it_can(pipeline, sam, browse):
    make_lead(sam, name="New")
    ready = make_contacted(sam, name="Contacted")

    cards = board_of(browse(sam), "lead").columns[0].cards

    assert {card.title: card.way_out for card in cards} == {"New": "", "Contacted": f"/deals/from-lead/{ready.pk}/"}


def test_the_way_out_tells_ones_own_numbers_and_no_name(pipeline, sam, sue, hal, browse):
    now = timezone.now()
    make_deal(sam, hal, name="Accepted Secret", now=now)
    make_offer(sam, name="Waiting Secret", now=now)
    back = make_deal(sam, hal, name="Returned", now=now)
    hunting.return_to_scout(back.pk, reason=reason(pipeline, Reason.Kind.RETURN_DEAL), comment="", by=hal.user, now=now)

    page = browse(sam).get("/leads/board/")
    given = [board_of(browse(who), "lead").joint_out.given for who in (sam, sue)]

    assert [(one.offered, one.accepted, one.returned) for one in given] == [(3, 1, 1), (0, 0, 0)]
    assert "Secret" not in page.content.decode()


def test_what_came_back_says_why_on_its_card(pipeline, sam, hal, browse):
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    deal = make_deal(sam, hal, name="Anna")
    hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY)

    cards = board_of(browse(sam), "lead").columns[0].cards

    assert [(card.title, card.came_back) for card in cards] == [("Anna", why.name)]


def test_a_brief_that_was_not_enough_waits_at_the_way_out(pipeline, sam, hal, fay, browse):
    deal = make_deal(sam, hal, name="Anna")
    account = farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
    farming.return_to_hunter(
        account.pk, reason=reason(pipeline, Reason.Kind.RETURN_ACCOUNT), comment="", by=fay.user, now=MONDAY
    )

    joint = board_of(browse(hal), "deal").joint_out

    assert [(card.title, card.again) for card in joint.back] == [("Anna", f"/accounts/from-deal/{deal.pk}/again/")]
    assert Account.objects.get().state == "returned"


RAILS = [
    (Structure.THREE, Stage.DEAL, True, ["first", "last", "out"]),
    (Structure.CLOSING_JOINED, Stage.LEAD, True, ["first", "mid", "last"]),
    (Structure.CLOSING_JOINED, Stage.DEAL, False, ["mid", "last", "out"]),
    (Structure.SEARCH_APART, Stage.DEAL, True, ["first", "mid", "last"]),
    (Structure.SEARCH_APART, Stage.ACCOUNT, False, ["mid", "last", None]),
    (Structure.ONE, Stage.DEAL, False, ["mid", "mid", "last"]),
]


def test_the_belt_goes_on_where_the_tier_goes_on(db, browse):
    drawn = []
    for number, (structure, stage, *_rest) in enumerate(RAILS):
        pipeline = drawing.draw(f"Firm {number}", structure=structure)
        seat = seat_at(pipeline, stage, make_person(f"person{number}"))
        board = board_of(browse(seat), stage)
        ends = [board.columns[0].kind, board.columns[-1].kind, board.joint_out and board.joint_out.kind]
        drawn.append((structure, stage, board.joint_in is not None, ends))

    assert drawn == RAILS


def test_a_board_is_sifted_like_its_list(pipeline, sam, sue, lena, browse):
    make_lead(sam, name="Anna")
    make_lead(sue, name="Boris")
    Client.objects.filter(name="Boris").update(company="Anna and sons")

    found = [
        names(board_of(browse(lena), "lead", question))
        for question in (f"owner={sue.pk}", "q=anna", "q=anna+sons", "late=1&q=anna", "state=contacted")
    ]

    assert found == [["Boris"], ["Anna", "Boris"], ["Boris"], ["Anna", "Boris"], []]


LIMITS = [
    (15, "up to 15 min"),
    (240, "up to 4 h"),
    (540, "up to 1 day"),
    (1620, "up to 3 days"),
    (2700, "up to 5 days"),
]


@pytest.mark.parametrize(("minutes", "words"), LIMITS)
def test_a_limit_is_said_in_working_time(minutes, words):
    assert limit_words(minutes).replace("\N{NO-BREAK SPACE}", " ") == words
