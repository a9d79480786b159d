"""The first rule that fits a record counts, and an empty condition asks nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from pipeline_crm.conveyor.rules import RecordFacts, facts_of, first_fit
from pipeline_crm.tiers.models import Product, Rule, Seat, Source
from pipeline_crm.tiers.setup import setup
from tests.cast import make_account, make_deal, make_lead

REGIONS = ["Moscow", "Tver", "Саратов", "Hauts-de-France"]
LANGUAGES = ["en", "ru"]
PLACES = st.integers(1, 4)
amounts = st.none() | st.decimals(min_value=0, max_value=100, places=2)

facts = st.builds(
    RecordFacts,
    source_id=st.none() | PLACES,
    product_id=st.none() | PLACES,
    region=st.sampled_from(["", *REGIONS]),
    language=st.sampled_from(["", *LANGUAGES]),
    amount=amounts,
    returning=st.booleans(),
)


def rule(pk: int = 1, *, sources=(), products=(), seats=(1,), **fields) -> Rule:
    """A rule as it lies in memory: its lists were read with it."""
    made = Rule(pk=pk, **{"name": f"Rule {pk}", "is_on": True} | fields)
    made._prefetched_objects_cache = {
        "sources": [Source(pk=each) for each in sources],
        "products": [Product(pk=each) for each in products],
        "seats": [Seat(pk=each) for each in seats],
    }
    return made


@st.composite
def rules(draw, pk: int = 1) -> Rule:
    """Any rule that the admin may write."""
    bounds = draw(st.tuples(amounts, amounts).filter(lambda pair: None in pair or pair[0] < pair[1]))
    return rule(
        pk,
        sources=draw(st.sets(PLACES, max_size=2)),
        products=draw(st.sets(PLACES, max_size=2)),
        regions=draw(st.lists(st.sampled_from(REGIONS), max_size=2)),
        languages=draw(st.lists(st.sampled_from(LANGUAGES), max_size=1)),
        amount_from=bounds[0],
        amount_to=bounds[1],
        returning=draw(st.none() | st.booleans()),
        position=draw(st.integers(0, 3)),
        is_on=draw(st.booleans()),
    )


lists = st.integers(0, 5).flatmap(lambda n: st.tuples(*(rules(pk) for pk in range(1, n + 1))))


def alone(each: Rule, record: RecordFacts) -> bool:
    """Whether a rule fits a record when no other is in its way."""
    return first_fit([each], record) is each


@given(facts)
def test_a_rule_without_conditions_fits_everything(record):
    assert alone(rule(), record)


@given(lists, facts)
def test_the_first_that_fits_is_chosen_and_all_before_it_do_not_fit(listed, record):
    in_order = sorted(listed, key=lambda each: (each.position, each.pk))

    expected = next((each for each in in_order if alone(each, record)), None)

    assert first_fit(listed, record) is expected


@given(lists, facts, st.randoms())
def test_the_order_in_which_rules_were_read_changes_nothing(listed, record, chance):
    shuffled = list(listed)
    chance.shuffle(shuffled)

    assert first_fit(shuffled, record) is first_fit(listed, record)


@given(lists, facts)
def test_a_rule_that_is_off_is_as_if_it_were_not_there(listed, record):
    assert first_fit(listed, record) is first_fit([each for each in listed if each.is_on], record)


@given(rules(), facts)
def test_one_condition_less_never_fits_less(wide, record):
    wide.is_on = True
    fitted = alone(wide, record)
    freed = [
        {"regions": []},
        {"languages": []},
        {"amount_from": None, "amount_to": None},
        {"returning": None},
    ]

    assert not fitted or all(alone(_rewritten(wide, **fields), record) for fields in freed)


def _rewritten(old: Rule, **fields) -> Rule:
    names = ("regions", "languages", "amount_from", "amount_to", "returning", "position", "is_on")
    lists = {name: [each.pk for each in getattr(old, name).all()] for name in ("sources", "products", "seats")}
    return rule(old.pk, **lists, **{name: getattr(old, name) for name in names} | fields)


@given(facts, st.sampled_from(REGIONS), st.sampled_from([str, str.upper, str.lower, "  {} ".format]))
def test_a_region_is_the_same_in_whatever_letters(record, region, written):
    here, there = replace(record, region=written(region)), replace(record, region="Elsewhere")

    assert (alone(rule(regions=[region]), here), alone(rule(regions=[written(region)]), here)) == (True, True)
    assert not alone(rule(regions=[written(region)]), there)


@given(facts, st.decimals(min_value=1, max_value=99, places=2))
def test_two_rules_that_share_a_bound_never_both_fit_and_leave_no_gap(record, bound):
    below, above = rule(amount_to=bound), rule(amount_from=bound)

    assert [alone(below, record), alone(above, record)].count(True) == (record.amount is not None)


@pytest.mark.parametrize(
    ("amount", "fits"), [("9.99", False), ("10", True), ("19.99", True), ("20", False), (None, False)]
)
def test_an_amount_lies_from_and_below(amount, fits):
    record = RecordFacts(amount=Decimal(amount) if amount else None)

    assert alone(rule(amount_from=Decimal(10), amount_to=Decimal(20)), record) is fits


@pytest.mark.parametrize(
    ("asked", "returning", "fits"),
    [(None, True, True), (None, False, True), (True, True, True), (True, False, False), (False, False, True),
     (False, True, False)],
)  # fmt: skip
def test_new_and_known_clients_are_told_apart(asked, returning, fits):
    assert alone(rule(returning=asked), RecordFacts(returning=returning)) is fits


@pytest.mark.parametrize(
    "condition",
    [{"sources": [1]}, {"products": [1]}, {"regions": ["Tver"]}, {"languages": ["en"]}, {"amount_from": Decimal(0)}],
)
def test_a_record_that_does_not_tell_fits_no_condition_on_it(condition):
    assert not alone(rule(**condition), RecordFacts())


def test_each_stage_tells_what_it_knows(pipeline, sam, hal, fay, root):
    source, product = pipeline.sources.first(), pipeline.products.first()
    told = {"source": source, "product": product, "amount": Decimal(70)}
    client = {"region": "", "language": ""}

    lead, deal = make_lead(sam, **told), make_deal(sam, hal, **told)
    account = make_account(sam, hal, fay)

    known = RecordFacts(source_id=source.pk, product_id=product.pk, amount=Decimal(70), **client)
    assert facts_of(lead, returning=False) == known
    assert facts_of(deal, returning=True) == replace(known, returning=True)
    assert facts_of(account, returning=True) == RecordFacts(returning=True, **client)


def test_rules_that_lie_in_memory_ask_the_database_nothing(pipeline, sam, django_assert_num_queries):
    source, tier = pipeline.sources.first(), pipeline.ordered_tiers[0]
    for name, is_on in (("Off", False), ("On", True)):
        made = Rule.objects.create(tier=tier, name=name, is_on=is_on)
        made.sources.add(source)
        made.seats.add(sam)
    lead = Lead.objects.select_related("client").get(pk=make_lead(sam, source=source).pk)
    listed = setup().tiers[tier.pk].rules.all()

    with django_assert_num_queries(0):
        found = [first_fit(listed, facts_of(lead, returning=False)) for _ in range(3)]

    assert [each.name for each in found] == ["On", "On", "On"]
