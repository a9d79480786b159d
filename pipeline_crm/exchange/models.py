from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from pipeline_crm.access.exporting import answers
from pipeline_crm.access.policy import Part, Relation
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight

# Without its key a file is nothing, so it is gone at the commit even where a copy of a part should be left.
TAKES_NOTHING_ALONG = """
    DELETE FROM exchange_exportpart USING exchange_export export
     WHERE export.id = exchange_exportpart.export_id AND export.asker_id = NEW.id;
    UPDATE exchange_export SET state = 'over', why = 'left', sealed_key = '', size = 0
     WHERE asker_id = NEW.id AND state IN ('waiting', 'queued', 'ready');
    RETURN NULL;
"""


def make_mark() -> str:
    """A key for the mark of one export."""
    return secrets.token_hex(16)


class ImportedRow(models.Model):
    """A row of some file that came in, and what it became; the row itself is kept only as a fingerprint."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+", verbose_name=_("pipeline"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))
    was_known = models.BooleanField(_("somebody had the client already"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("imported by")
    )
    at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints: ClassVar = [
            UniqueConstraint(fields=["pipeline", "fingerprint"], name="a_row_is_imported_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id}"


class Exports(models.QuerySet["Export"]):
    """The exports, as people and the hour ask for them."""

    def waiting(self) -> Exports:
        """Those that somebody must answer."""
        return self.filter(state=Export.State.WAITING)

    def to_make(self) -> Exports:
        """Those whose file is still to be written, the oldest first."""
        return self.filter(state=Export.State.QUEUED).order_by("pk")

    def alive(self) -> Exports:
        """Those that are waited for, or can be fetched."""
        return self.filter(state__in=[Export.State.WAITING, Export.State.QUEUED, Export.State.READY])


class Export(models.Model):
    """One wish to take clients out of the house as a file: who, what and why, who approved it, and where the file is."""

    PART = Part.EXPORT

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for approval")
        QUEUED = "queued", _("is being made")
        READY = "ready", _("ready")
        REFUSED = "refused", _("refused")
        LAPSED = "lapsed", _("nobody answered")
        FAILED = "failed", _("could not be made")
        OVER = "over", _("file deleted")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Excel workbook (XLSX)")
        CSV = "csv", _("Text with a column for each field (CSV)")
        COPY = "copy", _("Everything about one person, to be read by people and by machines (ZIP)")

    class Contacts(models.TextChoices):
        NONE = "none", _("Without contacts")
        MASKED = "masked", _("Contacts masked")
        FULL = "full", _("Contacts in full, always with approval")
        OWN = "own", _("The person’s own contacts, in full")

    class Why(models.TextChoices):
        USED = "used", _("It was fetched as often as it may be.")
        TIME = "time", _("Its time was over.")
        WITHDRAWN = "withdrawn", _("It was withdrawn.")
        LEFT = "left", _("The person does not work here any more.")
        RIGHT = "right", _("The right of export was taken away.")
        FILTER = "filter", _("The filter means something else now than when it was asked for.")
        EMPTY = "empty", _("Nothing was left in it to export.")
        TOO_MANY = "too_many", _("It had become too much for one file.")
        ERASED = "erased", _("The data of a client in it were erased.")

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    # What the list was asked, sealed: one looks for clients by their names.
    question = models.TextField(_("view and filter, sealed"))
    format = models.CharField(_("kind of file"), max_length=10, choices=Format, default=Format.XLSX)
    contacts = models.CharField(_("contacts"), max_length=10, choices=Contacts, default=Contacts.NONE)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    reason = models.CharField(_("what for"), max_length=300)
    rows = models.PositiveIntegerField(_("rows"))
    free_rows = models.PositiveIntegerField(_("rows that needed no approval then"))
    state = FSMField(_("state"), max_length=10, choices=State, protected=True)
    why = models.CharField(_("why it ended"), max_length=10, choices=Why, blank=True, default="", db_default="")
    asked_at = models.DateTimeField(_("asked"))
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="", db_default="")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    approved_rows = models.PositiveIntegerField(_("rows approved"), null=True, blank=True)
    made_at = models.DateTimeField(_("made"), null=True, blank=True)
    expires_at = models.DateTimeField(_("can be fetched until"), null=True, blank=True)
    fetches = models.PositiveSmallIntegerField(_("times fetched"), default=0, db_default=0)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)
    size = models.BigIntegerField(_("bytes"), default=0, db_default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True, default="", db_default="")
    # Whose file it is, written into it: see `marks`.
    mark = models.CharField(_("mark"), max_length=32, default=make_mark, editable=False)
    sealed_key = models.TextField(_("key of the file, sealed"), blank=True, default="", db_default="")
    # Which records are in the file, and of which of them the client is named.
    records = ArrayField(models.BigIntegerField(), verbose_name=_("records"), default=list, db_default=[])
    named = ArrayField(models.BigIntegerField(), verbose_name=_("records with a name"), default=list, db_default=[])

    objects = Exports.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            CheckConstraint(condition=~Q(reason=""), name="an_export_says_what_for"),
            CheckConstraint(condition=Q(rows__gte=1), name="an_export_has_rows"),
            CheckConstraint(
                condition=Q(approver=None) | ~Q(approver=F("asker")), name="nobody_answers_their_own_export"
            ),
            CheckConstraint(
                condition=Q(approver=None, answered_at=None) | Q(approver__isnull=False, answered_at__isnull=False),
                name="an_answer_to_an_export_has_its_hour",
            ),
            CheckConstraint(
                condition=~Q(state__in=["queued", "ready"])
                | (Q(rows__lte=F("free_rows")) & ~Q(contacts="full"))
                | Q(approved_rows__isnull=False, approver__isnull=False),
                name="what_is_too_much_was_approved",
            ),
            CheckConstraint(condition=~Q(state="refused") | ~Q(answer=""), name="a_refused_export_says_why"),
            CheckConstraint(
                condition=Q(state="ready", expires_at__isnull=False) & ~Q(sealed_key="")
                | ~Q(state="ready") & Q(sealed_key=""),
                name="only_what_is_ready_has_a_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["asker", "-id"], name="exports_of_a_person"),
            models.Index(
                fields=["pipeline", "id"], condition=Q(state="waiting"), name="exports_that_wait_for_approval"
            ),
            models.Index(fields=["state", "id"], condition=Q(state__in=["queued", "ready"]), name="exports_in_the_air"),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="an_export_goes_its_way",
                field="state",
                transitions=[
                    ("waiting", "queued"),
                    ("waiting", "refused"),
                    ("waiting", "lapsed"),
                    ("waiting", "over"),
                    ("queued", "ready"),
                    ("queued", "waiting"),
                    ("queued", "failed"),
                    ("queued", "over"),
                    ("ready", "queued"),
                    ("ready", "over"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.stage} {self.state}"

    @classmethod
    def rows_of(cls, relations: frozenset[Relation], sight: Sight, *, only_open: bool = False) -> Q:
        """Who asked, and who answers for the pipeline."""
        own = Q(asker_id=sight.user_id) if Relation.TOLD in relations else Q(pk__in=[])
        return own | Q(pipeline__in=answers(sight) if Relation.APPROVER in relations else [])

    @property
    def may_have(self) -> int:
        """How many rows the file may have as things stand; what came since the approval is let in to a tenth."""
        if self.approved_rows is not None:
            return max(self.free_rows, self.approved_rows + self.approved_rows // 10)
        return 0 if self.contacts == self.Contacts.FULL else self.free_rows

    def stage_word(self) -> str:
        """The stage in words."""
        return str(Stage(self.stage).label)

    @transition(state, source=State.WAITING, target=State.QUEUED)
    def approve(self) -> None:
        """A second person lets it go."""

    @transition(state, source=State.WAITING, target=State.REFUSED)
    def refuse(self) -> None:
        """A second person keeps it in."""

    @transition(state, source=State.WAITING, target=State.LAPSED)
    def lapse(self) -> None:
        """Nobody answered in time."""

    @transition(state, source=State.QUEUED, target=State.WAITING)
    def ask_again(self) -> None:
        """It has become more than was approved."""

    @transition(state, source=State.QUEUED, target=State.READY)
    def finish(self) -> None:
        """The file is there."""

    @transition(state, source=State.QUEUED, target=State.FAILED)
    def fail(self, why: str) -> None:
        """The file cannot be made."""
        self.why = why

    @transition(state, source=State.READY, target=State.QUEUED)
    def make_anew(self) -> None:
        """Clients in it are not the person's any more."""

    @transition(state, source=[State.WAITING, State.QUEUED, State.READY], target=State.OVER)
    def end(self, why: str) -> None:
        """There is nothing to fetch any more."""
        self.why = why


class ExportPart(models.Model):
    """A part of a file that waits for its person, sealed with the file's own key."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False, verbose_name=_("export"))
    position = models.PositiveIntegerField(_("position"))
    sealed = models.BinaryField(_("content, sealed"))

    class Meta:
        verbose_name = _("part of an export")
        verbose_name_plural = _("parts of exports")
        constraints: ClassVar = [UniqueConstraint(fields=["export", "position"], name="a_part_has_its_place")]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.position}"


class Leaver(User):
    """A person as they leave: their exports end in the commit that ends their work."""

    class Meta:
        proxy = True
        verbose_name = _("person")
        verbose_name_plural = _("people")
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="who_leaves_takes_no_file_along",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("is_active"),
                condition=pgtrigger.Q(old__is_active=True, new__is_active=False),
                func=TAKES_NOTHING_ALONG,
            )
        ]
