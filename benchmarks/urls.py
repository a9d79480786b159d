"""The project's addresses, and the floor beside them."""

from __future__ import annotations

from django.urls import include, path

from .floor import floor

urlpatterns = [path("floor/", floor), path("", include("pipeline_crm.urls"))]
