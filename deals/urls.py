from __future__ import annotations

from django.urls import URLPattern, path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import ahead, at, received, shared
from pipeline_crm.tiers.stages import Stage

app_name = "deals"
desk = DESKS[Stage.DEAL]
urlpatterns: list[URLPattern] = [
    path("from-lead/<int:pk>/", at(DESKS[Stage.LEAD], ahead), name="offer"),
    *shared(desk),
    *received(desk),
    *[path(f"<int:pk>/{act}/", at(desk, ahead), name=act) for act in ("lose", "reopen", "lines")],
]
