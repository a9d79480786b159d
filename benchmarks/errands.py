"""What the people of a seeded firm ask for: addresses, cookies and forms, so that whoever measures needs no Django."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.stages import Stage

from .firm import MODEST
from .signing_in import cookie_of

EACH = MODEST  # different addresses of a page, which take turns
Errand = dict[str, Any]
People = list[tuple[Seat, str]]


def errands(acts: int) -> dict[str, list[Errand]]:
    """By the name of the journey; what changes something is asked for once only, `acts` times in all."""
    scouts, hunters = _signed_in(Stage.LEAD, "id"), _signed_in(Stage.DEAL, "id")
    return _pages(scouts, hunters) | _acts(scouts, acts)


def modest_errands() -> dict[str, list[Errand]]:
    """The same pages for people whose book is as large in every firm."""
    scouts, hunters = _signed_in(Stage.LEAD, "-id"), _signed_in(Stage.DEAL, "-id")
    # One source of six would leave a few lines, more or fewer by luck.
    sifted = [_page("/leads/?state=contacted", cookie) for _seat, cookie in scouts]
    return _pages(scouts, hunters) | {"list, filtered": sifted}


def _pages(scouts: People, hunters: People) -> dict[str, list[Errand]]:
    return {
        "floor": [_page("/floor/", cookie) for _seat, cookie in scouts],
        "list": [_page("/leads/", cookie) for _seat, cookie in scouts],
        "list, filtered": [
            _page(f"/leads/?source={_own(Lead, seat, 'contacted').source_id}&state=contacted", cookie)
            for seat, cookie in scouts
        ],
        "board": [_page("/leads/board/", cookie) for _seat, cookie in scouts],
        "board of deals": [_page("/deals/board/", cookie) for _seat, cookie in hunters],
        "record": [_page(f"/leads/{_own(Lead, seat, 'contacted').pk}/", cookie) for seat, cookie in scouts],
        "record of a deal": [_page(f"/deals/{_own(Deal, seat, 'open').pk}/", cookie) for seat, cookie in hunters],
        "search by phone": [_page(f"/find/?q=%2B{_phone(seat)}", cookie) for seat, cookie in scouts],
        "search by name": [_page(f"/find/?q={_part_of_a_name(seat)}", cookie) for seat, cookie in scouts],
    }


def _signed_in(stage: Stage, order: str) -> People:
    seats = Seat.objects.filter(**{f"tier__works_{stage}": True}, role=Seat.Role.MEMBER).select_related("user")
    return [(seat, cookie_of(seat.user)) for seat in seats.order_by(order)[:EACH]]


def _page(path: str, cookie: str) -> Errand:
    return {"path": path, "cookie": cookie}


def _own(model: Any, seat: Seat, state: str) -> Any:
    # A small firm may have nobody in that state.
    return model.objects.filter(seat=seat).order_by(Case(When(state=state, then=0), default=1), "-id")[0]


def _phone(seat: Seat) -> str:
    client = _own(Lead, seat, "contacted").client_id
    return ContactPoint.objects.get(client=client, kind="phone").opened().removeprefix("+")


def _part_of_a_name(seat: Seat) -> str:
    return _own(Lead, seat, "contacted").client.name.split()[1][1:].lower()


def _acts(scouts: People, count: int) -> dict[str, list[Errand]]:
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
