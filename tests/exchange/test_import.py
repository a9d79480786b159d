"""An export comes in row by row, wholly or not at all, and never twice."""

import csv
import io
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from leads.actions import capture
from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.exchange.actions import How, Intake, fingerprint
from pipeline_crm.exchange.models import ImportedRow
from pipeline_crm.exchange.reading import LeadRow, Row, read_leads
from pipeline_crm.exchange.rejects import RejectsFile
from pipeline_crm.exchange.sample import DIALECTS, Flaw, count_flaws, flaw_of, write_sample
from pipeline_crm.timeline.models import Entry, Movement
from tests.cast import MONDAY, make_enquiry

pytestmark = pytest.mark.django_db


def make_file(folder: Path, text: str, name: str = "leads.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def make_sample(folder: Path, **options) -> Path:
    file = folder / "sample.csv"
    with file.open("wb") as stream:
        write_sample(stream, **options)
    return file


def import_file(file: Path, *options: str, pipeline: str = "Severny Park flats") -> list[str]:
    """What the command says, line by line."""
    out = io.StringIO()
    call_command("import_leads", str(file), "--pipeline", pipeline, *options, stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def rejected(file: Path) -> list[list[str]]:
    with file.with_suffix(".rejected.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter=";"))


def state_of_the_house() -> dict[str, object]:
    """Everything that an import may change, without the order in which it came."""
    return {
        "clients": sorted(Client.objects.values_list("name", "company", "city")),
        "points": sorted(ContactPoint.objects.values_list("kind", "value", "client__name")),
        "leads": sorted(Lead.objects.values_list("client__name", "comment", "state", "version")),
        "rows": sorted(ImportedRow.objects.values_list("fingerprint", flat=True)),
        "movements": Movement.objects.count(),
        "entries": Entry.objects.count(),
    }


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
    assert lead.client.contacts("phone") == ["+79161234567"]
    assert lead.client.contacts("email") == ["i@mail.example"]
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

    assert Lead.objects.get().client.contacts("phone") == ["+79161234567"]


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


@pytest.mark.parametrize("who", ["sam", "lena", "olga", "root"])
def test_those_who_work_or_steer_leads_may_import(who, request, pipeline, sam, tmp_path):
    request.getfixturevalue(who)

    import_file(make_file(tmp_path, "phone\n89161234567\n"), "--by", who)

    assert Movement.objects.get().by.username == who


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_comes_in_however_it_is_written(pipeline, sam, tmp_path, dialect, encoding, delimiter):
    file = make_sample(tmp_path, rows=6, dialect=dialect, encoding=encoding, delimiter=delimiter)

    said = import_file(file)

    assert "read 6 = accepted 6 + rejected 0" in said
    assert Lead.objects.count() == 6
    assert Client.objects.filter(name__contains="\ufffd").count() == 0


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


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_can_be_run_again(pipeline, sam, tmp_path):
    file = make_sample(tmp_path, rows=120)
    killed_at = 0

    for pause in (15, 40):
        killed_at = kill_after(file, pause)
    import_file(file)
    after_kills = state_of_the_house()

    assert 0 < killed_at < count_accepted(120)
    assert len(after_kills["leads"]) == len(after_kills["rows"]) == count_accepted(120)
    assert after_kills["movements"] == count_accepted(120)
    assert after_kills == state_without_kills(file)


def count_accepted(rows: int) -> int:
    return rows - count_flaws(rows)


def kill_after(file: Path, rows: int) -> int:
    """Starts the command as a process of its own and kills it hard once so many more rows are in."""
    begun = ImportedRow.objects.count()
    environment = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    words = [sys.executable, "manage.py", "import_leads", str(file), "--pipeline", "Severny Park flats"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while ImportedRow.objects.count() < begun + rows and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    return ImportedRow.objects.count()


def database_url() -> str:
    facts = connection.get_connection_params()
    host = str(facts.get("host") or "").replace("/", "%2F")
    password = f":{facts['password']}" if facts.get("password") else ""
    return f"postgres://{facts['user']}{password}@{host}:{facts.get('port') or ''}/{facts['dbname']}"


def state_without_kills(file: Path) -> dict[str, object]:
    """The same import into an emptied house."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE clients_client, exchange_importedrow CASCADE")
    import_file(file)
    return state_of_the_house()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_row_at_once_make_one_lead(pipeline, sam):
    lead = LeadRow(name="Irina", phones=("+79161234567",))
    barrier = threading.Barrier(2)
    answers = []

    def run() -> None:
        try:
            intake = Intake(pipeline)
            barrier.wait()
            answers.append(intake.take(Row(2, lead, ()), now=MONDAY).how)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(answers) == [How.NEW, How.REPEATED]
    assert (Lead.objects.count(), ImportedRow.objects.count(), Entry.objects.count()) == (1, 1, 0)


def test_a_fingerprint_is_of_the_content_and_not_of_the_order():
    one = LeadRow("Irina", phones=("+79161234567", "+79261234567"))
    other = LeadRow("Irina", phones=("+79261234567", "+79161234567"))

    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(LeadRow("Irina", phones=("+79161234567",)))


def test_rejects_hold_what_cannot_be_written(tmp_path):
    file = make_file(tmp_path, "name;phone\nA\x00\ud7ff;no\n")

    with file.open("rb") as stream, RejectsFile(tmp_path / "r.csv", ["name", "phone"], ";") as rejects:
        for row in read_leads(stream, region="RU"):
            rejects.write(row)

    assert "A\ufffd\ud7ff" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")
