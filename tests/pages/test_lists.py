"""The list of a stage: who sees which rows, in what order, page after page, whatever the address asks."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.actions import disqualify
from leads.models import Lead
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.actions import set_task
from pipeline_crm.tiers.models import Product, Reason, Source
from pipeline_crm.tiers.stages import Stage
from tests.cast import MONDAY, make_account, make_contacted, make_deal, make_lead, make_offer, reason, seat_at
from tests.contacts import contacts_of
from tests.counting import Questions
from tests.pages.reading import listed, numbers

HOSTILE = [
    "sort=password",
    "sort=client__contact_points__value",
    "sort=--due",
    "step=0",
    "step=99999999999999999999999",
    "step=1%27%20OR%201=1",
    "state=offered",
    "owner=1",
    "view=team",
    "view=everything",
    "after=12",
    "after=%00",
    "after=AAAA:BBBB:CCCC",
    "q=%00%00",
    "q=%25",
    "q=_",
    "q=%F0%28%8C%28",
    "pipeline=999999",
    "pipeline=x",
    "late=%00",
    "source=%00",
    "sort=%00&view=%00&step=%00",
    "sort=due&sort=amount&after=" + "x" * 5000,
]


@pytest.fixture
def firm(pipeline, sam, sue, hal, hana, fay, lena, olga, stan):
    """Everybody at work, each with something that another must not see."""
    website = Source.objects.filter(pipeline=pipeline)[0]
    make_lead(sam, name="Anna of Sam")
    make_contacted(sue, name="Boris of Sue")
    make_lead(pipeline=pipeline, name="Clara of Nobody", source=website)
    make_lead(stan, name="Stan's own")
    make_deal(sam, hal, name="Dmitry of Hal")
    make_deal(sam, hana, name="Elena of Hana")
    make_account(sam, hal, fay, name="Fedor of Fay")
    return pipeline


LISTS = [
    ("sam", "lead", "", ["Anna of Sam"]),
    ("sam", "lead", "view=pool", ["{source}"]),
    ("sam", "lead", "view=closed", []),
    ("sam", "lead", "view=team", ["Anna of Sam"]),
    ("sue", "lead", "", ["Boris of Sue"]),
    ("lena", "lead", "", ["Anna of Sam", "Boris of Sue", "Clara of Nobody"]),
    ("lena", "lead", "view=pool", ["Clara of Nobody"]),
    ("olga", "lead", "", ["Anna of Sam", "Boris of Sue", "Clara of Nobody"]),
    ("hal", "deal", "", ["Dmitry of Hal"]),
    ("hana", "deal", "", ["Elena of Hana"]),
    ("olga", "deal", "", ["Dmitry of Hal", "Elena of Hana"]),
    ("fay", "deal", "", []),
    ("fay", "account", "", ["Fedor of Fay"]),
    ("olga", "account", "", ["Fedor of Fay"]),
    ("stan", "lead", "", ["Stan's own"]),
    ("stan", "lead", "view=pool", []),
]


def test_everybody_sees_their_own_rows_and_no_other(firm, request, browse):
    source = str(Lead.objects.get(client__name="Clara of Nobody").source)

    seen = [
        (who, stage, question, listed(browse(request.getfixturevalue(who)), stage, f"{question}&sort=client"))
        for who, stage, question, _ in LISTS
    ]

    expected = [[row.format(source=source) for row in rows] for *_, rows in LISTS]
    assert seen == [(*case[:3], rows) for case, rows in zip(LISTS, expected, strict=True)]


def test_the_list_and_the_board_of_another_stage_are_not_there(pipeline, hal, fay, ada, cody, browse):
    make_lead(pipeline=pipeline)

    answers = [
        browse(who).get(address).status_code
        for who in (hal, fay, ada, cody)
        for address in ("/leads/", "/leads/board/")
    ]

    assert answers == [404] * 8


def test_a_closed_record_stands_among_the_closed(pipeline, sam, browse):

    lead = make_lead(sam, name="Anna")
    make_lead(sam, name="Boris")
    disqualify(lead.pk, reason=reason(pipeline, Reason.Kind.DISQUALIFY), by=sam.user, now=MONDAY)

    assert (listed(browse(sam), "lead", "view=closed"), listed(browse(sam), "lead")) == (["Anna"], ["Boris"])
    page = browse(sam).get("/leads/?view=closed&sort=reason").content.decode()
    assert str(reason(pipeline, Reason.Kind.DISQUALIFY)) in page


def test_the_pool_hides_the_name_the_phone_and_the_comment(pipeline, sam, browse):
    lead = make_lead(pipeline=pipeline, name="Clara Secret", phone="+79161234567", comment="Clara lives in Tula")

    page = browse(sam).get("/leads/?view=pool").content.decode()

    assert [word for word in ("Clara", "Secret", "916", "4567", "Tula") if word in page] == []
    assert f"/leads/{lead.pk}/" in page


def test_a_hidden_name_is_not_found_by_searching(pipeline, sam, browse):
    make_lead(pipeline=pipeline, name="Anna", product=Product.objects.filter(pipeline=pipeline).first())
    make_lead(sam, name="Anna of Sam")

    found = [listed(browse(sam), "lead", f"view={view}&q=anna") for view in ("pool", "mine")]

    assert found == [[], ["Anna of Sam"]]


def test_hidden_names_have_no_order(pipeline, sam, browse):
    made = [make_lead(pipeline=pipeline, name=name).pk for name in ("Boris", "Anna", "Clara")]

    pages = [browse(sam).get(f"/leads/?view=pool&sort={sort}") for sort in ("client", "-client")]

    assert [numbers(page) for page in pages] == [made, made]


def test_search_finds_every_word_in_the_name_or_the_company(pipeline, sam, sue, browse):

    for name in ("Anna Belova", "Anna Petrova", "Boris Belov", "Percent 100%"):
        make_lead(sam, name=name)
    make_lead(sue, name="Anna of Sue")
    Client.objects.filter(name="Boris Belov").update(company="Anna and sons")

    found = {
        words: listed(browse(sam), "lead", f"sort=client&q={words}") for words in ("anna", "anna+bel", "%25", "nobody")
    }

    assert found == {
        "anna": ["Anna Belova", "Anna Petrova", "Boris Belov"],
        "anna+bel": ["Anna Belova", "Boris Belov"],
        "%25": ["Percent 100%"],
        "nobody": [],
    }


def test_filters_narrow_and_keep_narrowing_on_the_next_page(pipeline, sam, lena, sue, browse):
    sources = list(Source.objects.filter(pipeline=pipeline)[:2])
    make_lead(sam, name="Anna", source=sources[0])
    make_lead(sue, name="Boris", source=sources[1])
    make_contacted(sue, name="Clara", source=sources[0])

    found = {
        question: listed(browse(lena), "lead", f"sort=client&{question}")
        for question in (
            f"source={sources[0].pk}",
            f"source={sources[0].pk}&owner={sue.pk}",
            f"owner={sam.pk}",
            "owner=none",
            "state=contacted",
            "late=1",
        )
    }

    assert list(found.values()) == [["Anna", "Clara"], ["Clara"], ["Anna"], [], ["Clara"], ["Anna", "Boris", "Clara"]]


def test_a_member_cannot_sift_by_owner(pipeline, sam, sue, browse):
    make_lead(sam, name="Anna")
    make_lead(sue, name="Boris")

    assert listed(browse(sam), "lead", f"view=team&owner={sue.pk}") == ["Anna"]


@pytest.mark.parametrize("kind", ["", "board/"])
def test_no_address_breaks_a_page(pipeline, sam, hal, browse, kind):
    make_deal(sam, hal, name="Anna")
    browser = browse(hal)

    answers = {question: browser.get(f"/deals/{kind}?{question}").status_code for question in HOSTILE}

    assert answers == dict.fromkeys(HOSTILE, 200)


def test_a_list_is_read_not_written(pipeline, sam, browse):
    assert [browse(sam).post(address).status_code for address in ("/leads/", "/leads/board/")] == [405, 405]


def test_somebody_at_two_desks_sees_the_pipeline_they_chose(pipeline, sam, stan, browse):
    other = stan.tier.pipeline
    make_lead(sam, name="Here")
    there = seat_at(other, Stage.LEAD, sam.user)
    make_lead(there, name="There")

    assert listed(browse(sam), "lead") == ["Here"]
    assert listed(browse(sam), "lead", f"pipeline={other.pk}") == ["There"]
    assert listed(browse(sam), "lead", "pipeline=0") == ["Here"]


def test_the_pipeline_of_a_stranger_is_not_chosen(pipeline, sam, stan, browse):
    make_lead(sam, name="Here")
    make_lead(stan, name="There")

    assert listed(browse(sam), "lead", f"pipeline={stan.tier.pipeline_id}") == ["Here"]


EMPTY = [
    ("sam", "/leads/", "No leads yet"),
    ("sam", "/leads/?view=pool", "The pool is empty"),
    ("sam", "/leads/?view=closed", "Nothing is closed yet"),
    ("sam", "/leads/?q=anna", "Nothing fits the filter"),
    ("hal", "/deals/", "No deals yet"),
    ("fay", "/accounts/", "No accounts yet"),
]


def test_where_nothing_is_the_page_says_how_something_comes(sam, hal, fay, browse, request):
    said = [
        sentence in browse(request.getfixturevalue(who)).get(address).content.decode()
        for who, address, sentence in EMPTY
    ]

    assert said == [True] * len(EMPTY)


def queries(browser, address):
    """How many questions to the database a page takes, once this process has drawn it."""
    browser.get(address)
    with Questions() as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def test_lists_and_boards_take_as_many_queries_for_thirty_rows_as_for_one(pipeline, sam, lena, browse):
    browsers = {"sam": browse(sam), "lena": browse(lena)}
    make_leads_everywhere(pipeline, sam, 1)
    few = {page: queries(browsers[page[0]], page[1]) for page in COUNTED}
    make_leads_everywhere(pipeline, sam, 29)

    assert {page: queries(browsers[page[0]], page[1]) for page in COUNTED} == few
    assert {page[1]: count for page, count in few.items() if page[0] == "sam"} == {
        "/leads/": 7,
        "/leads/?view=pool": 7,
        "/leads/?view=closed": 6,
        "/leads/board/": 8,
    }


COUNTED = [(who, f"/leads/{page}") for who in ("sam", "lena") for page in ("", "?view=pool", "?view=closed", "board/")]


def make_leads_everywhere(pipeline, sam, number):
    """Leads in hand with a task, in the pool, and closed."""
    product, source = (
        Product.objects.filter(pipeline=pipeline).first(),
        Source.objects.filter(pipeline=pipeline).first(),
    )
    for _ in range(number):
        lead = make_lead(sam, product=product, source=source)
        set_task(Lead, lead.pk, title="Call", due_at=MONDAY, by=sam.user, now=MONDAY)
        make_lead(pipeline=pipeline, product=product)
        disqualify(make_lead(sam).pk, reason=reason(pipeline, Reason.Kind.DISQUALIFY), by=sam.user, now=MONDAY)


def test_deals_with_briefs_take_no_more_queries_either(pipeline, sam, hal, olga, browse):
    browsers = {"hal": browse(hal), "olga": browse(olga)}
    pages = [(who, f"/deals/{page}") for who in browsers for page in ("", "board/")]
    make_deal(sam, hal)
    make_offer(sam)
    few = {page: queries(browsers[page[0]], page[1]) for page in pages}
    for _ in range(4):
        make_deal(sam, hal, amount=Decimal(10))
        make_offer(sam)

    assert {page: queries(browsers[page[0]], page[1]) for page in pages} == few


def test_no_digit_of_a_phone_stands_in_a_list_or_on_a_board(pipeline, sam, hal, fay, olga, root, browse):
    number = "+79165550317"
    account = make_account(sam, hal, fay, name="Anna", phone=number)
    make_offer(sam, name="Boris", phone="+79165550318")
    make_lead(sam, name="Clara", phone="+79165550319", now=timezone.now())

    pages = [
        browser.get(f"/{stage}/{page}?view={view}").content.decode()
        for browser in map(browse, (sam, hal, fay, olga, root))
        for stage in ("leads", "deals", "accounts")
        for page, view in (("", "mine"), ("", "team"), ("", "pool"), ("board/", ""))
    ]

    assert contacts_of(account.client, "phone") == [number]
    assert [page for page in pages if re.search(r"555.?03.?1|916.?555", page)] == []
