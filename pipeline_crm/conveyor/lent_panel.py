"""With whom a record is shared, for those who answer for it; and what its borrower is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .draw import avatar, icon
from .folder import Shared
from .forms import ShareForm
from .panels import BUTTON, panel
from .printed import Press
from .words import day_of, full_moment


def shared(press: Press, shares: Iterable[Shared], *, shares_it: bool, now: datetime) -> SafeString:
    """Who else may see and work the record, and until when; `shares_it` is for the team lead, who gives and ends it."""
    rows = "".join(_row(press, one, ends=shares_it, now=now) for one in shares)
    if not rows and not shares_it:
        return SafeString("")
    empty = _("Nobody. For an absence, a colleague of the tier can see and work this record until a date.")
    listed = f'<ul class="rows">{rows}</ul>' if rows else f'<p class="meta px-3.5 py-3">{empty}</p>'
    form = press.print(ShareForm, quiet=True) if shares_it else ""
    opens = f'<summary class="cursor-pointer text-xs font-medium text-hue-text">{_("Share with a colleague")}</summary>'
    give = f'<details class="border-t px-3.5 py-2.5">{opens}<div class="pt-2">{form}</div></details>' if form else ""
    return panel("shared", _("Shared with"), f"{listed}{give}")


def _row(press: Press, one: Shared, *, ends: bool, now: datetime) -> str:
    until = _("until %(until)s") % {"until": full_moment(one.until, today=day_of(now))}
    label = _("End it for %(name)s") % {"name": one.name}
    words = f'<button type="submit" class="btn" data-variant="ghost" data-size="sm" aria-label="{escape(label)}">{pgettext("share", "End")}</button>'
    button = BUTTON.format("", press.url("unshare", one.pk), press.sent, words) if ends else ""
    name = f'<span class="block truncate font-medium">{escape(one.name)}</span><span class="meta">{until}</span>'
    return f'<li class="row">{avatar(one.name)}<span class="min-w-0 grow">{name}</span>{button}</li>'


def borrowed(until: datetime, *, now: datetime) -> SafeString:
    """What a borrower should know first."""
    words = _("This record is shared with you until %(until)s: you can work it. Its owner hands it on or closes it.")
    said = words % {"until": full_moment(until, today=day_of(now))}
    return SafeString(f'<p class="tell">{icon("share")}<span>{said}</span></p>')
