from __future__ import annotations

from django.urls import path

from . import views
from .sight_page import who_sees_page
from .view_as import stop_viewing, view_as

app_name = "oversight"
urlpatterns = [
    path("alarms/", views.alarms, name="alarms"),
    path("journal/", views.journal, name="journal"),
    path("sight/<str:stage>/<int:pk>/", who_sees_page, name="who-sees"),
    path("view-as/", view_as, name="view-as"),
    path("view-as/stop/", stop_viewing, name="stop-viewing"),
    path("traps/", views.lay, name="lay"),
    path("traps/<int:client>/take-up/", views.take_up, name="take-up"),
]
