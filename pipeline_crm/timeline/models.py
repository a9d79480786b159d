from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from pipeline_crm.clients.models import Client
from pipeline_crm.tiers.models import Pipeline, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage

from .laws import tells_of_tasks


class Cause(models.TextChoices):
    """Why a record moved: the act that wrote the movement."""

    CAPTURED = "captured", _("captured")
    ASSIGNED = "assigned", _("assigned by rule")
    CLAIMED = "claimed", _("taken from the pool")
    RELEASED = "released", _("put back into the pool")
    STEPPED = "stepped", _("moved to another step")
    CONTACTED = "contacted", _("contacted")
    PARKED = "parked", _("parked")
    WOKEN = "woken", _("came back by itself")
    QUALIFIED = "qualified", _("qualified")
    DISQUALIFIED = "disqualified", _("disqualified")
    REOPENED = "reopened", _("opened again")
    OFFERED = "offered", _("offered")
    PASSED = "passed", _("went on within the tier")
    ACCEPTED = "accepted", _("accepted")
    RETURNED = "returned", _("returned")
    EXPIRED = "expired", _("nobody answered in time")
    WON = "won", _("won")
    LOST = "lost", _("lost")
    REPEATED = "repeated", _("repeat deal opened")
    AT_RISK = "at_risk", _("at risk")
    CALMED = "calmed", _("no longer at risk")
    CHURNED = "churned", _("churned")
    WON_BACK = "won_back", _("won back")
    MOVED_BY_LEAD = "moved_by_lead", _("moved by the team lead")
    SEAT_CLOSED = "seat_closed", _("the seat was closed")
    STALE = "stale", _("lay too long")
    UNDECIDED = "undecided", _("waits for the team lead's decision")
    COVERED = "covered", _("looked after by a substitute")
    CAME_BACK = "came_back", _("came back to its owner")


class OfRecord(models.Model):
    """Belongs to a record of one stage; a number and not a key, because the stages stand on higher floors."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", verbose_name=_("client"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))

    class Meta:
        abstract = True


class Movement(OfRecord):
    """One line of the append-only history: every change of owner, state, step or tier has exactly one."""

    version = models.PositiveIntegerField(_("version"))
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    from_state = models.CharField(_("state before"), max_length=20, blank=True)
    to_state = models.CharField(_("state after"), max_length=20)
    from_step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="+")
    to_step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="+")
    from_seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    to_seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    from_tier = models.ForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    to_tier = models.ForeignKey(Tier, models.PROTECT, related_name="+")
    why = models.JSONField(_("why this owner"), default=dict)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            UniqueConstraint(fields=["stage", "record_id", "version"], name="a_version_has_one_movement")
        ]
        indexes: ClassVar = [models.Index(fields=["pipeline", "cause", "at"], name="movements_by_cause_for_reports")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="movements_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id} v{self.version} {self.cause}"


class Entry(OfRecord):
    """An append-only fact about a record that did not move it: a call, a note, an enquiry that came in again."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        CALL = "call", _("call")
        MESSAGE = "message", _("message")
        MEETING = "meeting", _("meeting")
        ENQUIRY = "enquiry", _("new enquiry")
        EDITED = "edited", _("details changed")
        MARKED = "marked", _("brief marked")
        TASK_SET = "task_set", _("task set")
        TASK_DONE = "task_done", _("task done")
        REVEALED = "revealed", _("contact opened in full")
        INSPECTED = "inspected", _("opened by an administrator")
        REMINDED = "reminded", _("owner reminded")
        WARNED = "warned", _("team lead warned")
        CONSENT = "consent", _("consent changed")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("talked")
        NO_ANSWER = "no_answer", _("no answer")
        BUSY = "busy", _("busy, call later")
        WRONG_NUMBER = "wrong_number", _("wrong number")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    text = models.TextField(_("text"), blank=True, max_length=4000)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            CheckConstraint(condition=~Q(kind="call") | ~Q(outcome=""), name="a_call_has_an_outcome")
        ]
        indexes: ClassVar = [
            models.Index(fields=["stage", "record_id", "at"], name="entries_of_a_record"),
            models.Index(fields=["by", "kind", "at"], name="entries_of_a_person_for_norms"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="entries_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id} {self.kind}"


TOUCHES = (Entry.Kind.CALL, Entry.Kind.MESSAGE, Entry.Kind.MEETING)


class Task(OfRecord):
    """Something to do for a client by a day; it belongs to the record and so travels with it."""

    title = models.CharField(_("what to do"), max_length=200)
    due_at = models.DateTimeField(_("due"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("set by")
    )
    created_at = models.DateTimeField(_("set"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering: ClassVar = ["due_at", "id"]
        constraints: ClassVar = [CheckConstraint(condition=~Q(title=""), name="a_task_says_what_to_do")]
        indexes: ClassVar = [
            models.Index(
                fields=["stage", "record_id", "due_at"], condition=Q(done_at=None), name="open_tasks_of_a_record"
            ),
            models.Index(
                fields=["stage", "record_id", "-done_at"],
                condition=Q(done_at__isnull=False),
                name="done_tasks_of_a_record",
            ),
        ]
        triggers: ClassVar = tells_of_tasks()

    def __str__(self) -> str:
        return self.title
