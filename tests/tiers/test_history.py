"""Every change of configuration keeps who and when, and the page of history tells it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline_crm.tiers.chronicle import LINES
from pipeline_crm.tiers.models import PipelineUserObjectPermission, Seat, Source, Step, Tier
from pipeline_crm.tiers.stages import Stage
from tests.cast import make_person
from tests.tiers.sheet import Sheet, said


@pytest.fixture
def changed(desk, pipeline, sam):
    """A pipeline in which the configurator has just changed one thing of each kind."""
    sheet = Sheet(desk, pipeline)
    hugo = make_person("hugo", "Hugo Head")
    sheet.values |= {"currency": "EUR", "heads": [hugo.pk]}
    sheet.change(sheet.row("tiers", name="Hunters"), name="Closers")
    sheet.change(sheet.row("seats", id=sam.pk), capacity="7")
    sheet.change(sheet.row("lead_steps", name="First call"), name="Hello")
    sheet.delete(sheet.row("sources", name="Cold call"))
    sheet.add("products", name="Gold plan", price="9.99", is_active="on", position="0")
    assert sheet.save().status_code == 302
    return pipeline


def test_each_change_in_a_table_keeps_who_and_when(changed, cody):
    latest = [
        changed.history.first(),
        Tier.history.filter(name="Closers").first(),
        Seat.history.filter(capacity=7).first(),
        Step.history.filter(name="Hello").first(),
        Source.history.filter(name="Cold call").first(),
        PipelineUserObjectPermission.history.first(),
    ]

    assert [(line.history_user, line.history_type) for line in latest] == [
        (cody, "~"), (cody, "~"), (cody, "~"), (cody, "~"), (cody, "-"), (cody, "+"),
    ]  # fmt: skip
    assert all(line.history_date for line in latest)


def test_the_history_page_tells_what_changed_from_what_to_what(desk, changed):
    page = desk.get(f"/admin/tiers/pipeline/{changed.pk}/history/")

    lines = [
        (line.by, line.thing, line.name, line.act, line.changes)
        for line in page.context["page"].lines
        if line.by == "Cody Config"
    ]
    assert sorted(lines) == [
        ("Cody Config", "appointment", "Hugo Head, Head of sales: sees every tier", "added", []),
        ("Cody Config", "pipeline", "Severny Park flats", "changed", [("currency", "RUB", "EUR")]),
        ("Cody Config", "product", "Gold plan", "added", []),
        ("Cody Config", "seat", "Sam Scout, Scouts", "changed", [("open records at most", "40", "7")]),
        ("Cody Config", "source", "Cold call", "deleted", []),
        ("Cody Config", "step", "Hello", "changed", [("name", "First call", "Hello")]),
        ("Cody Config", "tier", "Closers", "changed", [("name", "Hunters", "Closers")]),
    ]
    assert "First call → Hello" in said(page)


def test_history_of_another_pipeline_is_not_shown(desk, changed, stan):
    lines = desk.get(f"/admin/tiers/pipeline/{stan.tier.pipeline_id}/history/").context["page"].lines

    assert "Closers" not in {line.name for line in lines}
    assert {line.by for line in lines} == {"the system"}


def test_long_history_is_turned_page_by_page(desk, pipeline):
    address = f"/admin/tiers/pipeline/{pipeline.pk}/history/"
    first = desk.get(address).context["page"]
    assert len(first.lines) == LINES

    second = desk.get(address, {"before": first.earlier}).context["page"]

    assert second.lines
    assert max(line.at for line in second.lines) < min(line.at for line in first.lines)


def test_nonsense_in_the_address_is_no_crash(desk, pipeline):
    assert desk.get(f"/admin/tiers/pipeline/{pipeline.pk}/history/", {"before": "yesterday"}).status_code == 200


def test_the_history_page_costs_the_same_however_much_happened(desk, changed):
    address = f"/admin/tiers/pipeline/{changed.pk}/history/"

    def cost():
        with CaptureQueriesContext(connection) as queries:
            desk.get(address)
        return len(queries)

    cost()
    before = cost()
    tier = changed.tier_for(Stage.LEAD)
    for number in range(30):
        Seat.objects.create(tier=tier, user=make_person(f"person{number}"))

    cost()
    assert cost() == before
