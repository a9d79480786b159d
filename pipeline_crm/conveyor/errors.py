"""What the belt refuses, each with a sentence for the person who asked."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.functional import Promise


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
