"""The next best action: the one client to turn to now, and why, said from facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.forms import ParkForm
from leads.models import State as LeadState
from pipeline_crm.conveyor.clocks import ladder_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import Belt, Joint, Stretch
from pipeline_crm.conveyor.forms import ActForm, TaskForm
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import Clock, ConveyorItem
from pipeline_crm.conveyor.telephony import is_connected
from pipeline_crm.conveyor.words import day_words, money_words, when_words
from pipeline_crm.tiers.models import Rung
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.reading import Line, read

from .day import Day, Duty

LONGEST_WHY = 160
LINES = 3

OR_ELSE = {
    Rung.Act.REMIND: gettext_lazy("then you are reminded"),
    Rung.Act.WARN: gettext_lazy("then your team lead hears of it"),
    Rung.Act.REASSIGN: gettext_lazy("then it goes to a colleague"),
    Rung.Act.POOL: gettext_lazy("then it goes back to the pool"),
}
SOON = {
    Rung.Act.REMIND: gettext_lazy("call now"),
    Rung.Act.WARN: gettext_lazy("your team lead hears of it soon"),
    Rung.Act.REASSIGN: gettext_lazy("it may go to a colleague any moment"),
    Rung.Act.POOL: gettext_lazy("it may go back to the pool any moment"),
}


@dataclass(frozen=True)
class Why:
    """One fact that speaks for this client; what is strong comes first."""

    sign: str
    strong: str
    rest: str = ""


@dataclass(frozen=True)
class Best:
    """The card of the client to turn to now."""

    duty: Duty
    belt: Belt
    contact: str
    why: list[Why]
    warning: str
    brief: HandOff | None
    lines: list[Line]
    later: ActForm
    skip_to: int

    @property
    def call_url(self) -> str:
        """Where a click calls, or opens the contact, counted, and with it the page on which the call is written down."""
        return DESKS[self.duty.item.stage].url("dial" if is_connected() else "reveal", self.duty.item.pk)

    @property
    def is_brief_own(self) -> bool:
        """Whether the brief was written on this side and came back."""
        return self.brief is not None and self.brief.state == HandOff.State.RETURNED


def best_of(day: Day, skip: int) -> Best | None:
    """The most urgent client, or the one after so many that were skipped; None when nothing can be worked."""
    if not day.awake:
        return None
    place = skip % len(day.awake)
    duty = day.awake[place]
    item = duty.item
    brief, came_back = _handoffs(item)
    return Best(
        duty=duty,
        belt=_belt(duty),
        contact=item.client.masked_contact,
        why=list(_why(duty, came_back)),
        warning=_warning(duty),
        brief=came_back or brief,
        lines=read(item.trail(), show="touches").lines[:LINES],
        later=_later(item),
        skip_to=(place + 1) % len(day.awake) if len(day.awake) > 1 else 0,
    )


def _later(item: Any) -> ActForm:
    """A lead sleeps until a day; a deal or an account gets a task."""
    back = {"next": reverse("workbench:my-work")}
    if item.stage == Stage.LEAD and item.state in (LeadState.NEW, LeadState.CONTACTED):
        return ParkForm(item=item, initial=back)
    return TaskForm(item=item, initial={"title": _("Get in touch"), **back})


def _handoffs(item: ConveyorItem) -> tuple[HandOff | None, HandOff | None]:
    """The hand-off by which a record came here, and the one that came back to it."""
    to_here = Q(to_stage=item.stage, to_id=item.pk) & ~Q(state=HandOff.State.EXPIRED)
    came_back = Q(from_stage=item.stage, from_id=item.pk, state=HandOff.State.RETURNED)
    rows = HandOff.objects.filter(to_here | came_back).select_related("giver__user", "reason").order_by("-id")[:6]
    found = {handoff.from_stage == item.stage and handoff.from_id == item.pk: handoff for handoff in reversed(rows)}
    returned = found.get(True) if item.stage == Stage.LEAD else None
    return found.get(False), returned


# The belt of this client -----------------------------------------------------------------------------------------


def _belt(duty: Duty) -> Belt:
    """Where the client has been, where they stand, and the next stage."""
    item = duty.item
    tiers = {stage: item.pipeline.tier_for(stage) for stage in Stage}
    before = [stage for stage in Stage if stage.rank < item.stage.rank][-1:]
    after = [item.stage.next] if item.stage.next else []
    stages = [*before, item.stage, *after]
    stretches = [_stretch(stage, duty, tiers[stage].name) for stage in stages]
    joints = [_joint(one, duty) if tiers[one] != tiers[two] else None for one, two in pairwise(stages)]
    return Belt(stretches, joints)


def _stretch(stage: Stage, duty: Duty, tier: str) -> Stretch:
    word = str(stage.label)
    if stage.rank < duty.item.stage.rank:
        return Stretch(stage.value, "done", word)
    if stage.rank > duty.item.stage.rank:
        return Stretch(stage.value, "ahead", word, steps=(tier,))
    return Stretch(
        stage.value,
        "now",
        word,
        who=_("with you since %(day)s") % {"day": _day(duty.item.owner_since, duty.now)},
        steps=[step.name for step in duty.steps],
        current=duty.place,
        parcel=duty.item.client.initials,
        clock=duty.face,
    )


def _joint(stage: Stage, duty: Duty) -> Joint:
    if stage.rank < duty.item.stage.rank:
        return Joint("passed")
    left = len(duty.steps) - duty.place
    return Joint("ahead", ngettext("%(n)d step", "%(n)d steps", left) % {"n": left} if left else _("last step"))


def _day(moment: datetime, now: datetime) -> str:
    return day_words(timezone.localtime(moment).date(), today=timezone.localtime(now).date())


# Why this client -------------------------------------------------------------------------------------------------


def _why(duty: Duty, came_back: HandOff | None) -> Iterator[Why]:
    item = duty.item
    if duty.by_task:
        rest = _("Due %(when)s.") % {"when": when_words(item.next_task_at, now=duty.now)}
        yield Why("checkbox", _sentence(item.task_title), rest)
    if came_back is not None:
        said = " ".join(filter(None, (f"{came_back.reason}.", came_back.comment)))
        yield Why("arrow-back-up", _("Came back to you:"), Truncator(said).chars(LONGEST_WHY))
    if not duty.by_task:
        yield from _clock_why(duty)
    if item.amount:
        yield Why("coin", money_words(item.amount, item.currency), _money_meaning(item.stage))
    yield from _stage_why(duty)


def _stage_why(duty: Duty) -> Iterator[Why]:
    """What only a lead, a deal or an account can say of itself."""
    item, now = duty.item, duty.now
    if item.stage == Stage.LEAD:
        yield Why("user-plus", _("Came to us %(when)s.") % _when(item.created_at, now))
    elif item.stage == Stage.DEAL and item.expected_on:
        day = day_words(item.expected_on, today=timezone.localtime(now).date())
        yield Why("calendar", _("Expected to close %(day)s.") % {"day": day})
    elif item.stage == Stage.ACCOUNT and item.last_purchase_at:
        bought = ngettext("%(n)d purchase.", "%(n)d purchases.", item.purchases) % {"n": item.purchases}
        yield Why("receipt", bought, _("The last one %(when)s.") % _when(item.last_purchase_at, now))


def _clock_why(duty: Duty) -> Iterator[Why]:
    """Why the clock runs."""
    item, now = duty.item, duty.now
    if item.clock == Clock.FIRST_TOUCH:
        yield Why("phone", _("Nobody has called yet."), _("With you since %(when)s.") % _when(item.owner_since, now))
    elif item.clock == Clock.SILENCE and item.touched_at is not None:
        yield Why("phone", _("Time to get in touch."), _("Last touch %(when)s.") % _when(item.touched_at, now))
    elif item.clock == Clock.SILENCE:
        yield Why("phone", _("Time to get in touch."), _("With you since %(when)s.") % _when(item.owner_since, now))
    elif item.clock == Clock.STEP:
        words = _("Too long on “%(step)s”.") if item.due_at <= now else _("On “%(step)s”, time to move on.")
        since = _("Since %(when)s.") % _when(item.step_since, now)
        yield Why("hourglass", words % {"step": item.step.name}, since)
    elif item.clock == Clock.PARKED:
        yield Why("calendar-event", _("The day has come."), _("Parked until %(when)s.") % _when(item.due_at, now))


def _when(moment: datetime, now: datetime) -> dict[str, str]:
    return {"when": when_words(moment, now=now)}


def _money_meaning(stage: Stage) -> str:
    return {
        Stage.LEAD: _("expected of this client."),
        Stage.DEAL: _("in this deal."),
        Stage.ACCOUNT: _("bought in total."),
    }[stage]


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _warning(duty: Duty) -> str:
    """What the clock says and what happens when it runs out."""
    face = duty.face
    if face is None or duty.by_task or face.state == "paused":
        return face.words if face else ""
    ladder = ladder_of(duty.item.tier)
    act = Rung.Act(ladder[min(duty.item.rung, len(ladder) - 1)].act)
    consequence = SOON[act] if face.state == "over" else OR_ELSE[act]
    return _("%(time)s, %(consequence)s") % {"time": capfirst(face.words), "consequence": consequence}
