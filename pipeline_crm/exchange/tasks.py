from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from . import exports as leaving
from .making import clear_folders, make_all


@shared_task
def exports() -> dict[str, int]:
    """Rings for the files that are to be made or to go; may be rung twice, late or at once."""
    now = hour()
    clear_folders()
    return {"cleared": leaving.clear(now=now), "made": make_all(now=now)}
