"""Notices as a person reads them: a sentence made now, with the client's name and a link only while both are still theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pipeline_crm.access.gate import visible
from pipeline_crm.access.glass import EVENT
from pipeline_crm.access.models import BreakGlass
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import ConveyorItem, Openness
from pipeline_crm.conveyor.words import when_full_words
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

PAGE = 30

SIGNS = {
    Notice.Kind.ASSIGNED: "user-plus",
    Notice.Kind.OFFERED: "inbox",
    Notice.Kind.ACCEPTED: "check",
    Notice.Kind.RETURNED: "arrow-back-up",
    Notice.Kind.TAKEN_AWAY: "hourglass",
    Notice.Kind.MOVED_AWAY: "transfer",
    Notice.Kind.REMINDED: "bell",
    Notice.Kind.WARNED: "user-exclamation",
    Notice.Kind.POOL_STUCK: "stack-2",
    Notice.Kind.ENQUIRY: "phone-incoming",
    Notice.Kind.BOUGHT: "trophy",
    Notice.Kind.WOKEN: "player-play",
    Notice.Kind.REMINDED_EARLY: "clock",
    Notice.Kind.DECIDE: "alert-circle",
    Notice.Kind.BOOK_MOVED: "transfer",
    Notice.Kind.COVER_BEGAN: "beach",
    Notice.Kind.COVER_ENDED: "home",
    Notice.Kind.FULL: "stack-2",
    Notice.Kind.GLASS: "eye",
    Notice.Kind.EXPORT_ASKED: "file-export",
    Notice.Kind.EXPORT_READY: "file-export",
    Notice.Kind.EXPORT_CLOSED: "file-export",
    Notice.Kind.ALARM: "alert-triangle",
    Notice.Kind.BARRED: "phone-off",
    Notice.Kind.SHARED: "share",
    Notice.Kind.ERASURE_ASKED: "user-off",
    Notice.Kind.ERASURE_DONE: "user-off",
}
NAMED = {
    Notice.Kind.ASSIGNED: _("%(name)s was given to you."),
    Notice.Kind.OFFERED: _("%(name)s is offered to you. Accept or return the client before the clock runs out."),
    Notice.Kind.ACCEPTED: _("%(name)s, whom you handed on, was accepted."),
    Notice.Kind.RETURNED: _("%(name)s came back to you. Look at the reason and complete the brief."),
    Notice.Kind.TAKEN_AWAY: _("%(name)s lay too long and was passed on."),
    Notice.Kind.MOVED_AWAY: _("Your team lead moved %(name)s to a colleague."),
    Notice.Kind.REMINDED: _("A clock has run out for %(name)s. Turn to this client now."),
    Notice.Kind.WARNED: _("A clock has run out for %(name)s in your team."),
    Notice.Kind.POOL_STUCK: _("%(name)s waits in the pool and nobody can take the client."),
    Notice.Kind.ENQUIRY: _("%(name)s wrote again. The new enquiry is in the history."),
    Notice.Kind.BOUGHT: _("%(name)s has bought again."),
    Notice.Kind.WOKEN: _("%(name)s is back from the parking: the day has come."),
    Notice.Kind.REMINDED_EARLY: _("A clock runs out soon for %(name)s. Turn to this client in time."),
    Notice.Kind.DECIDE: _("%(name)s has gone from hand to hand. Decide who takes the client."),
    Notice.Kind.BARRED: _("%(name)s must not be contacted any more. Only you can lift that, with a new consent."),
    Notice.Kind.SHARED: _("%(name)s is shared with you: you can see and work the record for a while."),
}
# What was true when it was told, and is over.
OVER = {
    Notice.Kind.OFFERED: _("%(name)s was offered to you; the offer is answered."),
    Notice.Kind.REMINDED: _("A clock had run out for %(name)s."),
    Notice.Kind.WARNED: _("A clock had run out for %(name)s in your team."),
    Notice.Kind.POOL_STUCK: _("%(name)s waited in the pool and nobody could take the client."),
    Notice.Kind.REMINDED_EARLY: _("A clock was about to run out for %(name)s."),
    Notice.Kind.DECIDE: _("%(name)s had gone from hand to hand; it was decided who takes the client."),
}
NAMELESS = {
    Notice.Kind.ASSIGNED: _("A client was given to you, and is no longer with you."),
    Notice.Kind.OFFERED: _("A client was offered to you; the offer has been answered or has moved on."),
    Notice.Kind.ACCEPTED: _("A client you handed on was accepted."),
    Notice.Kind.RETURNED: _("A client you handed on came back, and is no longer with you."),
    Notice.Kind.TAKEN_AWAY: _("A client of yours lay too long and was passed on."),
    Notice.Kind.MOVED_AWAY: _("Your team lead moved a client of yours to a colleague."),
    Notice.Kind.REMINDED: _("A clock ran out for a client who is no longer with you."),
    Notice.Kind.WARNED: _("A clock ran out for a client in your team."),
    Notice.Kind.POOL_STUCK: _("A client waited in the pool and nobody could take them."),
    Notice.Kind.ENQUIRY: _("A client wrote again, and is no longer with you."),
    Notice.Kind.BOUGHT: _("A client of yours has bought again, and is no longer with you."),
    Notice.Kind.WOKEN: _("A parked client came back, and is no longer with you."),
    Notice.Kind.REMINDED_EARLY: _("A clock was about to run out for a client who is no longer with you."),
    Notice.Kind.DECIDE: _("A client had gone from hand to hand and waited for your decision."),
    Notice.Kind.BOOK_MOVED: _("Clients of a colleague were moved to you. They are on your desk now."),
    Notice.Kind.COVER_BEGAN: _("You look after the clients of a colleague who is away."),
    Notice.Kind.COVER_ENDED: _("The clients who were looked after are back with the person they belong to."),
    Notice.Kind.FULL: _("A tier is full: clients wait for a place. See what the tier’s setting does with them."),
    Notice.Kind.ALARM: _("An alarm rang: somebody read clients in an unusual way. The reason stands on its page."),
    Notice.Kind.GLASS: _("An administrator opened the clients of a pipeline and said why; it was written down."),
    Notice.Kind.EXPORT_ASKED: _("A colleague wants to take clients out of the house as a file. Approve or refuse it."),
    Notice.Kind.EXPORT_READY: _("The file that you asked for is there. It can be fetched for a day."),
    Notice.Kind.EXPORT_CLOSED: _("The file that you asked for will not be made. Look why."),
    Notice.Kind.BARRED: _("A client must not be contacted any more."),
    Notice.Kind.SHARED: _("A record was shared with you for a while, and is no more."),
    Notice.Kind.ERASURE_ASKED: _("A client’s data will be erased. Until then a head of sales can stop it."),
    Notice.Kind.ERASURE_DONE: _("An erasure has come to its end: its act can be read and printed."),
}


@dataclass(frozen=True)
class Word:
    """One notice as it reads now."""

    sentence: str
    sign: str
    stage: str
    at: datetime
    is_new: bool
    url: str = ""


@dataclass(frozen=True)
class Bulletin:
    """One page of notices, and from where the next one reads."""

    words: list[Word]
    after: int | None
    unread: int


def bulletin_for(user: User, *, before: str, now: datetime) -> Bulletin:
    """The notices of a person, newest first; the records that they tell of are read in one query a stage."""
    rows = visible(user, Notice.objects.heard_by(user.pk)).order_by("-id")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    notices = list(rows[: PAGE + 1])
    page = notices[:PAGE]
    records, glasses = _records(user, page), _glasses(page, sight_of(user))
    return Bulletin(
        words=[
            _of_glass(notice, glasses.get(notice.event))
            if notice.kind == Notice.Kind.GLASS
            else _word(notice, records.get((notice.stage, notice.record_id or 0)), user, now)
            for notice in page
        ],
        after=page[-1].pk if len(notices) > PAGE else None,
        unread=Notice.objects.unread_by(user.pk).count(),
    )


def _records(user: User, notices: Iterable[Notice]) -> dict[tuple[str, int], ConveyorItem]:
    """The records told of, as far as the person still sees them."""
    told: dict[str, set[int]] = {}
    for notice in notices:
        if notice.record_id is not None:
            told.setdefault(notice.stage, set()).add(notice.record_id)
    return {
        (stage, item.pk): item
        for stage, ids in told.items()
        for item in visible(user, DESKS[Stage(stage)].model.objects.filter(pk__in=ids)).select_related("client", "tier")
    }


def _glasses(notices: Iterable[Notice], sight: Sight) -> dict[str, BreakGlass]:
    """The openings told of, by the event, as far as the person still heads their pipeline."""
    events = [notice.event for notice in notices if notice.kind == Notice.Kind.GLASS]
    if not events:
        return {}
    opened = BreakGlass.objects.select_related("user", "pipeline").filter(pipeline__in=sight.headed_ids)
    numbers = [int(number) for event in events if (number := event.removeprefix(EVENT)).isdecimal()]
    return {f"{EVENT}{glass.pk}": glass for glass in opened.filter(pk__in=numbers)}


def _of_glass(notice: Notice, glass: BreakGlass | None) -> Word:
    """That an administrator looked at clients: who, whose, for how long and why."""
    told = str(NAMELESS[Notice.Kind.GLASS])
    if glass is not None:
        words = _("%(name)s opened the clients of “%(pipeline)s” until %(until)s. The reason: %(reason)s")
        until = when_full_words(glass.until, now=notice.at)
        told = words % {
            "name": glass.user.name,
            "pipeline": glass.pipeline.name,
            "until": until,
            "reason": glass.reason,
        }
    return Word(told, SIGNS[Notice.Kind.GLASS], "", notice.at, notice.read_at is None)


def _word(notice: Notice, item: ConveyorItem | None, user: User, now: datetime) -> Word:
    kind = Notice.Kind(notice.kind)
    named = item is not None and item.openness(sight_of(user)) > Openness.HIDDEN
    return Word(
        sentence=_sentence(notice, item, now) if item is not None and named else _of_many(notice, user),
        sign=SIGNS[kind],
        stage=notice.stage,
        at=notice.at,
        is_new=notice.read_at is None,
        url=_url(notice) if named or kind in Notice.OF_MANY else "",
    )


def _of_many(notice: Notice, user: User) -> str:
    """Without a client: of a full tier its name, for whoever still steers it."""
    sight = sight_of(user)
    if notice.kind == Notice.Kind.FULL and sight.house is not None:
        tiers = sight.house.tiers.values()
        tier = next((one for one in tiers if notice.event.startswith(f"full:{one.pk}:")), None)
        if tier is not None and sight.supervises(tier):
            return _("“%(tier)s” is full: clients wait for a place. See what its setting does with them.") % {
                "tier": tier.name
            }
    return str(NAMELESS[Notice.Kind(notice.kind)])


def _url(notice: Notice) -> str:
    """Where a notice leads: to its record, or to the person's own first page when it tells of many."""
    if notice.kind == Notice.Kind.ALARM:
        return reverse("oversight:alarms")
    if notice.kind in Notice.OF_EXPORTS:
        return reverse("exchange:exports")
    if notice.record_id is None:
        return reverse("workbench:my-work")
    return DESKS[Stage(notice.stage)].url("record", notice.record_id)


def _sentence(notice: Notice, item: ConveyorItem, now: datetime) -> str:
    kind = Notice.Kind(notice.kind)
    runs = item.clock_since is not None and item.clock_since <= notice.at
    still = {
        Notice.Kind.REMINDED_EARLY: runs and item.due_at is not None and now < item.due_at,
        Notice.Kind.OFFERED: item.state == "offered",
        Notice.Kind.REMINDED: item.due_at is not None and item.due_at <= now,
        Notice.Kind.WARNED: item.due_at is not None and item.due_at <= now,
        Notice.Kind.POOL_STUCK: item.in_pool,
        Notice.Kind.DECIDE: item.awaits_lead,
    }
    words = NAMED[kind] if still.get(kind, True) else OVER[kind]
    return str(words) % {"name": item.client.name}
