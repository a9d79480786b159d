"""The belt across a record's page: which stretches are behind the client, where they ride, what stands at the joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Step, Strategy
from pipeline_crm.tiers.stages import Stage

from .faces import Belt, ClockFace, Joint, Stretch, clock_face, initials
from .hands import Stay
from .models import HandOff
from .records import ConveyorItem
from .words import span, when_words


def ride(
    item: ConveyorItem,
    *,
    handoffs: Sequence[HandOff],
    stays: Mapping[Stage, Stay],
    steps: Sequence[Step],
    name: str,
    mine: bool,
    now: datetime,
) -> Belt:
    """The whole belt of one client; `name` is empty where the reader may not know it."""
    stretches = [
        _passed(stage, stays)
        if stage.rank < item.stage.rank
        else _ahead(item, stage)
        if stage.rank > item.stage.rank
        else _here(item, steps, stays, name=name, mine=mine, now=now)
        for stage in Stage
    ]
    return Belt(stretches, [_joint(item, stage, handoffs, now=now) for stage in list(Stage)[:-1]])


def _passed(stage: Stage, stays: Mapping[Stage, Stay]) -> Stretch:
    stay = stays.get(stage)
    if stay is None:
        return Stretch(stage, "done", str(stage.label))
    return Stretch(stage, "done", str(stage.label), who=_who(stay.name, span(stay.seconds)))


def _who(name: str, length: str) -> str:
    return f"{name}, {length}" if name else length


def _ahead(item: ConveyorItem, stage: Stage) -> Stretch:
    tier = item.pipeline.tier_for(stage)
    if not item.is_open:
        # Where the client is now, if they went on, is not told to those behind them.
        return Stretch(stage, "ahead", str(stage.label), who=tier.name)
    if tier.pk == item.tier_id:
        who = _("the same person goes on")
    elif tier.strategy == Strategy.POOL:
        who = _("%(tier)s, whoever takes it") % {"tier": tier.name}
    else:
        who = _("%(tier)s, by rule") % {"tier": tier.name}
    return Stretch(stage, "ahead", str(stage.label), who=who, steps=[_("not yet")])


def _here(
    item: ConveyorItem, steps: Sequence[Step], stays: Mapping[Stage, Stay], *, name: str, mine: bool, now: datetime
) -> Stretch:
    names = [step.name for step in steps]
    if not item.is_open:
        stay = stays.get(item.stage)
        who = _who(stay.name, span(stay.seconds)) if stay else ""
        return Stretch(item.stage, "done", str(item.stage.label), who=who, steps=names)
    if item.state == "offered":
        return Stretch(item.stage, "ahead", str(item.stage.label), who=_("offered, not yet accepted"), steps=names)
    current = next((place for place, step in enumerate(steps, 1) if step.pk == item.step_id), 0)
    return Stretch(
        item.stage,
        "now",
        str(item.stage.label),
        who=_with_whom(item, mine=mine, now=now),
        steps=names,
        current=current,
        parcel=initials(name),
        clock=told_clock(item, now=now),
    )


def _with_whom(item: ConveyorItem, *, mine: bool, now: datetime) -> str:
    since = span((now - item.owner_since) / timedelta(seconds=1))
    step = span((now - item.step_since) / timedelta(seconds=1))
    if item.seat is None:
        return _("in the pool, %(since)s") % {"since": since}
    if mine:
        return _("with you, %(since)s; %(step)s in this step") % {"since": since, "step": step}
    return _("%(name)s, %(since)s; %(step)s in this step") % {"name": item.seat.user.name, "since": since, "step": step}


def told_clock(item: ConveyorItem, *, now: datetime) -> ClockFace | None:
    """The clock that runs out first, with the word for what is waited for."""
    face = clock_face(item.due_at, item.clock_since, now, item.clock, item.parked_until())
    if face is None or face.state == "paused":
        return face
    told = {"what": capfirst(item.get_clock_display()), "left": face.words}
    return replace(face, words=_("%(what)s: %(left)s") % told)


# Joints ----------------------------------------------------------------------------------------------------------


def _joint(item: ConveyorItem, stage: Stage, handoffs: Sequence[HandOff], *, now: datetime) -> Joint | None:
    after = list(Stage)[stage.rank + 1]
    tiers = {each: item.pipeline.tier_for(each).pk for each in Stage} | {item.stage: item.tier_id}
    if tiers[stage] == tiers[after]:
        return None
    crossing = _crossing(item, stage, handoffs)
    if crossing is not None:
        return _crossed(crossing, now=now)
    if stage.rank < item.stage.rank:
        return Joint("passed")
    if not item.is_open and stage == item.stage:
        return Joint("returned", note=item.get_state_display(), icon="circle-x")
    waits = {Stage.LEAD: _("when qualified,\nwith a brief"), Stage.DEAL: _("when won,\nwith a brief")}
    return Joint("ahead", note=waits[stage])


def _crossing(item: ConveyorItem, stage: Stage, handoffs: Sequence[HandOff]) -> HandOff | None:
    """The latest hand-off over the joint behind a stage: of this record's own, or one that it came by."""
    over = [
        handoff
        for handoff in handoffs
        if Stage(handoff.from_stage) == stage and Stage(handoff.to_stage).rank > stage.rank
    ]
    if stage == item.stage:
        over = [handoff for handoff in over if handoff.from_id == item.pk]
    return max(over, key=lambda handoff: handoff.pk, default=None)


def _crossed(handoff: HandOff, *, now: datetime) -> Joint:
    if handoff.state == HandOff.State.OFFERED:
        waited = span((now - handoff.offered_at) / timedelta(seconds=1))
        return Joint("waiting", note=_("offered,\nwaits %(span)s") % {"span": waited})
    answered = handoff.answered_at or handoff.offered_at
    told = {
        "when": when_words(answered, now=now),
        "span": span((answered - handoff.offered_at) / timedelta(seconds=1)),
    }
    if handoff.state == HandOff.State.ACCEPTED:
        return Joint("passed", note=_("%(when)s\naccepted in %(span)s") % told)
    if handoff.state == HandOff.State.RETURNED:
        return Joint("returned", note=_("%(when)s\nreturned") % told)
    return Joint("waiting", note=_("%(when)s\nnot answered") % told, icon="hourglass")
