"""Every command and every task does its work on a connection as the site opens them; a forgotten scope fails loudly."""

from __future__ import annotations

import dataclasses
import functools
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.management import call_command, get_commands
from django.db import ProgrammingError
from django.utils import timezone

from leads.models import Lead
from pipeline_crm.access.identity import acting_as, eyes_of, system_scope
from pipeline_crm.audit.models import Anchor
from pipeline_crm.celery import app
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.models import Load
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.demo import people, story
from pipeline_crm.erasure import actions as erasing
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.models import Export
from pipeline_crm.outbox.models import Digest, Mail, Notice
from pipeline_crm.oversight.models import Alarm, Tally
from pipeline_crm.tiers.models import Pipeline, Seat
from tests.cast import MONDAY, make_head, make_lead, make_person
from tests.exchange.exports import make_sample
from tests.exchange.files_out import ask, fetch, grant, renewed
from tests.plain import as_the_site

pytestmark = pytest.mark.django_db(transaction=True)
LATER = MONDAY + timedelta(days=3)


@dataclasses.dataclass
class House:
    """What a command finds: a firm with a lead that waits, and a folder."""

    pipeline: Pipeline
    sam: Seat
    lead: Lead
    folder: Path
    browse: Any
    settings: Any
    patch: pytest.MonkeyPatch

    def ready_export(self) -> Export:
        """A file that somebody asked for and nobody has made yet."""
        return ask(self.browse(grant(self.sam)), view="mine")


