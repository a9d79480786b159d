from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from . import sweep as sweeping


@shared_task
def sweep() -> dict[str, int]:
    """Rings the sweep; may be rung twice, late or at once."""
    return dict(sweeping.sweep(now=hour()))
