"""Two worlds that differ only in what somebody must not know look the same to them, to the byte.

The same request is made before and after a change of rows that the asker may know nothing of: counts, sums, order, search,
warnings and pages that are not there must not tell of it. The hour stands still; marks against forgery are left out.
"""

from __future__ import annotations

import random
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.urls import reverse

from leads import actions as scouting
from pipeline_crm.clients.actions import Person
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import questions
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.workbench import search
from tests.access.matrix.builds import put_to_sleep
from tests.access.test_canary import desks, pages, said
from tests.access.world import NOTHING, World, known
from tests.cast import MONDAY
from tests.length import LONG, tell

ASKERS = ("sam", "sue", "lena", "hal", "fay", "olga", "ada", "stan")
# Whose desk shows the rows of a pool, without names.
POOLS = {"pooled.lead": ("sam", "sue"), "waiting.deal": ("hal",)}
PAIRS = 3_000 if LONG else 24
ROUNDS = 6 if LONG else 1
FORGERY = re.compile(
    r"""(name="csrfmiddlewaretoken" value="|"X-CSRFToken": ?"|nonce[-=]"?|X-Request-ID': ')[\w+/=-]+""", re.IGNORECASE
)
Change = Callable[[World, str, random.Random], None]


def hidden(world: World, who: str) -> list[str]:
    """The records that somebody knows nothing of, not even that they lie in a pool."""
    cells = known()
    return [name for name in world.items if cells[name, who] == NOTHING and who not in POOLS.get(name, ())]


def unknown_clients(world: World, who: str) -> list[int]:
    """The clients of whom somebody knows no record at all."""
    unseen = set(hidden(world, who))
    met = {item.client_id for name, item in world.items.items() if name not in unseen}
    return sorted({item.client_id for item in world.items.values()} - met)


# What may change behind somebody's back ---------------------------------------------------------------------------


def others_are_called_otherwise(world: World, who: str, chance: random.Random) -> None:
    for pk in unknown_clients(world, who):
        words = f"Zelda Zqmine {chance.randrange(10**9)}"
        Client.objects.filter(pk=pk).update(name=words, company=words, region="North", city="Tver")


def others_are_talked_with(world: World, who: str, chance: random.Random) -> None:
    for name in hidden(world, who):
        item = type(world.items[name]).objects.select_related("seat__user").get(pk=world.items[name].pk)
        if item.seat is None or not item.is_open or item.state == "offered" or not item.seat.user.is_active:
            continue
        told = {"by": item.seat.user, "now": MONDAY}
        belt.note(type(item), item.pk, text=f"Zelda {chance.randrange(10**9)}", **told)
        belt.set_task(type(item), item.pk, title="Zelda", due_at=MONDAY, **told)


def others_come(world: World, who: str, chance: random.Random) -> None:
    """New clients of a colleague, or of another pipeline where the colleague's are known."""
    elsewhere = who in ("sue", "lena", "olga", "ada")
    seat = world.seats["stan" if elsewhere else "sue"]
    home = Pipeline.objects.get(pk=(world.other if elsewhere else world.pipeline).pk)
    for _one in range(chance.randrange(1, 4)):
        person = Person(name=f"Zelda Zqmine {chance.randrange(10**9)}", city="Tver")
        phone = f"+7916700{chance.randrange(10**4):04d}"
        enquiry = scouting.Enquiry(person, phones=(phone,), amount=chance.randrange(10**6))
        scouting.capture(home, enquiry, by=seat.user, now=MONDAY, keep_for=seat)


def nothing(_world: World, _who: str, _chance: random.Random) -> None:
    """Otherwise a page that is another one each time would be blamed on the next change."""


CHANGES: tuple[Change, ...] = (others_are_called_otherwise, others_are_talked_with, others_come)


# The pairs --------------------------------------------------------------------------------------------------------


def asked(world: World, who: str) -> Iterator[str]:
    """What somebody asks for: their desks, every list, search and record, and what is not there."""
    yield from desks(world)
    yield from pages(world, who)
    yield from (f"{reverse(f'{stage}s:list')}?sort={sort}" for stage in ("lead", "deal", "account") for sort in ("client", "-amount"))  # fmt: skip


def heard(world: World, who: str, address: str) -> str:
    """An answer without what is different each time."""
    answer = world.browsers[who].get(address)
    assert answer.status_code < 500, f"{who} {address}"
    return FORGERY.sub(r"\1", f"{answer.status_code} {said(answer)}")


def differences(world: World, who: str, chance: random.Random, addresses: list[str]) -> list[tuple[str, str]]:
    """Which answers change by what is none of somebody's business, and by which change."""
    before = {address: heard(world, who, address) for address in addresses}
    found = []
    for change in (nothing, *CHANGES):
        with transaction.atomic():
            change(world, who, chance)
            now = {address: heard(world, who, address) for address in addresses}
            found += [(address, change.__name__) for address in addresses if now[address] != before[address]]
            transaction.set_rollback(True)
    return found


def test_what_is_hidden_changes_no_byte(firm: World, bare_pages: None) -> None:
    """Over all rounds, so many pairs for each of these people."""
    found, compared = {}, dict.fromkeys(ASKERS, 0)
    for number, who in ((number, who) for number in range(ROUNDS) for who in ASKERS):
        chance = random.Random(f"{who}{number}")
        addresses = list(dict.fromkeys(asked(firm, who)))
        sample = addresses if LONG else chance.sample(addresses, PAIRS // len(CHANGES))
        if differing := differences(firm, who, chance, sample):
            found[who, number] = differing
        compared[who] += len(sample) * len(CHANGES)

    tell("pairs", sum(compared.values()))
    assert found == {}
    assert min(compared.values()) >= PAIRS


def test_the_alarm_rings_when_a_search_goes_beyond_its_scope(
    firm: World, bare_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_to_sleep(monkeypatch)
    monkeypatch.setattr(questions, "_kept", OrderedDict())
    monkeypatch.setattr(search, "_open_to", lambda _nobody, stage: DESKS[stage].model.objects.all())

    found = differences(firm, "lena", random.Random(1), [f"{reverse('workbench:find')}?q=zelda"])

    assert {change for _address, change in found} == {"others_are_called_otherwise", "others_come"}
