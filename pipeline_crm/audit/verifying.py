"""Whether the journal is as it was written: every hash is made anew, row by row, and nothing is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from pipeline_crm.sealing import marks, newest_key, number_of

from .anchors import End, as_told, digest_of, sealed_text, told_before
from .chain import TEXT
from .models import Anchor

LOT = 5_000
EMPTY = sha256(b"").digest()

LINKS = f"""
SELECT link.chain, link.number, link.line_id, link.hash, line.id, coalesce(line.by_id, 0), kept.hash,
       {TEXT.format(chain="link.chain", number="link.number", line="line")}
FROM audit_link link
LEFT JOIN audit_line line ON line.id = link.line_id
LEFT JOIN audit_anchored kept ON kept.chain = link.chain AND kept.number = link.number
ORDER BY link.chain, link.number
"""  # noqa: S608
UNLINKED = "SELECT id FROM audit_line line WHERE NOT EXISTS (SELECT FROM audit_link WHERE line_id = line.id)"
UNKEPT = """
SELECT chain, number FROM audit_anchored kept
WHERE NOT EXISTS (SELECT FROM audit_link link WHERE link.chain = kept.chain AND link.number = kept.number)
"""
ANCHORS = """
SELECT anchor.id, anchor.at, anchor.key, anchor.seal, kept.chain, kept.number, kept.hash
FROM audit_anchor anchor LEFT JOIN audit_anchored kept ON kept.anchor_id = anchor.id ORDER BY anchor.id, kept.chain
"""
STRAY = "SELECT anchor_id FROM audit_anchored WHERE anchor_id NOT IN (SELECT id FROM audit_anchor)"


@dataclass(slots=True)
class Verdict:
    """What was read, and what is wrong with it."""

    lines: int = 0
    chains: int = 0
    anchors: int = 0
    faults: list[str] = field(default_factory=list)  # the first of them
    found: int = 0  # all of them

    def fault(self, words: str) -> None:
        """One thing that is not as it was written."""
        self.found += 1
        if len(self.faults) < 100:
            self.faults.append(words)


@transaction.atomic
def verify(*, told: Path | None = None) -> Verdict:
    """Reads the whole journal as it stood at one moment; `told` is the file of the anchors told outside."""
    verdict = Verdict()
    with connection.cursor() as cursor:
        # One picture of all tables, while people go on working.
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT chain, number, hash FROM audit_head")
        heads = {chain: (number, bytes(known)) for chain, number, known in cursor.fetchall()}
    for chain, links in groupby(_rows(LINKS), key=lambda row: row[0]):
        verdict.chains += 1
        _verify_chain(chain, links, heads.pop(chain, None), verdict)
    for chain, (number, _known) in heads.items():
        if number:
            verdict.fault(f"chain {chain}: all {number} lines are gone")
    for (line,) in _rows(UNLINKED):
        verdict.fault(f"line {line}: stands in no chain")
    for chain, number in _rows(UNKEPT):
        verdict.fault(f"chain {chain}: line {number} was anchored and is gone")
    _verify_anchors(verdict, told_before(told) if told else {})
    return verdict


def _verify_chain(chain: int, links: Iterator[Any], head: tuple[int, bytes] | None, verdict: Verdict) -> None:
    last, before = 0, EMPTY
    for _chain, number, line, stored, found, by, kept, text in links:
        verdict.lines += 1
        known = bytes(stored)
        if number != last + 1:
            verdict.fault(f"chain {chain}: lines {last + 1} to {number - 1} are gone")
        elif found is None:
            verdict.fault(f"chain {chain}: line {number} ({line}) is gone")
        elif by != chain or sha256(before + text.encode()).digest() != known:
            verdict.fault(f"chain {chain}: line {number} ({line}) was changed")
        if kept is not None and bytes(kept) != known:
            verdict.fault(f"chain {chain}: line {number} ({line}) is not the one that was anchored")
        last, before = number, known
    if head is None:
        verdict.fault(f"chain {chain}: its end is gone")
    elif head != (last, before):
        verdict.fault(f"chain {chain}: ends at line {last} and not at {head[0]}")


def _verify_anchors(verdict: Verdict, told: dict[int, str]) -> None:
    last, before = 0, ""
    for pk, group in groupby(_rows(ANCHORS), key=lambda row: row[0]):
        rows = list(group)
        verdict.anchors += 1
        one = Anchor(id=pk, at=rows[0][1], key=rows[0][2], seal=rows[0][3])
        ends: list[End] = [(row[4], row[5], bytes(row[6])) for row in rows if row[4] is not None]
        if pk != last + 1:
            verdict.fault(f"anchors {last + 1} to {pk - 1} are gone")
        elif not _is_sealed(one, before, ends) or told.get(pk, as_told(one)) != as_told(one):
            verdict.fault(f"anchor {pk} was changed")
        last, before = pk, as_told(one)
    newest = max(told, default=0)
    if newest > last:
        verdict.fault(f"anchors {last + 1} to {newest} were told outside and are gone")
    for (pk,) in _rows(STRAY):
        verdict.fault(f"anchor {pk} is gone, and its ends are there")


def _is_sealed(one: Anchor, before: str, ends: list[End]) -> bool:
    """Whether a seal fits; of one under a key that was thrown away, the next seal tells."""
    if one.key not in map(number_of, settings.DATA_KEYS):
        return one.key != newest_key()
    return one.seal in map(str, marks("anchor", sealed_text(one, before, digest_of(ends))))


def _rows(sql: str) -> Iterator[Any]:
    """The rows of a question, a lot at a time out of a cursor of the server."""
    name = f"verifying_{abs(hash(sql))}"
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")
        while True:
            cursor.execute(f"FETCH {LOT} FROM {name}")
            rows = cursor.fetchall()
            yield from rows
            if len(rows) < LOT:
                break
        cursor.execute(f"CLOSE {name}")
