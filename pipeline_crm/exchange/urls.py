from __future__ import annotations

from django.urls import path

from . import views

app_name = "exchange"
urlpatterns = [
    path("", views.exports, name="exports"),
    path("new/<str:stage>/", views.new, name="new"),
    path("<uuid:key>/", views.export, name="export"),
    path("<uuid:key>/approve/", views.approve, name="approve"),
    path("<uuid:key>/refuse/", views.refuse, name="refuse"),
    path("<uuid:key>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:key>/make/", views.make_now, name="make"),
    path("<uuid:key>/file/", views.fetch, name="fetch"),
]
