from __future__ import annotations

from celery import shared_task

from pipeline_crm.tiers.hours import hour

from . import clearing
from . import digests as sending


@shared_task
def digests() -> dict[str, int]:
    """Rings for the digests; may be rung twice, late or at once."""
    return dict(sending.ring(now=hour()))


@shared_task
def clear() -> int:
    """Rings for the clearing of old notices and mails; may be rung twice, late or at once."""
    return clearing.clear_old(now=hour()) + clearing.clear_mails(now=hour())
