"""The world of the tables: everybody at once, each with a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser

from tests.access.world import PEOPLE, World, open_browsers, populate
from tests.cast import MONDAY, make_person, seat_at


@pytest.fixture
def firm(pipeline: Any, sam: Any, sue: Any, lena: Any, hal: Any, fay: Any, olga: Any, ada: Any, cody: Any, stan: Any, root: Any) -> Iterator[World]:  # fmt: skip
    """One client in each relation, twelve people, an hour after it all began."""
    gone = seat_at(pipeline, "lead", make_person("gone", "Gonzo Gone"))
    seats = {seat.user.username: seat for seat in (sam, sue, lena, hal, fay, stan, gone)}
    users = {who: seat.user for who, seat in seats.items()}
    users |= {user.username: user for user in (olga, ada, cody, root)} | {"nobody": AnonymousUser()}
    assert sorted(users) == sorted(PEOPLE)
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        world = populate(World(pipeline=pipeline, other=stan.tier.pipeline, seats=seats, users=users))
        open_browsers(world)
        yield world


@pytest.fixture
def bare_pages(settings: Any) -> None:
    """Answers without the frame around them, which has tests of its own and would be drawn a thousand times here."""
    engine = settings.TEMPLATES[0]
    around = [name for name in engine["OPTIONS"]["context_processors"] if not name.endswith("context.frame")]
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"context_processors": around}}]
