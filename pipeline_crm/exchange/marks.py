"""Whose file it is, written into it where nobody sees it: which of the spaces between words are narrow in meaning only.

Each text of a file has its spaces chosen by a key of that export: an ordinary space or one that does not break, which look
alike. Order, missing rows, other columns and another way of saving leave it be; a few dozen texts tell the export from all
others. Apostrophes are not counted, for they keep formulas from running.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

BREAKING, LASTING = " ", "\u00a0"
FALSE_ALARM = 1e-6  # the chance at which we would accuse somebody of a file that is not theirs
MOST_SPACES = 2_000
_HAS_LETTERS = re.compile(r"[^\W\d_]{2}")  # hours and sums have no mark


@dataclass(frozen=True, slots=True)
class Space:
    """One space of one text: the text in plain writing, which of its spaces, and whether it lasts."""

    text: str
    place: int
    lasts: bool


def marked(text: str, key: str) -> str:
    """The text with the spaces of one export, line by line."""
    return "\n".join(_line(line, key) for line in text.splitlines())


def _line(text: str, key: str) -> str:
    words = text.split()
    plain = _plain(text)
    return "".join(
        word if place == 0 else (LASTING if _lasts(plain, place, key) else BREAKING) + word
        for place, word in enumerate(words)
    )


def spaces_in(cells: Iterable[str]) -> list[Space]:
    """Every space of the texts of a file, each text once."""
    found: dict[Space, None] = {}
    for text in (line.strip() for cell in cells for line in cell.splitlines()):
        if not _HAS_LETTERS.search(text):
            continue
        plain, place, before = _plain(text), 0, ""
        for sign in text:
            if sign in (BREAKING, LASTING) and before not in (BREAKING, LASTING):
                place += 1
                found[Space(plain, place, sign == LASTING)] = None
            before = sign
        if len(found) >= MOST_SPACES:
            break
    return list(found)


def agreement(spaces: Iterable[Space], key: str) -> int:
    """How many of the spaces are as this export would have them."""
    return sum(space.lasts == _lasts(space.text, space.place, key) for space in spaces)


def is_theirs(agreeing: int, spaces: int, *, candidates: int) -> bool:
    """Whether so many agree that chance is out of the question, however many exports were compared."""
    return spaces > 0 and _chance(agreeing, spaces) * max(candidates, 1) < FALSE_ALARM


def _chance(agreeing: int, spaces: int) -> float:
    """How likely it is that as many agree in a file of somebody else's."""
    return math.fsum(math.comb(spaces, many) / 2**spaces for many in range(agreeing, spaces + 1))


def _plain(text: str) -> str:
    return " ".join(text.replace("'", "").split())


def _lasts(plain: str, place: int, key: str) -> bool:
    return bool(blake2b(f"{place}:{plain}".encode(), key=key.encode(), digest_size=1).digest()[0] & 1)
