"""Whoever owns the database need be no superuser, the site need not be its owner, and a backup is whole or fails."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from django.db import connection

from pipeline_crm.launch import places
from pipeline_crm.launch.postgres import _binary, throw_away

# A firm with one client, then what is seen without a word of who asks, as a stranger, and by the house.
LIVES = """
import django
django.setup()
from django.db import ProgrammingError, connection
from django.utils import timezone
from leads.actions import Enquiry, capture
from leads.models import Lead
from pipeline_crm.access.identity import acting_as, system_scope
from pipeline_crm.clients.actions import Person
from pipeline_crm.tiers.actions import draw
from pipeline_crm.tiers.models import Pipeline

def asked():
    try:
        return Lead.objects.count()
    except ProgrammingError as why:
        return str(why).partition("\\n")[0]

if not Pipeline.objects.exists():
    home = draw("Flats")
    capture(Pipeline.objects.get(), Enquiry(Person(name="Vera"), phones=("+79161234567",)), by=None, now=timezone.now())
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, session_user")
    told = list(cursor.fetchone())
told.append(asked())
for scope in (acting_as(None), system_scope("a test")):
    with scope:
        told.append(asked())
print(told)
"""


class House:
    """A server with a database that belongs to somebody without special rights."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.host = parse_qs(urlsplit(url).query)["host"][0]

    def run(self, *command: str, by: str) -> subprocess.CompletedProcess[str]:
        """Runs one of our commands, signed in as somebody."""
        told = {"DATABASE_URL": f"postgresql://{by}@/plain?host={self.host}", "DEBUG": "1"}
        told["AUDIT_FILE"] = str(self.folder / "anchors.txt")
        environment = os.environ | told | {"DJANGO_SETTINGS_MODULE": "pipeline_crm.settings"}
        return subprocess.run(
            [sys.executable, *command], env=environment, cwd=places.ROOT, capture_output=True, text=True, timeout=300
        )

    def says(self, *command: str, by: str = "keeper") -> str:
        """What a command of ours says that ends well."""
        done = self.run(*command, by=by)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    def dump(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A backup, by whom the database belongs to."""
        command = [str(_binary("pg_dump")), "-h", self.host, "-U", "keeper", "--data-only", *words, "plain"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def sql(self, *statements: str, by: str = "postgres", database: str = "plain") -> None:
        """Statements one by one, each for itself."""
        with contextlib.closing(psycopg2.connect(host=self.host, user=by, dbname=database)) as one:
            one.autocommit = True
            with one.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with throw_away() as cluster:
        house = House(cluster.url, tmp_path_factory.mktemp("owner"))
        house.sql("CREATE ROLE keeper LOGIN CREATEROLE", "CREATE DATABASE plain OWNER keeper", database="postgres")
        house.says("manage.py", "migrate", "--verbosity", "0")
        yield house


def schema_of(database: str, host: str, owner: str) -> list[str]:
    """All that migrations have made of a database, whoever owns it."""
    command = [str(_binary("pg_dump")), "-h", host, "-U", "postgres", "--schema-only", database]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return [line.replace(owner, "owner") for line in lines]


@pytest.mark.django_db
def test_the_tests_stand_on_what_the_plain_migrate_makes(house: House) -> None:
    """Their own migrations go a shorter way, see `tests/template.py`."""
    told = connection.settings_dict
    host = told["HOST"] or told["OPTIONS"]["host"]

    assert schema_of(told["NAME"], host, "postgres") == schema_of("plain", house.host, "keeper")


REFUSED = "Nobody has said who asks for clients"


def test_an_owner_who_is_no_superuser_migrates_and_runs_everything(house: House) -> None:
    assert house.says("-c", LIVES) == str(["crm_web", "keeper", REFUSED, 0, 1])
    assert house.says("manage.py", "migrate", "--check") == ""
    assert house.says("manage.py", "recount_loads") == "Every load is right."
    assert house.says("manage.py", "sweep") == "Nothing is due."
    assert house.says("manage.py", "verify_audit").startswith("The journal is whole")


def test_the_site_need_not_own_its_tables(house: House) -> None:
    """As docs/deploy.md tells it: a login of its own, which can become neither the owner nor change a table."""
    house.says("-c", LIVES)
    house.sql(
        "SET ROLE none",
        "CREATE ROLE site LOGIN",
        "GRANT crm_web, crm_system TO site",
        "ALTER ROLE site IN DATABASE plain SET role = crm_web",
        by="keeper",
    )

    assert house.says("-c", LIVES, by="site") == str(["crm_web", "site", REFUSED, 0, 1])
    assert house.says("manage.py", "sweep", by="site") == "Nothing is due."
    for forbidden in ("SET ROLE keeper", "DROP TABLE leads_lead", "ALTER TABLE leads_lead DISABLE ROW LEVEL SECURITY"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            house.sql("SET ROLE crm_system", forbidden, by="site")


def test_a_backup_fails_rather_than_leave_clients_out(house: House) -> None:
    house.says("-c", LIVES)

    plain, as_owner = house.dump(), house.dump("--role=keeper")

    assert plain.returncode != 0
    assert "row-level security" in plain.stderr
    assert (as_owner.returncode, as_owner.stdout.count("\tVera\t")) == (0, 1)
