"""The words of the journal and of alarms: facts are stored, sentences are made when they are read."""

from __future__ import annotations

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.tiers.stages import Stage

from .models import Alarm


def sentence(line: Line, about: str) -> str:
    """What a line of the journal tells, without who did it; `about` is the name of the person it concerns."""
    kind = Kind(line.kind)
    parts = [str(kind.label)]
    if line.record_id is not None and line.stage in Stage.values:
        words = _("%(stage)s no. %(number)s")
        parts.append(words % {"stage": Stage(line.stage).label, "number": line.record_id})
    if line.client_id is not None:
        parts.append(_("client no. %(number)s") % {"number": line.client_id})
    if about:
        parts.append(about)
    parts += _details(line)
    return " · ".join(parts)


def _details(line: Line) -> list[str]:
    """What the numbers say beside the act."""
    detail, told = line.detail, []
    if line.kind == Kind.VIEWED:
        how = {"hidden": _("in the pool, without a name"), "named": _("an offer, the name only"), "full": _("in full")}
        told += [how[detail["how"]]] if detail.get("how") in how else []
    if line.kind in (Kind.VIEW_AS_BEGAN, Kind.VIEW_AS_ENDED):
        told.append(_rights(str(detail.get("rights", ""))))
    if line.kind == Kind.DENIED:
        told.append(f"{detail.get('method', '')} {detail.get('page', '')}".strip())
    if isinstance(detail.get("rows"), int):
        told.append(ngettext("%(n)d row", "%(n)d rows", detail["rows"]) % {"n": detail["rows"]})
    if isinstance(detail.get("clients"), list):
        n = len(detail["clients"])
        told.append(ngettext("%(n)d client found", "%(n)d clients found", n) % {"n": n})
    if "model" in detail:
        acts = {"+": _("added"), "~": _("changed"), "-": _("deleted")}
        told.append(f"{_thing(detail['model'])} {detail.get('id') or ''} {acts.get(detail.get('act', ''), '')}".strip())
    if isinstance(detail.get("columns"), list):
        told.append(", ".join(map(str, detail["columns"])))
    return told


def _rights(rights: str) -> str:
    """With which rights somebody looked."""
    right, _colon, tier = rights.partition(":")
    words = {
        "now": _("with the rights of that day"),
        "member": _("with a seat at tier no. %(tier)s"),
        "lead": _("as team lead of tier no. %(tier)s"),
        "head": _("as head of sales"),
        "analyst": _("as analyst"),
    }
    return words.get(right, "") % {"tier": tier}


def _thing(name: str) -> str:
    """What was changed, by the name of its table."""
    others = {"group": _("group"), "permission": _("right"), "factor": _("second factor"), "admin": _("in the admin")}
    if name in others:
        return others[name]
    try:
        return str(apps.get_model("tiers", name)._meta.verbose_name)
    except LookupError:
        return name


def reason(alarm: Alarm) -> str:
    """Why an alarm rang, in one sentence."""
    what = {
        "count": alarm.count,
        "usual": alarm.usual,
        "what": str(Alarm.Measure(alarm.measure).label),
        "days": alarm.days,
    }
    if alarm.measure == Alarm.Measure.TRAP:
        return _("Opened, found or showed a client who is there as a trip-wire and whom no work leads to.")
    if alarm.has_left:
        return _("In the last %(days)d days before leaving: %(what)s, %(count)d; usual are about %(usual)d.") % what
    if alarm.days > 1:
        return _("In %(days)d days: %(what)s, %(count)d; usual are about %(usual)d.") % what
    return _("In one day: %(what)s, %(count)d; usual are about %(usual)d.") % what
