"""Leads that come by themselves, and what was decided about them."""

from __future__ import annotations

from collections import Counter

from leads import actions as scouting
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.timeline.models import Movement
from tests.cast import MONDAY, make_enquiry


def come(pipeline, *, now=MONDAY, times=1, **fields):
    """Leads that come by themselves, as from a web form."""
    home = Pipeline.objects.get(pk=pipeline.pk)
    return [scouting.capture(home, make_enquiry(**fields), by=None, now=now).item for _each in range(times)]


def shared(leads):
    return Counter(lead.seat for lead in leads)


def why(item):
    return Movement.objects.filter(stage=item.stage, record_id=item.pk).latest("version").why


def tier_of(seat, **settings):
    Tier.objects.filter(pk=seat.tier_id).update(**settings)


def change(seat, **fields):
    Seat.objects.filter(pk=seat.pk).update(**fields)
