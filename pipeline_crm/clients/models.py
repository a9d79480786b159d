from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.db.models.functions import Reverse, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline_crm.rows import as_read


class Client(models.Model):
    """The person or company that rides the belt; created once and pointed at by every stage."""

    class Consent(models.TextChoices):
        UNKNOWN = "unknown", _("not asked")
        GIVEN = "given", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    name = models.CharField(pgettext_lazy("client", "name"), max_length=120)
    company = models.CharField(_("company"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    consent = models.CharField(_("consent to be contacted"), max_length=10, choices=Consent, default=Consent.UNKNOWN)
    created_at = models.DateTimeField(_("known since"))

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints: ClassVar = [CheckConstraint(condition=~Q(name=""), name="a_client_has_a_name")]
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
    def initials(self) -> str:
        """Two letters for the parcel."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()

    def contacts(self, kind: str) -> list[str]:
        """The normalised phones or e-mail addresses, main one first."""
        return [point.value for point in self.contact_points.all() if point.kind == kind]


class ContactPoint(models.Model):
    """A phone (E.164) or an e-mail address (lower case) that a client is found by; it belongs to one client."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone")
        EMAIL = "email", _("e-mail")

    client = models.ForeignKey(Client, models.CASCADE, related_name="contact_points", verbose_name=_("client"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    value = models.CharField(_("value"), max_length=254)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering: ClassVar = ["kind", "id"]
        indexes: ClassVar = [
            Index(OpClass(Reverse("value"), name="text_pattern_ops"), name="contacts_by_their_end"),
        ]
        constraints: ClassVar = [
            UniqueConstraint(fields=["kind", "value"], name="a_contact_point_belongs_to_one_client"),
            CheckConstraint(
                condition=~Q(kind="phone") | Q(value__regex=r"^\+[1-9][0-9]{6,14}$"), name="a_phone_is_in_e164"
            ),
            CheckConstraint(
                condition=~Q(kind="email") | Q(value__regex=r"^[^A-Z[:space:]]+@[^A-Z[:space:]]+$"),
                name="an_email_is_in_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return self.value
