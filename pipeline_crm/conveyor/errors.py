"""What the belt refuses, each with a sentence for the person who asked."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Tier


class Refused(Exception):
    """The act is not possible as asked; nothing was changed."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class Taken(Refused):
    """Somebody else was first; nothing was changed."""

    status = HTTPStatus.CONFLICT


class Spent(Refused):
    """The person has used up what they may open for now; nothing was changed."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, sentence: str, *, until: datetime, now: datetime) -> None:
        super().__init__(sentence)
        self.seconds = max(1, round((until - now).total_seconds()))


class NoRoom(Refused):
    """Nobody at the receiving tier has room, and its setting leaves the client with the giver."""

    def __init__(self, tier: Tier) -> None:
        super().__init__(
            _(
                "Nobody at “%(tier)s” has room now, so the client stays with you. Keep them warm and offer them again "
                "later; the head of sales has been told."
            )
            % {"tier": tier.name}
        )
        self.tier = tier
