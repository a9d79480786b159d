"""Pipelines on paper: one for any trade and five for industries that the firm can pick by name."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .cars import CAR_DEALER
from .flowers import FLOWER_SHOP
from .furniture import FURNITURE_SHOP
from .general import DESKS, GENERAL
from .plan import Preset
from .property import PROPERTY_DEVELOPER
from .travel import TRAVEL_AGENCY

__all__ = ["DESKS", "GENERAL", "PRESETS", "Industry", "Preset"]


class Industry(TextChoices):
    """The trades that have a preset."""

    PROPERTY_DEVELOPER = "property_developer", _("Property developer")
    CAR_DEALER = "car_dealer", _("Car dealer")
    FURNITURE_SHOP = "furniture_shop", _("Furniture shop")
    TRAVEL_AGENCY = "travel_agency", _("Travel agency")
    FLOWER_SHOP = "flower_shop", _("Flower shop")


PRESETS: dict[str, Preset] = {
    Industry.PROPERTY_DEVELOPER: PROPERTY_DEVELOPER,
    Industry.CAR_DEALER: CAR_DEALER,
    Industry.FURNITURE_SHOP: FURNITURE_SHOP,
    Industry.TRAVEL_AGENCY: TRAVEL_AGENCY,
    Industry.FLOWER_SHOP: FLOWER_SHOP,
}
