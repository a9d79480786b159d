"""What is asked: every address of the house by GET and by POST, at every record, tier and pipeline of the world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse

from pipeline_crm.access.models import Share
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.timeline.models import Task
from tests.access.matrix.world import ABSENT, World
from tests.access.test_doors import ACTS, ADMIN, Address, addresses

ITSELF = "itself"  # an address that is of no record, tier or pipeline
METHODS = ("GET", "POST")
ROOMS = ("leads", "deals", "accounts")
TRIED_BOTH_WAYS = ("mine", "absent")
# At a crossing the address stands in the receiving room, and the number is that of the giving record.
GIVING = {"deals:offer": "leads", "accounts:win": "deals", "accounts:offer-again": "deals"}
WRITTEN: dict[str, dict[str, Any]] = {
    "note": {"text": "Likes to be called early."},
    "consent": {"says": "yes", "source": "call"},
    "task": {"title": "Send the plan", "due_at": "2026-11-20T12:00"},
    "touch": {"kind": "call", "outcome": "no_answer"},
    "edit": {"name": "Another Name", "consent": "given", "cadence_days": 20},
    "park": {"until": "2026-11-20T12:00"},
    "offer": {"summary": "Wants two rooms."},
    "win": {"summary": "Bought two rooms."},
    "offer-again": {"summary": "Bought two rooms, and a place for the car."},
    "repeat": {"summary": "Wants a third room."},
    "share": {"until": "2026-11-20T12:00"},
    "mark": {"mark": 4},
    "lines": {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0},
    "team-away": {"first_day": "2026-11-20", "last_day": "2026-11-21"},
    "team-pause": {"length": "hour"},
    "language": {"language": "en"},
    "theme": {"theme": "dark"},
    "notice-choice": {"rhythm": "never", "hour": 8},
    "new": {"name": "Newcomer", "phone": "+7 916 000-11-22"},
    "pause": {"length": "day"},
    "erasure:erase": {"basis": "asked", "although_open": "on"},
    "exchange:new": {"format": "csv", "contacts": "none", "reason": "The report of the quarter."},
    "approve": {"words": "For this once."},
    "refuse": {"words": "Not before the audit."},
}
FILES = ("export", "approve", "refuse", "withdraw", "make", "fetch")
REASONS = {"disqualify": "disqualify", "lose": "lose", "churn": "churn"}
# Whose tier, seat, absence and book an address of a team is asked with; the last mixes a tier with others' rows.
TEAMS = {
    "scouts": ("sam", "sam", "scouts"),
    "hunters": ("hal", "hal", "hunters"),
    "another": ("stan", "stan", "another"),
    "mixed": ("sam", "hal", "hunters"),
    "absent": ("", "sam", "scouts"),
}


class Row(NamedTuple):
    """One line of a table: at whose, by which method and to which address, and what is sent."""

    subject: str
    method: str
    name: str
    path: str
    sent: dict[str, Any]


def table_of(address: Address) -> str:
    """In which file an address has its lines."""
    if address.route.startswith(ADMIN):
        return "admin"
    if address.route.startswith("auth/"):
        return "auth"
    if "<int:pk>" in address.route and (room := GIVING.get(address.name, address.name.partition(":")[0])) in ROOMS:
        return room
    return "team" if address.name.startswith("reports:") else "own"


def short_name(address: Address) -> str:
    """How a table calls an address: without the room where that is the table's own."""
    room, _colon, name = address.name.partition(":")
    if not name:
        return address.route if room in ("admin", "") else room
    return name if room in (table_of(address), "reports") else address.name


def rows_of(table: str, world: World) -> Iterator[Row]:
    """The lines of one file, by subject."""
    found = [address for address in addresses() if table_of(address) == table]
    made = {"team": _team, "own": _own, "auth": _plain, "admin": _admin}.get(table, _records)
    seen = set()
    for row in made(table, found, world):
        if row[:3] not in seen:
            seen.add(row[:3])
            yield row


