"""Every page and act of a record, tried by somebody whom it has left: 404 each time, and nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client as Browser
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Account
from deals.models import Deal, DealLine
from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.models import HandOff, Turn
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Reason, Step
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Entry, Movement, Task

ROOMS = {f"{stage}s": stage for stage in Stage}
# At a crossing the address stands in the receiving room and the number is that of the giving record.
CROSSINGS = {"deals:offer": Stage.LEAD, "accounts:win": Stage.DEAL, "accounts:offer-again": Stage.DEAL}
TABLES = (Lead, Deal, DealLine, Account, Client, ContactPoint, HandOff, Turn, Task, Entry, Movement, Notice)
REASONS = {
    "leads:disqualify": Reason.Kind.DISQUALIFY,
    "deals:lose": Reason.Kind.LOSE,
    "deals:return": Reason.Kind.RETURN_DEAL,
    "accounts:return": Reason.Kind.RETURN_ACCOUNT,
    "accounts:churn": Reason.Kind.CHURN,
}


def doors_of(stage: Stage) -> Iterator[tuple[str, URLPattern]]:
    """The addresses that take the number of a record of this stage, read from the resolver."""
    for room in get_resolver().url_patterns:
        if isinstance(room, URLResolver) and room.namespace in ROOMS:
            for pattern in room.url_patterns:
                name = f"{room.namespace}:{pattern.name}"
                if "pk" in pattern.pattern.converters and CROSSINGS.get(name, ROOMS[room.namespace]) == stage:
                    yield name, pattern


def everything() -> list[Any]:
    """Every row that an act could write."""
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


@contextmanager
def bare_pages() -> Iterator[None]:
    """Answers without the frame around them, which has tests of its own and would be drawn hundreds of times here."""
    engine = settings.TEMPLATES[0]
    around = [name for name in engine["OPTIONS"]["context_processors"] if not name.endswith("context.frame")]
    with override_settings(TEMPLATES=[engine | {"OPTIONS": engine["OPTIONS"] | {"context_processors": around}}]):
        yield


@bare_pages()
def answers_of(browser: Browser, item: ConveyorItem) -> dict[str, int]:
    """What each page and act of a record answers; a way of asking that an address does not know is left out."""
    numbers_known, answers = {"pk": item.pk, "task_id": _task_of(item).pk, "share_id": 0}, {}
    before = everything()
    for name, pattern in doors_of(Stage(item.stage)):
        numbers = {key: numbers_known[key] for key in pattern.pattern.converters}
        address = reverse(name, kwargs=numbers)
        for ask, status in (
            ("GET", browser.get(address).status_code),
            ("POST", browser.post(address, _said(name, item) | _token(browser)).status_code),
        ):
            if status != 405:
                answers[f"{ask} {name}"] = status
        assert everything() == before, f"{name} changed something"
    return answers


def _token(browser: Browser) -> dict[str, str]:
    """What proves that the form comes from a page of ours; without it no door would be reached at all."""
    return {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}


def _task_of(item: ConveyorItem) -> Task:
    """A task of the client, wherever it has travelled; one more where there was nothing to do."""
    now = timezone.now()
    place = {"client_id": item.client_id, "pipeline_id": item.pipeline_id, "stage": item.stage, "record_id": item.pk}
    new = {"title": "Call", "due_at": now, "created_at": now}
    return Task.objects.filter(client=item.client_id).last() or Task.objects.create(**place, **new)


def _said(name: str, item: ConveyorItem) -> dict[str, Any]:
    """What every act would be glad to read, so that nothing but the closed door can stop it."""
    later = timezone.now() + timedelta(days=2)
    said = {
        "step": Step.objects.filter(pipeline=item.pipeline_id, stage=item.stage).exclude(pk=item.step_id)[0].pk,
        "kind": "call",
        "outcome": "reached",
        "text": "A word from outside.",
        "title": "A task from outside",
        "due_at": f"{later:%Y-%m-%dT%H:%M}",
        "until": f"{later:%Y-%m-%dT%H:%M}",
        "name": "Another Name",
        "says": "yes",
        "source": "call",
        "cadence_days": 3,
        "mark": 1,
        "summary": "A brief from outside.",
        "lines-TOTAL_FORMS": 0,
        "lines-INITIAL_FORMS": 0,
    }
    if name in REASONS:
        said["reason"] = Reason.objects.filter(pipeline=item.pipeline_id, kind=REASONS[name])[0].pk
    return said


def is_shut(browser: Browser, item: ConveyorItem) -> bool:
    """Whether a record has no page and no act left for somebody, and looks to them as if it had never been."""
    item = type(item).objects.get(pk=item.pk)
    answers = answers_of(browser, item)
    open_doors = {name: status for name, status in answers.items() if status != 404}
    assert open_doors == {}
    tried = {name.removeprefix("GET ").removeprefix("POST ") for name in answers}
    return tried == {name for name, _ in doors_of(Stage(item.stage))}
