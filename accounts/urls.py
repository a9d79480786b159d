from __future__ import annotations

from django.urls import path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import received, shared
from pipeline_crm.tiers.stages import Stage

from . import views

app_name = "accounts"
urlpatterns = [
    path("from-deal/<int:pk>/", views.win, name="win"),
    path("from-deal/<int:pk>/again/", views.offer_again, name="offer-again"),
    *shared(DESKS[Stage.ACCOUNT]),
    *received(DESKS[Stage.ACCOUNT]),
    path("<int:pk>/", views.record, name="record"),
    path("<int:pk>/touch/", views.touch, name="touch"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/return/", views.send_back, name="return"),
    path("<int:pk>/repeat/", views.repeat, name="repeat"),
    path("<int:pk>/doubt/", views.doubt, name="doubt"),
    path("<int:pk>/calm/", views.calm, name="calm"),
    path("<int:pk>/churn/", views.churn, name="churn"),
    path("<int:pk>/win-back/", views.win_back, name="win-back"),
]
