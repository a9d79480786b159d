"""An admin writes a rule, tries it on the last days, and only then switches it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import dry_run as trying
from pipeline_crm.conveyor.dry_run import Row
from pipeline_crm.tiers.models import Pipeline, Rule, Seat, Tier
from tests.cast import make_account, make_enquiry, make_lead
from tests.tiers.sheet import said

RULES = "/admin/tiers/rule/"


@pytest.fixture
def desk(cody, browse) -> Browser:
    """The browser of the configurator."""
    return browse(cody)


@pytest.fixture
def write(pipeline) -> Callable[..., Rule]:
    """Writes a rule of the scouts straight into the database."""

    def written(*seats: Seat, sources=(), tier: Tier | None = None, **fields) -> Rule:
        rule = Rule.objects.create(tier=tier or seats[0].tier, **{"name": "Big orders"} | fields)
        rule.seats.set(seats)
        rule.sources.set(sources)
        return rule

    return written


def page_of(rule: Rule, *, to: str = "change") -> str:
    return f"{RULES}{rule.pk}/{to}/"


def save(desk: Browser, rule: Rule, **fields):
    """Fills in the form of a rule, as a browser would send it, with some fields changed."""
    form = desk.get(page_of(rule)).context["adminform"].form
    values = {field.name: field.value() for field in form}
    values |= fields
    return desk.post(page_of(rule), {name: value for name, value in values.items() if value not in (None, False)})


def capture(pipeline: Pipeline, *, now=None, **fields) -> Lead:
    """A client who comes by themselves and is given out by strategy."""
    home = Pipeline.objects.get(pk=pipeline.pk)
    return Lead.objects.get(
        pk=scouting.capture(home, make_enquiry(**fields), by=None, now=now or timezone.now()).item.pk
    )


def refused(answer, words: str) -> bool:
    assert answer.status_code == 200
    assert words in said(answer)
    return True


# Writing a rule --------------------------------------------------------------------------------------------------


def test_a_new_rule_is_off_and_the_last_of_its_tier_and_then_asks_what_it_fits(desk, write, sam):
    write(sam, position=4)

    answer = desk.post(f"{RULES}add/", {"name": "Portals", "tier": sam.tier_id, "is_on": "on", "position": "0"})

    rule = Rule.objects.get(name="Portals")
    assert (rule.is_on, rule.position, rule.tier) == (False, 5, sam.tier)
    assert answer["Location"] == page_of(rule)


def test_a_rule_is_told_what_it_fits_and_who_receives(desk, pipeline, write, sam, sue):
    rule, source, product = write(sam), pipeline.sources.first(), pipeline.products.first()

    answer = save(
        desk, rule, name="Rich", sources=[source.pk], products=[product.pk], regions=" Moscow, Tver ,moscow",
        languages=["ru"], amount_from="1000", amount_to="2000.50", returning="True", seats=[sam.pk, sue.pk],
        is_strict="on",
    )  # fmt: skip

    assert answer.status_code == 302
    kept = Rule.objects.get(pk=rule.pk)
    assert (list(kept.sources.all()), list(kept.products.all()), set(kept.seats.all())) == (
        [source],
        [product],
        {sam, sue},
    )
    assert (kept.name, kept.regions, kept.languages, kept.returning) == ("Rich", ["Moscow", "Tver"], ["ru"], True)
    assert (kept.amount_from, kept.amount_to, kept.is_strict) == (Decimal(1000), Decimal("2000.50"), True)


def test_saving_a_rule_never_switches_it(desk, write, sam):
    off, on = write(sam), write(sam, name="On", is_on=True)

    for rule in (off, on):
        assert save(desk, rule, is_on="on" if rule == off else "", name=f"{rule.name}!").status_code == 302

    assert list(Rule.objects.order_by("pk").values_list("name", "is_on")) == [("Big orders!", False), ("On!", True)]


def test_only_what_is_the_pipelines_own_can_be_picked(desk, write, sam, hal, stan):
    rule, foreign = write(sam), stan.tier.pipeline
    wrong = [
        {"sources": [foreign.sources.first().pk]},
        {"products": [foreign.products.first().pk]},
        {"seats": [stan.pk]},
        {"seats": [hal.pk]},
    ]

    for fields in wrong:
        assert refused(save(desk, rule, name="Changed", **fields), "Select a valid choice")

    assert Rule.objects.get(pk=rule.pk).name == "Big orders"


def test_closed_seats_are_offered_only_where_they_are_named_already(desk, write, sam, sue):
    Seat.objects.update(is_open=False)
    rule = write(sam)

    offered = desk.get(page_of(rule)).context["adminform"].form.fields["seats"].queryset

    assert list(offered) == [sam]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seats": []}, "Choose at least one person who may receive."),
        ({"amount_from": "10", "amount_to": "10"}, "“From” must be less than “below”."),
        ({"amount_from": "-1"}, "greater than or equal to 0"),
        ({"languages": ["xx"]}, "Select a valid choice"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_a_sentence(desk, write, sam, fields, words):
    rule = write(sam)

    assert refused(save(desk, rule, **{"name": "Changed", **fields}), words)

    kept = Rule.objects.get(pk=rule.pk)
    assert (kept.name, kept.amount_from, list(kept.seats.all())) == ("Big orders", None, [sam])


def test_a_tier_is_asked_only_what_its_records_can_tell(desk, write, sam, hal, fay):
    Pipeline.objects.update(repeat_deals=Pipeline.RepeatDeals.HUNTERS)
    always = ["regions", "languages", "returning"]

    fields = {seat: list(desk.get(page_of(write(seat))).context["adminform"].form.fields) for seat in (sam, hal, fay)}

    every = ["sources", "products", *always, "amount_from", "amount_to"]
    assert fields[sam] == fields[hal] == ["name", *every, "seats", "is_strict"]
    assert fields[fay] == ["name", *always, "seats", "is_strict"]


def test_rules_are_put_into_another_order(desk, write, sam):
    first, second = write(sam, name="First"), write(sam, name="Second", position=1)

    answer = desk.post(
        RULES,
        {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save", "form-0-id": second.pk,
         "form-0-position": 0, "form-1-id": first.pk, "form-1-position": 1},
    )  # fmt: skip

    assert answer.status_code == 302
    assert list(Rule.objects.values_list("name", flat=True)) == ["Second", "First"]


def test_the_list_tells_each_rule_in_words(desk, pipeline, write, sam, sue):
    write(sam, sue, sources=[pipeline.sources.first()], amount_from=Decimal(5000), returning=False, is_on=True)
    write(sam, name="Rest")

    page = said(desk.get(RULES))

    assert "source: Website; amount from 5,000; client: is new" in page
    assert "Sam Scout, Sue Search" in page
    assert "every record" in page


def test_the_history_tells_what_became_of_a_rule(desk, pipeline, write, sam, sue):
    rule = write(sam)
    save(desk, rule, seats=[sam.pk, sue.pk], regions="Tver")
    desk.post(page_of(rule, to="switch"), {"on": "1"})

    page = desk.get(page_of(rule, to="history"), follow=True)

    told = [change for line in page.context["page"].lines for change in line.changes if line.thing == "rule"]
    assert {("regions", "–", "Tver"), ("on", "no", "yes")} < set(told)
    assert ("who may receive", "Sam Scout, Scouts", "Sam Scout, Scouts, Sue Search, Scouts") in told
    assert page.redirect_chain[-1][0] == f"/admin/tiers/pipeline/{pipeline.pk}/history/"


def test_a_rule_is_deleted(desk, write, sam):
    rule = write(sam)

    assert desk.post(page_of(rule, to="delete"), {"post": "yes"}).status_code == 302

    assert not Rule.objects.exists()


# Trying it -------------------------------------------------------------------------------------------------------


def test_a_dry_run_counts_who_got_the_fitting_records_and_who_would_have(desk, pipeline, write, sam, sue):
    website, portal = pipeline.sources.all()[:2]
    for source in (website, website, website, portal):
        capture(pipeline, source=source, name="Ivan Secret")
    capture(pipeline, source=website, now=timezone.now() - timedelta(days=31))
    make_lead(pipeline=pipeline, source=website, now=timezone.now())
    rule = write(sue, sources=[website])

    page = desk.get(page_of(rule, to="dry-run"))

    went = Lead.objects.filter(source=website, created_at__gte=timezone.now() - timedelta(days=1), seat__isnull=False)
    by_hand = {seat: went.filter(seat=seat).count() for seat in (sam, sue)}
    told = page.context["told"]
    assert (told.looked, told.fits, told.taken_before) == (4, 3, {})
    assert told.rows == [Row("Sue Search", by_hand[sue], 3), Row("Sam Scout", by_hand[sam], 0)]
    assert "Secret" not in said(page)
    assert "The rule fits 3 of them." in said(page)


def test_a_dry_run_leaves_to_the_rules_before_it_what_is_theirs(desk, pipeline, write, sam, sue):
    for amount in (10, 20, 30):
        capture(pipeline, amount=Decimal(amount))
    write(sam, name="Small", amount_to=Decimal(15), is_on=True, position=0)
    write(sam, name="Off", is_on=False, position=1)
    rule = write(sue, amount_to=Decimal(25), position=2)
    write(sam, name="Later", is_on=True, position=3)

    told = desk.get(page_of(rule, to="dry-run")).context["told"]

    assert (told.looked, told.fits, told.taken_before) == (3, 1, {"Small": 1})


@pytest.mark.parametrize(("strategy", "shares"), [("round_robin", [4, 4]), ("weighted", [6, 2])])
def test_a_dry_run_shares_by_the_tiers_strategy_among_the_rules_people(
    desk, pipeline, write, sam, sue, strategy, shares
):
    Tier.objects.filter(pk=sam.tier_id).update(strategy=strategy)
    Seat.objects.filter(pk=sam.pk).update(weight=3)
    for _number in range(8):
        capture(pipeline)

    rows = desk.get(page_of(write(sam, sue), to="dry-run")).context["told"].rows

    assert [(row.name, row.would_go) for row in sorted(rows)] == list(
        zip(("Sam Scout", "Sue Search"), shares, strict=True)
    )


@pytest.mark.parametrize(("returning", "fits"), [(True, 1), (False, 2), (None, 3)])
def test_a_dry_run_tells_new_clients_from_known_ones(desk, pipeline, write, sam, returning, fits):
    old = make_lead(sam, phone="+79165550000", now=timezone.now() - timedelta(days=90))
    scouting.disqualify(
        old.pk,
        reason=pipeline.reasons.filter(kind="disqualify")[0],
        by=sam.user,
        now=timezone.now() - timedelta(days=80),
    )
    for phone in ("+79165550000", None, None):
        capture(pipeline, phone=phone)

    assert desk.get(page_of(write(sam, returning=returning), to="dry-run")).context["told"].fits == fits


def test_a_dry_run_says_when_more_was_given_out_than_it_looks_at(desk, pipeline, write, sam, monkeypatch):
    monkeypatch.setattr(trying, "MOST", 2)
    for _number in range(3):
        capture(pipeline)

    page = desk.get(page_of(write(sam), to="dry-run"))

    assert (page.context["told"].looked, page.context["told"].is_capped) == (2, True)
    assert "There were more" in said(page)


def test_a_dry_run_of_accounts_and_of_a_pool(desk, pipeline, write, sam, hal, fay):
    now = timezone.now()
    make_account(sam, hal, fay, now=now)
    Tier.objects.filter(pk=sam.tier_id).update(strategy="pool")

    accounts = desk.get(page_of(write(fay), to="dry-run"))
    pool = desk.get(page_of(write(sam), to="dry-run"))

    assert [row.name for row in accounts.context["told"].rows] == ["Fay Farmer"]
    assert "This tier puts every record into the pool" in said(pool)


def test_a_dry_run_changes_nothing(desk, pipeline, write, sam):
    capture(pipeline)
    rule = write(sam)
    before = list(Lead.objects.values()), list(Rule.objects.values())

    desk.get(page_of(rule, to="dry-run"))

    assert (list(Lead.objects.values()), list(Rule.objects.values())) == before


# Switching it ----------------------------------------------------------------------------------------------------


def test_a_rule_that_was_switched_on_sends_the_next_client_to_its_people(desk, pipeline, write, sam, sue):
    Tier.objects.filter(pk=sam.tier_id).update(strategy="round_robin")
    rule = write(sue, sources=[pipeline.sources.first()])

    assert desk.post(page_of(rule, to="switch"), {"on": "1"})["Location"] == page_of(rule)

    came = [capture(pipeline, source=pipeline.sources.first()).seat for _number in range(3)]
    desk.post(page_of(rule, to="switch"), {"on": "0"})
    assert came == [sue, sue, sue]
    assert Rule.objects.get().is_on is False


def test_a_rule_without_anybody_stays_off(desk, write, sam):
    rule = write(sam)
    Seat.objects.update(is_open=False)

    answer = desk.post(page_of(rule, to="switch"), {"on": "1"}, follow=True)

    assert refused(answer, "Nobody of this rule can receive: choose people first.")
    assert Rule.objects.get().is_on is False


def test_a_rule_is_switched_by_a_press_and_not_by_a_look(desk, write, sam):
    rule = write(sam)

    assert desk.get(page_of(rule, to="switch")).status_code == 405
    assert Rule.objects.get().is_on is False


@pytest.mark.parametrize("to", ["change", "dry-run", "switch", "history"])
def test_nobody_else_reaches_a_rule(browse, desk, write, sam, olga, to):
    rule = write(sam)

    for who in (sam, olga):
        assert browse(who).post(page_of(rule, to=to), {"on": "1"}, follow=True).status_code in (403, 404)
    assert desk.post(f"{RULES}999999/{to}/", {"on": "1"}, follow=True).status_code in (200, 404)
    assert Rule.objects.get().is_on is False


# What the pages cost ---------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_with_one_rule_and_with_twenty(desk, pipeline, write, sam, sue):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            desk.get(RULES)
        return len(queries)

    write(sam, sue, sources=pipeline.sources.all())
    cost()
    with_one = cost()
    for number in range(19):
        write(sam, sue, name=f"Rule {number}", sources=pipeline.sources.all())

    cost()
    assert cost() == with_one


def test_a_dry_run_costs_the_same_for_one_client_and_for_twelve(desk, pipeline, write, sam, sue):
    rule = write(sam, sue, returning=False)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            desk.get(page_of(rule, to="dry-run"))
        return len(queries)

    capture(pipeline)
    cost()
    with_one = cost()
    for _number in range(11):
        capture(pipeline)

    assert cost() == with_one
