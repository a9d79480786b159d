from __future__ import annotations

from django.urls import URLPattern, path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import ahead, at, received, shared
from pipeline_crm.tiers.stages import Stage

app_name = "accounts"
desk = DESKS[Stage.ACCOUNT]
urlpatterns: list[URLPattern] = [
    path("from-deal/<int:pk>/", at(DESKS[Stage.DEAL], ahead), name="win"),
    path("from-deal/<int:pk>/again/", at(DESKS[Stage.DEAL], ahead), name="offer-again"),
    *shared(desk),
    *received(desk),
    *[path(f"<int:pk>/{act}/", at(desk, ahead), name=act) for act in ("repeat", "doubt", "calm", "churn", "win-back")],
]
