"""The three stages and the four ways a firm divides them between tiers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """A third of the belt; fixed, because each is a state machine in code."""

    LEAD = "lead", _("Lead")
    DEAL = "deal", _("Deal")
    ACCOUNT = "account", _("Account")

    @property
    def rank(self) -> int:
        """Place on the belt, from 0."""
        return list(Stage).index(self)

    @property
    def next(self) -> Stage | None:
        """The stage a client rides to from here."""
        after = self.rank + 1
        return list(Stage)[after] if after < len(Stage) else None


class Structure(models.TextChoices):
    """How the three stages are divided: exactly four ways keep each tier's stages together."""

    THREE = "3", _("3 tiers: scout, hunter, farmer")
    CLOSING_JOINED = "2a", _("2 tiers, closing joined to search: scout and hunter, farmer")
    SEARCH_APART = "2b", _("2 tiers, search apart: scout, hunter and farmer")
    ONE = "1", _("1 tier: one person takes the client the whole way")


DIVISION: dict[Structure, tuple[tuple[Stage, ...], ...]] = {
    Structure.THREE: ((Stage.LEAD,), (Stage.DEAL,), (Stage.ACCOUNT,)),
    Structure.CLOSING_JOINED: ((Stage.LEAD, Stage.DEAL), (Stage.ACCOUNT,)),
    Structure.SEARCH_APART: ((Stage.LEAD,), (Stage.DEAL, Stage.ACCOUNT)),
    Structure.ONE: ((Stage.LEAD, Stage.DEAL, Stage.ACCOUNT),),
}


def structure_of(division: tuple[tuple[Stage, ...], ...]) -> Structure | None:
    """The structure that a division of stages is, or None when it is none of the four."""
    return next((structure for structure, tiers in DIVISION.items() if tiers == division), None)
