from __future__ import annotations

from django.urls import path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import received, shared
from pipeline_crm.tiers.stages import Stage

from . import views

app_name = "deals"
urlpatterns = [
    path("from-lead/<int:pk>/", views.offer, name="offer"),
    *shared(DESKS[Stage.DEAL]),
    *received(DESKS[Stage.DEAL]),
    path("<int:pk>/", views.record, name="record"),
    path("<int:pk>/touch/", views.touch, name="touch"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/lines/", views.lines, name="lines"),
    path("<int:pk>/return/", views.send_back, name="return"),
    path("<int:pk>/lose/", views.lose, name="lose"),
    path("<int:pk>/reopen/", views.reopen, name="reopen"),
]
