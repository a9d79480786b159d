"""How rows of a file come in: each by itself, wholly or not at all, and never twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from leads.actions import Captured, Enquiry, capture
from pipeline_crm.access.identity import act, system_scope
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.sealing import marks
from pipeline_crm.tiers.models import Pipeline, Product, Source

from .models import ImportedRow
from .reading import LeadRow, Rejected, Row

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

LONGEST_COMMENT = 2000


class How(StrEnum):
    """What an accepted row did."""

    NEW = "new"
    KNOWN = "known"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that is in the house: as a new lead, as word to whoever has the client, or since an earlier run."""

    line: int
    how: How


@dataclass
class Intake:
    """One run over one file; `trial` answers every row and leaves nothing behind."""

    pipeline: Pipeline
    by: User | None = None
    trial: bool = False
    told: dict[str, int] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(init=False)
    products: Mapping[str, Product] = field(init=False)

    def __post_init__(self) -> None:
        self.sources = {row.name.casefold(): row for row in self.pipeline.sources.filter(is_active=True)}
        self.products = {row.name.casefold(): row for row in self.pipeline.products.filter(is_active=True)}

    def take(self, row: Row | Rejected, *, now: datetime) -> Accepted | Rejected:
        """Takes one row in; what the belt refuses is rejected with its sentence."""
        if isinstance(row, Rejected):
            return row
        points = (*row.lead.phones, *row.lead.emails)
        if earlier := next((self.told[point] for point in points if point in self.told), None):
            twice = _("Line %(line)s of this file has the same phone or e-mail address.") % {"line": earlier}
            return Rejected(row.line, row.cells, twice)
        try:
            how = self._take_in(row.lead, now=now)
        except Refused as why:
            return Rejected(row.line, row.cells, str(why))
        except DataError:
            return Rejected(row.line, row.cells, _("The database cannot hold what is written here."))
        self.told |= dict.fromkeys(points, row.line)
        return Accepted(row.line, how)

    def _take_in(self, lead: LeadRow, *, now: datetime) -> How:
        prints = fingerprints(lead)
        if self._is_in(prints):
            return How.REPEATED
        try:
            captured = self._capture(lead, prints[0], now=now)
        except IntegrityError:
            # Somebody imports the same file at this moment and was faster with this row.
            if self._is_in(prints):
                return How.REPEATED
            raise
        return How.KNOWN if captured.known else How.NEW

    def _is_in(self, prints: list[str]) -> bool:
        with system_scope("what came in earlier is known by marks that nobody is shown"):
            return ImportedRow.objects.filter(pipeline=self.pipeline, fingerprint__in=prints).exists()

    @act
    def _capture(self, lead: LeadRow, mark: str, *, now: datetime) -> Captured:
        captured = capture(self.pipeline, self._enquiry(lead), by=self.by, now=now, bought=True)
        ImportedRow.objects.create(
            pipeline=self.pipeline,
            fingerprint=mark,
            stage=captured.item.stage,
            record_id=captured.item.pk,
            was_known=captured.known,
            by=self.by,
            at=now,
        )
        if self.trial:
            transaction.set_rollback(True)
        return captured

    def _enquiry(self, lead: LeadRow) -> Enquiry:
        is_our_money = lead.currency in ("", self.pipeline.currency)
        return Enquiry(
            person=Person(
                name=lead.name or _("No name given"),
                company=lead.company,
                region=lead.region,
                city=lead.city,
                language=lead.language,
            ),
            phones=lead.phones,
            emails=lead.emails,
            source=self.sources.get(lead.source.casefold()),
            campaign=lead.campaign,
            product=self.products.get(lead.product.casefold()),
            amount=lead.amount if is_our_money else None,
            comment=self._comment(lead),
        )

    def _comment(self, lead: LeadRow) -> str:
        """The comment, and below it whatever found no field of its own."""
        asides = [_("As given: %(cell)s") % {"cell": cell} for cell in lead.unread]
        if lead.source and lead.source.casefold() not in self.sources:
            asides.append(_("Source: %(name)s") % {"name": lead.source})
        if lead.product and lead.product.casefold() not in self.products:
            asides.append(_("Product: %(name)s") % {"name": lead.product})
        if lead.amount is not None and lead.currency not in ("", self.pipeline.currency):
            asides.append(_("Amount: %(amount)s %(currency)s") % {"amount": lead.amount, "currency": lead.currency})
        text = "\n".join(part for part in (lead.comment, *asides) if part)
        return text if len(text) <= LONGEST_COMMENT else text[: LONGEST_COMMENT - 1] + "…"


def fingerprints(lead: LeadRow) -> list[str]:
    """The same for the same lead, however its phones, its sum and its file are written; under every key, the newest first.

    Keyed, for whoever knows the rest of a row could otherwise try all phones until one fits.
    """
    facts = asdict(lead) | {"phones": sorted(lead.phones), "emails": sorted(lead.emails)}
    told = sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()
    return [each.hex for each in marks("imported row", told)]
