"""A row of the database as an object, without the ceremony: for models that a page reads by the hundred."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState


def as_read[Row: Model](
    model: type[Row], db: str | None, names: Iterable[str], values: Iterable[Any], mode: Any
) -> Row:
    """The values go in as they are, all at once: Django sets one after the other, for hooks that our models do not have."""
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, db
    if mode is not None:
        row._state.fetch_mode = mode
    row.__dict__.update(zip(names, values, strict=True))
    return row
