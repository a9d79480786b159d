from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from . import alarms


@shared_task
def watch() -> int:
    """Rings for the alarms; may be rung twice, late or at once."""
    return alarms.watch(now=hour())
