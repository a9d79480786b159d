"""What stands in the columns of a file that leaves the house, and how open a record must be for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from pipeline_crm.access.sight import Sight
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.conveyor.columns import fields_of
from pipeline_crm.conveyor.records import BELT, ConveyorItem, Openness
from pipeline_crm.tiers.stages import Stage

from .marks import marked
from .models import Export

SEPARATOR = "; "


@dataclass(frozen=True)
class Reader:
    """Who reads the file, with which contacts, and by which mark it is known."""

    sight: Sight
    contacts: str
    mark: str


@dataclass(frozen=True)
class Column:
    """One column: its word, what it tells of a record, and how open the record must be for that."""

    word: str | Promise
    tells: Callable[[Any, Reader], Any]
    needs: str = ""
    opens_at: Openness = Openness.HIDDEN
    contacts: tuple[str, ...] = tuple(Export.Contacts.values)
    is_marked: bool = False


def columns_of(export: Export) -> list[Column]:
    """The columns of one export's file."""
    has = fields_of(BELT[Stage(export.stage)])
    return [
        column for column in COLUMNS if (not column.needs or column.needs in has) and export.contacts in column.contacts
    ]


def cells_of(item: ConveyorItem, columns: Iterable[Column], reader: Reader) -> list[Any]:
    """One record as a row: what its reader may know of it, and nothing else."""
    openness, cells = item.openness(reader.sight), []
    for column in columns:
        told = column.tells(item, reader) if openness >= column.opens_at else None
        cells.append(marked(told, reader.mark) if column.is_marked and told else told)
    return cells


def _moment(moment: datetime | None, item: ConveyorItem) -> datetime | None:
    """As the clock on the wall has it where the pipeline works; a spreadsheet knows no zones."""
    return moment.astimezone(item.pipeline.zone).replace(tzinfo=None, second=0, microsecond=0) if moment else None


def _name(item: Any, reader: Reader) -> str:
    return str(item.client.name)


def _points(item: Any, reader: Reader, kind: str) -> str:
    points: Sequence[ContactPoint] = [point for point in item.client.contact_points.all() if point.kind == kind]
    in_full = reader.contacts == Export.Contacts.FULL
    return SEPARATOR.join(point.opened() if in_full else point.masked for point in points)


def _attribute(path: str) -> Callable[[Any, Reader], Any]:
    def tells(item: Any, reader: Reader) -> Any:
        value = item
        for name in path.split("."):
            value = getattr(value, name, None)
        return value

    return tells


def _word(path: str) -> Callable[[Any, Reader], Any]:
    read = _attribute(path)
    return lambda item, reader: str(word) if (word := read(item, reader)) else None


def _hour(name: str) -> Callable[[Any, Reader], Any]:
    return lambda item, reader: _moment(getattr(item, name), item)


def _owner(item: Any, reader: Reader) -> str:
    return item.seat.user.name if item.seat else _("nobody, in the pool")


def _state(item: Any, reader: Reader) -> str:
    return str(item.get_state_display())


WITH_CONTACTS = (Export.Contacts.MASKED.value, Export.Contacts.FULL.value)
NAMED, FULL = Openness.NAMED, Openness.FULL
COLUMNS = (
    Column(gettext_lazy("Number"), _attribute("pk")),
    Column(gettext_lazy("Client"), _name, opens_at=NAMED, is_marked=True),
    Column(gettext_lazy("Company"), _word("client.company"), opens_at=NAMED, is_marked=True),
    Column(
        gettext_lazy("Phones"),
        lambda item, reader: _points(item, reader, "phone"),
        opens_at=FULL,
        contacts=WITH_CONTACTS,
    ),
    Column(
        gettext_lazy("E-mail addresses"),
        lambda item, reader: _points(item, reader, "email"),
        opens_at=FULL,
        contacts=WITH_CONTACTS,
    ),
    Column(gettext_lazy("Region"), _word("client.region"), opens_at=FULL, is_marked=True),
    Column(gettext_lazy("City"), _word("client.city"), opens_at=FULL, is_marked=True),
    Column(gettext_lazy("Step"), _word("step.name"), is_marked=True),
    Column(gettext_lazy("State"), _state, is_marked=True),
    Column(gettext_lazy("Amount"), _attribute("amount"), needs="amount"),
    Column(gettext_lazy("Bought in total"), _attribute("bought_total"), needs="bought_total"),
    Column(gettext_lazy("Currency"), _attribute("currency"), needs="currency"),
    Column(gettext_lazy("Owner"), _owner, is_marked=True),
    Column(gettext_lazy("Source"), _word("source"), needs="source", is_marked=True),
    Column(gettext_lazy("Campaign"), _word("campaign"), needs="campaign", opens_at=FULL, is_marked=True),
    Column(gettext_lazy("Product"), _word("product"), needs="product", is_marked=True),
    Column(gettext_lazy("Reason"), _word("reason"), needs="reason", is_marked=True),
    Column(gettext_lazy("Since"), _hour("created_at")),
    Column(gettext_lazy("Last touch"), _hour("touched_at")),
    Column(pgettext_lazy("column", "Clock"), _hour("due_at")),
    Column(gettext_lazy("Expected close"), _attribute("expected_on"), needs="expected_on"),
    Column(gettext_lazy("Next touch"), _attribute("next_touch_on"), needs="next_touch_on"),
    # People write phones into it, so it goes where phones go.
    Column(
        gettext_lazy("Comment"),
        _attribute("comment"),
        needs="comment",
        opens_at=FULL,
        contacts=(Export.Contacts.FULL.value,),
        is_marked=True,
    ),
)
