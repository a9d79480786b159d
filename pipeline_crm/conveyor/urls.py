"""The addresses that the three stages have in common; each stage adds its own."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from pipeline_crm.access.gate import View, may

from .desks import Desk

SHARED_ACTS = ("claim", "release", "move", "note", "task", "reveal", "reassign")


def ahead(request: HttpRequest, **_where: object) -> HttpResponse:
    """Stands at an address until its page is written."""
    raise Http404


def at(desk: Desk, view: View) -> View:
    """A page that the stages share, behind the door of one of them."""
    return may(desk.door)(partial(view, desk=desk))


def shared(desk: Desk) -> list[URLPattern]:
    """Lists, boards and the acts that every stage knows."""
    return [
        path("", at(desk, ahead), name="list"),
        path("board/", at(desk, ahead), name="board"),
        path("<int:pk>/", at(desk, ahead), name="record"),
        *[path(f"<int:pk>/{act}/", at(desk, ahead), name=act) for act in SHARED_ACTS],
        path("<int:pk>/task/<int:task_id>/done/", at(desk, ahead), name="task-done"),
        path("<int:pk>/touch/", at(desk, ahead), name="touch"),
        path("<int:pk>/edit/", at(desk, ahead), name="edit"),
    ]


def received(desk: Desk) -> list[URLPattern]:
    """What is done with an offer, at the stages that receive them."""
    return [path(f"<int:pk>/{act}/", at(desk, ahead), name=act) for act in ("accept", "return", "mark")]
