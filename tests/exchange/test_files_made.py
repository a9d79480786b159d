"""A file is made once, wholly, by one worker, out of one moment; and always of the rows that its person sees."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import read_sight
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.exchange import vault
from pipeline_crm.exchange.making import FOLDER, make, make_all
from pipeline_crm.exchange.models import Export, ExportPart
from pipeline_crm.launch import places
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.access.conftest import firm  # noqa: F401
from tests.access.world import World
from tests.cast import make_lead
from tests.exchange.files_out import again, ask, fetch, left, numbers_of
from tests.races.test_races import at_once

MANY = int(os.environ.get("EXPORTS", "30"))  # the long form asks for 500

# Dies as a worker does whom the machine has no memory for: at the statement that begins so.
DIES = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from django.utils import timezone
from pipeline_crm.exchange.making import make

def axe(execute, sql, *words):
    if sql.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *words)

with connection.execute_wrapper(axe):
    make(int(sys.argv[1]), now=timezone.now())
"""


def die_in_the_making(export: Export, at: str) -> int:
    """A worker begins and is killed; how its process ended."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": url, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": "pipeline_crm.settings"}
    command = [sys.executable, "-c", DIES, str(export.pk), at]
    return subprocess.run(command, env=environment, cwd=places.ROOT, timeout=120, check=False).returncode


def file_of(export: Export) -> bytes:
    """The file as it lies in the vault, opened."""
    return b"".join(vault.read(again(export)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_worker_that_is_killed_leaves_nothing_and_the_next_makes_the_same_file(browse, olga, sam, kind):
    for _each in range(3):
        make_lead(sam)
    export = ask(browse(olga), view="team", kind=kind)
    make(export.pk, now=timezone.now())
    whole = file_of(export)
    ExportPart.objects.all().delete()
    Export.objects.update(state="queued", sealed_key="", size=0)

    for statement in ('INSERT INTO "exchange_exportpart"', 'UPDATE "exchange_export"'):
        assert die_in_the_making(export, statement) == -signal.SIGKILL
        assert (again(export).state, ExportPart.objects.count()) == ("queued", 0)
    make(export.pk, now=timezone.now())

    assert (again(export).state, file_of(export) == whole) == ("ready", True)
    assert not (FOLDER / str(export.pk)).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_file(browse, olga, sam):
    make_lead(sam)
    export = ask(browse(olga), view="team")

    results = at_once(*[lambda: make(export.pk, now=timezone.now())] * 4)

    assert sorted(results) == [False, False, False, True]
    assert (again(export).state, ExportPart.objects.count()) == ("ready", 1)
    assert Notice.objects.filter(user=olga, kind="export_ready").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_leaves_while_the_file_is_made_gets_none(browse, olga, sam):
    make_lead(sam)
    export = ask(browse(olga), view="team")
    dismissed: list[bool] = []

    def dismiss_at_the_end(execute: Callable[..., Any], sql: str, *words: Any) -> Any:
        if sql.startswith('UPDATE "exchange_export"') and not dismissed:
            dismissed.append(True)
            elsewhere(lambda: left(User.objects.get(pk=olga.pk)))
        return execute(sql, *words)

    with connection.execute_wrapper(dismiss_at_the_end):
        made = make(export.pk, now=timezone.now())

    assert (made, again(export).state, again(export).why) == (False, "over", "left")
    assert ExportPart.objects.count() == 0


def elsewhere(act: Callable[[], object]) -> None:
    """Does it on another connection, and waits for it."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_file_shows_one_moment(browse, olga, sam):
    leads = [make_lead(sam) for _each in range(3)]
    export = ask(browse(olga), view="team")
    added: list[bool] = []

    def add_meanwhile(execute: Callable[..., Any], sql: str, *words: Any) -> Any:
        if sql.startswith('INSERT INTO "exchange_exportpart"') and not added:
            added.append(True)
            elsewhere(lambda: make_lead(Seat.objects.get(pk=sam.pk)))
        return execute(sql, *words)

    with connection.execute_wrapper(add_meanwhile):
        make(export.pk, now=timezone.now())

    assert sorted(numbers_of(file_of(export))) == sorted(lead.pk for lead in leads)


# Random exports of everybody who may -------------------------------------------------------------------------------


def expected(user: User, stage: Stage, view: str) -> list[int]:
    """What somebody sees of a view, said in other words than the list says it."""
    model, sight = DESKS[stage].model, read_sight(user)
    seen = visible(user, model.objects.filter(pipeline__in=[*sight.headed_ids, *(t.pipeline_id for t in sight.worked)]))
    opened = Q(state__in=model.OPEN)
    charge = Q(tier__in=sight.led_ids) | Q(pipeline__in=sight.headed_ids)
    views = {
        "mine": opened & Q(seat__user=user),
        "team": opened & charge,
        "pool": opened & Q(seat=None, awaits_lead=False),
        "closed": ~opened,
    }
    return sorted(seen.filter(views[view]).values_list("pk", flat=True))


@pytest.mark.django_db
def test_random_exports_hold_what_their_person_sees(firm: World):  # noqa: F811
    Seat.objects.update(may_export=True)
    chance, people, tried, filled = random.Random(4), ["sam", "sue", "lena", "hal", "fay", "olga", "stan"], 0, 0
    while tried < MANY:
        who, stage = chance.choice(people), chance.choice(list(Stage))
        view = chance.choice(["mine", "team", "pool", "closed"])
        user, browser = User.objects.get(pk=firm.users[who].pk), firm.browsers[who]
        scope = browser.get(f"/exports/new/{stage}/?view={view}")
        if scope.status_code == 404 or view not in scope.context["order"].question["view"]:
            continue
        wanted, tried = expected(user, stage, view), tried + 1
        if not wanted:
            assert scope.context["count"] == 0
            continue
        export = ask(browser, stage.value, view=view)
        make_all(now=timezone.now())
        assert (who, stage, view, sorted(numbers_of(fetch(browser, export)))) == (who, stage, view, wanted)
        browser.post(f"/exports/{export.key}/withdraw/")
        filled += 1

    assert filled > MANY // 3
