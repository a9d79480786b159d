"""Everybody at every address: more than ten thousand verdicts, each written down in `cells/`, none computed.

200 a page · 302, 303 done, led on · in: led to the sign-in · - 404, whether hidden or absent · 405 not by this method ·
409 somebody was first · 422 refused with a sentence. Whatever is not done has changed nothing.
"""

from __future__ import annotations

import pytest

from tests.access.matrix.asking import Asking
from tests.access.matrix.reading import TABLES, read, written
from tests.access.matrix.rows import METHODS, rows_of, short_name, table_of
from tests.access.matrix.walking import walk
from tests.access.matrix.world import ACTORS
from tests.access.test_doors import addresses
from tests.length import LONG, tell

EVERY = 1 if LONG else 2  # in the short form every second actor meets each line in turn: ten thousand cells and more


UNTOLD = ("?",) * len(ACTORS)


def _full(met: dict[str, str], promised: tuple[str, ...]) -> tuple[str, ...]:
    """A whole line: where nobody has asked now, the promise stands."""
    return tuple(met.get(who, word) for who, word in zip(ACTORS, promised, strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_everybody_at_every_address(table: str, house: Asking) -> None:
    walked = walk(rows_of(table, house.world), house, every=EVERY)

    promised = read(table)
    met = {key: _full(words, promised.get(key, UNTOLD)) for key, words in walked.cells.items()}
    tell(f"cells of {table}", sum(len(words) for words in walked.cells.values()))
    assert walked.changed == []
    assert written(met) == written(promised)
    assert sum(len(words) for words in walked.cells.values()) >= len(promised) * len(ACTORS) // 2


@pytest.mark.parametrize("table", TABLES)
def test_every_address_has_its_line_and_no_line_is_for_nothing(table: str) -> None:
    """A route that nobody has thought of fails here, before anybody can walk through it."""
    there = {(method, short_name(one)) for one in addresses() if table_of(one) == table for method in METHODS}

    assert {(method, name) for _subject, method, name in read(table)} == there


def test_there_are_ten_thousand_cells() -> None:
    assert sum(len(read(table)) for table in TABLES) * len(ACTORS) >= 10_000
