"""The addresses that the three stages have in common; each stage adds its own."""

from __future__ import annotations

from functools import partial

from django.urls import URLPattern, path

from pipeline_crm.access.gate import View, may

from . import browse, lent_pages, pages
from .desks import Desk


def at(desk: Desk, view: View) -> View:
    """A page that the stages share, behind the door of one of them."""
    return may(desk.door)(partial(view, desk=desk))


def shared(desk: Desk) -> list[URLPattern]:
    """Lists, boards and the acts that every stage knows."""
    return [
        path("", at(desk, browse.list_page), name="list"),
        path("board/", at(desk, browse.board_page), name="board"),
        path("<int:pk>/claim/", at(desk, pages.claim), name="claim"),
        path("<int:pk>/release/", at(desk, pages.release), name="release"),
        path("<int:pk>/move/", at(desk, pages.move), name="move"),
        path("<int:pk>/note/", at(desk, pages.note), name="note"),
        path("<int:pk>/task/", at(desk, pages.task), name="task"),
        path("<int:pk>/task/<int:task_id>/done/", at(desk, pages.task_done), name="task-done"),
        path("<int:pk>/reveal/", at(desk, pages.reveal), name="reveal"),
        path("<int:pk>/consent/", at(desk, pages.consent), name="consent"),
        path("<int:pk>/dial/", at(desk, pages.dial), name="dial"),
        path("<int:pk>/reassign/", at(desk, pages.reassign), name="reassign"),
        path("<int:pk>/share/", at(desk, lent_pages.share), name="share"),
        path("<int:pk>/share/<int:share_id>/end/", at(desk, lent_pages.unshare), name="unshare"),
    ]


def received(desk: Desk) -> list[URLPattern]:
    """What is done with an offer, at the stages that receive them."""
    return [
        path("<int:pk>/accept/", at(desk, pages.accept), name="accept"),
        path("<int:pk>/mark/", at(desk, pages.mark), name="mark"),
    ]
