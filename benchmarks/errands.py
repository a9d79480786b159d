"""What the people of a seeded firm ask for: addresses, cookies and forms, so that whoever measures needs no Django."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.stages import Stage

from .signing_in import cookie_of

EACH = 4  # different addresses of a page, which take turns
Errand = dict[str, Any]


def errands(acts: int) -> dict[str, list[Errand]]:
    """By the name of the journey; what changes something is asked for once only, `acts` times in all."""
    scouts = [(seat, cookie_of(seat.user)) for seat in _members(Stage.LEAD)]
    hunters = [(seat, cookie_of(seat.user)) for seat in _members(Stage.DEAL)]
    pages = {
        "floor": [_page("/floor/", cookie) for _seat, cookie in scouts],
        "list": [_page("/leads/", cookie) for _seat, cookie in scouts],
        "list, filtered": [
            _page(
                f"/leads/?source={Lead.objects.filter(seat=seat, state='contacted')[0].source_id}&state=contacted",
                cookie,
            )
            for seat, cookie in scouts
        ],
        "board": [_page("/leads/board/", cookie) for _seat, cookie in scouts],
        "board of deals": [_page("/deals/board/", cookie) for _seat, cookie in hunters],
        "record": [_page(f"/leads/{_one(Lead, seat, 'contacted')}/", cookie) for seat, cookie in scouts],
        "record of a deal": [_page(f"/deals/{_one(Deal, seat, 'open')}/", cookie) for seat, cookie in hunters],
        "search by phone": [_page(f"/find/?q=%2B{_phone(seat)}", cookie) for seat, cookie in scouts],
        "search by name": [_page(f"/find/?q={_part_of_a_name(seat)}", cookie) for seat, cookie in scouts],
    }
    return pages | _acts(scouts, acts)


def _members(stage: Stage) -> list[Seat]:
    seats = Seat.objects.filter(**{f"tier__works_{stage}": True}, role=Seat.Role.MEMBER).select_related("user")
    return list(seats.order_by("id")[:EACH])


def _page(path: str, cookie: str) -> Errand:
    return {"path": path, "cookie": cookie}


def _one(model: Any, seat: Seat, state: str) -> int:
    # A small firm may have nobody in that state.
    held = model.objects.filter(seat=seat).order_by(Case(When(state=state, then=0), default=1), "-id")
    number: int = held.values_list("pk", flat=True)[0]
    return number


def _phone(seat: Seat) -> str:
    client = Lead.objects.get(pk=_one(Lead, seat, "contacted")).client_id
    return ContactPoint.objects.get(client=client, kind="phone").value.removeprefix("+")


def _part_of_a_name(seat: Seat) -> str:
    return Lead.objects.get(pk=_one(Lead, seat, "contacted")).client.name.split()[1][1:].lower()


def _acts(scouts: list[tuple[Seat, str]], count: int) -> dict[str, list[Errand]]:
    fresh: list[Errand] = []
    warm: list[Errand] = []
    each = -(-count // len(scouts))
    for seat, cookie in scouts:
        new = Lead.objects.filter(seat=seat, state="new").order_by("id").values_list("pk", flat=True)[:each]
        told = {"kind": "call", "outcome": "reached", "text": "Wants to hear more."}
        fresh += [{"path": f"/leads/{pk}/touch/", "cookie": cookie, "form": told} for pk in new]
        met = Lead.objects.filter(seat=seat, state="contacted").order_by("id").values_list("pk", flat=True)[:each]
        brief = {"summary": "Wants two rooms, mortgage approved.", "need": "Two rooms"}
        warm += [{"path": f"/deals/from-lead/{pk}/", "cookie": cookie, "form": brief} for pk in met]
    captures = [
        {
            "path": "/leads/new/",
            "cookie": scouts[number % len(scouts)][1],
            "form": {"name": f"New Client {number}", "phone": f"+7495{number:07d}", "keep": "me"},
        }
        for number in range(count)
    ]
    return {"state change": fresh[:count], "capture": captures, "hand-off": warm[:count]}
