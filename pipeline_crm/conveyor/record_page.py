"""The page of one record: everything its reader may know of the client, in one frame for the three stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import heads
from pipeline_crm.access.gate import visible
from pipeline_crm.access.policy import Act
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline import reading

from . import lent_panel, opening, panels, telephony
from .answers import Request, note_inspection, note_look
from .cards import house_of, wanted_by
from .clocks import ladder_of, running
from .desks import DESKS
from .faces import Link, clock_face
from .folder import MOST_TASKS, Folder, Own, handoffs_of, open_folder
from .forms import ActForm, NoteForm
from .hands import spells, stays
from .loads import load_of
from .models import HandOff
from .printed import Press, marks
from .records import BELT, OFFERED, ConveyorItem, Openness
from .riding import ride, told_clock
from .why import Why, why_by, why_this_owner
from .words import reader as language

REVEALED = "revealed"  # the session's note that the next page shows one contact in full
Facts = Callable[[Any], Sequence[panels.Fact]]


@dataclass(frozen=True)
class Standing:
    """What the reader is to this record."""

    holds: bool
    steers: bool
    works: bool
    closes: bool
    shares: bool
    takes: bool
    only_offered: bool
    full: bool


def standing(item: ConveyorItem, sight: Sight) -> Standing:
    """Whether the reader holds the record, steers its tier, may work, take or answer it now."""
    steers = sight.supervises(item.tier)
    return Standing(
        holds=item.seat_id in sight.seat_ids,
        steers=steers,
        works=item.allows(Act.WORK, sight),
        closes=item.allows(Act.CLOSE, sight),
        shares=item.allows(Act.SHARE, sight) and item.seat_id is not None and item.state != OFFERED,
        takes=item.allows(Act.TAKE, sight) and (item.tier.cherry_picking or steers),
        only_offered=item.state == OFFERED,
        full=item.openness(sight) is Openness.FULL,
    )


def show(
    request: Request,
    item: ConveyorItem,
    template: str,
    *,
    touch: type[ActForm],
    known: Facts,
    own: Own | None = None,
    send_back: type[ActForm] | None = None,
    **more: Any,
) -> HttpResponse:
    """The page of a record: hidden in the pool, a name and a brief in an offer, everything to its own people.

    `known` tells what the stage knows besides the client, `own` what it asks of the database; `send_back` is the form by
    which the client can be returned, where that can be done.
    """
    sight, now = sight_of(request.user), timezone.now()
    openness, desk = item.openness(sight), DESKS[item.stage]
    press = Press(item, house_of(sight), here=request.path, token=get_token(request))
    note_look(request.user, item, openness, now=now)
    told: dict[str, Any] = {
        "item": item,
        "can": standing(item, sight),
        "wanted": wanted_by(item),
        "state_word": _("%(stage)s, %(state)s") % {"stage": item.stage.label, "state": item.get_state_display()},
        "back": desk.url("list"),
        "press": press,
    }
    if openness is Openness.HIDDEN:
        answer = render(request, "belt/record_pool.html", told | {"clock": told_clock(item, now=now)})
    elif openness is Openness.NAMED:
        answer = render(request, "belt/record_offer.html", told | _offer(press, send_back, now=now) | more)
    else:
        note_inspection(request, item)
        folder = open_folder(item, user_id=request.user.pk, house=press.house, now=now, own=own)
        reader = Reader(request, press, folder, told["can"], now)
        answer = render(request, template, told | _everything(reader, touch, send_back, known(item)) | more)
    # A page with a client's data is not kept where the next person at this computer finds it.
    add_never_cache_headers(answer)
    return answer


# An offer --------------------------------------------------------------------------------------------------------


def _offer(press: Press, send_back: type[ActForm] | None, *, now: datetime) -> dict[str, Any]:
    item = press.item
    handoffs = handoffs_of(item, item.trail(), press.house)
    offer = next((each for each in handoffs if each.to_id == item.pk and each.state == HandOff.State.OFFERED), None)
    seat = item.seat
    return {
        "offer": offer,
        "offer_facts": SafeString(panels.brief_facts(offer)) if offer else "",
        "before": Stage(offer.from_stage) if offer else None,
        "face": clock_face(item.due_at, item.clock_since, now, item.clock),
        "load": load_of([seat.pk])[seat.pk] if seat else 0,
        "first_touch": (item.tier.first_touch_minutes or 0) * 60,
        "return_form": press.print(send_back, "belt/record_return.html") if send_back is not None else "",
    }


# Everything ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads which record now, and all that was found about it."""

    request: Request
    press: Press
    folder: Folder
    can: Standing
    now: datetime

    @property
    def item(self) -> ConveyorItem:
        """The record."""
        return self.press.item


