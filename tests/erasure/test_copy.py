"""A client who asks gets everything that is kept about them, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser

from accounts.models import Account
from leads import actions as scouting
from pipeline_crm.audit.models import Line
from pipeline_crm.clients.models import OpenedHour
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.marks import agreement, is_theirs, spaces_in
from pipeline_crm.exchange.models import Export
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_account, make_enquiry, make_lead

Browse = Callable[..., Browser]
PHONE, EMAIL = "+79169998877", "irina@mail.example"
NOW = MONDAY + timedelta(hours=2)


@pytest.fixture(autouse=True)
def monday() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def account(sam: Seat, hal: Seat, fay: Seat, olga: User) -> Account:
    make_lead(sam, name="Somebody Else", phone="+79160000001")
    found = make_account(sam, hal, fay, name="Irina Petrova", phone=PHONE, email=EMAIL)
    belt.note(Account, found.pk, text="Likes to be called early.", by=fay.user, now=NOW)
    return found


def fetched(browser: Browser, account: Account) -> dict[str, str]:
    """The files of the copy that somebody asks for and fetches."""
    asked = browser.post(f"/requests/account/{account.pk}/copy/")
    assert asked.status_code == 303
    make_all(now=NOW)
    answer = browser.post(f"{asked.headers['Location']}file/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
        return {name: archive.read(name).decode() for name in archive.namelist()}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_the_copy_tells_everything_of_them_and_nobody_else(
    browse: Browse, olga: User, fay: Seat, account: Account
) -> None:
    browse(fay).post(f"/accounts/{account.pk}/reveal/")

    files = fetched(browse(olga), account)
    told, page = json.loads(plain(files["data.json"])), plain(files["data.html"])

    assert (told["person"]["name"], told["person"]["number"]) == ("Irina Petrova", account.client_id)
    assert {(point["kind"], point["value"]) for point in told["contacts"]} == {("phone", PHONE), ("email", EMAIL)}
    assert [record["stage"] for record in told["records"]] == ["lead", "deal", "account"]
    assert {"Likes to be called early.", "Wants to hear more."} <= {line.get("text") for line in told["history"]}
    assert [row["summary"] for row in told["hand_offs"]] == [
        "Wants two rooms with a large kitchen, mortgage approved."
    ] * 2
    assert {"contact shown in full"} <= {line["what"] for line in told["seen"]}
    assert {line["by"] for line in told["seen"]} == {"member of “Account”", "head of sales or administrator"} or {
        line["by"] for line in told["seen"]
    }
    for words in ("Irina Petrova", PHONE, EMAIL, "Likes to be called early.", "Who saw your data"):
        assert words in page, words
    for name in ("Somebody Else", "+79160000001", "Fay Farmer", "Sam Scout", "Hal Hunter", "fay@firm.example"):
        assert name not in page + plain(files["data.json"]), name


def test_it_is_counted_written_down_and_marked(browse: Browse, olga: User, account: Account) -> None:
    files = fetched(browse(olga), account)

    assert list(OpenedHour.objects.values_list("user", "count")) == [(olga.pk, 1)]
    lines = Line.objects.filter(by=olga).order_by("id").values_list("kind", flat=True)
    assert [kind for kind in lines if kind not in ("viewed", "signed_in")] == [
        "revealed",
        "handed_out",
        "export_made",
        "export_fetched",
    ]
    export = Export.objects.get()
    spaces = spaces_in(re.findall(r'"((?:[^"\\]|\\.)*)"', files["data.json"]))
    assert is_theirs(agreement(spaces, export.mark), len(spaces), candidates=1)
    assert "Olga Orlova" in plain(files["data.html"])


def test_only_the_head_of_sales_has_it_made_and_only_they_fetch_it(
    browse: Browse, olga: User, fay: Seat, lena: Seat, root: User, account: Account
) -> None:
    tried = {
        who: browse(person).post(f"/requests/account/{account.pk}/copy/").status_code
        for who, person in {"fay": fay, "lena": lena, "root": root}.items()
    }
    browse(olga).post(f"/requests/account/{account.pk}/copy/")
    make_all(now=NOW)
    key = Export.objects.get().key

    others = {person: browse(person).post(f"/exports/{key}/file/").status_code for person in (fay.user, root)}

    assert tried == {"fay": 404, "lena": 404, "root": 404}
    assert set(others.values()) == {404}


def test_another_pipeline_stays_out_of_it(browse: Browse, olga: User, stan: Seat, account: Account) -> None:
    other = Pipeline.objects.get(pk=stan.tier.pipeline_id)
    scouting.capture(
        other, make_enquiry(phone=PHONE, comment="A word at the other branch"), by=stan.user, now=NOW, keep_for=stan
    )

    files = fetched(browse(olga), account)

    told = plain(files["data.json"] + files["data.html"])
    assert ("Another branch" in told, "A word at the other branch" in told) == (False, False)


def test_who_must_not_be_contacted_gets_their_copy_all_the_same(browse: Browse, olga: User, account: Account) -> None:
    browse(olga).post(f"/accounts/{account.pk}/consent/", {"says": "never", "source": "call"})

    files = fetched(browse(olga), account)

    assert PHONE in files["data.json"]
    assert len(json.loads(files["data.json"])["consents"]) == 3
