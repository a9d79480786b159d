from __future__ import annotations

from django.urls import URLPattern, path

from pipeline_crm.access.gate import may
from pipeline_crm.conveyor.urls import ahead

app_name = "reports"
urlpatterns: list[URLPattern] = [
    path("team/<int:tier_id>/", may("tier.lead")(ahead), name="team"),
    path("conveyor/<int:pipeline_id>/", may("pipeline.numbers")(ahead), name="conveyor"),
]