def _everything(
    reader: Reader, touch: type[ActForm], send_back: type[ActForm] | None, known: Sequence[panels.Fact]
) -> dict[str, Any]:
    item, can, press, now = reader.item, reader.can, reader.press, reader.now
    moves = reader.folder.steps(press.house)
    steps = [step for step in item.pipeline.steps.all() if step.stage == item.stage]
    contact, history, hands = _contact(reader), _history(reader), spells(moves, now=now)
    belt = ride(
        item,
        handoffs=reader.folder.handoffs,
        stays=stays(moves, now=now),
        steps=steps,
        name=item.client.name,
        mine=can.holds,
        now=now,
    )
    why = _why(reader) if item.is_open and (can.holds or can.steers) else None
    return {
        "belt": belt,
        **reader.folder.own,
        "call": panels.call(press, contact),
        "to_next": panels.to_next(press, _next_step(item, steps)),
        "more": _more(reader, steps, send_back),
        "contact_panel": panels.contact(
            press, contact, known, works=can.works, asks=_of_head(reader, "erasure:person")
        ),
        "log_panel": press.print(touch, "belt/record_log.html") if can.works else "",
        "history": history,
        "timeline_panel": _timeline(reader, history),
        "clocks_panel": _clocks(item, now=now),
        "tasks_panel": _tasks(reader),
        "hands": hands,
        "hands_panel": panels.hands(
            press, hands, why, moves=can.steers and item.is_open, sight=_of_head(reader, "oversight:who-sees")
        ),
        **_shares(reader),
        **_briefs(reader),
    }


def _shares(reader: Reader) -> dict[str, SafeString]:
    """With whom the record is shared, for its owner and those in charge; until when, for whoever borrows it."""
    can, item, now = reader.can, reader.item, reader.now
    told = can.holds or can.steers
    shares = lent_panel.shared(reader.press, reader.folder.shares, shares_it=can.shares, now=now) if told else ""
    loan = None if told else sight_of(reader.request.user).loan_of(item.stage, item.pk)
    return {
        "shared_panel": SafeString(shares),
        "borrowed": lent_panel.borrowed(loan.until, now=now) if loan else SafeString(""),
    }


def _more(reader: Reader, steps: Sequence[Step], send_back: type[ActForm] | None) -> SafeString:
    can = reader.can
    back = str(send_back.heading) if send_back is not None and can.closes else ""
    return panels.more(reader.press, [] if can.only_offered else steps, back, releases=can.closes)


def _why(reader: Reader) -> Why | None:
    item, house = reader.item, reader.press.house
    return why_by(reader.folder.moves, item, house) if reader.folder.whole else why_this_owner(item, house)


def _next_step(item: ConveyorItem, steps: Sequence[Step]) -> Step | None:
    places = [step.pk for step in steps]
    if item.step_id not in places:
        return None
    after = places.index(item.step_id) + 1
    return steps[after] if after < len(steps) else None


def _of_head(reader: Reader, page: str) -> str:
    """Where the head of sales asks more about the record, such as what its client asks of the firm; nothing for others."""
    if not heads(sight_of(reader.request.user), reader.item.pipeline_id):
        return ""
    return reverse(page, args=[reader.item.stage, reader.item.pk])


# Contact and brief -----------------------------------------------------------------------------------------------


def _contact(reader: Reader) -> panels.Contact:
    """Masked, unless the person has just asked to see it in full."""
    item, in_full = reader.item, _is_in_full(reader)
    masked = [opening.Opened(kind, "", "", mask) for kind, mask in reader.folder.points]
    points = opening.opened(item) if in_full else masked
    return _reach(reader.request, item, points, in_full=in_full, opened=reader.folder.revealed)


def _is_in_full(reader: Reader) -> bool:
    """Whether the person has just asked for it; true once."""
    session, here = reader.request.session, [reader.item.stage, reader.item.pk]
    in_full: bool = session.get(REVEALED) == here
    if in_full:
        del session[REVEALED]
    return in_full


def contact_in_full(request: Request, item: ConveyorItem, *, now: datetime) -> SafeString:
    """The place of the contact on the page, open: for somebody whose asking was just written down."""
    counted = len(opening.clients_revealed_today(request.user, item, now))
    here = DESKS[item.stage].url("record", item.pk)
    press = Press(item, house_of(sight_of(request.user)), here=here, token=get_token(request))
    return panels.reach(press, _reach(request, item, opening.opened(item), in_full=True, opened=counted))


