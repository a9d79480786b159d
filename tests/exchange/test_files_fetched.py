"""A file goes to its person and to nobody else, for a while, and tells whose it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deals import actions as hunting
from leads.models import Lead
from pipeline_crm.audit.models import Line
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.exchange import exports as leaving
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.models import Export, ExportPart
from pipeline_crm.users.models import User
from tests.cast import BRIEF, make_contacted, make_lead
from tests.exchange.files_out import (
    again,
    ask,
    book_of,
    fetch,
    grant,
    kinds_of,
    left,
    made,
    numbers_of,
    refused_file,
    rows_of_csv,
)

pytestmark = pytest.mark.django_db


# The file and its person -----------------------------------------------------------------------------------------


def test_the_file_of_another_is_as_absent_as_none(browse, olga, second, sam):
    make_lead(sam)
    ready = made(browse(olga))

    codes = [refused_file(browse(who), ready) for who in (second, sam)]

    assert codes == [404, 404]
    assert browse(second).post("/exports/00000000-0000-4000-8000-000000000000/file/").status_code == 404


def test_a_file_comes_as_an_attachment_that_nobody_keeps(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))

    answer = browse(olga).post(reverse("exchange:fetch", args=[ready.key]))
    content = b"".join(answer.streaming_content)

    assert answer["Content-Disposition"] == f'attachment; filename="leads-{ready.pk}.csv"'
    assert (answer["X-Content-Type-Options"], answer["Content-Length"]) == ("nosniff", str(len(content)))
    assert "no-store" in answer["Cache-Control"]
    assert browse(olga).get(reverse("exchange:fetch", args=[ready.key])).status_code == 405


def test_a_file_is_fetched_three_times_and_no_more(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))
    files = {fetch(browse(olga), ready) for _each in range(leaving.MOST_FETCHES)}

    code = refused_file(browse(olga), ready)

    assert (len(files), code, again(ready).state, ExportPart.objects.count()) == (1, 303, "over", 0)
    assert kinds_of(olga) == ["export_asked", "export_made", *["export_fetched"] * 3, "denied"]


def test_after_a_day_there_is_no_file(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))

    leaving.clear(now=timezone.now() + timedelta(hours=25))

    assert (refused_file(browse(olga), ready), again(ready).why, again(ready).sealed_key) == (422, "time", "")
    assert ExportPart.objects.count() == 0


def test_a_file_that_ran_out_is_refused_before_anybody_cleared_it(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert (refused_file(browse(olga), ready), again(ready).why) == (303, "time")


def test_who_leaves_takes_no_file_along(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))

    left(olga)

    assert (again(ready).state, again(ready).why, again(ready).sealed_key) == ("over", "left", "")
    assert ExportPart.objects.count() == 0
    User.objects.filter(pk=olga.pk).update(is_active=True)
    assert refused_file(browse(User.objects.get(pk=olga.pk)), ready) == 422


def test_a_right_that_was_taken_away_is_missed_at_the_making_and_at_the_fetching(browse, sam):
    grant(sam)
    make_lead(sam)
    ready = ask(browse(sam), view="mine")
    make_all(now=timezone.now())
    queued = ask(browse(sam), view="mine")

    grant(sam, may_export=False)
    code = refused_file(browse(sam), ready)
    make_all(now=timezone.now())

    assert (code, again(ready).why, again(queued).state, again(queued).why) == (303, "right", "failed", "right")
    assert kinds_of(sam.user) == ["export_asked", "export_made", "export_asked", "denied", "denied"]


def test_a_client_who_went_on_leaves_the_file_too(browse, sam, sue, lena):
    grant(sam)
    kept, moved = make_lead(sam), make_lead(sam)
    ready = ask(browse(sam), view="mine")
    make_all(now=timezone.now())
    belt.reassign(Lead, moved.pk, to=sue, by=lena.user, now=timezone.now())

    code = refused_file(browse(sam), again(ready))
    make_all(now=timezone.now())

    assert code == 303
    assert numbers_of(fetch(browse(sam), ready)) == [kept.pk]


def test_a_name_that_is_hidden_meanwhile_leaves_the_file_too(browse, sam, lena):
    grant(sam)
    lead = make_contacted(sam, name="Zinaida Petrova")
    ready = ask(browse(sam), view="mine")
    make_all(now=timezone.now())
    belt.release(Lead, lead.pk, by=sam.user, now=timezone.now(), seen=None)

    assert refused_file(browse(sam), ready) == 303
    assert ExportPart.objects.count() == 0


def test_a_client_who_was_handed_on_leaves_the_givers_file(browse, sam, hal):
    grant(sam)
    kept, lead = make_lead(sam), make_contacted(sam)
    ready = ask(browse(sam), view="mine")
    make_all(now=timezone.now())
    hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=timezone.now())

    code = refused_file(browse(sam), ready)
    make_all(now=timezone.now())

    assert (code, numbers_of(fetch(browse(sam), ready))) == (303, [kept.pk])


def test_a_withdrawn_file_is_gone(browse, olga, sam):
    make_lead(sam)
    ready = made(browse(olga))

    browse(olga).post(reverse("exchange:withdraw", args=[ready.key]))

    assert (again(ready).state, ExportPart.objects.count(), refused_file(browse(olga), ready)) == ("over", 0, 422)


def test_without_a_worker_the_person_makes_it_by_hand(browse, olga, sam):
    make_lead(sam)
    asked = ask(browse(olga), view="team")

    browse(olga).post(reverse("exchange:make", args=[asked.key]))

    assert again(asked).state == "ready"


def test_what_lies_in_the_database_is_sealed(browse, olga, sam):
    make_lead(sam, name="Zinaida Petrova")
    ready = made(browse(olga), q="Zinaida")

    stored = b"".join(bytes(part.sealed) for part in ExportPart.objects.all()) + str(vars(again(ready))).encode()

    assert b"Zinaida" not in stored
    assert b"Zinaida" in fetch(browse(olga), ready).replace(b"\xc2\xa0", b" ")


def test_the_journal_knows_numbers_and_no_names(browse, olga, sam):
    lead = make_lead(sam, name="Zinaida Petrova")
    ready = made(browse(olga), q="Zinaida")
    fetch(browse(olga), ready)

    details = list(
        Line.objects.filter(by=olga, kind__startswith="export").order_by("pk").values_list("detail", flat=True)
    )

    assert "Zinaida" not in str(details)
    assert details[0]["filter"] == ["q", "sort", "view"]
    assert (details[1]["rows"], details[1]["clients"], details[2]["export"]) == (1, [lead.client_id], ready.pk)


# What a file says of itself --------------------------------------------------------------------------------------


def test_a_workbook_tells_whose_it_is(browse, olga, sam):
    make_lead(sam, name="Anna Berg")
    ready = made(browse(olga), kind="xlsx")

    book = book_of(fetch(browse(olga), ready))
    rows, about = book.worksheets
    told = " ".join(str(cell.value).replace("\xa0", " ") for (cell,) in about.iter_rows())

    for place in (told, book.properties.description, rows.oddHeader.left.text, rows.oddFooter.left.text):
        assert "Olga Orlova (olga)" in place
        assert f"Export {ready.pk}" in place
    assert [cell.value for cell in rows[1]][:2] == ["Number", "Client"]
    assert rows.cell(2, 2).value.replace("\xa0", " ") == "Anna Berg"


def test_a_csv_tells_whose_it_is_and_fits_the_readers_spreadsheet(browse, olga, sam):
    make_lead(sam, name="Anna Berg")
    english = rows_of_csv(fetch(browse(olga), made(browse(olga))))
    User.objects.filter(pk=olga.pk).update(language="ru")
    russian = rows_of_csv(fetch(browse(olga), made(browse(olga))), ";")

    assert "Olga Orlova (olga)" in english[-1][0].replace("\xa0", " ")
    assert "Olga Orlova (olga)" in russian[-1][0].replace("\xa0", " ")
    assert (english[0][1], russian[0][1]) == ("Client", "Клиент")
