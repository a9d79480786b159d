from __future__ import annotations

from django.urls import path

from . import devices, entrance

app_name = "access"
urlpatterns = [
    path("join/<str:token>/", entrance.join, name="join"),
    path("devices/<int:pk>/end/", devices.end, name="end-device"),
]
