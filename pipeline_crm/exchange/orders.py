"""What an export asks for: one view of one stage with its filter, in the eyes of one person, and never more than they see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.db.models import F
from django.http import Http404, HttpRequest
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import exportable, may_export
from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import read_sight, sight_of
from pipeline_crm.conveyor.asking import Asked, ask
from pipeline_crm.conveyor.browse import TITLES, steps_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import ConveyorQuerySet
from pipeline_crm.conveyor.scope import Scope, scope_of
from pipeline_crm.sealing import unseal
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

    from .models import Export

MOST_ROWS = 50_000  # in one file, whoever approves it


class NotTheirs(Exception):
    """The person has no right to export here, or has it no more."""


class Misunderstood(Exception):
    """What was asked for means something else now; another question must not be answered in its place."""


@dataclass(frozen=True)
class Order:
    """A view and a filter as one person has them at one hour."""

    scope: Scope
    asked: Asked

    @property
    def stage(self) -> Stage:
        """The stage whose records are wanted."""
        return self.scope.desk.stage

    @cached_property
    def records(self) -> ConveyorQuerySet:
        """The records: what the list shows, as far as the person sees it and the right reaches."""
        scope = self.scope
        # The list leaves the hour open; here it is known.
        found = replace(self.asked, late=False).of(scope)
        if self.asked.late:
            found = found.late(scope.now)
        seen = cast(ConveyorQuerySet, visible(scope.user, found))
        return seen.filter(exportable(scope.sight, scope.pipeline.pk))

    def count(self) -> int:
        """How many records there are; one more than a file can have stands for any number above."""
        return self.records.order_by()[: MOST_ROWS + 1].count()

    def numbers(self) -> list[int]:
        """The numbers of the records in the order of the list; at most one more than a file can have."""
        sort = self.asked.sort
        by = F("sort_key").desc(nulls_last=True) if sort.down else F("sort_key").asc(nulls_last=True)
        sorted_ = self.records.annotate(sort_key=self.asked.key(self.scope)).order_by(by, "pk")
        return list(sorted_.values_list("pk", flat=True)[: MOST_ROWS + 1])

    @property
    def question(self) -> dict[str, str]:
        """The view and the filter, as an address asks for them."""
        told = {"view": self.asked.view.value, "sort": str(self.asked.sort)}
        told |= {sieve.name: sieve.chosen for sieve in self.asked.sieves if sieve.chosen}
        return (
            told | ({"q": self.asked.search} if self.asked.search else {}) | ({"late": "1"} if self.asked.late else {})
        )

    @property
    def title(self) -> str:
        """The view in words."""
        return str(TITLES[self.stage, self.asked.view])

    def filter_words(self, *, with_search: bool = True) -> list[str]:
        """The filter in words; what was searched for may be a client's name."""
        words = [f"{sieve.word}: {sieve.answer}" for sieve in self.asked.sieves if sieve.chosen]
        if self.asked.late:
            words.append(_("Only what is late"))
        if self.asked.search:
            words.append(
                _("Name or company: %(words)s") % {"words": self.asked.search} if with_search else _("By name")
            )
        return words

    @property
    def address(self) -> str:
        """The query of the list's address."""
        return urlencode(self.question | {"pipeline": str(self.scope.pipeline.pk)})


def order_from(request: HttpRequest, stage: Stage) -> Order:
    """What the address of a request asks for; 404 for whoever may not export it."""
    scope = scope_of(request, DESKS[stage])
    if not may_export(scope.sight, scope.pipeline.pk, stage):
        raise Http404
    return Order(scope, ask(request.GET, scope, steps_of(scope)))


def order_of(export: Export, *, user: User, now: datetime) -> Order:
    """What an export asks for, as its person sees it now.

    Raises NotTheirs when the right is gone, Misunderstood when the filter is not what it was.
    """
    user.__dict__["sight"] = sight = read_sight(user)
    if sight.house is None or not may_export(sight, export.pipeline_id, export.stage):
        raise NotTheirs
    pipeline = sight.house.pipelines[export.pipeline_id]
    scope = Scope(DESKS[Stage(export.stage)], user, sight, pipeline, (pipeline,), now)
    told: Mapping[str, str] = json.loads(unseal(export.question))
    asked = ask(told, scope, steps_of(scope))
    if asked.left_out or asked.view != told["view"]:
        raise Misunderstood
    return Order(scope, asked)


def is_still_theirs(export: Export, *, user: User) -> bool:
    """Whether all that is in a file would still be shown to its person as it stands there."""
    sight = sight_of(user)
    model = DESKS[Stage(export.stage)].model
    reached = model.objects.filter(exportable(sight, export.pipeline_id))
    if visible(user, reached.filter(pk__in=export.records)).count() != len(export.records):
        return False
    scope = Scope(DESKS[Stage(export.stage)], user, sight, export.pipeline, (export.pipeline,), export.asked_at)
    return reached.filter(scope.named, pk__in=export.named).count() == len(export.named)
