from __future__ import annotations

from django.urls import path

from . import book_acts, views

app_name = "reports"
urlpatterns = [
    path("conveyor/<int:pipeline_id>/", views.conveyor, name="conveyor"),
    path("conveyor/<int:pipeline_id>/sweep/", views.whole_forecast, name="conveyor-sweep"),
    path("team/<int:tier_id>/", views.team, name="team"),
    path("team/<int:tier_id>/sweep/", views.forecast, name="team-sweep"),
    path("team/<int:tier_id>/book/", book_acts.book, name="team-book"),
    path("team/<int:tier_id>/move/", book_acts.move, name="team-move"),
    path("team/<int:tier_id>/moves/<int:move_id>/undo/", book_acts.undo, name="team-undo"),
    path("team/<int:tier_id>/seats/<int:seat_id>/close/", book_acts.close, name="team-close"),
    path("team/<int:tier_id>/seats/<int:seat_id>/open/", views.reopen, name="team-open"),
    path("team/<int:tier_id>/seats/<int:seat_id>/away/", book_acts.away, name="team-away"),
    path("team/<int:tier_id>/seats/<int:seat_id>/pause/", views.pause, name="team-pause"),
    path("team/<int:tier_id>/seats/<int:seat_id>/resume/", views.resume, name="team-resume"),
    path("team/<int:tier_id>/absences/<int:absence_id>/back/", book_acts.back, name="team-back"),
]