# Records ---------------------------------------------------------------------------------------------------------


def _records(table: str, found: list[Address], world: World) -> Iterator[Row]:
    items: dict[str, ConveyorItem | None] = {**world.items[table], "absent": None}
    for subject, item in items.items():
        for address in found:
            name = address.name.partition(":")[2]
            args = [item.pk if item else ABSENT]
            if "task_id" in address.route:
                args.append(_task(item) if item else ABSENT)
            if "share_id" in address.route:
                args.append(_share(item) if item else ABSENT)
            path = reverse(address.name, args=args)
            for method in _methods(address, subject):
                yield Row(subject, method, short_name(address), path, _sent(name, item) if method == "POST" else {})


def _methods(address: Address, subject: str) -> tuple[str, ...]:
    """Both ways of asking; that an act answers no link whosever the record is, is asked at two records."""
    if subject in TRIED_BOTH_WAYS:
        return METHODS
    return METHODS[1:] if address.name in ACTS else METHODS[:1] if address.name.endswith(":record") else METHODS


def _task(item: ConveyorItem) -> int:
    return Task.objects.filter(stage=item.stage, record_id=item.pk).values_list("pk", flat=True)[0]


def _share(item: ConveyorItem) -> int:
    shares = Share.objects.filter(stage=item.stage, record_id=item.pk).values_list("pk", flat=True)
    return next(iter(shares), ABSENT)


def _sent(name: str, item: ConveyorItem | None) -> dict[str, Any]:
    """What an act would be glad to read, so that nothing but the policy can stop it."""
    told = dict(WRITTEN.get(name, {}))
    if item is None:
        return told | {"step": ABSENT, "reason": ABSENT}
    if name == "move":
        told["step"] = item.pipeline.steps.filter(stage=item.stage).exclude(pk=item.step_id)[0].pk
    if name == "share":
        colleagues = Seat.objects.open().filter(tier=item.tier_id, role=Seat.Role.MEMBER, user__is_active=True)
        others = colleagues.exclude(pk=item.seat_id or 0).order_by("-id").values_list("pk", flat=True)
        told["seat"] = next(iter(others), ABSENT)
    kind = f"return_{item.stage}" if name == "return" else REASONS.get(name)
    if kind:
        told["reason"] = Reason.objects.filter(pipeline=item.pipeline_id, kind=kind)[0].pk
    return told


# Teams and conveyors ---------------------------------------------------------------------------------------------


def _team(_table: str, found: list[Address], world: World) -> Iterator[Row]:
    pipelines = {"home": world.home.pk, "another": world.other.pk, "absent": ABSENT}
    for address in found:
        name = address.name.partition(":")[2]
        if "pipeline_id" in address.route:
            numbers = {subject: {"pipeline_id": pk} for subject, pk in pipelines.items()}
        else:
            numbers = {subject: _places(subject, address, world) for subject in TEAMS}
        for subject, places in numbers.items():
            for method in METHODS:
                sent = dict(WRITTEN.get(name, {}))
                if name == "team-move":
                    sent["from"] = world.seats[TEAMS[subject][1]].pk
                path = reverse(address.name, kwargs=places)
                yield Row(subject, method, short_name(address), path, sent if method == "POST" else {})


def _places(subject: str, address: Address, world: World) -> dict[str, int]:
    tier, seat, where = TEAMS[subject]
    known = {
        "tier_id": world.seats[tier].tier_id if tier else ABSENT,
        "seat_id": world.seats[seat].pk,
        "absence_id": world.rows[f"absence:{where}"].pk,
        "move_id": world.rows[f"book:{where}"].pk,
    }
    return {name: pk for name, pk in known.items() if f":{name}>" in address.route}


# One's own pages -------------------------------------------------------------------------------------------------


