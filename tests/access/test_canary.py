"""Every personal word in the firm is a token: no answer to anybody holds one that is not theirs to know."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.urls import reverse

from pipeline_crm.conveyor import record_page
from pipeline_crm.conveyor.records import ConveyorItem, Openness
from tests.access.world import FULL, NOTHING, PEOPLE, World, known

TOKEN = re.compile(r"zq[a-z]+q[a-z]+qz|••-\d\d")
STAGES = ("lead", "deal", "account")
SORTS = ("client", "-owner", "touched", "seat__user__password")
# Pages with one form, by stage; a list of acts done without a form would only answer 405.
FORMS = {
    "lead": "note task reassign touch edit park disqualify",
    "deal": "note task reassign touch edit lines return lose",
    "account": "note task reassign touch edit return repeat churn",
}
COLLEAGUES = ("Sam Scout", "Sue Search", "Lena Lead", "Hal Hunter", "Fay Farmer", "Olga Orlova")
COLLEAGUES += ("Sam S.", "Sue S.", "Lena L.", "Hal H.", "Fay F.", "Olga O.")


# What is read ----------------------------------------------------------------------------------------------------


def stage_of(name: str) -> str:
    """The stage of a record of the world, by its name."""
    stage = name.partition(".")[2]
    return "deal" if stage == "repeat" else stage


def crossing(name: str, pk: int) -> list[str]:
    """The pages over the joint behind a record."""
    urls = {"lead": ["deals:offer"], "deal": ["accounts:win", "accounts:offer-again"], "account": []}
    return [reverse(url, args=[pk]) for url in urls[stage_of(name)]]


def records(world: World, who: str) -> Iterator[str]:
    """The page of every record, and one of each kind of form at each state and openness of a record."""
    cells, shown = known(), set()
    for name, item in world.items.items():
        stage, level = stage_of(name), cells[name, who]
        page = reverse(f"{stage}s:record", args=[item.pk])
        yield page
        # What is not found is one and the same page everywhere; the pool is found by its desk, and tells nothing.
        if level == NOTHING and name not in ("pooled.lead", "waiting.deal"):
            continue
        kind = (stage, level, item.state) if level < FULL else (stage, level)
        if kind in shown:
            continue
        shown.add(kind)
        yield from (reverse(f"{stage}s:{form}", args=[item.pk]) for form in FORMS[stage].split())
        yield from crossing(name, item.pk)
        yield from (f"{page}?show={show}" for show in ("touches", "movements", "notes"))


def lists(world: World, stages: Iterable[str] = STAGES) -> Iterator[str]:
    """Every list and board, in every view, sorted and sifted in ways it knows and in ways it does not."""
    source = world.pipeline.sources.first()
    for stage in stages:
        listed, board = reverse(f"{stage}s:list"), reverse(f"{stage}s:board")
        yield from (f"{listed}?view={view}" for view in ("mine", "team", "pool", "closed"))
        yield from (f"{board}?view={view}" for view in ("mine", "team"))
        yield from (f"{listed}?view=pool&sort={sort}" for sort in SORTS)
        yield f"{listed}?view=pool&source={source.pk}&state=new&owner=1&step=1"
        yield from (f"{listed}?view=pool&{urlencode({'q': words})}" for words in ("zelda", "zqpooled", "+7 916"))
        yield f"{board}?pipeline={world.other.pk}&q=zelda"


def questions(world: World) -> Iterator[str]:
    """Searches for everybody at once, by the beginning of a name, by a whole contact and by a part of one."""
    asked = ["zelda", "qname", "916 700 55 44", ".example"]
    for client in ("mine", "pooled", "offered"):
        whole, _short, tail, *_written, email, _local = world.contacts[client]
        asked += [f"zq{client}", f"+{whole}", tail, email]
    return (f"{reverse('workbench:find')}?{urlencode({'q': words})}" for words in asked)


def desks(world: World) -> Iterator[str]:
    """My work, notices, teams and the whole conveyor, of both pipelines."""
    yield from (reverse(name) for name in ("workbench:my-work", "workbench:notices", "leads:new"))
    yield from (f"/?skip={place}" for place in range(1, 4))
    yield from ("/leads/2000000000/", "/nowhere/")
    for pipeline in (world.pipeline, world.other):
        yield f"{reverse('leads:new')}?pipeline={pipeline.pk}"
        yield f"{reverse('reports:conveyor', args=[pipeline.pk])}?days=30"
        yield reverse("reports:conveyor-sweep", args=[pipeline.pk])
        for tier in pipeline.tiers.all():
            team = reverse("reports:team", args=[tier.pk])
            yield team
            seat = tier.seats.first()
            book = f"{team}book/?from={seat.pk if seat else 0}&substitute={seat.pk if seat else 0}"
            yield from (
                f"{book}&what={what}&first_day=2026-11-20&last_day=2026-11-21" for what in ("left", "away", "relief")
            )
            yield f"{team}sweep/"


def pages(world: World, who: str) -> Iterator[str]:
    """The rest of what somebody could ask for without changing anything."""
    opens = [stage for stage in STAGES if world.browsers[who].get(f"/{stage}s/").status_code == 200]
    yield from lists(world, opens)
    yield from records(world, who)
    if who not in ("cody", "root"):
        yield from questions(world)
        return
    yield from ("/admin/", "/admin/users/user/", "/admin/tiers/pipeline/?q=zq", "/admin/search/?s=zq")
    for page in ("change", "history", "delete"):
        yield f"/admin/tiers/pipeline/{world.pipeline.pk}/{page}/"


# What is found ---------------------------------------------------------------------------------------------------


def allowed(world: World, who: str) -> set[str]:
    """The tokens that somebody may read: on some record that is open enough to them."""
    cells = known()
    return {token.text for token in world.tokens if any(cells[name, who] >= token.needs for name in token.records)}


def said(answer: object) -> str:
    """All that an answer tells, its headers among it, without the random number by which the log knows it."""
    headers = {name: text for name, text in answer.headers.items() if name != "X-Request-ID"}  # type: ignore[attr-defined]
    # Among thousands of such numbers one holds the digits of somebody's phone by chance.
    return html.unescape(f"{headers} {answer.content.decode()}")  # type: ignore[attr-defined]


def leaks(world: World, who: str, addresses: Iterator[str]) -> list[tuple[str, str]]:
    """Where somebody reads what is not theirs to know; what they asked by themselves is no news to them."""
    mine, browser, found = allowed(world, who), world.browsers[who], []
    ours = {token.text for token in world.tokens}
    for address in addresses:
        answer = browser.get(address)
        text, asked = said(answer), address.lower()
        assert answer.status_code < 500, f"{who} {address}"
        # By chance a form's random token may look like one of ours: only words of this world count.
        words = {word for word in set(TOKEN.findall(text.lower())) & ours - mine if word not in asked}
        found += [(address, word) for word in words]
        found += [(address, contact) for contact in contacts_in(world, text, asked)]
        if who in ("ada", "stan", "nobody"):
            found += [(address, name) for name in COLLEAGUES if name in text]
    return found


def contacts_in(world: World, text: str, asked: str = "") -> list[str]:
    """Phones and addresses that stand in full, however they are written."""
    plus = asked.replace("%2b", "").replace("%40", "@")
    return [
        contact
        for contacts in world.contacts.values()
        for contact in contacts
        if contact in text and contact not in plus
    ]


# The promises ----------------------------------------------------------------------------------------------------


def test_nobody_reads_at_their_desk_what_is_not_theirs(firm: World) -> None:
    """With the frame around the page, its counts and its notices."""
    found = {who: leaks(firm, who, desks(firm)) for who in PEOPLE}

    assert found == {who: [] for who in PEOPLE}


def test_nobody_reads_anywhere_what_is_not_theirs(firm: World, bare_pages: None) -> None:
    """Lists, boards, searches, records and their forms; those who are out are led to the sign-in everywhere."""
    inside = [who for who in PEOPLE if who not in ("gone", "nobody")]
    found = {who: leaks(firm, who, pages(firm, who)) for who in inside}

    assert found == {who: [] for who in inside}


def test_everybody_reads_what_is_theirs(firm: World, bare_pages: None) -> None:
    """A canary that never sings proves nothing: the tokens do stand on the pages of those who may know them."""
    told = {who: set() for who in PEOPLE}
    for who in PEOPLE:
        for name, item in firm.items.items():
            if known()[name, who] > NOTHING:
                page = firm.browsers[who].get(reverse(f"{stage_of(name)}s:record", args=[item.pk]))
                told[who] |= set(TOKEN.findall(said(page).lower()))

    sung = {"name", "leadnote", "dealnote", "accountnote", "call", "why"}
    for who in ("sam", "sue", "lena", "hal", "fay", "olga", "stan"):
        theirs = {word for word in allowed(firm, who) if word.split("q")[2:3] and word.split("q")[2] in sung}
        assert theirs - told[who] == set(), who
    assert [told[who] for who in ("ada", "cody", "root", "gone", "nobody")] == [set()] * 5


def test_the_alarm_rings_when_the_pool_is_open(firm: World, bare_pages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConveyorItem, "openness", lambda *_who: Openness.FULL)

    found = {word for _address, word in leaks(firm, "sue", lists(firm, ["lead"]))}

    assert "zqpooledqnameqz" in found


def test_the_alarm_rings_when_masks_fall(firm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_page, "_is_in_full", lambda _reader: True)
    page = reverse("leads:record", args=[firm.items["mine.lead"].pk])

    found = {word for _address, word in leaks(firm, "sam", iter([page]))}

    assert firm.contacts["mine"][0] in found


# The reveal ------------------------------------------------------------------------------------------------------


def contacts_on(world: World, browser: Browser, address: str) -> set[str]:
    """Whose contact stands in full on a page."""
    text = said(browser.get(address))
    return {client for client, contacts in world.contacts.items() if any(contact in text for contact in contacts)}


def test_a_contact_opens_by_an_act_on_that_record_only(firm: World, bare_pages: None) -> None:
    opened, cells = {}, known()
    names = ["mine.lead", "pooled.lead", "handed.deal", "offered.deal", "kept.account"]
    for name, who in ((name, who) for name in names for who in PEOPLE):
        browser, stage, pk = firm.browsers[who], stage_of(name), firm.items[name].pk
        page, act = reverse(f"{stage}s:record", args=[pk]), reverse(f"{stage}s:reveal", args=[pk])
        assert contacts_on(firm, browser, f"{page}?reveal=1&in_full=1") == set()
        browser.get(act)
        assert contacts_on(firm, browser, page) == set()
        browser.post(act)
        assert contacts_on(firm, browser, reverse(f"{stage}s:list")) == set()
        opened[name, who] = contacts_on(firm, browser, page)
        assert contacts_on(firm, browser, page) == set()

    assert opened == {
        (name, who): {name.partition(".")[0]} if cells[name, who] == FULL else set() for name, who in opened
    }
