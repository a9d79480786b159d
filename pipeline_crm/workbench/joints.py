"""The joints of the upright belt, each with one's own numbers and without names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.conveyor.faces import NavJoint
from pipeline_crm.tiers.stages import Stage

from . import own
from .tally import Marks

if TYPE_CHECKING:
    from .frames import Standpoint


def joint_queries(here: Standpoint, seats: own.Seats, since: own.Moment) -> dict[str, QuerySet[Any] | Marks]:
    """What the joints count: offers to me, what came back to me, what was accepted from me, what was kept."""
    queries: dict[str, QuerySet[Any] | Marks] = {}
    for stage in here.own_stages:
        if stage is not Stage.LEAD:
            queries[f"{stage}_offers"] = own.offered(stage, seats)
        if stage in own.RETURNED:
            ends_here = stage is Stage.LEAD and Stage.DEAL not in here.own_stages
            told = own.fates if ends_here else own.answers
            queries[f"{stage}_returned"] = own.RETURNED[stage](seats)
            queries[f"{stage}_given"] = told(own.handed(seats, stage, since))
    return queries


def joint_words(here: Standpoint, stage: Stage, after: Stage, counts: dict[str, int]) -> NavJoint:
    """The joint between two stages: what waits there first, then one's own record, then who stands there."""
    if counts.get(f"{after}_offers"):
        return _offers(counts[f"{after}_offers"])
    if counts.get(f"{stage}_returned"):
        return _returned(counts[f"{stage}_returned"])
    if f"{stage}_given_answered" in counts:
        return _accepted(counts[f"{stage}_given_accepted"], counts[f"{stage}_given_answered"])
    if f"{Stage.LEAD}_given_won" in counts:
        return _kept(counts[f"{Stage.LEAD}_given_kept"], counts[f"{Stage.LEAD}_given_won"])
    if f"{after}_offers" in counts:
        return NavJoint(_("no offers for you now"), icon="inbox")
    return NavJoint(f"{here.tier_of(stage).name} → {here.tier_of(after).name}")


def _offers(count: int) -> NavJoint:
    words = ngettext("%(n)d offer for you", "%(n)d offers for you", count) % {"n": count}
    return NavJoint(words, "waiting", "inbox", url=reverse("workbench:my-work") + "#joint")


def _returned(count: int) -> NavJoint:
    words = ngettext("%(n)d returned to you", "%(n)d returned to you", count) % {"n": count}
    return NavJoint(words, "returned", "arrow-back-up", url=reverse("workbench:my-work") + "#joint")


def _accepted(accepted: int, answered: int) -> NavJoint:
    if not answered:
        return NavJoint(_("nothing answered in 30 days"), icon="check")
    words = _("accepted from you: %(accepted)d of %(answered)d") % {"accepted": accepted, "answered": answered}
    return NavJoint(words, icon="check")


def _kept(kept: int, won: int) -> NavJoint:
    if not won:
        return NavJoint(_("no sales in 30 days yet"), icon="check")
    return NavJoint(_("kept after sale: %(share)d%%") % {"share": round(100 * kept / won)}, icon="check")
