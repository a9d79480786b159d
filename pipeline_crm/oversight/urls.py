from __future__ import annotations

from django.urls import path

from . import views

app_name = "oversight"
urlpatterns = [
    path("alarms/", views.alarms, name="alarms"),
    path("journal/", views.journal, name="journal"),
    path("traps/", views.lay, name="lay"),
    path("traps/<int:client>/take-up/", views.take_up, name="take-up"),
]
