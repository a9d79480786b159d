from __future__ import annotations

from django.urls import path

from . import views

app_name = "reports"
urlpatterns = [
    path("conveyor/<int:pipeline_id>/", views.conveyor, name="conveyor"),
    path("team/<int:tier_id>/", views.team, name="team"),
    path("team/<int:tier_id>/move/", views.move, name="team-move"),
    path("team/<int:tier_id>/seats/<int:seat_id>/close/", views.close, name="team-close"),
    path("team/<int:tier_id>/seats/<int:seat_id>/open/", views.reopen, name="team-open"),
    path("team/<int:tier_id>/seats/<int:seat_id>/away/", views.away, name="team-away"),
    path("team/<int:tier_id>/absences/<int:absence_id>/back/", views.back, name="team-back"),
]
