"""The pages that one person opens all day: my work, search, notices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.gate import may

from .choices import back


@may("self")
@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """What this person should do now."""
    return render(request, "workbench/my_work.html", {})


@may("self")
@require_POST
def take_next(request: HttpRequest, tier_id: int, stage: str) -> HttpResponse:
    """Takes the most urgent record of a pool and opens it."""
    return back(request)


@may("self")
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Looks for a client among the records in full view."""
    return render(request, "workbench/my_work.html", {})


@may("self")
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """What happened to this person's records."""
    return render(request, "workbench/my_work.html", {})


@may("self")
@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Marks every notice as read."""
    return back(request)
