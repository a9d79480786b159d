"""Where somebody stands when they open the list or the board of a stage: in which pipeline, as member or in charge."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, cast

from django.db.models import Q, TextChoices
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pipeline_crm.access.gate import visible
from pipeline_crm.access.pipelines import chosen_of, in_sight
from pipeline_crm.access.policy import Act, Part, doers, readers
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.stages import Stage

from .desks import Desk
from .records import ConveyorQuerySet
from .standins import StandIn, stand_in

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


class View(TextChoices):
    """Which records of a stage one looks at."""

    MINE = "mine", _("Mine")
    TEAM = "team", _("Team")
    POOL = "pool", _("Pool")
    CLOSED = "closed", _("Closed")


@dataclass(frozen=True)
class Scope:
    """One person at the desk of one stage in one pipeline, at one hour."""

    desk: Desk
    user: User
    sight: Sight
    pipeline: Pipeline
    pipelines: tuple[Pipeline, ...]
    now: datetime

    @property
    def house(self) -> SetUp:
        """The set-up in memory."""
        return self.sight.house or setup()

    @cached_property
    def stand_in(self) -> StandIn:
        """Nobody, who stands as this person does."""
        return stand_in(self.sight, self.pipeline)

    @property
    def anybody(self) -> Scope:
        """The same desk and pipeline for the stand-in: questions are written for them and kept."""
        nobody = self.stand_in
        return replace(self, user=nobody.user, sight=nobody.sight, pipeline=nobody.pipeline)

    @property
    def asks(self) -> tuple[Hashable, ...]:
        """By what a question for the stand-in is told from others."""
        return self.desk.stage, self.stand_in.shape

    @cached_property
    def tiers(self) -> list[Tier]:
        """The person's own tiers here at which records of the stage lie."""
        return [tier for tier in self.sight.tiers_for(self.desk.stage) if tier.pipeline_id == self.pipeline.pk]

    @cached_property
    def seat(self) -> Seat | None:
        """The person's own open seat here, from which they can take a record."""
        return next(filter(None, (self.sight.seat_at(tier.pk) for tier in self.tiers)), None)

    @property
    def can_take(self) -> bool:
        """Whether the person has a seat that may hold anything."""
        return self.seat is not None and self.seat.capacity > 0

    @cached_property
    def is_in_charge(self) -> bool:
        """Whether the person leads a tier here, or heads the pipeline."""
        return self.pipeline.pk in self.sight.headed_ids or any(tier.pk in self.sight.led_ids for tier in self.tiers)

    @property
    def views(self) -> list[View]:
        """What the person can look at here."""
        own = [View.MINE] if self.seat else []
        return [*own, *([View.TEAM] if self.is_in_charge else []), View.POOL, View.CLOSED]

    @property
    def home(self) -> View:
        """What the person looks at first: a member at their own records, who is in charge at the team's."""
        if self.seat is not None and self.seat.role == Seat.Role.LEAD and self.is_in_charge:
            return View.TEAM
        return self.views[0]

    @property
    def charge(self) -> Q:
        """The records that the person is in charge of; nothing for a member."""
        return self.desk.model.rows_of(doers(Act.REASSIGN), self.sight, only_open=True)

    @property
    def named(self) -> Q:
        """Of the records in sight, those whose client's name the person may read."""
        return self.desk.model.rows_of(readers(Part.NAME), self.sight, only_open=True)

    def rows(self, view: View) -> ConveyorQuerySet:
        """The records of one view, as far as the person may see them."""
        here = self.desk.model.objects.filter(pipeline=self.pipeline)
        if view == View.MINE:
            # Whoever holds an open record sees it: no more need be asked.
            return here.open().held_by(*self.sight.seat_ids)
        if view == View.POOL:
            # What nobody holds is seen by its tier or its pipeline; said so, it is read from the index of the pool.
            tiers = Q(tier__in=self.sight.worked_ids | self.sight.led_ids)
            headed = Q(pipeline__in=self.sight.headed_ids) if self.sight.headed else Q(pk__in=[])
            return here.open().filter(tiers | headed, seat=None, awaits_lead=False)
        rows = cast(ConveyorQuerySet, visible(self.user, here, only_open=view != View.CLOSED))
        if view == View.TEAM:
            return rows.open().filter(self.charge)
        return rows.closed()


def scope_of(request: HttpRequest, desk: Desk) -> Scope:
    """Where the person of a request stands: in the pipeline asked for, else in the one chosen last."""
    user = cast("User", request.user)  # the door has asked who it is
    sight = sight_of(user)
    pipelines = [one for one in in_sight(sight) if _is_worked(one, desk.stage, sight)]
    asked = request.GET.get("pipeline", "")
    pipeline = next((one for one in pipelines if str(one.pk) == asked), None) or chosen_of(request, pipelines)
    if pipeline is None:
        raise Http404
    return Scope(desk, user, sight, pipeline, tuple(pipelines), timezone.now())


def _is_worked(pipeline: Pipeline, stage: Stage, sight: Sight) -> bool:
    if pipeline.pk in sight.headed_ids:
        return True
    return any(tier.pipeline_id == pipeline.pk for tier in sight.tiers_for(stage))
