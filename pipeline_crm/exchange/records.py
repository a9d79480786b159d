"""Text into records: cells by delimiter, with the line in the file on which each begins."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from django.utils.translation import gettext as _

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1 << 17
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One row of cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row, and why."""

    line: int
    text: str
    reason: str


class _SpoiltError(Exception):
    """The record cannot be closed; the message is the reason."""


class _Lines:
    """Physical lines with a way back, never more than one record of them in memory."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self.taken = 0

    def take(self) -> str | None:
        line = self._returned.popleft() if self._returned else self._read()
        self.taken += bool(line)
        return line or None

    def give_back(self, lines: list[str]) -> None:
        self._returned.extendleft(reversed(lines))
        self.taken -= len(lines)

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        rest = line
        while len(rest) == LONGEST_LINE and rest[-1] not in "\r\n":
            rest = self._text.readline(LONGEST_LINE)
        return line


def records(text: TextIO, delimiter: str, width: int | None = None) -> Iterator[Record | Broken]:
    """Every row of the file; a line that spoils the reading is reported alone and passed over.

    `width` is the number of columns. It tells whether a line with stray quotes makes a row.
    """
    lines = _Lines(text)
    while (first := lines.take()) is not None:
        if not first.strip():
            continue
        yield _record(first, lines, delimiter, width)


def _record(first: str, lines: _Lines, delimiter: str, width: int | None) -> Record | Broken:
    line = lines.taken
    used = [first]
    try:
        cells = next(csv.reader(_feed(used, lines), delimiter=delimiter, strict=True))
    except (_SpoiltError, csv.Error) as why:
        # A quote that was never closed must not swallow the good lines after it.
        lines.give_back(used[1:])
        return _alone(first, line, delimiter, width, why)
    return Record(line, cells)


def _feed(used: list[str], lines: _Lines) -> Iterator[str]:
    """The lines of one record, as many as the reader asks for."""
    size = 0
    while True:
        size += len(used[-1])
        if size >= LONGEST_LINE:
            raise _SpoiltError(_("The row is too long."))
        if len(used) > MOST_LINES:
            raise _SpoiltError(_("A quote is opened and not closed."))
        yield used[-1]
        following = lines.take()
        if following is None:
            return
        used.append(following)


def _alone(first: str, line: int, delimiter: str, width: int | None, why: Exception) -> Record | Broken:
    """The first line by itself: quotes inside a company's name are often left as they are."""
    if len(first) < LONGEST_LINE and width is not None:
        cells = next(csv.reader([first], delimiter=delimiter))
        if len(cells) == width > 1:
            return Record(line, cells)
    reason = str(why) if isinstance(why, _SpoiltError) else _("A quote is opened and not closed.")
    return Broken(line, first.rstrip("\r\n"), reason)
