from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What somebody read, did or tried."""

    VIEWED = "viewed", _("card opened")
    REVEALED = "revealed", _("contact shown in full")
    DIALLED = "dialled", _("called without seeing the number")
    SEARCHED = "searched", _("searched")
    LISTED = "listed", _("list read on")
    EXPORT_ASKED = "export_asked", _("export asked for")
    EXPORT_APPROVED = "export_approved", _("export approved")
    EXPORT_REFUSED = "export_refused", _("export refused")
    EXPORT_MADE = "export_made", _("export made")
    EXPORT_FETCHED = "export_fetched", _("export fetched")
    EXPORT_OVER = "export_over", _("export withdrawn or run out")
    SHARED = "shared", _("record shared")
    SHARE_ENDED = "share_ended", _("share ended")
    GRANTED = "granted", _("right given")
    GRANT_TAKEN = "grant_taken", _("right taken away")
    VIEW_AS_BEGAN = "view_as_began", _("began to look as somebody else")
    VIEW_AS_ENDED = "view_as_ended", _("looks as themselves again")
    GLASS_BROKEN = "glass_broken", _("emergency access opened")
    GLASS_USED = "glass_used", _("emergency access used")
    GLASS_CLOSED = "glass_closed", _("emergency access closed")
    DENIED = "denied", _("turned away")
    CONFIGURED = "configured", _("set-up changed")
    PERSON_CHANGED = "person_changed", _("person changed")
    SIGNED_IN = "signed_in", _("signed in")
    SIGNED_OUT = "signed_out", _("signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    HANDED_OUT = "handed_out", _("a person’s own data handed out")
    ERASED = "erased", _("erasure of personal data")
    TRAP_LAID = "trap_laid", _("trip-wire laid")
    TRAP_TAKEN = "trap_taken", _("trip-wire taken up")
    JOURNAL_READ = "journal_read", _("journal read")
    KEYS_ROTATED = "keys_rotated", _("keys changed")


class Line(models.Model):
    """One line of the journal: numbers and keyed hashes, never a name, a phone or an address; nothing changes it.

    What the numbers stand for may be gone, so none of them is a foreign key of the database. The number that comes after
    a person's last line, and the hash that hangs on it, are given at the commit (see `chain`).
    """

    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("what"), max_length=20, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("by"),
    )
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("whom it concerns"),
    )
    pipeline_id = models.BigIntegerField(_("pipeline"), null=True)
    client_id = models.BigIntegerField(_("client"), null=True)
    stage = models.CharField(_("stage"), max_length=10, blank=True, default="", db_default="")
    record_id = models.BigIntegerField(_("record"), null=True)
    traces = ArrayField(
        models.CharField(max_length=43), verbose_name=_("keyed hashes of contacts"), default=list, db_default=[]
    )
    detail = models.JSONField(_("details"), default=dict, db_default={})

    class Meta:
        verbose_name = _("line of the journal")
        verbose_name_plural = _("journal")
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(record_id=None, stage="") | Q(record_id__isnull=False) & ~Q(stage=""),
                name="a_line_names_a_record_by_stage_and_number",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["at"], name="lines_by_time"),
            Index(fields=["by", "at"], name="lines_of_a_person"),
            Index(fields=["kind", "at"], name="lines_of_a_kind"),
            Index(fields=["pipeline_id", "at"], name="lines_of_a_pipeline"),
            Index(fields=["client_id", "at"], condition=Q(client_id__isnull=False), name="lines_of_a_client"),
            GinIndex(fields=["traces"], condition=~Q(traces=[]), name="lines_by_a_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.by_id}"


class Link(models.Model):
    """The place of a line in the chain of who did it, and the hash of everything up to it; written by the database."""

    chain = models.BigIntegerField(_("chain"))
    number = models.BigIntegerField(_("number"))
    line_id = models.BigIntegerField(_("line"), unique=True)
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("link of the chain")
        verbose_name_plural = _("links of the chain")
        constraints: ClassVar = [UniqueConstraint(fields=["chain", "number"], name="a_place_in_a_chain_is_given_once")]

    def __str__(self) -> str:
        return f"{self.chain}/{self.number}"


class Head(models.Model):
    """Where the chain of one person ends; 0 is the chain of the house itself and of who has not signed in."""

    chain = models.BigIntegerField(_("chain"), primary_key=True)
    number = models.BigIntegerField(_("number"))
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("end of a chain")
        verbose_name_plural = _("ends of chains")

    def __str__(self) -> str:
        return f"{self.chain}/{self.number}"


class Anchor(models.Model):
    """Where all chains ended at one moment, sealed with a key that is not in the database."""

    at = models.DateTimeField(_("when"))
    key = models.BigIntegerField(_("number of the key"))
    seal = models.CharField(_("seal"), max_length=64)

    class Meta:
        verbose_name = _("anchor")
        verbose_name_plural = _("anchors")

    def __str__(self) -> str:
        return f"{self.pk} {self.seal[:8]}"


class Anchored(models.Model):
    """The end of one chain as an anchor found it; chains that have not grown since the anchor before are left out."""

    anchor_id = models.BigIntegerField(_("anchor"), db_index=True)
    chain = models.BigIntegerField(_("chain"))
    number = models.BigIntegerField(_("number"))
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("anchored end")
        verbose_name_plural = _("anchored ends")
        constraints: ClassVar = [UniqueConstraint(fields=["chain", "number"], name="an_end_is_anchored_once")]

    def __str__(self) -> str:
        return f"{self.anchor_id}: {self.chain}/{self.number}"


class Trap(models.Model):
    """A client whom nobody has any reason to open, search for or show; whoever does is told of at once."""

    client_id = models.BigIntegerField(_("client"), primary_key=True)
    pipeline_id = models.BigIntegerField(_("pipeline"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("trip-wire")
        verbose_name_plural = _("trip-wires")

    def __str__(self) -> str:
        return f"{self.client_id}"
