"""A lead export of another system, read row by row and never whole.

`read_leads` finds the encoding, the delimiter and the line that names the columns, then yields
for each row either the lead in our words or the reason why it is none.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO, TextIOWrapper
from itertools import islice
from typing import BinaryIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.clients.contacts import find_emails, find_phones

from .cells import currency_of, language, money, words
from .headers import CONTACTS, Field, field_of
from .records import DELIMITERS, Broken, Record, records
from .texts import MARK, Unreadable, open_text

__all__ = ["LeadRow", "Reading", "Rejected", "Row", "Unreadable", "read_leads"]

MOST_POINTS = 10
MOST_COLUMNS = 1000
SAMPLE = 1 << 16
TITLES_LOOKED_AT = 10

LIMITS: dict[str, tuple[int, str | Promise]] = {
    "name": (120, gettext_lazy("The name")),
    "company": (120, gettext_lazy("The company")),
    "source": (80, gettext_lazy("The source")),
    "campaign": (120, gettext_lazy("The campaign")),
    "product": (80, gettext_lazy("The product")),
    "region": (80, gettext_lazy("The region")),
    "city": (80, gettext_lazy("The city")),
}
_SEPARATOR_LINE = re.compile(r"^sep=.\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead as the file tells it; phones are E.164, addresses in lower case.

    `unread` holds the cells that were filled and could not be understood.
    """

    name: str
    company: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    source: str = ""
    campaign: str = ""
    product: str = ""
    region: str = ""
    city: str = ""
    language: str = ""
    amount: Decimal | None = None
    currency: str = ""
    comment: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is a lead, and the line of the file on which it begins."""

    line: int
    lead: LeadRow
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no lead, as it was written, and why."""

    line: int
    cells: tuple[str, ...]
    reason: str


class _UnfitError(Exception):
    """The row is no lead; the message is the reason."""


