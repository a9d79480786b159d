"""An import may be killed, or run twice at once, and the house is as if it had run once."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from secrets import token_hex

import pytest
from django.db import connection, connections

from leads.models import Lead
from pipeline_crm.exchange.actions import How, Intake
from pipeline_crm.exchange.models import ImportedRow
from pipeline_crm.exchange.reading import LeadRow, Row
from pipeline_crm.exchange.sample import count_flaws
from pipeline_crm.timeline.models import Entry
from tests.cast import MONDAY
from tests.exchange.exports import import_file, make_file, make_sample, state_of_the_house


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_can_be_run_again(pipeline, sam, tmp_path):
    file = make_sample(tmp_path, rows=60)
    killed_at = 0

    for pause in (10, 20):
        killed_at = kill_after(file, pause)
    import_file(file)
    after_kills = state_of_the_house()

    assert 0 < killed_at < count_accepted(60)
    assert len(after_kills["leads"]) == len(after_kills["rows"]) == count_accepted(60)
    assert after_kills["movements"] == count_accepted(60)
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


@pytest.mark.django_db
def test_an_import_that_forgets_its_rows_would_be_caught(pipeline, sam, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline_crm.exchange.actions.fingerprints", lambda lead: [token_hex(32)])
    file = make_file(tmp_path, "name;phone\nIrina;89161234567\n")
    import_file(file)
    before = state_of_the_house()

    import_file(file)

    assert state_of_the_house() != before