@pytest.fixture
def house(
    pipeline: Pipeline, sam: Seat, tmp_path: Path, browse: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> House:
    return House(pipeline, sam, make_lead(sam), tmp_path, browse, settings, monkeypatch)


def said(name: str, *words: str, **options: Any) -> str:
    """What a command says on a connection of the site."""
    out = io.StringIO()
    with as_the_site():
        call_command(name, *words, stdout=out, **options)
    return out.getvalue()


# Commands --------------------------------------------------------------------------------------------------------


def migrates(house: House) -> None:
    assert "No migrations to apply" in said("migrate", verbosity=1)


def rotates(house: House) -> None:
    house.settings.DATA_KEYS = [Fernet.generate_key().decode(), *house.settings.DATA_KEYS]

    assert "1 contacts are sealed and marked with the newest key" in said("rotate_keys")

    house.settings.DATA_KEYS = house.settings.DATA_KEYS[:1]
    assert ContactPoint.objects.get().opened().startswith("+7916")


def verifies(house: House) -> None:
    assert "The journal is whole" in said("verify_audit", told=house.folder / "none.txt")


def recounts(house: House) -> None:
    Load.objects.create(seat=house.sam, delta=-5)

    assert said("recount_loads") == f"seat {house.sam.pk}: +5\n1 seats were wrong.\n"
    assert said("recount_loads") == "Every load is right.\n"


def sweeps(house: House) -> None:
    with time_machine.travel(LATER, tick=False):
        foretold, done = said("sweep", dry_run=True), said("sweep")

    assert foretold.startswith(f"lead {house.lead.pk}\t")
    assert done != "Nothing is due.\n"


def tells_who_signs_in(house: House) -> None:
    make_person("anna")

    assert said("demo_people").split()[0] == "anna"


def seeds(house: House) -> None:
    Pipeline.objects.update(name="Ours")
    few = [dataclasses.replace(firm, clients=2) for firm in people.FIRMS]
    house.patch.setattr(story, "seed", functools.partial(story.seed, firms=few))

    assert said("seed_demo", "--even-without-debug") == "The demo firm is ready.\n"
    assert Client.objects.count() >= 1 + 2 * len(few)


def imports(house: House) -> None:
    file = make_sample(house.folder, rows=6, dialect="amocrm", seed=1)
    words = [str(file), "--pipeline", house.pipeline.name]

    trial, first, again = said("import_leads", *words, "--dry-run"), said("import_leads", *words), None
    again = said("import_leads", *words)

    taken = Lead.objects.count() - 1
    assert taken > 0
    assert f"accepted: {taken} new, 0 told" in trial
    assert f"accepted: {taken} new, 0 told" in first
    assert f"accepted: 0 new, 0 told to whoever has the client, {taken} in already" in again


def makes_a_sample(house: House) -> None:
    assert "5 leads as amocrm writes them" in said("make_sample_leads", str(house.folder / "s.csv"), "--rows", "5")


def knows_a_file(house: House) -> None:
    export = house.ready_export()
    make_all(now=timezone.now())
    file = house.folder / "found.csv"
    file.write_bytes(fetch(house.browse(house.sam), renewed(export)))

    assert said("whose_export", str(file)).startswith(f"Export {export.pk}: Sam")


def invites(house: House) -> None:
    assert "http" in said("invite_admin")


def erases_again(house: House) -> None:
    file = house.folder / "erased.txt"
    client = Client.objects.get(pk=house.lead.client_id)
    file.write_text(f"{client.pk} {client.created_at.isoformat()}\n")
    house.settings.ERASED_FILE = str(file)

    assert said("erase_again") == "1 clients were erased before; 1 had come back and are erased again.\n"
    assert Client.objects.get().name == f"№ {client.pk}"


COMMANDS: dict[str, Callable[[House], None]] = {
    "migrate": migrates,
    "rotate_keys": rotates,
    "verify_audit": verifies,
    "recount_loads": recounts,
    "sweep": sweeps,
    "demo_people": tells_who_signs_in,
    "seed_demo": seeds,
    "import_leads": imports,
    "make_sample_leads": makes_a_sample,
    "whose_export": knows_a_file,
    "invite_admin": invites,
    "erase_again": erases_again,
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_its_work_as_the_site(house: House, name: str) -> None:
    COMMANDS[name](house)


def test_every_command_of_ours_is_among_them() -> None:
    ours = {name for name, room in get_commands().items() if room.startswith("pipeline_crm.")}

    assert ours == set(COMMANDS)


# Tasks -----------------------------------------------------------------------------------------------------------


def rung(name: str) -> Any:
    """What a task returns on a connection of the site, when the hour has come."""
    app.loader.import_default_modules()
    with time_machine.travel(LATER, tick=False), as_the_site():
        return app.tasks[name]()


def rings_the_sweep(house: House, name: str) -> None:
    assert sum(rung(name).values()) == 1


def rings_for_files(house: House, name: str) -> None:
    export = house.ready_export()

    assert rung(name) == {"cleared": 0, "made": 1}
    Export.objects.filter(pk=export.pk).update(expires_at=MONDAY)
    assert rung(name) == {"cleared": 1, "made": 0}


def rings_for_mail(house: House, name: str) -> None:
    Digest.objects.create(user=house.sam.user, rhythm="hourly", due_at=MONDAY)
    with time_machine.travel(LATER, tick=False):
        call_command("sweep", stdout=io.StringIO())

    assert rung(name) == {"made": 1, "sent": 1}
    assert Mail.objects.get().user_id == house.sam.user_id


def rings_for_old_notices(house: House, name: str) -> None:
    Notice.objects.create(
        user=house.sam.user, kind="assigned", stage="lead", record_id=1, event="old", at=MONDAY, read_at=MONDAY
    )
    Notice.objects.update(at=MONDAY - timedelta(days=100))

    assert rung(name) == 1


def rings_for_alarms(house: House, name: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        house.browse(house.sam).get(f"/leads/{house.lead.pk}/")

    assert rung(name) == 0
    assert (Alarm.objects.count(), Tally.objects.filter(user=house.sam.user).count()) == (0, 1)


def rings_for_an_anchor(house: House, name: str) -> None:
    house.browse(house.sam).get(f"/leads/{house.lead.pk}/")

    rung(name)
    assert Anchor.objects.count() == 1


def rings_for_ended_sessions(house: House, name: str) -> None:
    house.browse(house.sam)
    Session.objects.update(expire_date=MONDAY)

    assert rung(name) == 1
    assert not Session.objects.exists()


def rings_for_erasures(house: House, name: str) -> None:
    house.settings.ERASED_FILE = str(house.folder / "erased.txt")
    erasing.ask(Lead, house.lead.pk, basis="asked", by=make_head(house.pipeline), now=MONDAY, although_open=True)

    assert rung(name) == 1
    assert Client.objects.get().name == f"№ {house.lead.client_id}"


TASKS: dict[str, Callable[[House, str], None]] = {
    "pipeline_crm.conveyor.tasks.sweep": rings_the_sweep,
    "pipeline_crm.exchange.tasks.exports": rings_for_files,
    "pipeline_crm.outbox.tasks.digests": rings_for_mail,
    "pipeline_crm.outbox.tasks.clear": rings_for_old_notices,
    "pipeline_crm.oversight.tasks.watch": rings_for_alarms,
    "pipeline_crm.oversight.tasks.anchor": rings_for_an_anchor,
    "pipeline_crm.erasure.tasks.erasures": rings_for_erasures,
    "pipeline_crm.users.tasks.clear_sessions": rings_for_ended_sessions,
}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_does_its_work_as_the_site(house: House, name: str) -> None:
    TASKS[name](house, name)


def test_every_task_of_ours_is_among_them() -> None:
    app.loader.import_default_modules()

    assert {name for name in app.tasks if not name.startswith("celery.")} == set(TASKS)


# Whoever forgets -------------------------------------------------------------------------------------------------


def test_a_task_without_a_scope_fails_and_does_not_look_at_nothing(house: House) -> None:
    for model in BELT.values():
        with as_the_site():
            rows = model.objects.filter(client=house.lead.client_id)
            if model is Lead:
                with pytest.raises(ProgrammingError, match="Nobody has said who asks"):
                    rows.count()
            else:  # where nothing is withheld, nothing is wrong
                assert rows.count() == 0


def test_what_is_left_of_a_scope_is_refused_too(house: House) -> None:
    """A connection that somebody has used before knows no more of who asks than a new one."""
    with as_the_site():
        for scope in (
            acting_as(house.sam.user_id),
            eyes_of(house.sam.user_id),
            system_scope("a test"),
            acting_as(None),
        ):
            with scope:
                pass
            with pytest.raises(ProgrammingError, match="Nobody has said who asks"):
                Lead.objects.count()
