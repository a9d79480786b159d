from __future__ import annotations

from django.urls import path

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.urls import shared
from pipeline_crm.tiers.stages import Stage

from . import views

app_name = "leads"
urlpatterns = [
    path("new/", views.new, name="new"),
    *shared(DESKS[Stage.LEAD]),
    path("<int:pk>/", views.record, name="record"),
    path("<int:pk>/touch/", views.touch, name="touch"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/park/", views.park, name="park"),
    path("<int:pk>/contact/", views.contact, name="contact"),
    path("<int:pk>/disqualify/", views.disqualify, name="disqualify"),
    path("<int:pk>/reopen/", views.reopen, name="reopen"),
]