def _reach(
    request: Request, item: ConveyorItem, points: Sequence[opening.Opened], *, in_full: bool, opened: int
) -> panels.Contact:
    return panels.Contact(
        in_full=in_full,
        phones=[point for point in points if point.kind == ContactPoint.Kind.PHONE],
        emails=[point for point in points if point.kind == ContactPoint.Kind.EMAIL],
        opened=opened,
        limit=item.pipeline.reveals_per_day,
        shows=not opening.keeps_digits(item, sight_of(request.user)),
        rings=telephony.is_connected(),
    )


def _briefs(reader: Reader) -> dict[str, Any]:
    """The brief by which the client came, the last return if it still calls for something, and where the client went."""
    item, now = reader.item, reader.now
    handoffs, here = reader.folder.handoffs, (item.stage, item.pk)
    came = [each for each in handoffs if (each.to_stage, each.to_id) == here]
    gone = [each for each in handoffs if (each.from_stage, each.from_id) == here]
    brief, last = next(iter(came), None), next(iter(gone), None)
    marks_it = brief and brief.state == HandOff.State.ACCEPTED and brief.crosses_tiers and reader.can.holds
    marking = marks(language(), brief.mark) if brief is not None and marks_it else ""
    came_back = last if last is not None and last.state == HandOff.State.RETURNED else None
    on = _goes_on(reader.request, last)
    return {
        "brief_panel": panels.brief(reader.press, brief, marking, now=now) if brief is not None else "",
        "came_back": came_back,
        "returned": panels.returned(came_back, now=now) if came_back and (item.is_open or item.state == "won") else "",
        "gone_on": panels.gone_on(on) if on is not None else "",
    }


def _goes_on(request: Request, gone: HandOff | None) -> Link | None:
    """The record that the client went on to, for readers who see that one, too."""
    if gone is None or gone.state == HandOff.State.RETURNED:
        return None
    stage = Stage(gone.to_stage)
    if not visible(request.user, BELT[stage].objects.filter(pk=gone.to_id)).exists():
        return None
    return Link(DESKS[stage].url("record", gone.to_id), str(stage.label))


# Clocks and tasks ------------------------------------------------------------------------------------------------


def _clocks(item: ConveyorItem, *, now: datetime) -> SafeString:
    clocks = [
        (capfirst(str(run.clock.label)), clock_face(run.due, run.since, now, run.clock, item.parked_until()))
        for run in sorted(running(item), key=lambda run: run.due)
    ]
    acts = dict.fromkeys(str(rung.get_act_display()) for rung in ladder_of(item.tier) if rung.delay_minutes >= 0)
    then = _("If it runs out: %(acts)s.") % {"acts": (", " + _("then") + " ").join(acts)} if clocks and acts else ""
    return panels.clocks(clocks, then)


def _tasks(reader: Reader) -> SafeString:
    to_do = reader.folder.tasks
    return panels.tasks(
        reader.press,
        to_do[:MOST_TASKS],
        reader.folder.ticked,
        more=len(to_do) > MOST_TASKS,
        works=reader.can.works,
        now=reader.now,
    )


# History ---------------------------------------------------------------------------------------------------------


def _history(reader: Reader) -> reading.Page:
    """The lines that the address asks for; the newest of all kinds are in the folder already."""
    folder, house, asked = reader.folder, reader.press.house, reader.request.GET
    known = reading.Knowledge(
        came_from={(each.to_stage, each.to_id): each.from_stage for each in folder.handoffs},
        remarks=_remarks(folder.handoffs),
        word_for=field_word,
    )
    kind = _kind(reader)
    if kind == "all" and not asked.get("before"):
        return reading.told(folder.moves, folder.entries, known=known, house=house)
    before = reading.Mark.parse(asked.get("before", ""))
    return reading.read(folder.trail, show=kind, before=before, known=known, house=house)


def _kind(reader: Reader) -> reading.Kind:
    return next((kind for kind in reading.SHOWN if kind == reader.request.GET.get("show")), "all")


def _timeline(reader: Reader, page: reading.Page) -> SafeString:
    press, shown = reader.press, _kind(reader)
    words = {"all": _("All"), "touches": _("Touches"), "movements": _("Movements"), "notes": _("Notes")}
    address = DESKS[reader.item.stage].url("record", reader.item.pk)
    history = panels.History(
        lines=page.lines,
        filters=[Link(f"{address}?show={kind}#timeline", word, current=kind == shown) for kind, word in words.items()],
        newest=f"?show={shown}#timeline" if reader.request.GET.get("before") else "",
        earlier=f"?show={shown}&before={page.earlier}#timeline" if page.earlier else "",
    )
    writes = reader.can.full and shown in ("all", "notes")
    return panels.timeline(history, press.print(NoteForm, quiet=True) if writes else "", now=reader.now)


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
