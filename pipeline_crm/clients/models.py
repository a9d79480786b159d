from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline_crm import sealing
from pipeline_crm.rows import as_read

from .contacts import mask_email, mask_phone

# Its version and the hour of a seal make up its beginning; the shortest has one block of sixteen bytes.
A_SEAL = r"^gAAAA[A-Za-z0-9_-]{93,}={0,2}$"
A_MASK = "•.*•.*•.*•"
LONGEST_MASK = 270
# The end of a phone, as long as it is without its area: a shorter part, or one from the middle, would let one guess
# the masked digits one by one.
DIGITS_OF_AN_END = 7
MOST_OF_AN_END = 500  # a million phones have one in ten of each end; more are no phones of people


class Client(models.Model):
    """The person or company that rides the belt; created once and pointed at by every stage."""

    class Consent(models.TextChoices):
        UNKNOWN = "unknown", _("not asked")
        GIVEN = "given", _("given")
        PARTLY = "partly", _("taken back in part")
        WITHDRAWN = "withdrawn", _("withdrawn")

    name = models.CharField(pgettext_lazy("client", "name"), max_length=120)
    company = models.CharField(_("company"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    consent = models.CharField(_("consent to be contacted"), max_length=10, choices=Consent, default=Consent.UNKNOWN)
    no_contact = models.BooleanField(_("must not be contacted"), default=False, db_default=False)
    created_at = models.DateTimeField(_("known since"))
    erased_at = models.DateTimeField(_("data erased"), null=True, editable=False)
    # The main one, phone before e-mail: cards show it, and so need not look into the table of contacts.
    masked_contact = models.CharField(
        _("contact, masked"), max_length=LONGEST_MASK, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints: ClassVar = [
            CheckConstraint(condition=~Q(name=""), name="a_client_has_a_name"),
            CheckConstraint(
                condition=Q(masked_contact="") | Q(masked_contact__regex=A_MASK), name="a_client_keeps_only_a_mask"
            ),
        ]
        # A part of a name is looked for in capitals, as Django's `icontains` does it.
        indexes: ClassVar = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="clients_by_a_part_of_the_name"),
            GinIndex(OpClass(Upper("company"), name="gin_trgm_ops"), name="clients_by_a_part_of_the_firm"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, *, fetch_mode: Any = None) -> Self:
        """A client as their row has them."""
        return as_read(cls, db, field_names, values, fetch_mode)

    @property
    def is_barred(self) -> bool:
        """Whether nobody may get in touch with them: they said so, or took back every consent."""
        return self.no_contact or self.consent == self.Consent.WITHDRAWN

    @property
    def initials(self) -> str:
        """Two letters for the parcel."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class ContactPoints(models.QuerySet["ContactPoint"]):
    """The contact points, as they are looked for: by what they say, never by a part of it, save for a phone's end."""

    def saying(self, kind: str, values: Iterable[str]) -> ContactPoints:
        """Those that say just one of these, in its normal form."""
        return self.filter(kind=kind, mark__in=[each for value in values for each in sealing.marks(kind, value)])

    def meaning(self, digits: str, wholes: Iterable[str]) -> list[ContactPoint]:
        """The phones that end in these digits, seven at least, or are one of the whole numbers.

        The last seven are found by their mark; what stands before them is read out of the seals of the few that fit.
        """
        whole = set(wholes)
        ends = {each[-DIGITS_OF_AN_END:] for each in (digits, *whole)}
        marked = [each for end in ends for each in sealing.marks(END, end)]
        points = self.filter(end_mark__in=marked).order_by("id")[:MOST_OF_AN_END]
        if ends == {digits}:
            return list(points)
        return [point for point in points if (value := point.opened()).endswith(digits) or value in whole]


class ContactPoint(models.Model):
    """A phone (E.164) or an e-mail address (lower case) that a client is found by; it belongs to one client.

    What it says lies sealed. It is found by `mark`, a phone by its last digits, too; `masked` is shown.
    """

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone")
        EMAIL = "email", _("e-mail")

    client = models.ForeignKey(Client, models.CASCADE, related_name="contact_points", verbose_name=_("client"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    sealed = models.TextField(_("value, sealed"))
    masked = models.CharField(_("value, masked"), max_length=LONGEST_MASK)
    mark = models.UUIDField(_("mark"), editable=False)
    end_mark = models.UUIDField(_("mark of the last digits"), null=True, editable=False)
    key = models.IntegerField(_("number of the key"), editable=False)

    objects = ContactPoints.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering: ClassVar = ["kind", "id"]
        indexes: ClassVar = [
            Index(fields=["end_mark"], condition=Q(end_mark__isnull=False), name="contacts_by_their_end"),
        ]
        constraints: ClassVar = [
            UniqueConstraint(fields=["kind", "mark"], name="a_contact_point_belongs_to_one_client"),
            CheckConstraint(condition=Q(sealed__regex=A_SEAL), name="a_contact_lies_sealed"),
            CheckConstraint(condition=Q(masked__regex=A_MASK), name="a_mask_hides_something"),
            CheckConstraint(
                condition=Q(kind="phone", end_mark__isnull=False) | Q(kind="email", end_mark=None),
                name="only_a_phone_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.masked

    @classmethod
    def of(cls, client: Client, kind: str, value: str) -> Self:
        """A contact of a client, sealed, masked and marked; the value is in its normal form."""
        point = cls(client=client, kind=kind, masked=mask(kind, value), sealed=sealing.seal(value))
        point.mark_by(value)
        return point

    def mark_by(self, value: str) -> None:
        """Makes the marks of a value under the newest key."""
        self.key, self.mark = sealing.newest_key(), sealing.mark(self.kind, value)
        self.end_mark = sealing.mark(END, value[-DIGITS_OF_AN_END:]) if self.kind == self.Kind.PHONE else None

    def opened(self) -> str:
        """What it says; whoever asks shows it to somebody whose act is written down."""
        return sealing.unseal(self.sealed)


END = "end of a phone"


def mask(kind: str, value: str) -> str:
    """What is shown of a phone or an address."""
    return mask_phone(value) if kind == ContactPoint.Kind.PHONE else mask_email(value)


class Agreement(models.Model):
    """By one channel a client let us get in touch: since when, as they said where; or took that back."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("calls")
        EMAIL = "email", _("e-mail")
        MESSAGE = "message", _("messages")

    class Source(models.TextChoices):
        CALL = "call", _("in a call")
        MEETING = "meeting", _("in a meeting")
        FORM = "form", _("in a form on a site")
        LETTER = "letter", _("in a letter or message")
        CONTRACT = "contract", _("in a contract")

    client = models.ForeignKey(Client, models.CASCADE, related_name="agreements", verbose_name=_("client"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    source = models.CharField(_("where they said so"), max_length=10, choices=Source)
    given_at = models.DateTimeField(_("given"), null=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("written down by")
    )
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("written down by")
    )

    class Meta:
        verbose_name = _("consent by channel")
        verbose_name_plural = _("consents by channel")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["client", "channel"], condition=Q(withdrawn_at=None), name="one_consent_stands_for_a_channel"
            ),
            CheckConstraint(
                condition=Q(given_at__isnull=False) | Q(withdrawn_at__isnull=False),
                name="a_consent_was_given_or_taken_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.channel}"


class Pepper(models.Model):
    """A secret of the house, sealed: what is told again by it outlives a change of the keys, which only seal it anew."""

    sealed = models.TextField(_("value, sealed"))

    class Meta:
        verbose_name = _("secret of the house")
        verbose_name_plural = _("secrets of the house")

    def __str__(self) -> str:
        return f"{self.pk}"


class Suppression(models.Model):
    """A contact that was erased and must not be contacted: only whoever has the number again can tell that it is this one."""

    mark = models.UUIDField(_("mark"), unique=True, editable=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("contact that must not come back")
        verbose_name_plural = _("contacts that must not come back")

    def __str__(self) -> str:
        return f"{self.pk}"


class OpenedHour(models.Model):
    """How many contacts a person has opened, or called, within an hour of the clock."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("person")
    )
    hour = models.DateTimeField(_("hour"))
    count = models.PositiveIntegerField(_("contacts opened"))

    class Meta:
        verbose_name = _("hour of opened contacts")
        verbose_name_plural = _("hours of opened contacts")
        constraints: ClassVar = [UniqueConstraint(fields=["user", "hour"], name="an_hour_of_a_person_is_counted_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.hour:%Y-%m-%d %H} {self.count}"
