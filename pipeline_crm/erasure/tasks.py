from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from .actions import run_due


@shared_task
def erasures() -> int:
    """Rings for the clients whose data are to be erased; may be rung twice, late or at once."""
    return run_due(now=hour())
