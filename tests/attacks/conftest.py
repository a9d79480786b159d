"""The firm under attack is the firm of the matrix: one world, in which whatever an attack has done is taken back."""

from __future__ import annotations

import pytest

from tests.access.matrix.asking import Asking
from tests.access.matrix.conftest import house
from tests.attacks.forms import Form, every_form

__all__ = ["forms", "house"]


@pytest.fixture(scope="module")
def forms(house: Asking) -> list[Form]:
    """Every form that sends something."""
    return every_form(house)
