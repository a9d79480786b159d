"""Forms as they stand empty on a record's page: printed once, and filled in with the record's own numbers.

A form that nobody has sent yet says the same for every record of a pipeline, so it is drawn once for as long as the set-up
stays the same, with marks where the record, its version, the page and the token against forgery stand.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from pipeline_crm.tiers.setup import SetUp

from .desks import DESKS
from .forms import ActForm
from .records import ConveyorItem
from .templatetags.belt import brief_mark
from .words import reader

KEPT = 512
# Nobody can write these, so what a person has written is never taken for one of them.
TOKEN, HERE, VERSION, URL = (secrets.token_hex(16) for _place in range(4))
SENT = (
    '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="version" value="{}">'
    '<input type="hidden" name="next" value="{}">'
)


@dataclass(frozen=True, slots=True)
class Press:
    """What every form on one page has in common: its record, the page's own address, the token against forgery."""

    item: ConveyorItem
    house: SetUp
    here: str
    token: str

    @property
    def sent(self) -> str:
        """What every act carries along, for forms of a button alone."""
        return SENT.format(self.token, self.item.version, escape(self.here))

    def url(self, page: str, *args: object) -> str:
        """The address of something done with the record."""
        return escape(DESKS[self.item.stage].url(page, self.item.pk, *args))

    def print(self, form: type[ActForm], template: str = "belt/record_form.html", *, quiet: bool = False) -> SafeString:
        """An empty form of this kind for this record."""
        differs = form.differs_by(self.item)
        key = (form, template, quiet, reader(), self.house.stamp, self.item.stage, differs)
        sheet = _kept.get(key)
        if sheet is None:
            sheet = self._draw(form, template, quiet=quiet)
            if self.house.stamp is not None and differs is not None:
                _keep(key, sheet)
        else:
            _kept.move_to_end(key)
        url = escape(form.address(self.item))
        filled = sheet.replace(URL, url).replace(TOKEN, self.token).replace(VERSION, str(self.item.version))
        return SafeString(filled.replace(HERE, escape(self.here)))

    def _draw(self, form: type[ActForm], template: str, *, quiet: bool) -> str:
        empty = form(item=self.item, initial={"version": VERSION})
        return render_to_string(
            template,
            {"form": empty, "act_url": URL, "quiet": quiet, "csrf_token": TOKEN, "version": VERSION, "next": HERE},
        )


@lru_cache(maxsize=64)
def marks(language: str, value: int | None) -> str:
    """One to five for a brief, in the reader's language."""
    return render_to_string("pieces/mark.html", brief_mark("mark", value))


_kept: OrderedDict[Hashable, str] = OrderedDict()


def _keep(key: Hashable, sheet: str) -> None:
    _kept[key] = sheet
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
