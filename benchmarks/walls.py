"""The same site with both walls down, so that it can be told what they cost; never shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline_crm.access import gate, middleware
from pipeline_crm.conveyor import records


def take_down() -> None:
    """Nobody is asked who they are in the database, at the door or at a record: whoever owns the tables reads them."""
    middleware.acting_as = _as_the_owner  # type: ignore[assignment]
    gate.opens = lambda door, sight: True
    gate._leave_out_what_may_not_be_asked = lambda request: None
    records.openness_to = lambda relations: records.Openness.FULL  # type: ignore[assignment]
    records.may_do = lambda act, subject, relations: True


@contextmanager
def _as_the_owner(user_id: int | None) -> Iterator[None]:
    yield None