@dataclass(frozen=True)
class Reading:
    """An opened export: how it is written, what its columns mean, and its rows (once)."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[tuple[int, Field], ...]
    ignored: tuple[str, ...]
    ruled: tuple[str, ...]
    rows: Iterator[Row | Rejected] = field(repr=False)

    def __iter__(self) -> Iterator[Row | Rejected]:
        return self.rows


def read_leads(stream: BinaryIO, *, region: str | None, encoding: str | None = None) -> Reading:
    """Opens an export; `region` is the country of phones without a code. Raises `Unreadable`."""
    text = open_text(stream, encoding)
    try:
        delimiter, titles = _find_header(text)
        columns = _columns(titles.cells)
        text.seek(0)
    except BaseException:
        text.detach()
        raise
    known = dict(columns)
    return Reading(
        encoding=text.encoding,
        delimiter=delimiter,
        header=tuple(words(name) for name in titles.cells),
        columns=tuple((at, what) for at, what in columns if what is not Field.RULED),
        ignored=_names(titles.cells, lambda at: at not in known),
        ruled=_names(titles.cells, lambda at: known.get(at) is Field.RULED),
        rows=_rows(text, delimiter, titles, columns, region),
    )


def _find_header(text: TextIOWrapper) -> tuple[str, Record]:
    """The delimiter and the line that together name most columns that we know."""
    sample = text.read(SAMPLE)
    found = [(delimiter, record) for delimiter in DELIMITERS for record in _first_records(sample, delimiter)]
    if not found:
        raise Unreadable(_("The file is empty."))
    delimiter, titles = max(found, key=lambda each: (_known(each[1]), len(each[1].cells)))
    if not _known(titles):
        raise Unreadable(
            _("No line names the columns. The first line must say which column is the name, the phone, the e-mail.")
        )
    if len(titles.cells) > MOST_COLUMNS:
        raise Unreadable(_("The file has more than %(most)s columns.") % {"most": MOST_COLUMNS})
    return delimiter, titles


def _first_records(sample: str, delimiter: str) -> Iterator[Record]:
    rows = (row for row in records(StringIO(sample, newline=""), delimiter) if isinstance(row, Record))
    return islice((row for row in rows if not _SEPARATOR_LINE.match("".join(row.cells))), TITLES_LOOKED_AT)


def _known(record: Record) -> int:
    return sum(field_of(name) is not None for name in record.cells[:MOST_COLUMNS])


def _columns(titles: Sequence[str]) -> tuple[tuple[int, Field], ...]:
    columns = tuple((at, what) for at, name in enumerate(titles) if (what := field_of(name)))
    if not CONTACTS & {what for _at, what in columns}:
        names = ", ".join(_names(titles, lambda at: True)[:12])
        raise Unreadable(
            _("No column holds phones or e-mail addresses. The columns are: %(names)s.") % {"names": names}
        )
    return columns


def _names(titles: Sequence[str], wanted: Callable[[int], bool]) -> tuple[str, ...]:
    names = (words(name) for at, name in enumerate(titles) if wanted(at))
    return tuple(dict.fromkeys(name for name in names if name))


def _rows(
    text: TextIOWrapper,
    delimiter: str,
    titles: Record,
    columns: tuple[tuple[int, Field], ...],
    region: str | None,
) -> Iterator[Row | Rejected]:
    """Every row after the header; rows without a single filled cell are not rows."""
    try:
        for record in records(text, delimiter, len(titles.cells)):
            if record.line <= titles.line:
                continue
            if isinstance(record, Broken):
                yield Rejected(record.line, (_shown(record.text),), record.reason)
            elif any(cell.strip() for cell in record.cells):
                yield _row(record, len(titles.cells), columns, region)
    finally:
        # Whoever stops half-way may have closed the file already.
        with suppress(ValueError):
            text.detach()


def _row(record: Record, width: int, columns: tuple[tuple[int, Field], ...], region: str | None) -> Row | Rejected:
    cells = tuple(record.cells)
    try:
        _refuse_spoilt(cells, width)
        lead = _lead(_by_field(cells, columns), region)
    except _UnfitError as why:
        return Rejected(record.line, tuple(_shown(cell) for cell in cells), str(why))
    return Row(record.line, lead, cells)


def _refuse_spoilt(cells: tuple[str, ...], width: int) -> None:
    if any(MARK in cell for cell in cells):
        raise _UnfitError(_("Some letters could not be read. Check the encoding of the file."))
    if any(cell.strip() for cell in cells[width:]):
        raise _UnfitError(
            _("There are more cells (%(cells)s) than columns with names (%(width)s).")
            % {"cells": len(cells), "width": width}
        )


def _by_field(cells: tuple[str, ...], columns: tuple[tuple[int, Field], ...]) -> dict[Field, list[str]]:
    """The filled cells of each field; a row that is short has its last cells empty."""
    found: dict[Field, list[str]] = {what: [] for what in Field}
    for at, what in columns:
        if at < len(cells) and (cell := words(cells[at], lines=what is Field.COMMENT)):
            found[what].append(cell)
    return found


def _lead(found: dict[Field, list[str]], region: str | None) -> LeadRow:
    phones, emails, odd_contacts = _contacts(found[Field.PHONE] + found[Field.EMAIL], region)
    if not phones and not emails:
        raise _UnfitError(_no_contact(odd_contacts))
    amount, currency, odd_amounts = _amount(found)
    lead = LeadRow(
        name=_name(found, region),
        company=_first(found, Field.COMPANY),
        phones=phones,
        emails=emails,
        source=_first(found, Field.SOURCE),
        campaign=_first(found, Field.CAMPAIGN),
        product=_first(found, Field.PRODUCT),
        region=_first(found, Field.REGION),
        city=_first(found, Field.CITY),
        language=language(_first(found, Field.LANGUAGE)),
        amount=amount,
        currency=currency,
        comment="\n".join(dict.fromkeys(found[Field.TITLE][:1] + found[Field.COMMENT])),
        unread=tuple(odd_contacts + odd_amounts),
    )
    _refuse_too_long(lead)
    return lead


def _contacts(cells: list[str], region: str | None) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Phones and addresses, each once, whichever column they stand in; and cells without any."""
    phones: dict[str, None] = {}
    emails: dict[str, None] = {}
    odd = []
    for cell in cells:
        is_address = "@" in cell
        found = find_emails(cell) if is_address else find_phones(cell, region)
        (emails if is_address else phones).update(dict.fromkeys(found))
        odd += [] if found else [cell]
    return tuple(phones)[:MOST_POINTS], tuple(emails)[:MOST_POINTS], odd


def _no_contact(odd: list[str]) -> str:
    if not odd:
        return _("There is neither a phone nor an e-mail address.")
    return _("No phone or e-mail address could be read in “%(cell)s”.") % {"cell": _shown(odd[0])[:80]}


def _first(found: dict[Field, list[str]], what: Field) -> str:
    # The same column twice in one file: the first that is filled is meant.
    return found[what][0] if found[what] else ""


def _name(found: dict[Field, list[str]], region: str | None) -> str:
    """The person, else the company, else the title of the enquiry, but never a phone number; "" when unnamed."""
    parts = [_first(found, what) for what in (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)]
    titles = (" ".join(part for part in parts if part), _first(found, Field.COMPANY), _first(found, Field.TITLE))
    for name in (_first(found, Field.FULL_NAME), *titles):
        # Where only owners see contacts, a number in the name would show it to everybody.
        if name and not find_phones(name, region) and not find_emails(name):
            return name
    return ""


def _amount(found: dict[Field, list[str]]) -> tuple[Decimal | None, str, list[str]]:
    written = _first(found, Field.AMOUNT)
    read = money(written)
    if read is None:
        return None, "", [written] if written else []
    return read[0], read[1] or currency_of(_first(found, Field.CURRENCY)), []


def _refuse_too_long(lead: LeadRow) -> None:
    for name, (longest, label) in LIMITS.items():
        if len(getattr(lead, name)) > longest:
            raise _UnfitError(
                _("%(field)s is longer than %(longest)s characters.") % {"field": label, "longest": longest}
            )


def _shown(text: str) -> str:
    """Text that can be printed: what could not be read becomes a question mark."""
    return text.replace(MARK, "\ufffd").replace("\x00", "\ufffd")
