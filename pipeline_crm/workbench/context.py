"""The frame of every page: who is here, on which desk, what waits at the joints. Drawn only when a whole page is."""

from __future__ import annotations

from typing import Any

from django.utils.functional import SimpleLazyObject

from pipeline_crm.conveyor.answers import Request

from .frames import frame_of


def frame(request: Request) -> dict[str, Any]:
    """The context processor; a fragment that never looks at the frame costs nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "is_unproven", False):
        return {}
    return {"frame": SimpleLazyObject(lambda: frame_of(request))}