def _own(_table: str, found: list[Address], world: World) -> Iterator[Row]:
    numbers, written = _numbers(world), _sent_of(world)
    for address in found:
        name = address.name.partition(":")[2] or address.name
        asked = numbers.get(address.name, {ITSELF: {}})
        if "<" in address.route and address.name not in numbers:
            raise LookupError(f"say in `_numbers` with which numbers {address.name} is asked")
        for subject, places in asked.items():
            for method in METHODS:
                sent = written.get(address.name) or WRITTEN.get(address.name) or WRITTEN.get(name) or {}
                yield Row(
                    subject,
                    method,
                    short_name(address),
                    reverse(address.name, kwargs=places),
                    sent if method == "POST" else {},
                )


def _numbers(world: World) -> dict[str, dict[str, dict[str, Any]]]:
    """With which numbers an address is asked that has some and is of no record, tier or pipeline: by subject."""
    tiers = {"scouts": ("sam", "lead"), "hunters": ("hal", "deal"), "another": ("stan", "lead")}
    files = {where: {"key": world.rows[where].key} for where in ("lena's wish", "lena's file")}
    files |= {"absent": {"key": UUID(int=1)}}
    leads = {"home": world.items["leads"]["mine"].pk, "another": world.items["leads"]["foreign"].pk, "absent": ABSENT}
    clients = {where: {"stage": "lead", "pk": pk} for where, pk in leads.items()}
    pools = {where: {"tier_id": world.seats[who].tier_id, "stage": stage} for where, (who, stage) in tiers.items()}
    return {
        "workbench:take-next": {**pools, "absent": {"tier_id": ABSENT, "stage": "lead"}},
        "workbench:pipeline": {
            "home": {"pk": world.home.pk},
            "another": {"pk": world.other.pk},
            "absent": {"pk": ABSENT},
        },
        "access:end-device": {"sam's telephone": {"pk": world.rows["telephone"].pk}, "absent": {"pk": ABSENT}},
        "access:join": {"absent": {"token": "no-such-token"}},
        "exchange:new": {"leads": {"stage": "lead"}, "deals": {"stage": "deal"}, "absent": {"stage": "loan"}},
        **dict.fromkeys([f"exchange:{act}" for act in FILES], files),
        **dict.fromkeys([f"erasure:{act}" for act in ("person", "erase", "copy")], clients),
        "oversight:who-sees": clients,
        **{f"erasure:{act}": {"absent": {"key": UUID(int=1)}} for act in ("act", "stop")},
        "oversight:take-up": {
            "home": {"client": world.items["leads"]["mine"].client_id},
            "another": {"client": world.items["leads"]["foreign"].client_id},
            "absent": {"client": ABSENT},
        },
    }


def _sent_of(world: World) -> dict[str, dict[str, Any]]:
    """What is sent that only this world has."""
    why = "The head of sales is ill, and a client waits."
    return {
        "access:glass": {"pipeline": world.other.pk, "hours": 1, "reason": why},
        "oversight:view-as": {"person": world.users["sam"].pk, "rights": "now"},
        "oversight:lay": {"stage": "lead", "number": world.items["leads"]["mine"].pk},
    }


# allauth and the admin -------------------------------------------------------------------------------------------


def _plain(_table: str, found: list[Address], world: World) -> Iterator[Row]:
    for address in found:
        for method in METHODS:
            yield Row(ITSELF, method, short_name(address), f"/{address.example}", {})


def _admin(_table: str, found: list[Address], world: World) -> Iterator[Row]:
    objects = {
        "users/user": world.users["sam"].pk,
        "tiers/pipeline": world.home.pk,
        "tiers/rule": world.rows["rule"].pk,
    }
    for address in found:
        path = f"/{address.example}"
        for where, pk in objects.items():
            path = path.replace(f"/admin/{where}/word/", f"/admin/{where}/{pk}/").replace(f"/{where}/<id>/", f"/{where}/{pk}/")  # fmt: skip
        for method in METHODS:
            yield Row(ITSELF, method, short_name(address), path, {"post": "yes"} if method == "POST" else {})
