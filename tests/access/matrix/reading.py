"""Tables of verdicts: read from the files beside this one, and written as they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import wrap

from tests.access.matrix.world import ACTORS

CELLS = Path(__file__).parent / "cells"
TABLES = ("leads", "deals", "accounts", "team", "own", "auth", "admin")
Key = tuple[str, str, str]  # at whose, by which method, which address
Cells = Mapping[Key, tuple[str, ...]]
NAMES, WORD = 50, 7  # how wide the columns are


def read(table: str) -> dict[Key, tuple[str, ...]]:
    """The cells of a file: one word for each actor, by subject, method and address."""
    cells: dict[Key, tuple[str, ...]] = {}
    subject, names = "", list[str]()
    for line in (CELLS / f"{table}.txt").read_text().splitlines():
        asked, bar, words = line.partition("|")
        if line.startswith("== "):
            subject = line[3:].partition(":")[0].strip()
        elif asked.strip():
            names += asked.split()
        if not (bar and names):
            continue
        told = tuple(words.split())
        assert len(told) == len(ACTORS), f"{table}, {subject}: {line}"
        for name in names[1:]:
            assert (subject, names[0], name) not in cells, f"{table}, {subject}: {names[0]} {name} stands there twice"
            cells[subject, names[0], name] = told
        names.clear()
    return cells


def written(cells: Cells) -> str:
    """The same as lines: addresses that everybody meets alike stand on one."""
    lines: list[str] = []
    for subject in dict.fromkeys(key[0] for key in cells):
        lines += ["", f"== {subject}", *_aligned("", ACTORS)]
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (of, method, name), words in cells.items():
            if of == subject:
                alike.setdefault((method, words), []).append(name)
        for method, names, words in sorted((method, sorted(names), words) for (method, words), names in alike.items()):
            lines += _aligned(f"{method} {' '.join(names)}", words)
    return "\n".join(lines).strip()


def _aligned(asked: str, words: Iterable[str]) -> list[str]:
    *before, last = wrap(
        asked, NAMES - 1, subsequent_indent="     ", break_long_words=False, break_on_hyphens=False
    ) or [""]
    return [*before, f"{last:<{NAMES}}| {''.join(f'{word:<{WORD}}' for word in words)}".rstrip()]
