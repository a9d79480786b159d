"""The matrix rings: each careless build shows in its cell, and a route without lines is named."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from pipeline_crm.access.gate import may
from tests.access.matrix.asking import Asking
from tests.access.matrix.builds import BUILDS, put_to_sleep
from tests.access.matrix.reading import read
from tests.access.matrix.rows import METHODS, rows_of, short_name, table_of
from tests.access.matrix.walking import walk
from tests.access.matrix.world import ACTORS
from tests.access.test_doors import addresses


@pytest.mark.django_db
@pytest.mark.parametrize("name", BUILDS)
def test_a_careless_build_is_caught(name: str, house: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    build = BUILDS[name]
    key = (build.subject, build.method, build.name)
    line = [row for row in rows_of(build.table, house.world) if row[:3] == key]
    honest = walk(line, house, [build.who])
    put_to_sleep(monkeypatch)
    build.put(monkeypatch)

    careless = walk(line, house, [build.who])

    promised = read(build.table)[key][list(ACTORS).index(build.who)]
    assert (honest.cells[key], honest.changed) == ({build.who: promised}, [])
    assert careless.cells[key] == {build.who: build.word}
    assert (build.word != promised) or bool(careless.changed)
    assert bool(careless.changed) == build.changes


def leak(_request: HttpRequest) -> HttpResponse:
    """A page that somebody added in a hurry."""
    return HttpResponse("every client")


def test_a_route_that_nobody_wrote_down_is_named() -> None:
    house = ModuleType("house_with_a_back_door")
    house.urlpatterns = [path("leads/dump/", may("self")(leak), name="dump")]  # type: ignore[attr-defined]

    missing = [
        (method, short_name(one))
        for one in addresses(house)
        for method in METHODS
        if (method, short_name(one)) not in {line[1:] for line in read(table_of(one))}
    ]

    assert missing == [("GET", "dump"), ("POST", "dump")]
