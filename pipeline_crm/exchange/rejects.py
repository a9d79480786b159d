"""The file of rejected rows: what was written, on which line, and why it could not come in."""

import csv
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self, TextIO

from django.utils.translation import gettext as _

from .cells import harmless
from .reading import Rejected

ONLY_OWNER = 0o600


class RejectsFile:
    """Is made anew by each run, and is not there when nothing was rejected.

    It can be corrected and imported: the columns keep their names and the delimiter is the same.
    """

    def __init__(self, path: Path, header: Sequence[str], delimiter: str) -> None:
        self.path = path
        self._header = header
        self._delimiter = delimiter
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        with suppress(FileNotFoundError):
            self.path.unlink()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file:
            self._file.close()

    def write(self, row: Rejected) -> None:
        """Adds one row; cells that a spreadsheet would run as formulas are disarmed."""
        if self._file is None:
            self._file = self._open()
            self._write([_("Line"), _("Why rejected"), *self._header])
        self._write([str(row.line), row.reason, *row.cells])

    def _open(self) -> TextIO:
        # It holds personal data, so nobody else on the machine reads it.
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_OWNER)
        return open(handle, "w", encoding="utf-8-sig", newline="", errors="replace")

    def _write(self, cells: list[str]) -> None:
        csv.writer(self._file, delimiter=self._delimiter).writerow([harmless(cell) for cell in cells])  # type: ignore[arg-type]
