"""The two kinds of file that leave the house: CSV and XLSX, row by row, with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from xlsxwriter import Workbook

from .marks import marked
from .vault import Vault

LONGEST_CELL = 32_000  # a spreadsheet's own limit is a little above
WIDTH = 22
SIGNS, BREAKS, QUOTES = frozenset("=+-@|%＝＋－＠"), frozenset("\t\r\n"), frozenset("\"'`“”„‘’«»")
_DELIMITERS = {"ru": ";"}  # where the comma stands before the cents
# A file opened with the wrong delimiter falls apart in other places: what would begin a cell there is disarmed, too.
_WITHIN = re.compile(r"([,;\t|\n][\s\"'`“”„‘’«»\u200b-\u200f\u202a-\u202e\u2060\ufeff]*)(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file says of itself: whose it is, since when, under which number."""

    title: str
    lines: tuple[str, ...]
    by: str
    at: datetime
    mark: str = ""

    @property
    def line(self) -> str:
        """All of it in one line."""
        return " · ".join(self.lines)


class Sheet(Protocol):
    """A file that is being written."""

    def head(self, words: Sequence[str]) -> None:
        """The words over the columns."""

    def row(self, cells: Sequence[Any]) -> None:
        """One record."""

    def close(self) -> None:
        """The end, with the stamp."""


class Csv:
    """Comma-separated, or by semicolons where the comma stands before the cents; the stamp is the last row."""

    def __init__(self, out: Vault, stamp: Stamp, *, language: str) -> None:
        self._out, self._stamp = out, stamp
        self._line = io.StringIO()
        self._writer = csv.writer(self._line, delimiter=_DELIMITERS.get(language, ","), quoting=csv.QUOTE_ALL)
        self._decimal = "," if language in _DELIMITERS else "."
        out.write(b"\xef\xbb\xbf")

    def head(self, words: Sequence[str]) -> None:
        """The words over the columns."""
        self.row(words)

    def row(self, cells: Sequence[Any]) -> None:
        """One record."""
        self._writer.writerow([self._written(cell) for cell in cells])
        self._out.write(self._line.getvalue().encode())
        self._line.seek(0)
        self._line.truncate()

    def close(self) -> None:
        """The end, with the stamp."""
        self.row([marked(f"# {self._stamp.line}", self._stamp.mark)])

    def _written(self, cell: Any) -> str:
        if cell is None:
            return ""
        if isinstance(cell, datetime):
            return f"{cell:%Y-%m-%d %H:%M}"
        if isinstance(cell, date):
            return f"{cell:%Y-%m-%d}"
        if isinstance(cell, int | Decimal):
            return str(cell).replace(".", self._decimal)
        return disarmed(str(cell))


class Xlsx:
    """A workbook: the rows, and a sheet that tells whose it is, as its head, its foot and its properties do."""

    def __init__(self, out: Vault, stamp: Stamp, *, folder: Path, words: tuple[str, str]) -> None:
        self._out, self._path, self._stamp = out, folder / "book.xlsx", stamp
        self._book = Workbook(
            self._path,
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._formats(self._book)
        self._stamped()
        self._sheet, self._about = (self._book.add_worksheet(word[:31]) for word in words)
        self._printed()
        self._at = 0

    def head(self, words: Sequence[str]) -> None:
        """The words over the columns."""
        self._sheet.set_column(0, len(words) - 1, WIDTH)
        self._sheet.freeze_panes(1, 0)
        for place, word in enumerate(words):
            self._sheet.write_string(0, place, word, self._bold)
        self._at = 1

    def row(self, cells: Sequence[Any]) -> None:
        """One record."""
        for place, cell in enumerate(cells):
            self._write(place, cell)
        self._at += 1

    def close(self) -> None:
        """The end, with the stamp; what was written in clear beside the vault goes."""
        for place, line in enumerate((self._stamp.title, *self._stamp.lines)):
            self._about.write_string(place, 0, marked(line, self._stamp.mark), self._text if place else self._bold)
        self._book.close()
        with self._path.open("rb") as book:
            while content := book.read(1 << 16):
                self._out.write(content)
        self._path.unlink()

    def _formats(self, book: Workbook) -> None:
        self._bold = book.add_format({"bold": True})
        self._text = book.add_format({"num_format": "@"})
        # What looks like a formula stays a text even after somebody has edited the cell.
        self._quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._money = book.add_format({"num_format": "#,##0.00"})

    def _stamped(self) -> None:
        told = {"title": self._stamp.title, "author": self._stamp.by, "comments": self._stamp.line}
        self._book.set_properties(told | {"created": self._stamp.at.replace(tzinfo=None)})

    def _printed(self) -> None:
        # In the head of a printed page “&” begins a command.
        line = self._stamp.line.replace("&", "&&")[:240]
        self._about.set_column(0, 0, 90)
        for sheet in (self._sheet, self._about):
            sheet.set_header(f"&L{line}")
            sheet.set_footer(f"&L{line}")
            sheet.set_landscape()

    def _write(self, place: int, cell: Any) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, datetime):
            self._sheet.write_datetime(self._at, place, cell, self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._at, place, datetime(cell.year, cell.month, cell.day), self._day)  # noqa: DTZ001
        elif isinstance(cell, int | Decimal):
            self._sheet.write_number(self._at, place, cell, self._money if isinstance(cell, Decimal) else None)
        else:
            text = str(cell)[:LONGEST_CELL]
            self._sheet.write_string(self._at, place, text, self._quoted if is_formula(text) else self._text)


def disarmed(text: str) -> str:
    """A text as a cell of a CSV file that runs nowhere, even if the file is cut at the wrong delimiter."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")[:LONGEST_CELL]
    text = _WITHIN.sub(r"\1'", text)
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether some spreadsheet would take the text for a formula, once it has dropped what it does not see before it."""
    return text[:1] in BREAKS or next((sign for sign in text if not _is_passed_over(sign)), "") in SIGNS


def _is_passed_over(sign: str) -> bool:
    return sign in QUOTES or unicodedata.category(sign)[0] in "CZM"
