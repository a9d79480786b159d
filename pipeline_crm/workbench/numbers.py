"""One's own numbers: today against the last days, and what came of the clients one handed on. No names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pipeline_crm.access.identity import system_scope
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.models import HandedOn, HandOff
from pipeline_crm.conveyor.words import capped, decimal_sign, reader
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import TOUCHES, Entry

from . import own
from .day import stages_of
from .tally import tally

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

DAYS = 14
NEAR = 0.5  # how far from the usual still counts as usual


@dataclass(frozen=True)
class Measure:
    """One thing counted today, beside what is usual for this person."""

    word: str
    today: int
    usual: float | None

    @property
    def usual_words(self) -> str:
        """The usual, to one digit where that matters."""
        if self.usual is None:
            return ""
        if self.usual >= 10:
            return str(round(self.usual))
        return f"{self.usual:.1f}".removesuffix(".0").replace(".", decimal_sign(reader()))

    @property
    def verdict(self) -> str:
        """How today stands against the usual."""
        if self.usual is None:
            return _("nothing to compare with yet")
        if self.today > self.usual + NEAR:
            return _("more than usual")
        return _("as usual") if self.today >= self.usual - NEAR else _("less than usual so far")

    @property
    def said(self) -> str:
        """The bar in words."""
        return f"{self.word}: {self.today}, {self.verdict}"

    @property
    def room(self) -> float:
        """How far the bar reaches."""
        return max(self.today, self.usual or 0, 1) * 1.1


@dataclass(frozen=True)
class Answers:
    """How the next tier answered one's hand-offs within thirty days."""

    accepted: int
    answered: int
    mark: float | None


@dataclass(frozen=True)
class Fate:
    """One stage of what came of one's clients; `share` stands at the joint after it, in per cent."""

    stage: str
    word: str
    figure: int | str
    what: str
    share: int | None = None


@dataclass(frozen=True)
class Numbers:
    """What one person did and what came of it."""

    measures: list[Measure]
    answers: Answers | None
    fates: list[Fate]

    @property
    def are_empty(self) -> bool:
        """Whether the person has none: a team lead who holds nothing."""
        return not (any(one.today or one.usual for one in self.measures) or self.answers)


def numbers_of(user: User, *, now: datetime) -> Numbers:
    """Three questions to the database: touches, hand-offs, what came of them."""
    stages = stages_of(sight_of(user))
    midnight = own.midnight_after(now) - timedelta(days=1)
    days, measures = _touches(user, midnight)
    given, answers = _given(user, midnight, days)
    passes_on = any(not seat.tier.works_account for seat in sight_of(user).seats)
    return Numbers(
        measures=[*measures, given] if passes_on else measures,
        answers=answers if answers.answered else None,
        fates=list(_fates(user, stages, now)),
    )


@system_scope("what one has done oneself counts wherever the clients have gone since")
def _touches(user: User, midnight: datetime) -> tuple[int, list[Measure]]:
    """Calls and conversations; the usual is the mean of the days on which the person was in touch with anybody."""
    talked = Q(outcome=Entry.Outcome.REACHED) | Q(kind=Entry.Kind.MEETING)
    called, today, before = Q(kind=Entry.Kind.CALL), Q(at__gte=midnight), Q(at__lt=midnight)
    mine = Entry.objects.filter(by=user, kind__in=TOUCHES, at__gte=midnight - timedelta(days=DAYS))
    sums = mine.aggregate(
        calls=Count("pk", filter=called & today),
        talks=Count("pk", filter=talked & today),
        calls_before=Count("pk", filter=called & before),
        talks_before=Count("pk", filter=talked & before),
        days=Count(TruncDate("at", tzinfo=timezone.get_current_timezone()), distinct=True, filter=before),
    )
    days = sums["days"]
    return days, [
        Measure(_("Calls"), sums["calls"], sums["calls_before"] / days if days else None),
        Measure(_("Conversations"), sums["talks"], sums["talks_before"] / days if days else None),
    ]


def _given(user: User, midnight: datetime, days: int) -> tuple[Measure, Answers]:
    seats = sight_of(user).seat_ids
    recent = HandedOn.objects.filter(giver__in=seats, offered_at__gte=midnight - own.WINDOW).exclude(
        from_tier=F("to_tier")
    )
    first = ~Q(state=HandOff.State.EXPIRED)
    fortnight = Q(offered_at__gte=midnight - timedelta(days=DAYS), offered_at__lt=midnight)
    accepted = Q(state=HandOff.State.ACCEPTED)
    sums = recent.aggregate(
        today=Count("pk", filter=first & Q(offered_at__gte=midnight)),
        before=Count("pk", filter=first & fortnight),
        accepted=Count("pk", filter=accepted),
        answered=Count("pk", filter=accepted | Q(state=HandOff.State.RETURNED)),
        mark=Avg("mark"),
    )
    measure = Measure(_("Handed on"), sums["today"], sums["before"] / days if days else None)
    return measure, Answers(sums["accepted"], sums["answered"], sums["mark"])


def _fates(user: User, stages: list[Stage], now: datetime) -> Iterator[Fate]:
    """From the stage one works to the end of the belt: handed, won, kept."""
    seats = sight_of(user).seat_ids
    if Stage.LEAD in stages:
        since = now - own.WINDOW
        handed = own.handed(seats, Stage.LEAD, since)
        accepted = handed.filter(state=HandOff.State.ACCEPTED)
        won, kept = own.won_after(seats, since), own.kept_after(seats, since)
        counts = tally(user, {"handed": handed, "accepted": accepted, "won": won, "kept": kept})
        yield Fate(
            "lead",
            str(Stage.LEAD.label),
            *_figure(counts, "handed", _("handed")),
            _share(counts, "accepted", "handed"),
        )
        yield Fate(
            "deal",
            str(Stage.DEAL.label),
            *_figure(counts, "won", pgettext("so many clients", "won")),
            _share(counts, "kept", "won"),
        )
        yield Fate("account", str(Stage.ACCOUNT.label), *_figure(counts, "kept", _("kept")))
    elif Stage.DEAL in stages and Stage.ACCOUNT not in stages:
        since = now - own.WINDOW
        counts = tally(user, {"won": own.sold(seats, since), "kept": own.kept_of_sold(seats, since)})
        yield Fate(
            "deal",
            str(Stage.DEAL.label),
            *_figure(counts, "won", pgettext("so many clients", "won")),
            _share(counts, "kept", "won"),
        )
        yield Fate("account", str(Stage.ACCOUNT.label), *_figure(counts, "kept", _("kept")))


def _figure(counts: dict[str, int], name: str, what: str) -> tuple[int | str, str]:
    return capped(counts[name]), what


def _share(counts: dict[str, int], part: str, whole: str) -> int | None:
    return round(100 * counts[part] / counts[whole]) if counts[whole] else None
