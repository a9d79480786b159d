"""The page of one record: everything its reader may know of the client, in one frame for the three stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.clients.contacts import mask_email, mask_phone, show_phone
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline import reading
from pipeline_crm.timeline.models import Task

from .actions import clients_revealed_today
from .answers import Request, note_inspection
from .cards import house_of, wanted_by
from .clocks import ladder_of, running
from .desks import DESKS, Desk
from .faces import Link, clock_face
from .forms import MarkForm, NoteForm, ReassignForm, TaskForm
from .hands import spells, stays, walk
from .loads import load_of
from .models import HandOff
from .records import BELT, ConveyorItem, Openness
from .riding import ride, told_clock
from .why import why_this_owner

REVEALED = "revealed"  # the session's note that the next page shows one contact in full
DONE_TASKS, MOST_TASKS = 3, 50


@dataclass(frozen=True)
class Standing:
    """What the reader is to this record."""

    holds: bool
    steers: bool
    works: bool
    takes: bool
    only_offered: bool
    full: bool


def standing(item: ConveyorItem, sight: Sight) -> Standing:
    """Whether the reader holds the record, steers its tier, may work, take or answer it now."""
    holds, steers = item.seat_id in sight.seat_ids, sight.supervises(item.tier)
    offered = item.state == "offered"
    return Standing(
        holds=holds,
        steers=steers,
        works=item.is_open and (holds or steers) and (steers or not offered),
        takes=item.in_pool and sight.seat_at(item.tier_id) is not None and (item.tier.cherry_picking or steers),
        only_offered=offered,
        full=item.openness(sight) is Openness.FULL,
    )


def show(request: Request, item: ConveyorItem, template: str, **more: Any) -> HttpResponse:
    """The page of a record: hidden in the pool, a name and a brief in an offer, everything to its own people."""
    sight, now = sight_of(request.user), timezone.now()
    openness, desk = item.openness(sight), DESKS[item.stage]
    told: dict[str, Any] = {
        "item": item,
        "desk": desk,
        "can": standing(item, sight),
        "wanted": wanted_by(item),
        "state_word": _("%(stage)s, %(state)s") % {"stage": item.stage.label, "state": item.get_state_display()},
        "clock": told_clock(item, now=now),
        "back": desk.url("list"),
        "facts_template": f"{desk.namespace}/facts.html",
        "now": now,
    }
    if openness is Openness.HIDDEN:
        answer = render(request, "belt/record_pool.html", told)
    elif openness is Openness.NAMED:
        answer = render(request, "belt/record_offer.html", told | _offer(item, house_of(sight), now=now) | more)
    else:
        note_inspection(request, item)
        answer = render(request, template, told | _everything(request, item, sight, now=now) | more)
    # A page with a client's data is not kept where the next person at this computer finds it.
    add_never_cache_headers(answer)
    return answer


# An offer --------------------------------------------------------------------------------------------------------


def _offer(item: ConveyorItem, house: SetUp, *, now: datetime) -> dict[str, Any]:
    handoffs = handoffs_of(item, item.trail(), house)
    offer = next((each for each in handoffs if each.to_id == item.pk and each.state == HandOff.State.OFFERED), None)
    seat = item.seat
    return {
        "offer": offer,
        "before": Stage(offer.from_stage) if offer else None,
        "face": clock_face(item.due_at, item.clock_since, now, item.clock),
        "load": load_of([seat.pk])[seat.pk] if seat else 0,
        "first_touch": (item.tier.first_touch_minutes or 0) * 60,
    }


def handoffs_of(item: ConveyorItem, trail: reading.Trail, house: SetUp) -> list[HandOff]:
    """The crossings by which the client came here, and those by which this record was handed on; the newest first."""
    here = Q(from_stage=item.stage, from_id=item.pk)
    for stage, ids in trail.items():
        here |= Q(to_stage=stage, to_id__in=ids)
    handoffs = list(HandOff.objects.filter(here).order_by("-id")[:100])
    for each in handoffs:
        given: dict[str, Any] = {
            "giver": house.seats.get(each.giver_id or 0),
            "receiver": house.seats.get(each.receiver_id or 0),
        }
        given |= {"reason": house.reasons.get(each.reason_id or 0), "from_tier": house.tiers.get(each.from_tier_id)}
        each._state.fields_cache.update({name: found for name, found in given.items() if found is not None})
    return handoffs


# Everything ------------------------------------------------------------------------------------------------------


def _everything(request: Request, item: ConveyorItem, sight: Sight, *, now: datetime) -> dict[str, Any]:
    trail, desk = item.trail(), DESKS[item.stage]
    handoffs, moves = handoffs_of(item, trail, house_of(sight)), walk(trail)
    steps = [step for step in item.pipeline.steps.all() if step.stage == item.stage]
    can = standing(item, sight)
    return {
        "belt": ride(
            item,
            handoffs=handoffs,
            stays=stays(moves, now=now),
            steps=steps,
            name=item.client.name,
            mine=can.holds,
            now=now,
        ),
        "hands": spells(moves, now=now),
        "why": why_this_owner(item, house_of(sight)) if item.is_open and (can.holds or can.steers) else None,
        "steps": steps,
        "next_step": _next_step(item, steps),
        **_contact(request, item, now=now),
        **_briefs(item, handoffs, can),
        "goes_on": _goes_on(request, item, handoffs),
        **_history(request, item, trail, handoffs, desk),
        **_clocks(item, now=now),
        **_tasks(item, now=now),
        **_forms(item, can),
    }


def _next_step(item: ConveyorItem, steps: Sequence[Step]) -> Step | None:
    places = [step.pk for step in steps]
    if item.step_id not in places:
        return None
    after = places.index(item.step_id) + 1
    return steps[after] if after < len(steps) else None


def _forms(item: ConveyorItem, can: Standing) -> dict[str, Any]:
    forms: dict[str, Any] = {"note": NoteForm(item=item)}
    if can.works:
        forms["task"] = TaskForm(item=item)
    if can.steers and item.is_open:
        forms["reassign"] = ReassignForm(item=item)
    return forms


# Contact and brief -----------------------------------------------------------------------------------------------


def _contact(request: Request, item: ConveyorItem, *, now: datetime) -> dict[str, Any]:
    """Masked, unless the person has just asked to see it in full."""
    in_full = request.session.get(REVEALED) == [item.stage, item.pk]
    if in_full:
        del request.session[REVEALED]
    points = list(item.client.contact_points.all())
    phones = [point.value for point in points if point.kind == ContactPoint.Kind.PHONE]
    emails = [point.value for point in points if point.kind == ContactPoint.Kind.EMAIL]
    country = item.pipeline.country
    return {
        "in_full": in_full,
        "phones": [(phone, show_phone(phone, country)) if in_full else ("", mask_phone(phone)) for phone in phones],
        "emails": [(email, email) if in_full else ("", mask_email(email)) for email in emails],
        "opened": len(clients_revealed_today(request.user, item, now)),
        "open_limit": item.pipeline.reveals_per_day,
    }


def _briefs(item: ConveyorItem, handoffs: Sequence[HandOff], can: Standing) -> dict[str, Any]:
    """The brief by which the client came, and the last return if it still calls for something."""
    came = [each for each in handoffs if (each.to_stage, each.to_id) == (item.stage, item.pk)]
    gone = [each for each in handoffs if (each.from_stage, each.from_id) == (item.stage, item.pk)]
    brief, last = next(iter(came), None), next(iter(gone), None)
    marks = brief is not None and brief.state == HandOff.State.ACCEPTED and brief.crosses_tiers and can.holds
    return {
        "brief": brief,
        "mark": MarkForm(item=item) if marks else None,
        "handed_on": last,
        "came_back": last if last is not None and last.state == HandOff.State.RETURNED else None,
        "came_back_matters": item.is_open or item.state == "won",
    }


def _goes_on(request: Request, item: ConveyorItem, handoffs: Sequence[HandOff]) -> Link | None:
    """The record that the client went on to, for readers who see that one, too."""
    gone = next((each for each in handoffs if (each.from_stage, each.from_id) == (item.stage, item.pk)), None)
    if gone is None or gone.state == HandOff.State.RETURNED:
        return None
    stage = Stage(gone.to_stage)
    if not visible(request.user, BELT[stage].objects.filter(pk=gone.to_id)).exists():
        return None
    return Link(DESKS[stage].url("record", gone.to_id), str(stage.label))


# Clocks and tasks ------------------------------------------------------------------------------------------------


def _clocks(item: ConveyorItem, *, now: datetime) -> dict[str, Any]:
    clocks = [
        (capfirst(str(run.clock.label)), clock_face(run.due, run.since, now, run.clock, item.parked_until()))
        for run in sorted(running(item), key=lambda run: run.due)
    ]
    acts = dict.fromkeys(str(rung.get_act_display()) for rung in ladder_of(item.tier) if rung.delay_minutes >= 0)
    then = _("If it runs out: %(acts)s.") % {"acts": (", " + _("then") + " ").join(acts)} if clocks and acts else ""
    return {"clocks": clocks, "then": then}


def _tasks(item: ConveyorItem, *, now: datetime) -> dict[str, Any]:
    of_record = Task.objects.filter(stage=item.stage, record_id=item.pk)
    to_do = list(of_record.filter(done_at=None).order_by("due_at", "id")[: MOST_TASKS + 1])
    ticked = of_record.filter(done_at__isnull=False).order_by(F("done_at").desc(), "-id")[:DONE_TASKS]
    return {"tasks": to_do[:MOST_TASKS], "more_tasks": len(to_do) > MOST_TASKS, "done_tasks": list(ticked)}


# History ---------------------------------------------------------------------------------------------------------


def _history(
    request: Request, item: ConveyorItem, trail: reading.Trail, handoffs: Sequence[HandOff], desk: Desk
) -> dict[str, Any]:
    asked = request.GET.get("show", "")
    show_kind: reading.Kind = asked if asked in reading.SHOWN else "all"
    known = reading.Knowledge(
        came_from={(each.to_stage, each.to_id): each.from_stage for each in handoffs},
        remarks=_remarks(handoffs),
        word_for=field_word,
    )
    before, house = reading.Mark.parse(request.GET.get("before", "")), house_of(sight_of(request.user))
    page = reading.read(trail, show=show_kind, before=before, known=known, house=house)
    words = {"all": _("All"), "touches": _("Touches"), "movements": _("Movements"), "notes": _("Notes")}
    address = desk.url("record", item.pk)
    return {
        "history": page,
        "show": show_kind,
        "is_later_page": bool(request.GET.get("before")),
        "filters": [
            Link(f"{address}?show={kind}#timeline", word, current=kind == show_kind) for kind, word in words.items()
        ],
    }


def _remarks(handoffs: Sequence[HandOff]) -> dict[tuple[str, int, datetime], str]:
    """What was said at each return, for the lines of both records."""
    told: dict[tuple[str, int, datetime], str] = {}
    for each in handoffs:
        if each.state != HandOff.State.RETURNED or each.answered_at is None:
            continue
        words = ": ".join(part for part in (str(each.reason), each.comment) if part)
        told[each.from_stage, each.from_id, each.answered_at] = words
        told[each.to_stage, each.to_id, each.answered_at] = words
    return told


def field_word(stage: str, name: str) -> str:
    """The word for a field of a record or of its client, in the reader's language."""
    for model in (BELT[Stage(stage)], Client):
        named = [field for field in model._meta.get_fields() if field.name == name]
        if named:
            return str(getattr(named[0], "verbose_name", name))
    return name
