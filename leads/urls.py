from __future__ import annotations

from django.urls import URLPattern, path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import ahead, at, shared
from pipeline_crm.tiers.stages import Stage

app_name = "leads"
desk = DESKS[Stage.LEAD]
urlpatterns: list[URLPattern] = [
    path("new/", at(desk, ahead), name="new"),
    *shared(desk),
    *[path(f"<int:pk>/{act}/", at(desk, ahead), name=act) for act in ("park", "contact", "disqualify", "reopen")],
]
