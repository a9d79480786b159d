"""A short walk of the state machine; `python -m tests.chaos machine` takes the long one."""

from __future__ import annotations

import pytest

from tests.chaos.firm import found
from tests.chaos.telling import learn_the_laws, walk

pytestmark = pytest.mark.django_db


def test_the_laws_hold_whatever_happens_in_whatever_order():
    found()
    learn_the_laws()

    walk(stories=10, steps=40)
