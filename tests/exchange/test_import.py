"""An export comes in row by row, wholly or not at all, and never twice."""

import csv
import io
import stat
from itertools import product
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leads.actions import capture
from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.exchange.actions import fingerprints
from pipeline_crm.exchange.models import ImportedRow
from pipeline_crm.exchange.reading import LeadRow, read_leads
from pipeline_crm.exchange.rejects import RejectsFile
from pipeline_crm.exchange.sample import DIALECTS, Flaw, count_flaws, flaw_of, stories
from pipeline_crm.timeline.models import Entry, Movement
from tests.cast import MONDAY, make_enquiry
from tests.contacts import contacts_of
from tests.exchange.exports import import_file, make_file, make_sample, state_of_the_house

pytestmark = pytest.mark.django_db


def rejected(file: Path) -> list[list[str]]:
    with file.with_suffix(".rejected.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter=";"))


def test_a_row_becomes_a_lead_as_if_it_were_typed_in(pipeline, sam, tmp_path):
    source, product = pipeline.sources.first(), pipeline.products.first()
    file = make_file(
        tmp_path,
        "имя;телефон;почта;компания;регион;город;источник;товар;бюджет;кампания;комментарий\n"
        f"Ирина;8 916 123-45-67;I@Mail.Example;Ромашка;Тверская;Тверь;{source.name.upper()};{product.name};1 200,50;x;y\n",
    )

    import_file(file, "--by", "sam")

    lead = Lead.objects.get()
    assert (lead.client.name, lead.client.company, lead.client.region, lead.client.city) == (
        ("Ирина", "Ромашка", "Тверская", "Тверь")
    )
    assert contacts_of(lead.client, "phone") == ["+79161234567"]
    assert contacts_of(lead.client, "email") == ["i@mail.example"]
    assert (lead.source, lead.product, str(lead.amount), lead.campaign, lead.comment) == (
        (source, product, "1200.50", "x", "y")
    )
    assert (lead.state, lead.seat) == ("new", sam)
    assert Movement.objects.get(stage="lead").by == sam.user


def test_what_has_no_field_is_kept_in_the_comment(pipeline, sam, tmp_path):
    file = make_file(
        tmp_path,
        "phone;phone 2;source;product;amount;currency;note\n89161234567;12-34;Pigeon;Moon;5;USD;Hello\n",
    )

    import_file(file)

    lead = Lead.objects.get()
    assert lead.comment == "Hello\nAs given: 12-34\nSource: Pigeon\nProduct: Moon\nAmount: 5.00 USD"
    assert (lead.source, lead.product, lead.amount, lead.client.name) == (None, None, None, "No name given")


def test_a_long_comment_is_cut(pipeline, sam, tmp_path):
    import_file(make_file(tmp_path, f"phone;note\n89161234567;{'x' * 3000}\n"))

    assert Lead.objects.get().comment == "x" * 1999 + "…"


def test_the_answer_counts_every_row(pipeline, sam, tmp_path):
    file = make_file(
        tmp_path,
        "name;phone;owner;shoe size\nIrina;89161234567;boss;38\nNobody;;boss;\nOlga;8 926 123-45-67;;\nIra;+79161234567;;\n",
    )

    assert import_file(file) == [
        f"{file}: utf-8, semicolon",
        "Columns that are not used: shoe size",
        "Columns that the pipeline's rules decide instead: owner",
        "read 4 = accepted 2 + rejected 2",
        "accepted: 2 new, 0 told to whoever has the client, 0 in already from an earlier run",
        f"The rejected rows and their reasons: {tmp_path / 'leads.rejected.csv'}",
    ]
    assert rejected(file) == [
        ["Line", "Why rejected", "name", "phone", "owner", "shoe size"],
        ["3", "There is neither a phone nor an e-mail address.", "Nobody", "", "boss", ""],
        ["5", "Line 2 of this file has the same phone or e-mail address.", "Ira", "'+79161234567", "", ""],
    ]


def test_rejected_rows_are_for_the_owner_only_and_run_nowhere(pipeline, sam, tmp_path):
    file = make_file(tmp_path, 'name;phone\n=HYPERLINK("x");no\n@sum;no\n\ufeff-1;no\n')

    import_file(file)

    assert [row[2] for row in rejected(file)[1:]] == ['\'=HYPERLINK("x")', "'@sum", "'\ufeff-1"]
    assert stat.S_IMODE(file.with_suffix(".rejected.csv").stat().st_mode) == 0o600


def test_corrected_rejects_can_be_imported(pipeline, sam, tmp_path):
    file = make_file(tmp_path, "name;phone\nIrina;+7916\n")
    import_file(file)
    rejects = file.with_suffix(".rejected.csv")
    rejects.write_text(rejects.read_text().replace("+7916", "+79161234567"))

    import_file(rejects)

    assert contacts_of(Lead.objects.get().client, "phone") == ["+79161234567"]


def test_no_file_of_rejects_is_left_when_all_came_in(pipeline, sam, tmp_path):
    file = make_file(tmp_path, "name;phone\nIrina;89161234567\n")
    stale = make_file(tmp_path, "from the last run", "leads.rejected.csv")

    import_file(file)

    assert not stale.exists()


def test_a_known_client_is_told_to_whoever_has_them(pipeline, sam, sue, tmp_path):
    known = capture(pipeline, make_enquiry(phone="+79161234567"), by=sue.user, now=MONDAY, keep_for=sue)
    file = make_file(tmp_path, "name;phone;note\nSomebody else;8 916 123-45-67;Wants a balcony\n")

    said = import_file(file)

    assert "accepted: 0 new, 1 told to whoever has the client, 0 in already from an earlier run" in said
    assert [lead.pk for lead in Lead.objects.all()] == [known.item.pk]
    assert Entry.objects.get(kind=Entry.Kind.ENQUIRY).text == "Wants a balcony"


def test_the_same_file_again_changes_nothing(pipeline, sam, sue, tmp_path):
    capture(pipeline, make_enquiry(phone="+79161234567"), by=sue.user, now=MONDAY, keep_for=sue)
    file = make_file(tmp_path, "name;phone\nIra;89161234567\nOlga;89261234567\nNobody;\n")
    import_file(file)
    before = state_of_the_house()

    said = import_file(file)

    assert said[-3:-1] == [
        "read 3 = accepted 2 + rejected 1",
        "accepted: 0 new, 0 told to whoever has the client, 2 in already from an earlier run",
    ]
    assert state_of_the_house() == before


def test_the_same_rows_from_another_program_change_nothing(pipeline, sam, tmp_path):
    import_file(make_file(tmp_path, "name;phone;amount\nIrina;8 916 123-45-67;1 200,50\n"))
    before = state_of_the_house()
    other = tmp_path / "other.csv"
    other.write_bytes("Телефон\tБюджет\tИмя\r\n+7 (916) 123-45-67\t1200.50 \tIrina\r\n".encode("cp1251"))

    import_file(other)

    assert state_of_the_house() == before


def test_a_row_can_come_into_two_pipelines(pipeline, sam, stan, tmp_path):
    file = make_file(tmp_path, "name;phone\nIrina;89161234567\n")
    import_file(file)

    import_file(file, pipeline="Another branch")

    assert Lead.objects.count() == 2
    assert Client.objects.count() == 1


def test_a_trial_leaves_nothing_behind(pipeline, sam, tmp_path):
    file = make_file(tmp_path, "name;phone\nIrina;89161234567\nNobody;\n")
    before = state_of_the_house()

    said = import_file(file, "--dry-run")

    assert said[1] == "read 2 = accepted 1 + rejected 1"
    assert said[-1] == "This was a trial: nothing was kept."
    assert state_of_the_house() == before


def test_progress_is_shown_while_it_runs(pipeline, sam, tmp_path):
    rows = "Nobody;\n" * 250
    err = io.StringIO()

    call_command(
        "import_leads",
        str(make_file(tmp_path, f"name;phone\n{rows}")),
        pipeline=pipeline.name,
        stderr=err,
        stdout=io.StringIO(),
    )

    assert err.getvalue() == (
        "100 % read 100 = accepted 0 + rejected 100\n100 % read 200 = accepted 0 + rejected 200\n"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--pipeline", "Nope"], r"There is no pipeline “Nope”. There are: “Severny Park flats”\."),
        (["--by", "nobody"], "Nobody who may sign in is called “nobody”."),
        (["--by", "hal"], "Hal Hunter does not work leads in “Severny Park flats”."),
        (["--by", "ada"], "Ada Analyst does not work leads in “Severny Park flats”."),
        (["--encoding", "klingon"], "The encoding “klingon” is not known."),
        (["--rejected", "LEADS"], "would overwrite the file that is read"),
        (["--rejected", "/nowhere/x.csv"], "/nowhere/x.csv: No such file or directory."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(pipeline, hal, ada, tmp_path, options, sentence):
    file = make_file(tmp_path, "name;phone\nNobody;\n")

    with pytest.raises(CommandError, match=sentence):
        import_file(file, *[str(file) if option == "LEADS" else option for option in options])

    assert state_of_the_house()["movements"] == 0


@pytest.mark.parametrize(("name", "sentence"), [("no.csv", "There is no file"), (".", "is a folder")])
def test_a_file_that_is_not_there_is_one_sentence(pipeline, tmp_path, name, sentence):
    with pytest.raises(CommandError, match=sentence):
        import_file(tmp_path / name)


def test_a_workbook_is_one_sentence(pipeline, tmp_path):
    with pytest.raises(CommandError, match="This is an Excel workbook"):
        import_file(make_file(tmp_path, "PK\x03\x04"))


@pytest.mark.parametrize("who", ["sam", "lena", "olga"])
def test_those_who_work_or_steer_leads_may_import(who, request, pipeline, sam, tmp_path):
    request.getfixturevalue(who)

    import_file(make_file(tmp_path, "phone\n89161234567\n"), "--by", who)

    assert Movement.objects.get().by.username == who


def test_every_dialect_comes_in_however_it_is_written(pipeline, sam, tmp_path):
    cells = list(product(DIALECTS, ["utf-8", "utf-8-sig", "utf-16", "cp1251"], [",", ";", "\t"]))
    answers = {}

    for cell in cells:
        dialect, encoding, delimiter = cell
        file = make_sample(tmp_path, rows=3, dialect=dialect, encoding=encoding, delimiter=delimiter)
        answers[cell] = import_file(file, "--dry-run")[-3]

    assert answers == dict.fromkeys(cells, "read 3 = accepted 3 + rejected 0")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_brings_the_same_clients(pipeline, sam, tmp_path, dialect):
    import_file(make_sample(tmp_path, rows=8, dialect=dialect))

    told = [story for story in stories(8) if flaw_of(story.number) is None]
    assert {name.split()[0] for name in Client.objects.values_list("name", flat=True)} == {s.first for s in told}
    assert ContactPoint.objects.filter(kind="phone").count() == len(told)


def test_the_sample_of_five_hundred_rows_comes_in(pipeline, sam, tmp_path):
    file = make_sample(tmp_path, rows=500)

    said = import_file(file)

    assert "read 500 = accepted 471 + rejected 29" in said
    assert count_flaws(500) == 29
    assert Lead.objects.count() == Client.objects.count() == ImportedRow.objects.count() == 471
    assert [int(row[0]) - 1 for row in rejected(file)[1:]] == sample_lines_of_flaws(file)
    reasons = [row[1] for row in rejected(file)[1:]]
    assert sum("has the same phone" in reason for reason in reasons) == sum(
        flaw_of(number) is Flaw.TWICE for number in range(1, 501)
    )


def sample_lines_of_flaws(file: Path) -> list[int]:
    """Lines of spoilt rows less one; a comment of two lines moves the rows after it down."""
    with file.open("rb") as stream:
        rows = list(read_leads(stream, region="RU"))
    return [row.line - 1 for number, row in enumerate(rows, 1) if flaw_of(number)]


def test_a_fingerprint_is_of_the_content_and_not_of_the_order():
    one = LeadRow("Irina", phones=("+79161234567", "+79261234567"))
    other = LeadRow("Irina", phones=("+79261234567", "+79161234567"))

    assert fingerprints(one) == fingerprints(other)
    assert fingerprints(one) != fingerprints(LeadRow("Irina", phones=("+79161234567",)))


def test_rejects_hold_what_cannot_be_written(tmp_path):
    file = make_file(tmp_path, "name;phone\nA\x00\ud7ff;no\n")

    with file.open("rb") as stream, RejectsFile(tmp_path / "r.csv", ["name", "phone"], ";") as rejects:
        for row in read_leads(stream, region="RU"):
            rejects.write(row)

    assert "A\ufffd\ud7ff" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")
