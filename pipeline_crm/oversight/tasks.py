from __future__ import annotations

from celery import shared_task

from pipeline_crm.access.identity import system_scope
from pipeline_crm.audit import anchors
from pipeline_crm.tiers.hours import hour

from . import alarms


@shared_task
def watch() -> int:
    """Rings for the alarms; may be rung twice, late or at once."""
    return alarms.watch(now=hour())


@shared_task
def anchor() -> None:
    """Rings for an anchor of the journal; may be rung twice, late or at once."""
    with system_scope("the ends of everybody's chains are sealed"):
        anchors.anchor(now=hour())
