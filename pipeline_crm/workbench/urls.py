from __future__ import annotations

from django.urls import path

from . import breaks, choices, views
from .bell import bell
from .notice_choice import notice_choice

app_name = "workbench"
urlpatterns = [
    path("", views.my_work, name="my-work"),
    path("take-next/<int:tier_id>/<str:stage>/", views.take_next, name="take-next"),
    path("pause/", breaks.pause, name="pause"),
    path("resume/", breaks.resume, name="resume"),
    path("find/", views.find, name="find"),
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", bell, name="bell"),
    path("notices/choice/", notice_choice, name="notice-choice"),
    path("notices/read/", views.read_notices, name="read-notices"),
    path("language/", choices.language, name="language"),
    path("theme/", choices.theme, name="theme"),
    path("pipeline/<int:pk>/", choices.pipeline, name="pipeline"),
]
