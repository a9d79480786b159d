"""Builds as a careless programmer would have made them; the matrix must catch each, or it proves nothing.

Row-level security would stop most of them by itself: it sleeps meanwhile, so that it is the matrix that rings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from pipeline_crm import identity
from pipeline_crm.access import middleware, sight
from pipeline_crm.access.policy import Relation
from pipeline_crm.conveyor import answers, books, pages, records
from pipeline_crm.conveyor.moves import hold, record
from pipeline_crm.conveyor.rota import held_seat
from pipeline_crm.reports import book_acts
from pipeline_crm.tiers.models import Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.users.backends import SignInBackend

Put = pytest.MonkeyPatch


@dataclass(frozen=True)
class Build:
    """What is careless, and the one cell in which it must show: a table, at whose, how and what, by whom, and the word."""

    put: Callable[[Put], None]
    table: str
    subject: str
    method: str
    name: str
    who: str
    word: str
    changes: bool = False  # whether something stays written although the word is a denial


def put_to_sleep(put: Put) -> None:
    """The second wall takes everybody for the conveyor itself."""
    put.setattr(identity, "WEB", identity.SYSTEM)


def _no_scope(put: Put) -> None:
    def reach_record(_user: Any, model: Any, pk: int, *_related: str, **_how: Any) -> Any:
        return get_object_or_404(model.objects.select_related("client"), pk=pk)

    put.setattr(answers, "reach_record", reach_record)


def _write_then_authorise(put: Put) -> None:
    honest = pages.meet_in_full

    def meet_in_full(request: Any, model: Any, pk: int, *related: str) -> Any:
        if request.method == "POST":
            act = pages.doing(request)
            item = hold(model, pk, by=None, now=act["now"])
            record(item, kind="note", by=act["by"], now=act["now"], text=request.POST.get("text", ""))
        return honest(request, model, pk, *related)

    put.setattr(pages, "meet_in_full", meet_in_full)


def _seeing_is_doing(put: Put) -> None:
    """Whoever reaches a record may do everything with it."""
    put.setattr(records.ConveyorItem, "allows", lambda *_words: True)


def _hidden_is_not_absent(put: Put) -> None:
    honest = answers.reach_record

    def reach_record(user: Any, model: Any, pk: int, *related: str, **how: Any) -> Any:
        try:
            return honest(user, model, pk, *related, **how)
        except Http404 as hidden:
            if model.objects.filter(pk=pk).exists():
                raise PermissionDenied from hidden
            raise

    put.setattr(answers, "reach_record", reach_record)


def _bulk_without_a_look(put: Put) -> None:
    put.setattr(book_acts, "steered_tier", lambda _request, tier_id: get_object_or_404(Tier, pk=tier_id))
    put.setattr(books, "seat_in_charge", lambda seat_id, **_by: held_seat(seat_id))


def _who_left_stays(put: Put) -> None:
    """The session of somebody who was dismissed goes on, and so does what they were granted."""
    put.setattr(SignInBackend, "user_can_authenticate", lambda *_words: True)
    put.setattr(middleware, "read_sight", lambda user, **_stamp: sight._read(user, setup()))


def _everybody_heads(put: Put) -> None:
    """What somebody is to a record is mistaken: of two pipelines the other one's scout is taken for a head of both."""
    put.setattr(records.ConveyorItem, "relations", lambda *_words: frozenset({Relation.HEADED}))


def _never_ends(put: Put) -> None:
    """A share is thought to last until the sweep ends it."""
    put.setattr(sight, "_until_now", lambda kept: kept)


BUILDS: dict[str, Build] = {
    "a view without scope": Build(_no_scope, "leads", "foreign", "GET", "record", "tess", "200"),
    "writes, then authorises": Build(
        _write_then_authorise, "leads", "handed", "POST", "note", "sam", "-", changes=True
    ),
    "seeing is doing": Build(_seeing_is_doing, "leads", "mine", "POST", "reassign", "sam", "303"),
    "hidden is not absent": Build(_hidden_is_not_absent, "deals", "hanas", "GET", "record", "hal", "403"),
    "bulk without a look": Build(_bulk_without_a_look, "team", "hunters", "POST", "team-move", "lena", "303"),
    "who left stays": Build(_who_left_stays, "leads", "gones", "GET", "record", "gone", "200"),
    "a share that never ends": Build(_never_ends, "leads", "overdue", "GET", "record", "sue", "200"),
    "everybody heads": Build(_everybody_heads, "leads", "pooled", "POST", "reveal", "sam", "303"),
}
