"""One world for all tables of a process: built once, and every question to it is taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import override_settings

from tests.access.matrix.asking import Asking
from tests.access.matrix.world import build
from tests.cast import MONDAY


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[Asking]:
    """The door of the world, an hour after it all began; answers come without the frame, which has tests of its own."""
    from django.conf import settings

    engine = settings.TEMPLATES[0]
    around = [name for name in engine["OPTIONS"]["context_processors"] if not name.endswith("context.frame")]
    bare = [engine | {"OPTIONS": engine["OPTIONS"] | {"context_processors": around}}]
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(TEMPLATES=bare):
        with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
            logging.disable(logging.CRITICAL)
            yield Asking(build())
            logging.disable(logging.NOTSET)
        transaction.set_rollback(True)
