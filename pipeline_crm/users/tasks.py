from __future__ import annotations

from celery import shared_task

from . import sessions


@shared_task
def clear_sessions() -> int:
    """Rings for the clearing of ended sessions; may be rung twice, late or at once."""
    return sessions.clear_ended()
