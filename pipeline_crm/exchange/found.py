"""A file that was found somewhere: its texts, and whose export they came from."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Iterable
from hashlib import sha256

from pipeline_crm.access.identity import system_scope

from .marks import agreement, is_theirs, spaces_in
from .models import Export
from .texts import Unreadable, encoding_of

LARGEST = 64 * 1024 * 1024  # bytes, unpacked
_TEXT = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>")
DELIMITERS = (",", ";", "\t", "|")

__all__ = ["Unreadable", "cells_of_file", "whose"]


def cells_of_file(content: bytes) -> list[list[str]]:
    """The texts of the cells of a workbook or a text file, in each way that it can be read."""
    if content.startswith(b"PK"):
        return [_of_workbook(content)]
    text = content.decode(encoding_of(io.BytesIO(content)), errors="replace")
    return [_of_lines(text, delimiter) for delimiter in DELIMITERS if delimiter in text]


@system_scope("a file that was found may be anybody's")
def whose(content: bytes, readings: Iterable[Iterable[str]]) -> tuple[Export, int, int] | None:
    """The export that a file came from, how many of its marks agree, and how many there are; none where chance could do it."""
    made = Export.objects.exclude(made_at=None).select_related("asker", "pipeline").defer("records", "named")
    same = made.filter(digest=sha256(content).hexdigest()).first()
    if same is not None:
        return same, 0, 0
    marks = list(made.values_list("pk", "mark"))
    best: tuple[int, int, int] | None = None
    for cells in readings:
        spaces = spaces_in(cells)
        for pk, mark in marks:
            agreeing = agreement(spaces, mark)
            is_better = best is None or agreeing > best[1]
            if is_better and is_theirs(agreeing, len(spaces), candidates=len(marks)):
                best = pk, agreeing, len(spaces)
    return (made.get(pk=best[0]), best[1], best[2]) if best else None


def _of_workbook(content: bytes) -> list[str]:
    """The texts of all parts of a workbook, read without an XML parser, which a stranger's file might do harm to."""
    texts: list[str] = []
    read = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for part in book.infolist():
                read += part.file_size
                if read > LARGEST:
                    raise Unreadable("The workbook is too large.")
                if part.filename.endswith(".xml"):
                    texts += map(html.unescape, _TEXT.findall(book.read(part).decode("utf-8", errors="replace")))
    except zipfile.BadZipFile as why:
        raise Unreadable("This is no workbook.") from why
    return texts


def _of_lines(text: str, delimiter: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]
