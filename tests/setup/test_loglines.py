"""A line of the log is JSON and tells of nobody: numbers, kinds and places in the code, never a word of a row."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser

from pipeline_crm import loglines
from tests.setup.production import SETTINGS, manage

SECRETS = ("Zelda", "Zuckerberg", "zelda@mail.example", "+7 916 555-44-33", "9165554433", "Зельда")


class Kept(logging.Handler):
    """Keeps the lines instead of writing them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(loglines.Lines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """All that any part of the house says while a test runs."""
    root, handler = logging.getLogger(), Kept()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def spoken(kept: Kept) -> list[str]:
    """The secrets that stand in the log."""
    return [secret for secret in SECRETS if any(secret.lower() in line.lower() for line in kept.lines)]


@pytest.mark.parametrize(
    ("name", "message", "args"),
    [
        ("django.request", "%s: %s", ("Not Found", "/find/?q=Zelda")),
        ("django.db.backends", "duplicate key: Key (value)=(zelda@mail.example) already exists.", ()),
        ("some.library", "could not call '%s' of %s", ("+7 916 555-44-33", "Zelda")),
        ("some.library", "could not call “Zelda Zuckerberg”", ()),
        ("some.library", "asked for ?q=Zelda&phone=9165554433 in vain", ()),
        ("some.library", "9165554433 called, and +7 916 555-44-33 too", ()),
        ("some.library", "Зельда позвонила", ()),
        ("some.library", "%(who)s has %(count)d calls", ({"who": "Zelda", "count": 3},)),
        ("some.library", "%s", (ValueError("Zelda Zuckerberg"),)),
        ("pipeline_crm.room", "acts on %s", ("Zelda",)),
        ("pipeline_crm.room", "acts on %s", (["Zelda"],)),
    ],
)
def test_no_message_tells_of_anybody(kept: Kept, name: str, message: str, args: tuple[Any, ...]) -> None:
    logging.getLogger(name).error(message, *args)

    assert (len(kept.told), spoken(kept)) == (1, [])


def test_a_message_that_does_not_fit_its_words_is_told_without_them() -> None:
    record = logging.makeLogRecord({"name": "some.library", "msg": "%d calls", "args": ("Zelda",)})

    assert json.loads(loglines.Lines().format(record))["event"] == "%d calls"


def test_what_belongs_to_nobody_stays_readable(kept: Kept) -> None:
    logging.getLogger("pipeline_crm.conveyor.sweep").error("The sweep could not act on %s %s", "lead", [3, 5])
    logging.getLogger("celery.app.trace").error("Task %(name)s failed", {"name": "pipeline_crm.outbox.tasks.digests"})
    logging.getLogger("django.request").error("%s: %s", "Not Found", "/x/")
    logging.getLogger("pipeline_crm.audit.anchors").error("anchor %s", "3 2026-11-23T10:00:00+00:00 1 0f1e2d3c4b5a")

    assert [one["event"] for one in kept.told] == [
        "The sweep could not act on lead [3, 5]",
        "Task pipeline_crm.outbox.tasks.digests failed",
        "Not Found: …",
        "anchor 3 2026-11-23T10:00:00+00:00 1 0f1e2d3c4b5a",
    ]


@pytest.mark.django_db
def test_an_error_of_the_database_tells_its_law_and_the_way_there(kept: Kept, sam: Any) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO clients_client (name) VALUES ('Zelda Zuckerberg')")
    except IntegrityError:
        logging.getLogger("some.library").exception("could not write Zelda%s", "")

    line = kept.told[0]
    assert line["error"] == "django.db.utils.IntegrityError"
    assert line["cause"].startswith("psycopg2.errors.")
    assert any("test_loglines.py" in step for step in line["way"])
    assert "Zuckerberg" not in kept.lines[0]


def test_a_request_is_told_by_its_number_its_route_and_its_person(kept: Kept, browse: Any, sam: Any) -> None:
    answer = browse(sam).get("/find/", {"q": "Zelda Zuckerberg +7 916 555-44-33"})

    line = next(one for one in kept.told if one["logger"] == "pipeline_crm.loglines")
    told = {name: line[name] for name in ("event", "status_code", "user", "method", "route", "request")}
    assert told == {
        "event": "answered",
        "status_code": 200,
        "user": sam.user_id,
        "method": "GET",
        "route": "workbench:find",
        "request": answer.headers["X-Request-ID"],
    }
    assert spoken(kept) == []


def test_neither_a_wrong_name_nor_a_way_in_is_told(kept: Kept, client: Browser, db: None) -> None:
    client.post("/auth/login/", {"login": "zelda@mail.example", "password": "Zuckerberg"})
    client.get("/me/join/Zelda-Zuckerberg-9165554433/")
    client.get("/Zelda/Zuckerberg/9165554433/")
    client.generic("ZELDA", "/")

    assert (len(kept.lines) >= 4, spoken(kept)) == (True, [])


def test_production_writes_these_lines_to_its_output(tmp_path: Any) -> None:
    words = "import logging; logging.getLogger('x').error('%s wrote', 'Zelda')"
    done = manage("shell", "--no-imports", "-c", words, **SETTINGS, VAR_DIR=str(tmp_path))

    assert [json.loads(line)["event"] for line in done.stdout.splitlines() if line.startswith("{")] == ["… wrote"]
