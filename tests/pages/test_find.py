"""Search finds what is open to the asker in full, and tells nothing of anything else."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.workbench import own_names, search
from tests.cast import MONDAY, make_account, make_contacted, make_deal, make_lead, make_offer, make_person

EVERYBODY = ["sam", "sue", "lena", "hal", "fay", "olga", "ada", "cody", "stan", "root"]

# x: found · -: not a trace of it
TABLE = """
                sam  sue  lena  hal  fay  olga  ada  cody  stan  root
  Samlead       x    -    x     -    -    x     -    -     -     -
  Poollead      -    -    x     -    -    x     -    -     -     -
  Offered       -    -    x     -    -    x     -    -     -     -
  Haldeal       -    -    x     x    -    x     -    -     -     -
  Fayaccount    -    -    x     -    x    x     -    -     -     -
  Stranger      -    -    -     -    -    -     -    -     x     -
"""


@pytest.fixture(autouse=True)
def monday():
    """An hour after the records of the tests were made."""
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def found(browse):
    """The names that somebody finds, in order."""

    def seen(who, asked):
        page = browse(who).get("/find/", {"q": asked})
        assert page.status_code == 200
        return [hit.item.client.name for _stage, hits in page.context["found"].stages for hit in hits]

    return seen


@pytest.fixture
def world(pipeline, sam, hal, fay, stan):
    """One client in each relation; the same first name, one phone and one address for each."""
    numbers = {}
    makers = {
        "Samlead": lambda **who: make_contacted(sam, **who),
        "Poollead": lambda **who: make_lead(pipeline=pipeline, **who),
        "Offered": lambda **who: make_offer(sam, **who),
        "Haldeal": lambda **who: make_deal(sam, hal, **who),
        "Fayaccount": lambda **who: make_account(sam, hal, fay, **who),
        "Stranger": lambda **who: make_lead(stan, **who),
    }
    for number, (surname, make) in enumerate(makers.items()):
        numbers[surname] = f"+791655501{number:02d}"
        item = make(name=f"Zelda {surname}", phone=numbers[surname])
        ContactPoint.of(item.client, "email", f"{surname.lower()}@mail.example").save()
    return numbers


def table():
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    assert head == EVERYBODY
    return {person: [row[0] for row in rows if row[place] == "x"] for place, person in enumerate(head, 1)}


def asked_by(who, browse, words):
    """What somebody finds by each of these words; each client once, though they stand at several stages."""
    browser = browse(who)
    found = {}
    for key, word in words.items():
        page = browser.get("/find/", {"q": word})
        names = {hit.item.client.name for _stage, hits in page.context["found"].stages for hit in hits}
        found[key] = sorted(names)
    return found


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_finds_their_own_by_name_phone_and_address(world, browse, request, person, lena, olga, root):
    who, expected = request.getfixturevalue(person), table()[person]
    words = {"first": "zelda"}
    words |= {f"phone {surname}": number for surname, number in world.items()}
    words |= {f"email {surname}": f"{surname}@Mail.example" for surname in world}

    found = asked_by(who, browse, words)

    alone = {surname: [f"Zelda {surname}"] if surname in expected else [] for surname in world}
    assert found == {
        "first": sorted(f"Zelda {surname}" for surname in expected),
        **{f"phone {surname}": names for surname, names in alone.items()},
        **{f"email {surname}": names for surname, names in alone.items()},
    }


def test_what_is_hidden_and_what_is_absent_give_the_same_page(world, browse, sue):
    browser = browse(sue)

    hidden, absent = (browser.get("/find/", {"q": name}).content.decode() for name in ("Poollead", "Nobodyhere"))

    token = re.compile(r'(?<=CSRFToken": ")\w+|(?<=csrfmiddlewaretoken" value=")\w+')
    assert token.sub("", hidden.replace("Poollead", "Nobodyhere")) == token.sub("", absent)


@pytest.mark.parametrize(
    "written",
    ["+79165550100", "8 916 555-01-00", "(916) 555-01-00", "+7 (916) 555 01 00", "7.916.555.01.00", "5550100"],
)
def test_a_phone_is_found_however_it_is_written(world, found, sam, written):
    assert found(sam, written) == ["Zelda Samlead"]


@pytest.mark.parametrize(
    "written", ["550100", "50100", "0100", "9165", "+7916555", "9165550", "@mail.example", "samlead@", "mail.example"]
)
def test_a_contact_cannot_be_guessed_in_parts(world, found, sam, written):
    assert found(sam, written) == []


def test_no_phone_and_no_address_is_shown(world, browse, olga):
    page = browse(olga).get("/find/", {"q": "zelda"}).content.decode()

    assert [secret for secret in (*world.values(), "55501", "555-01", "mail.example") if secret in page] == []


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("i", ["Ivan Petrov"]),
        ("pe", ["Ivan Petrov"]),
        ("tr", []),
        ("etr", ["Ivan Petrov"]),
        ("petrov ivan", ["Ivan Petrov"]),
        ("ivan sidorov", []),
        ("rose", ["Oleg Tarasov"]),
        ("ЖУК", ["Анна Жукова"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'; DROP TABLE", []),
        ("\x00", []),
        ("   ", []),
        ("a" * 500, []),
    ],
)
def test_words_are_read_as_a_salesperson_means_them(found, sam, asked, names):
    for name in ("Ivan Petrov", "Анна Жукова"):
        make_contacted(sam, name=name)
    lead = make_contacted(sam, name="Oleg Tarasov")
    Client.objects.filter(pk=lead.client_id).update(company="Rose and Sons")

    assert found(sam, asked) == names


@pytest.mark.parametrize("asked", ["zel", "samle", "ze sa", "  Zelda SAMLEAD ", "lda samlead", "elda lead samlead"])
def test_whoever_holds_many_finds_what_they_would_find_among_few(monkeypatch, world, found, sam, asked):
    few = found(sam, asked)
    monkeypatch.setattr(own_names, "FEW", 0)

    assert found(sam, asked) == few == ["Zelda Samlead"]


def test_open_records_stand_before_closed_ones_and_twenty_are_enough(monkeypatch, browse, pipeline, sam):
    from leads.actions import disqualify
    from pipeline_crm.tiers.models import Reason
    from tests.cast import reason

    monkeypatch.setattr(search, "MOST", 2)
    closed = make_contacted(sam, name="Zed Closed")
    disqualify(closed.pk, reason=reason(pipeline, Reason.Kind.DISQUALIFY), by=sam.user, now=MONDAY)
    make_contacted(sam, name="Zed Old")
    Lead.objects.filter(pk=closed.pk).update(comment="later than the others in nothing")

    one, two = browse(sam).get("/find/?q=zed"), browse(sam).get("/find/?q=zed+old")

    assert [hit.item.client.name for hit in one.context["found"].stages[0][1]] == ["Zed Old", "Zed Closed"]
    assert (one.context["found"].is_cut, two.context["found"].is_cut) == (True, False)


def test_whoever_sees_nothing_may_look_and_finds_nothing(world, found, db):
    assert found(make_person("nora"), "zelda") == []


def test_a_stranger_signs_in_first(client, db):
    assert client.get("/find/?q=x").headers["Location"] == "/auth/login/?next=/find/%3Fq%3Dx"


def test_nothing_is_read_before_something_is_asked(browse, sam):
    page = browse(sam).get("/find/")

    assert (page.context["found"].asked, page.context["found"].stages) == ("", [])


def test_thirty_cost_as_much_as_one(browse, sam, hal, fay, olga):
    def cost(who):
        browser = browse(who)
        browser.get("/find/?q=zoe")
        with CaptureQueriesContext(connection) as counted:
            browser.get("/find/?q=zoe")
        return len(counted)

    make_account(sam, hal, fay, name="Zoe One")
    make_contacted(sam, name="Zoe Two")
    few = [cost(who) for who in (sam, fay, olga)]
    for _each in range(14):
        make_account(sam, hal, fay, name="Zoe More")
        make_contacted(sam, name="Zoe More")

    # A member's own records, the names among them, the records found; a head of sales asks once for each stage.
    # Whoever searches stands in the journal, which is one more; so is each time the database is told who asks.
    assert [cost(who) for who in (sam, fay, olga)] == few == [13, 16, 20]
