"""Anchors: where all chains end, sealed every few minutes and told outside of the database.

Whoever owns the database could cut the end of a chain and its head with it; what was anchored before would still say how
far the chain went. The seal hangs on the anchor before and on a key that is not in the database.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from pipeline_crm.sealing import mark, newest_key

from .models import Anchor, Anchored

told = logging.getLogger("pipeline_crm.audit.anchors")

GROWN = """
SELECT chain, number, hash FROM audit_head head
WHERE number > coalesce((SELECT max(number) FROM audit_anchored kept WHERE kept.chain = head.chain), 0) ORDER BY chain
"""
End = tuple[int, int, bytes]  # chain, number, hash


@transaction.atomic
def anchor(*, now: datetime) -> Anchor | None:
    """Seals the ends of all chains that have grown since the last anchor; nothing when none has. May be rung at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('audit anchors', 0))")
        cursor.execute(GROWN)
        ends: list[End] = [(chain, number, bytes(known)) for chain, number, known in cursor.fetchall()]
    if not ends:
        return None
    last = Anchor.objects.order_by("-id").first()
    new = Anchor(id=last.pk + 1 if last else 1, at=now, key=newest_key())
    new.seal = str(mark("anchor", sealed_text(new, as_told(last) if last else "", digest_of(ends))))
    new.save(force_insert=True)
    Anchored.objects.bulk_create(
        [Anchored(anchor_id=new.pk, chain=chain, number=number, hash=known) for chain, number, known in ends]
    )
    transaction.on_commit(partial(tell, new))
    return new


def sealed_text(one: Anchor, before: str, ends: str) -> str:
    """What an anchor's seal is made of: all of the anchor before, its own number and moment, and the ends it found."""
    return f"{before}|{one.pk}|{one.at.astimezone(UTC).isoformat()}|{one.key}|{ends}"


def as_told(one: Anchor) -> str:
    """An anchor in one line: its number, its moment, the number of its key, its seal."""
    return f"{one.pk} {one.at.astimezone(UTC).isoformat()} {one.key} {one.seal}"


def digest_of(ends: Iterable[End]) -> str:
    """One hash for many ends, given in the order of their chains."""
    all_of_them = sha256()
    for chain, number, known in ends:
        all_of_them.update(f"{chain}/{number}/{known.hex()};".encode())
    return all_of_them.hexdigest()


def tell(one: Anchor) -> None:
    """Tells an anchor outside of the database: a line in the log, and one in the file that `AUDIT_FILE` names."""
    told.info("anchor %s", as_told(one))
    file = Path(settings.AUDIT_FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as kept:
        kept.write(f"{as_told(one)}\n")
        kept.flush()
        os.fsync(kept.fileno())


def told_before(file: Path) -> dict[int, str]:
    """What was told outside, by the numbers of the anchors; a torn line is passed over."""
    if not file.exists():
        return {}
    lines = ((line.split(), line) for line in file.read_text().splitlines())
    return {int(words[0]): line for words, line in lines if len(words) == 4 and words[0].isdigit()}
