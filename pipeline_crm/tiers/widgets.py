"""The cards from which an admin picks the shape of a new pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.forms import RadioSelect
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .presets import DESKS, PRESETS, Industry
from .stages import DIVISION, Stage, Structure

FIRMS = {
    Structure.ONE: _("Flower shop: one manager takes the client the whole way."),
    Structure.CLOSING_JOINED: _("Furniture shop, travel agency: managers find and close."),
    Structure.SEARCH_APART: _("One specialist searches, another sells and keeps."),
    Structure.THREE: _("Property developer, car dealer: call centre, sales, service."),
}


def shapes() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything a pipeline can be drawn from: an industry with all its words, or a bare structure."""
    return [
        (
            str(_("Your trade, with its steps, reasons and products")),
            [(key, str(label)) for key, label in Industry.choices],
        ),
        (str(_("Any trade, by structure alone")), [(key, str(label)) for key, label in reversed(Structure.choices)]),
    ]


class ShapeCards(RadioSelect):
    """Radio buttons as cards, each with a picture of its belt."""

    template_name = "admin/tiers/shape_cards.html"
    option_template_name = "admin/tiers/shape_card.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Adds the belt to a card."""
        option = super().create_option(name, value, *args, **kwargs)
        shape = str(value)
        told = structure_of_shape(shape).label if shape in PRESETS else FIRMS[Structure(shape)]
        return option | {"told": told, "belt": list(_belt(shape))}


def structure_of_shape(shape: str) -> Structure:
    """The structure of a card, be it an industry's or bare."""
    return PRESETS[shape].structure if shape in PRESETS else Structure(shape)


def _belt(shape: str) -> Iterator[tuple[str, tuple[Stage, ...]]]:
    structure = structure_of_shape(shape)
    desks = PRESETS[shape].desks if shape in PRESETS else DESKS[structure]
    for desk, stages in zip(desks, DIVISION[structure], strict=True):
        yield desk.name.speak(get_language() or "en"), stages
