from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from pipeline_crm.access.policy import Part, Relation
from pipeline_crm.clients.models import Client
from pipeline_crm.tiers.models import Pipeline

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight

BEGINS_ASKED = """
IF NEW.state <> 'asked' THEN
    RAISE EXCEPTION 'an erasure begins with being asked for' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""
STAYS_AS_ASKED = """
IF (NEW.key, NEW.client_id, NEW.by_id, NEW.asked_at, NEW.runs_at, NEW.basis, NEW.mark)
    IS DISTINCT FROM (OLD.key, OLD.client_id, OLD.by_id, OLD.asked_at, OLD.runs_at, OLD.basis, OLD.mark)
    OR OLD.state IN ('done', 'stopped') THEN
    RAISE EXCEPTION 'an erasure stays as it was asked for' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class Erasure(models.Model):
    """A client's wish that their data be erased: who took it, on what basis, when it runs, and what was removed.

    It is the document itself, so it holds no word of the client: their number, and a keyed mark by which a known number
    can be told again.
    """

    PART = Part.ERASURE

    class State(models.TextChoices):
        ASKED = "asked", _("waits for its hour")
        RUNNING = "running", _("runs")
        DONE = "done", _("erased")
        STOPPED = "stopped", _("stopped")

    class Basis(models.TextChoices):
        ASKED = "asked", _("The person asked for it (GDPR art. 17; 152-FZ art. 14, 20)")
        WITHDRAWN = "withdrawn", _("The person took their consent back (GDPR art. 17; 152-FZ art. 21)")
        PURPOSE = "purpose", _("The data serve no purpose any more (GDPR art. 17; 152-FZ art. 21)")
        UNLAWFUL = "unlawful", _("The data were taken in against the law (GDPR art. 17; 152-FZ art. 21)")
        AGAIN = "again", _("Erased once already, and brought back with a backup")

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="erasures", verbose_name=_("client"))
    # Whose heads read the act, and may stop it until it runs.
    pipelines = ArrayField(models.BigIntegerField(), verbose_name=_("pipelines"))
    pipeline = models.ForeignKey(
        Pipeline, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pipeline")
    )
    mark = models.UUIDField(_("keyed mark"), editable=False)
    basis = models.CharField(_("basis"), max_length=10, choices=Basis)
    no_contact = models.BooleanField(_("must not be contacted afterwards either"), default=False)
    open_records = models.PositiveIntegerField(_("open records when it was asked for"), default=0)
    state = FSMField(_("state"), max_length=10, choices=State, default=State.ASKED, protected=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))
    runs_at = models.DateTimeField(_("runs at"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("stopped by")
    )
    done_at = models.DateTimeField(_("erased"), null=True, blank=True)
    removed = models.JSONField(_("what was removed, by table"), default=dict)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["client"], condition=Q(state__in=["asked", "running"]), name="a_client_is_erased_once_at_a_time"
            ),
            CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) & Q(done_at__gte=F("runs_at"))
                | ~Q(state="done") & Q(done_at=None),
                name="an_erasure_waits_for_its_hour",
            ),
            CheckConstraint(
                condition=Q(state="stopped", stopped_at__isnull=False, stopped_by__isnull=False)
                | ~Q(state="stopped") & Q(stopped_at=None, stopped_by=None),
                name="a_stopped_erasure_says_by_whom",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["runs_at"], condition=Q(state="asked"), name="erasures_to_come")]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="an_erasure_begins_asked", when=pgtrigger.Before, operation=pgtrigger.Insert, func=BEGINS_ASKED
            ),
            pgtrigger.Trigger(
                name="an_erasure_stays_as_asked", when=pgtrigger.Before, operation=pgtrigger.Update, func=STAYS_AS_ASKED
            ),
            pgtrigger.FSM(
                name="an_erasure_goes_its_way",
                field="state",
                transitions=[("asked", "running"), ("asked", "stopped"), ("running", "done")],
            ),
            pgtrigger.Protect(name="an_act_of_erasure_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @classmethod
    def rows_of(cls, relations: frozenset[Relation], sight: Sight, *, only_open: bool = False) -> Q:
        """Who heads a pipeline that knew the client."""
        return Q(pipelines__overlap=sorted(sight.headed_ids)) if Relation.HEADED in relations else Q(pk__in=[])

    @transition(state, source=State.ASKED, target=State.RUNNING)
    def begin(self) -> None:
        """Its hour has come."""

    @transition(state, source=State.ASKED, target=State.STOPPED)
    def stop(self) -> None:
        """A head of sales keeps it from running."""

    @transition(state, source=State.RUNNING, target=State.DONE)
    def finish(self) -> None:
        """Everything is gone."""
