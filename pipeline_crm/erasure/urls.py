from __future__ import annotations

from django.urls import path

from . import views

app_name = "erasure"
urlpatterns = [
    path("", views.requests, name="requests"),
    path("<str:stage>/<int:pk>/", views.person, name="person"),
    path("<str:stage>/<int:pk>/erase/", views.erase, name="erase"),
    path("<str:stage>/<int:pk>/copy/", views.copy, name="copy"),
    path("<uuid:key>/", views.act, name="act"),
    path("<uuid:key>/stop/", views.stop, name="stop"),
]
