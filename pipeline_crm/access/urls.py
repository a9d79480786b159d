from __future__ import annotations

from django.urls import path

from . import break_glass, devices, entrance

app_name = "access"
urlpatterns = [
    path("join/<str:token>/", entrance.join, name="join"),
    path("glass/", break_glass.glass, name="glass"),
    path("glass/close/", break_glass.close, name="close-glass"),
    path("devices/<int:pk>/end/", devices.end, name="end-device"),
]
