"""The whole ride over HTTP, as three people at browsers without JavaScript; and whom the client has left finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Reason, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Movement, Task
from tests.cast import make_account, make_contacted, make_deal, make_offer, make_person, reason, seat_at, steer_to
from tests.journeys.closed_doors import everything, is_shut
from tests.journeys.walker import Walker, shown

BRIEF = "Wants two rooms with a large kitchen; her mother decides."
CALL, NOTE, TASK = "Asked for a view of the park.", "Speaks fast, likes to be called early.", "Send the floor plan"
NUMBER = "8 (916) 123-45-67"


@pytest.fixture
def walk() -> Callable[[Seat], Walker]:
    """Sits somebody down at a browser and signs them in."""
    return lambda seat: Walker(seat.user)


def tomorrow() -> str:
    """A day and hour as a browser sends them."""
    return f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"


def steps_after(pipeline: Pipeline, stage: Stage) -> list[Step]:
    """The steps of a stage behind the first."""
    return list(Step.objects.filter(pipeline=pipeline, stage=stage).order_by("position")[1:])


# Three desks -----------------------------------------------------------------------------------------------------


def capture(scout: Walker, name: str = "Anna Petrova") -> str:
    """A scout writes down somebody who called; gives the address of the new lead."""
    scout.open("/")
    scout.follow("/leads/new/")
    pipeline = scout.user.seats.get().tier.pipeline
    scout.press(
        "/leads/new/",
        name=name,
        phone="8 916 123-45-67",
        source=pipeline.sources.all()[0].pk,
        product=pipeline.products.all()[0].pk,
        amount="9 500 000",
    )
    return scout.address


def scout_a_lead(scout: Walker) -> tuple[Lead, Deal]:
    """From the first word to the offer."""
    lead = capture(scout)
    assert shown(scout, ["Anna Petrova", NUMBER]) == ["Anna Petrova"]
    scout.press(f"{lead}reveal/")
    assert shown(scout, [NUMBER]) == [NUMBER]
    scout.press(f"{lead}touch/", kind="call", outcome="reached", text=CALL)
    scout.press(f"{lead}note/", text=NOTE)
    scout.press(f"{lead}task/", title=TASK, due_at=tomorrow())
    for step in steps_after(Lead.objects.get().pipeline, Stage.LEAD):
        scout.press(f"{lead}move/", step=step.pk)
        assert f"Moved to “{step.name}”." in scout.text
    offer = lead.replace("/leads/", "/deals/from-lead/")
    scout.follow(offer)
    scout.refused(offer, 422, summary=" ")
    assert "Write the brief first" in scout.text
    scout.press(offer, summary=BRIEF, budget="9 to 11 million")
    assert "Offered: you will hear when somebody accepts." in scout.text
    return Lead.objects.get(), Deal.objects.get()


def hunt_a_deal(hunter: Walker) -> Account:
    """From the offer on My work to the sale."""
    deal = f"/deals/{Deal.objects.get().pk}/"
    hunter.open("/")
    assert shown(hunter, ["Anna Petrova", BRIEF, CALL, NUMBER]) == ["Anna Petrova", BRIEF]
    hunter.follow(deal)
    assert shown(hunter, [BRIEF, "opens when you accept", CALL, NOTE, TASK]) == [BRIEF, "opens when you accept"]
    hunter.open("/")
    hunter.press(f"{deal}accept/")
    hunter.follow(deal)
    assert shown(hunter, [BRIEF, CALL, NOTE, TASK, NUMBER]) == [BRIEF, CALL, NOTE, TASK]
    hunter.press(f"{deal}mark/", mark=4)
    hunter.press(f"{deal}touch/", kind="meeting", text="Saw the flat.")
    for step in steps_after(Deal.objects.get().pipeline, Stage.DEAL):
        hunter.press(f"{deal}move/", step=step.pk)
    sell(hunter, deal)
    hunter.press(f"{deal}task/{Task.objects.get(title=TASK).pk}/done/")
    hunter.press(f"{deal}task/", title="Wish a happy moving day", due_at=tomorrow())
    win = deal.replace("/deals/", "/accounts/from-deal/")
    hunter.follow(win)
    hunter.press(win, summary="Bought two rooms; her sister looks for one, too.")
    assert "Won!" in hunter.text
    return Account.objects.get()


def sell(hunter: Walker, deal: str) -> None:
    """Two lines, of which the price list knows the second price."""
    first, second, *_ = Deal.objects.get().pipeline.products.order_by("position")
    hunter.follow(f"{deal}lines/")
    hunter.press(
        f"{deal}lines/",
        **{
            "lines-0-product": first.pk,
            "lines-0-quantity": "2",
            "lines-0-price": "1 250,50",
            "lines-1-product": second.pk,
        },
    )
    assert Deal.objects.get().amount == 2501 + second.price


def farm_an_account(farmer: Walker) -> None:
    """From the offer to the first touch."""
    account = f"/accounts/{Account.objects.get().pk}/"
    farmer.open("/")
    farmer.press(f"{account}accept/")
    farmer.follow(account)
    carried = [CALL, NOTE, f"Done: {TASK}", "Saw the flat.", "Wish a happy moving day", "her sister looks for one"]
    assert shown(farmer, [*carried, NUMBER]) == carried
    farmer.press(f"{account}touch/", kind="message", text="All boxes have arrived.")
    farmer.press(f"{account}mark/", mark=5)


def open_repeat(farmer: Walker) -> Deal:
    """The client wants to buy again."""
    account = f"/accounts/{Account.objects.get().pk}/"
    farmer.follow(f"{account}repeat/")
    farmer.press(f"{account}repeat/", summary="One room for the sister.", amount="5 000 000")
    return Deal.objects.latest("pk")


def test_a_client_rides_from_scout_to_hunter_to_farmer_who_works_the_repeat_deal(pipeline, sam, hal, fay, walk):
    Pipeline.objects.update(repeat_deals=Pipeline.RepeatDeals.FARMER)
    scout, hunter, farmer = walk(sam), walk(hal), walk(fay)

    lead, deal = scout_a_lead(scout)
    assert is_shut(scout.browser, lead)
    assert is_shut(scout.browser, deal)
    assert "Anna Petrova" not in scout.text

    account = hunt_a_deal(hunter)
    assert [is_shut(hunter.browser, item) for item in (lead, deal, account)] == [True, True, True]
    assert is_shut(scout.browser, account)
    assert "Anna Petrova" not in hunter.text

    farm_an_account(farmer)
    repeat = open_repeat(farmer)
    assert [is_shut(farmer.browser, item) for item in (lead, deal)] == [True, True]
    assert (repeat.state, repeat.seat) == ("open", fay)
    assert farmer.sees(f"/accounts/{account.pk}/", f"/deals/{repeat.pk}/") == [True, True]
    assert [is_shut(walker.browser, repeat) for walker in (scout, hunter)] == [True, True]


def test_a_repeat_deal_goes_to_the_hunters_and_comes_back_to_the_farmer_as_a_purchase(pipeline, sam, hal, fay, walk):
    Pipeline.objects.update(repeat_deals=Pipeline.RepeatDeals.HUNTERS)
    account = make_account(sam, hal, fay, now=timezone.now())
    hunter, farmer = walk(hal), walk(fay)
    farmer.open(f"/accounts/{account.pk}/")
    repeat = open_repeat(farmer)
    assert (repeat.state, repeat.seat) == ("offered", hal)
    assert is_shut(farmer.browser, repeat)

    hunter.open("/")
    hunter.press(f"/deals/{repeat.pk}/accept/")
    hunter.open(f"/accounts/from-deal/{repeat.pk}/")
    hunter.press(f"/accounts/from-deal/{repeat.pk}/", summary="Bought for the sister.")

    account.refresh_from_db()
    assert (account.seat, account.state, account.purchases) == (fay, "active", 2)
    assert is_shut(hunter.browser, repeat)
    assert is_shut(hunter.browser, account)


# Four structures -------------------------------------------------------------------------------------------------

# Who works each stage, and what each of them finds at the end of the ride: y a page, · a 404.
WORKERS = {
    Structure.THREE: ("sam", "hal", "fay"),
    Structure.CLOSING_JOINED: ("sam", "sam", "fay"),
    Structure.SEARCH_APART: ("sam", "hal", "hal"),
    Structure.ONE: ("sam", "sam", "sam"),
}
FOUND = {
    Structure.THREE: """
             lead   deal   account
        sam  ·      ·      ·
        hal  ·      ·      ·
        fay  ·      ·      y
    """,
    Structure.CLOSING_JOINED: """
             lead   deal   account
        sam  ·      ·      ·
        fay  ·      ·      y
    """,
    Structure.SEARCH_APART: """
             lead   deal   account
        sam  ·      ·      ·
        hal  ·      y      y
    """,
    Structure.ONE: """
             lead   deal   account
        sam  y      y      y
    """,
}


@pytest.mark.parametrize("structure", Structure)
def test_every_structure_carries_a_client_and_leaves_nothing_behind(db, walk, structure):
    pipeline = drawing.draw("Any firm", structure=structure)
    # Whoever runs the tests in the evening still has somebody to receive.
    pipeline.tiers.update(off_hours=True)
    people = {name: make_person(name) for name in dict.fromkeys(WORKERS[structure])}
    for stage, name in zip(Stage, WORKERS[structure], strict=True):
        seat_at(pipeline, stage, people[name])
    walkers = {name: Walker(person) for name, person in people.items()}

    ride(*(walkers[name] for name in WORKERS[structure]))

    asked = HandOff.objects.filter(receiver__user__in=people.values()).order_by("pk")
    assert [each.crosses_tiers for each in asked] == [
        giver != taker for giver, taker in zip(WORKERS[structure], WORKERS[structure][1:], strict=False)
    ]
    items = [Lead.objects.get(), Deal.objects.get(), Account.objects.get()]
    assert [item.state for item in items] == ["qualified", "won", "active"]
    addresses = [f"/{item.stage}s/{item.pk}/" for item in items]
    found = {name: walker.sees(*addresses) for name, walker in walkers.items()}
    assert found == read(FOUND[structure])
    for name, walker in walkers.items():
        assert all(is_shut(walker.browser, item) for item, sees in zip(items, found[name], strict=True) if not sees)


def read(table: str) -> dict[str, list[bool]]:
    """The cells of a table, by person."""
    _head, *lines = [line.split() for line in table.strip().splitlines()]
    return {who: [cell == "y" for cell in cells] for who, *cells in lines}


def ride(scout: Walker, hunter: Walker, farmer: Walker) -> None:
    """Takes a client over both joints; inside one tier nobody is asked and the next page is open at once."""
    lead = capture(scout)
    scout.press(f"{lead}touch/", kind="call", outcome="reached")
    cross(scout, hunter, lead.replace("/leads/", "/deals/from-lead/"), lambda: f"/deals/{Deal.objects.get().pk}/")
    deal = hunter.address
    cross(
        hunter,
        farmer,
        deal.replace("/deals/", "/accounts/from-deal/"),
        lambda: f"/accounts/{Account.objects.get().pk}/",
    )


def cross(giver: Walker, taker: Walker, crossing: str, onward: Callable[[], str]) -> None:
    """Over one joint: the same person is led straight to the next page, another one accepts first."""
    giver.follow(crossing)
    giver.press(crossing, summary=BRIEF)
    if giver is taker:
        assert giver.address == onward()
        return
    taker.open("/")
    assert BRIEF in taker.text
    taker.press(f"{onward()}accept/")
    taker.follow(onward())


def test_a_client_moved_to_a_colleague_takes_every_earlier_page_along(db, walk):
    pipeline = drawing.draw("Flowers", structure=Structure.ONE)
    sam, sue = (seat_at(pipeline, Stage.LEAD, make_person(name)) for name in ("sam", "sue"))
    account = make_account(sam, sam, sam, now=timezone.now())
    items = [Lead.objects.get(), Deal.objects.get(), account]
    addresses = [f"/{item.stage}s/{item.pk}/" for item in items]
    first, second = walk(sam), walk(sue)
    assert first.sees(*addresses) == [True, True, True]

    steer_to(account, sue, now=timezone.now())

    assert first.sees(*addresses) == [False, False, False]
    assert [is_shut(first.browser, item) for item in items[:2]] == [True, True]
    second.open(addresses[2])
    assert "Wants to hear more." in second.text


# What comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [False, True])
def test_a_returned_deal_is_the_scouts_contacted_lead_again_and_the_reason_is_in_view(
    pipeline, sam, hal, walk, accepted
):
    deal = (make_deal(sam, hal, name="Anna Petrova") if accepted else make_offer(sam, name="Anna Petrova")).pk
    scout, hunter = walk(sam), walk(hal)
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    assert scout.sees(f"/leads/{Lead.objects.get().pk}/") == [False]

    hunter.open(f"/deals/{deal}/return/")
    hunter.press(f"/deals/{deal}/return/", reason=why.pk, comment="She has not named a sum.")

    assert hunter.address == "/deals/"
    assert "Returned: the client is with the scouts again." in hunter.text
    lead = Lead.objects.get()
    assert (lead.state, lead.seat) == ("contacted", sam)
    told = [f"Returned: {why.name}.", "She has not named a sum."]
    scout.open("/")
    assert shown(scout, told) == told
    scout.open(f"/leads/{lead.pk}/")
    assert shown(scout, [why.name, "She has not named a sum.", "Hal Hunter"]) == [why.name, "She has not named a sum."]
    assert is_shut(hunter.browser, Deal.objects.get())
    assert is_shut(hunter.browser, lead)


def test_a_returned_account_is_completed_and_offered_again_by_the_hunter(pipeline, sam, hal, fay, walk):
    deal = make_deal(sam, hal, name="Anna Petrova", now=timezone.now()).pk
    hunter, farmer = walk(hal), walk(fay)
    why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
    win, again = f"/accounts/from-deal/{deal}/", f"/accounts/from-deal/{deal}/again/"
    hunter.open(win)
    hunter.press(win, summary="Bought.")
    account = Account.objects.get()

    farmer.open(f"/accounts/{account.pk}/")
    farmer.press(f"/accounts/{account.pk}/return/", reason=why.pk, comment="What was agreed about parking?")
    assert "Returned: the hunter completes the brief." in farmer.text
    assert is_shut(farmer.browser, account)

    hunter.open("/")
    told = [f"Returned: {why.name}.", "What was agreed about parking?"]
    assert shown(hunter, told) == told
    hunter.follow(again)
    assert shown(hunter, ["What was agreed about parking?"]) == ["What was agreed about parking?"]
    hunter.press(again, summary="Bought. One place in the garage is promised.")
    assert "Offered again with a complete brief." in hunter.text
    assert is_shut(hunter.browser, Deal.objects.get())

    farmer.open("/")
    assert "One place in the garage is promised." in farmer.text
    farmer.press(f"/accounts/{account.pk}/accept/")
    assert Account.objects.get().state == "active"


# One client, two people ------------------------------------------------------------------------------------------


def test_whoever_accepts_second_is_told_who_was_first(pipeline, sam, hal, hana, walk):
    Tier.objects.filter(works_deal=True).update(strategy="pool")
    offer = make_offer(sam, now=timezone.now())
    first, second = walk(hal), walk(hana)
    for hunter in (first, second):
        hunter.open("/deals/?view=pool")

    first.press(f"/deals/{offer.pk}/claim/")
    before = everything()
    second.refused(f"/deals/{offer.pk}/claim/", 409)

    assert "Hal Hunter has just taken this client." in second.text
    assert first.address == f"/deals/{offer.pk}/"
    assert everything() == before


def test_an_old_page_is_refused_and_says_who_has_changed_the_record(pipeline, sam, lena, walk):
    lead = f"/leads/{make_contacted(sam, now=timezone.now()).pk}/"
    scout, boss = walk(sam), walk(lena)
    second, third = steps_after(pipeline, Stage.LEAD)
    scout.open(lead)
    boss.open(lead)

    boss.press(f"{lead}move/", step=third.pk)
    moved = Movement.objects.count()
    scout.refused(f"{lead}move/", 409, step=second.pk)

    assert "Lena Lead has just changed this record." in scout.text
    assert Movement.objects.count() == moved


def test_a_door_that_stands_open_is_noticed(pipeline, sam, walk):
    lead = make_contacted(sam, now=timezone.now())

    with pytest.raises(AssertionError, match="changed something"):
        is_shut(walk(sam).browser, lead)


def test_somebody_of_another_branch_finds_no_door_at_all(pipeline, sam, hal, fay, stan, walk):
    account = make_account(sam, hal, fay)
    deal, lead = Deal.objects.get(), Lead.objects.get()
    stranger = walk(stan)

    assert [is_shut(stranger.browser, item) for item in (lead, deal, account)] == [True, True, True]
