from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.policy import Relation
    from pipeline_crm.access.sight import Sight


class Channel(models.TextChoices):
    """The ways by which a notice comes to a person."""

    BELL = "bell", _("Bell")
    EMAIL = "email", _("E-mail")


class Notices(models.QuerySet["Notice"]):
    """The notices, as people ask for them."""

    def heard_by(self, user_id: int) -> Notices:
        """What the bell may ring for: told to this person and not muted."""
        return self.filter(user_id=user_id, is_muted=False)

    def unread_by(self, user_id: int) -> Notices:
        """What the bell rings for."""
        return self.heard_by(user_id).filter(read_at=None)


class Notice(models.Model):
    """Word to one person about one event; holds numbers only, the sentence is made when it is read."""

    PART = "notice"  # by this the policy says who reads it

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("A record was given to you")
        OFFERED = "offered", _("A client is offered to you")
        ACCEPTED = "accepted", _("A client you handed on was accepted")
        RETURNED = "returned", _("A client you handed on came back")
        REMINDED_EARLY = "reminded_early", _("A clock runs out soon")
        REMINDED = "reminded", _("A clock has run out")
        TAKEN_AWAY = "taken_away", _("A record you held lay too long and was passed on")
        MOVED_AWAY = "moved_away", _("Your team lead moved a record of yours")
        ENQUIRY = "enquiry", _("A client of yours wrote again")
        BOUGHT = "bought", _("A client of yours has bought again")
        WOKEN = "woken", _("A parked lead came back")
        BOOK_MOVED = "book_moved", _("Clients of a colleague were moved to you")
        COVER_BEGAN = "cover_began", _("You look after a colleague’s clients")
        COVER_ENDED = "cover_ended", _("Your clients are back, or went back")
        WARNED = "warned", _("A clock has run out in your team")
        POOL_STUCK = "pool_stuck", _("A record waits in the pool and nobody can take it")
        DECIDE = "decide", _("A record needs your decision")
        FULL = "full", _("A tier is full")
        GLASS = "glass", _("An administrator opened your clients")
        ALARM = "alarm", _("Somebody reads more than their work asks for")
        EXPORT_ASKED = "export_asked", _("A colleague wants to export clients")
        EXPORT_READY = "export_ready", _("A file that you asked for is there")
        EXPORT_CLOSED = "export_closed", _("A file that you asked for will not be made")
        BARRED = "barred", _("A client must not be contacted any more")
        SHARED = "shared", _("A record is shared with you")
        ERASURE_ASKED = "erasure_asked", _("A client’s data will be erased")
        ERASURE_DONE = "erasure_done", _("A client’s data were erased, or were not")

    OF_EXPORTS: ClassVar = (Kind.EXPORT_ASKED, Kind.EXPORT_READY, Kind.EXPORT_CLOSED)
    OF_ERASURES: ClassVar = (Kind.ERASURE_ASKED, Kind.ERASURE_DONE)

    # These tell of a whole book or a whole tier, and of no record.
    OF_MANY: ClassVar = (
        Kind.BOOK_MOVED,
        Kind.COVER_BEGAN,
        Kind.COVER_ENDED,
        Kind.FULL,
        Kind.GLASS,
        Kind.ALARM,
        *OF_EXPORTS,
        *OF_ERASURES,
    )
    # These ask somebody who leads to do something that nobody else will do.
    OF_LEADS: ClassVar = (Kind.WARNED, Kind.POOL_STUCK, Kind.DECIDE, Kind.FULL, Kind.BARRED)
    # These are told whether somebody wants to hear them or not.
    ALWAYS: ClassVar = (Kind.GLASS, Kind.ALARM, *OF_EXPORTS, *OF_ERASURES)

    # The law that an event is told once has an index that begins with the person; a second would slow every sweep.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        db_index=False,
        verbose_name=pgettext_lazy("person", "to"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, blank=True, default="", db_default="")
    record_id = models.BigIntegerField(_("record"), null=True, blank=True)
    event = models.CharField(_("event"), max_length=80)
    at = models.DateTimeField(_("when"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    is_muted = models.BooleanField(_("muted when it was told"), default=False, db_default=False)

    objects = Notices.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            UniqueConstraint(fields=["user", "event"], name="an_event_is_told_once"),
            CheckConstraint(
                condition=Q(record_id__isnull=False) & ~Q(stage="")
                | Q(kind__in=["book_moved", "cover_began", "cover_ended", "full", "glass", "alarm"], record_id=None)
                | Q(kind__in=["export_asked", "export_ready", "export_closed"], record_id=None)
                | Q(kind__in=["erasure_asked", "erasure_done"], record_id=None),
                name="a_notice_names_its_record",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["user", "-at"], condition=Q(read_at=None, is_muted=False), name="notices_a_bell_rings_for"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event}"

    @classmethod
    def rows_of(cls, relations: frozenset[Relation], sight: Sight, *, only_open: bool = False) -> Q:
        """A notice belongs to the person it is for, and to nobody else in whatever relation."""
        return Q(user_id=sight.user_id) if "told" in relations else Q(pk__in=[])


class Mute(models.Model):
    """One kind of notice that a person does not want to hear of by one channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes", db_index=False, verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Notice.Kind)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)

    class Meta:
        verbose_name = _("muted notice")
        verbose_name_plural = _("muted notices")
        constraints: ClassVar = [UniqueConstraint(fields=["user", "kind", "channel"], name="a_kind_is_muted_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}"


class Digest(models.Model):
    """How often a person wants their notices by e-mail; who never chose has no row and gets none."""

    class Rhythm(models.TextChoices):
        NEVER = "never", _("Never")
        HOURLY = "hourly", _("Once an hour")
        DAILY = "daily", _("Once a day")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest", primary_key=True, verbose_name=_("person")
    )
    rhythm = models.CharField(_("how often"), max_length=10, choices=Rhythm, default=Rhythm.NEVER)
    hour = models.PositiveSmallIntegerField(_("at the hour"), default=8, validators=[MaxValueValidator(23)])
    # Whose clock the hour is read on, for somebody without a seat.
    pipeline = models.ForeignKey(
        Pipeline, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("pipeline")
    )
    due_at = models.DateTimeField(_("next one"), null=True, blank=True)

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints: ClassVar = [
            CheckConstraint(condition=Q(hour__lte=23), name="a_digest_has_an_hour_of_the_day"),
            CheckConstraint(
                condition=Q(rhythm="never", due_at=None) | ~Q(rhythm="never") & Q(due_at__isnull=False),
                name="a_wanted_digest_is_due_some_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="digests_by_their_hour")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.rhythm}"


class Mail(models.Model):
    """One digest on its way: what is in it is fixed before it is sent, so a second try is the same message."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mails", db_index=False, verbose_name=_("person")
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    made_at = models.DateTimeField(_("when"))
    # Empty when nothing more is to be done: it went out, or there is nobody any more to read it.
    due_at = models.DateTimeField(_("next try"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["user"], condition=Q(due_at__isnull=False), name="one_mail_to_a_person_is_on_its_way"
            ),
            CheckConstraint(condition=Q(due_at=None) | Q(sent_at=None), name="a_sent_mail_is_not_due"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="mails_that_are_due")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.made_at:%Y-%m-%d %H:%M}"


class Delivery(models.Model):
    """One notice by one channel other than the bell; exactly one, however often the event is told."""

    notice = models.ForeignKey(
        Notice, models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("notice")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    mail = models.ForeignKey(
        Mail, models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("mail")
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [UniqueConstraint(fields=["notice", "channel"], name="a_channel_tells_an_event_once")]
        indexes: ClassVar = [models.Index(fields=["notice"], condition=Q(mail=None), name="deliveries_without_a_mail")]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel}"
