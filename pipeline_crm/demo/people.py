"""Who works at the demo firm, and where they sit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pipeline_crm.tiers.actions import appoint, draw
from pipeline_crm.tiers.models import Absence, Pipeline, Seat, Tier
from pipeline_crm.users.models import User

PASSWORD = "conveyor"  # noqa: S105 - everybody at the demo firm has it, and the demo refuses to run outside DEBUG


@dataclass(frozen=True)
class Firm:
    """A pipeline of the demo: its industry, its language and its people, tier by tier."""

    name: str
    preset: str
    language: str
    clients: int
    desks: tuple[tuple[str, ...], ...]  # user names; the first with a star is the team lead


@dataclass(frozen=True)
class Player:
    """Somebody of the demo firm."""

    username: str
    first_name: str
    last_name: str
    language: str
    does: str | Promise


FIRMS = (
    Firm(
        "Severny Park flats",
        "property_developer",
        "en",
        110,
        (("anna", "pavel", "grace", "timur", "*kirill"), ("maksim", "julia", "rustam", "*daria"), ("olga", "ivan")),
    ),
    Firm("Мебель «Дубрава»", "furniture_shop", "ru", 50, (("sofia", "artem", "*vera"), ("lina",))),
    Firm("Tulip & Thyme", "flower_shop", "en", 40, (("viktor", "zoya"),)),
)

PLAYERS = (
    Player("anna", "Anna", "Belova", "en", _("Scout")),
    Player("pavel", "Pavel", "Egorov", "ru", _("Scout, away this week")),
    Player("grace", "Grace", "Miller", "en", _("Scout")),
    Player("timur", "Тимур", "Сафин", "ru", _("Scout")),
    Player("kirill", "Kirill", "Zotov", "en", _("Team lead of the call centre")),
    Player("maksim", "Maksim", "Gromov", "en", _("Hunter")),
    Player("julia", "Julia", "Reed", "en", _("Hunter")),
    Player("rustam", "Рустам", "Валеев", "ru", _("Hunter")),
    Player("daria", "Daria", "Kim", "en", _("Team lead of sales")),
    Player("olga", "Olga", "Lebedeva", "en", _("Farmer")),
    Player("ivan", "Иван", "Петров", "ru", _("Farmer")),
    Player("sofia", "София", "Марин", "ru", _("Scout and hunter in one")),
    Player("artem", "Артём", "Кольцов", "ru", _("Scout and hunter in one")),
    Player("vera", "Вера", "Дубова", "ru", _("Team lead of the salon")),
    Player("lina", "Лина", "Рот", "ru", _("Farmer")),
    Player("viktor", "Viktor", "Lem", "en", _("Takes a client the whole way")),
    Player("zoya", "Zoya", "Marsh", "en", _("Takes a client the whole way")),
    Player("elena", "Elena", "Vorontsova", "en", _("Head of sales")),
    Player("nina", "Nina", "Frost", "en", _("Analyst: numbers, no names")),
    Player("tom", "Tom", "Baker", "en", _("Configurator: structure, no clients")),
    Player("admin", "Ada", "Stern", "en", _("Administrator")),
)


def hire(now: datetime) -> dict[str, User]:
    """Makes everybody, with the one password of the demo."""
    password = make_password(PASSWORD)
    people = {player.username: _employ(player, password, now) for player in PLAYERS}
    people["tom"].groups.add(*Group.objects.filter(name="Configurators"))
    return people


def _employ(player: Player, password: str, now: datetime) -> User:
    return User.objects.create(
        username=player.username,
        first_name=player.first_name,
        last_name=player.last_name,
        email=f"{player.username}@pipeline.example",
        language=player.language,
        password=password,
        is_staff=player.username in ("tom", "admin"),
        is_superuser=player.username == "admin",
        date_joined=now,
    )


def found(firm: Firm, people: dict[str, User], now: datetime) -> Pipeline:
    """Draws a pipeline of the firm and seats its people."""
    pipeline = draw(firm.name, preset=firm.preset, language=firm.language)
    # Whoever tries the demo at night or on a Sunday should see what they hand on arrive; a real firm chooses for itself.
    pipeline.tiers.update(off_hours=True)
    for tier, desk in zip(pipeline.ordered_tiers, firm.desks, strict=True):
        for name in desk:
            _sit(tier, people[name.removeprefix("*")], leads=name.startswith("*"), now=now)
    for codename, name in (("head_pipeline", "elena"), ("analyse_pipeline", "nina")):
        appoint(pipeline, codename, [people[name]])
    return pipeline


def _sit(tier: Tier, user: User, *, leads: bool, now: datetime) -> None:
    role = Seat.Role.LEAD if leads else Seat.Role.MEMBER
    seat = Seat.objects.create(
        tier=tier, user=user, role=role, capacity=0 if leads else 60 if tier.works_account else 40
    )
    if user.username == "pavel":
        today = now.astimezone(tier.pipeline.zone).date()
        Absence.objects.create(seat=seat, first_day=today - timedelta(days=2), last_day=today + timedelta(days=3))


def table() -> Iterator[tuple[str, str, str]]:
    """Sign-in name, password and what the person does, for whoever tries the demo."""
    known = set(
        User.objects.filter(username__in=[player.username for player in PLAYERS]).values_list("username", flat=True)
    )
    for player in PLAYERS:
        if player.username in known:
            yield player.username, PASSWORD, f"{player.first_name} {player.last_name}: {player.does}"
