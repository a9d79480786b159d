"""Whom was erased, told outside of the database: a backup that is restored knows nothing of what was erased since.

Numbers and moments alone. The moment since which a client was known tells them from somebody who is given their number later.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from pipeline_crm.access.identity import system_scope

from .models import Erasure


class Erased(NamedTuple):
    """One client who was erased."""

    client_id: int
    known_since: datetime


def tell_outside() -> int:
    """Adds to the file of ERASED_FILE whoever is not in it; returns how many. May run twice, at once, or be killed."""
    file = Path(settings.ERASED_FILE)
    told = set(told_before(file))
    with system_scope("who was erased is told outside of the database"):
        done = Erasure.objects.filter(state=Erasure.State.DONE).order_by("pk")
        rows = [Erased(*row) for row in done.values_list("client_id", "client__created_at")]
    new = [row for row in dict.fromkeys(rows) if row not in told]
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as kept:
            kept.writelines(f"{row.client_id} {row.known_since.astimezone(UTC).isoformat()}\n" for row in new)
            kept.flush()
            os.fsync(kept.fileno())
    return len(new)


def told_before(file: Path) -> list[Erased]:
    """Whom the file tells of; a torn line is passed over."""
    if not file.exists():
        return []
    rows = []
    for line in file.read_text().splitlines():
        number, _space, moment = line.partition(" ")
        try:
            rows.append(Erased(int(number), datetime.fromisoformat(moment)))
        except ValueError:
            continue
    return rows
