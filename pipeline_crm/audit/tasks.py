from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from . import anchors


@shared_task
def anchor() -> None:
    """Rings for an anchor; may be rung twice, late or at once."""
    anchors.anchor(now=hour())
