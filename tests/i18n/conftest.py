"""The cast again, as people of a Russian firm: their own names, a Russian pipeline, clients who write in Russian."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.conveyor.handoff import Brief
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.configurators import make_configurator
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.cast import make_person, seat_at, steer_to

BRIEF = Brief(summary="Две комнаты с большой кухней, ипотека одобрена.", budget="9–11 млн", need="большая кухня")
NAMES = ("Ирина Соколова", "Дмитрий Орлов", "Марта Лин", "Олег Тарасов", "Руслан Ахметов", "Вера Котова", "Пётр Ким")


def russian(username: str, name: str, **fields: object) -> User:
    """Somebody who has chosen Russian."""
    return make_person(username, name, language="ru", **fields)


@pytest.fixture
def pipeline(db: None) -> Pipeline:
    """A property developer's conveyor, drawn in Russian."""
    return drawing.draw("Северный парк", preset="property_developer", language="ru")


@pytest.fixture
def sam(pipeline: Pipeline) -> Seat:
    """A scout."""
    return seat_at(pipeline, Stage.LEAD, russian("sam", "Анна Белова"))


@pytest.fixture
def sue(pipeline: Pipeline) -> Seat:
    """The other scout."""
    return seat_at(pipeline, Stage.LEAD, russian("sue", "Павел Егоров"))


@pytest.fixture
def hal(pipeline: Pipeline) -> Seat:
    """A hunter."""
    return seat_at(pipeline, Stage.DEAL, russian("hal", "Максим Громов"))


@pytest.fixture
def fay(pipeline: Pipeline) -> Seat:
    """A farmer."""
    return seat_at(pipeline, Stage.ACCOUNT, russian("fay", "Ольга Лебедева"))


@pytest.fixture
def lena(pipeline: Pipeline) -> Seat:
    """The team lead of the scouts."""
    person = russian("lena", "Елена Зотова")
    return seat_at(pipeline, Stage.LEAD, person, role=Seat.Role.LEAD, capacity=0)


@pytest.fixture
def olga(pipeline: Pipeline) -> User:
    """The head of sales."""
    person = russian("olga", "Нина Воронцова")
    assign_perm("tiers.head_pipeline", person, pipeline)
    return person


@pytest.fixture
def ada(pipeline: Pipeline) -> User:
    """An analyst."""
    person = russian("ada", "Ада Штерн")
    assign_perm("tiers.analyse_pipeline", person, pipeline)
    return person


@pytest.fixture
def cody(db: None) -> User:
    """A configurator."""
    person = russian("cody", "Костя Настройкин")
    make_configurator(person)
    return person


@pytest.fixture
def root(db: None) -> User:
    """A superuser."""
    return russian("root", "Роман Главный", is_staff=True, is_superuser=True)


@pytest.fixture
def stan(db: None) -> User:
    """Somebody without a desk."""
    return russian("stan", "Степан Новиков")


class Firm:
    """What a firm does in a week, so that every page has something to say."""

    def __init__(self, pipeline: Pipeline, sam: Seat, hal: Seat, fay: Seat, now: datetime) -> None:
        self.pipeline, self.sam, self.hal, self.fay, self.now = pipeline, sam, hal, fay, now
        self.numbers = itertools.count(1)

    def lead(self, *, by: Seat | None, days: float = 3):
        """A lead that came so many days ago, to a scout or to the pool."""
        number, came = next(self.numbers), self.now - timedelta(days=days)
        person = Person(name=NAMES[number % len(NAMES)], city="Москва", company="ООО «Ромашка»")
        enquiry = scouting.Enquiry(person, phones=(f"+7916555{number:04d}",), comment="Нужна парковка")
        captured = scouting.capture(self.pipeline, enquiry, by=by.user if by else None, now=came, keep_for=by).item
        if by is None and captured.seat:
            belt.release(type(captured), captured.pk, by=captured.seat.user, now=came)
        return captured

    def contacted(self, *, days: float = 3):
        """A lead with whom the scout has talked."""
        lead, later = self.lead(by=self.sam, days=days), self.now - timedelta(days=days - 0.1)
        scouting.log_touch(
            lead.pk, kind="call", outcome="reached", text="Хочет узнать больше.", by=self.sam.user, now=later
        )
        return lead

    def offered(self, *, days: float = 2):
        """A deal that waits for the hunter's answer."""
        lead, later = self.contacted(days=days), self.now - timedelta(days=days - 0.2)
        offer = hunting.offer_from_lead(lead.pk, brief=BRIEF, by=self.sam.user, now=later)
        return self._to(Deal.objects.get(pk=offer.to_id), self.hal, later)

    def deal(self, *, days: float = 2):
        """A deal that the hunter works."""
        deal, later = self.offered(days=days), self.now - timedelta(days=days - 0.3)
        handoff.accept(type(deal), deal.pk, by=self.hal.user, now=later)
        handoff.mark_brief(type(deal), deal.pk, by=self.hal.user, mark=4, now=later)
        return deal

    def won(self, *, days: float = 2):
        """An account that waits for the farmer's answer."""
        deal, later = self.deal(days=days), self.now - timedelta(days=days - 0.4)
        return self._to(farming.win(deal.pk, brief=BRIEF, by=self.hal.user, now=later), self.fay, later)

    def account(self, *, days: float = 2):
        """An account that the farmer keeps."""
        account, later = self.won(days=days), self.now - timedelta(days=days - 0.5)
        handoff.accept(type(account), account.pk, by=self.fay.user, now=later)
        return account

    def reason(self, kind: Reason.Kind) -> Reason:
        """The first reason of a kind."""
        return Reason.objects.filter(pipeline=self.pipeline, kind=kind)[0]

    def _to(self, item, seat: Seat, now: datetime):
        steer_to(item, seat, now=now)
        return type(item).objects.get(pk=item.pk)


@pytest.fixture
def firm(pipeline: Pipeline, sam: Seat, sue: Seat, hal: Seat, fay: Seat, lena: Seat, olga: User) -> Firm:
    """A firm with something of everything: every state, a task, a note, a return, a closed record."""
    firm = Firm(pipeline, sam, hal, fay, timezone.now())
    now, kinds = firm.now, Reason.Kind
    fresh, parked, junk = firm.lead(by=sam), firm.lead(by=sam), firm.lead(by=sam)
    firm.contacted(), firm.lead(by=None), firm.lead(by=None, days=0.1)
    scouting.park(parked.pk, until=now + timedelta(days=2), by=sam.user, now=now)
    scouting.disqualify(junk.pk, reason=firm.reason(kinds.DISQUALIFY), by=sam.user, now=now)
    belt.set_task(type(fresh), fresh.pk, title="Прислать план", due_at=now + timedelta(hours=1), by=sam.user, now=now)
    belt.note(type(fresh), fresh.pk, text="Живёт рядом.", by=sam.user, now=now)
    firm.offered(), firm.deal(), firm.won(), firm.account()
    back, lost = firm.offered(), firm.deal()
    hunting.return_to_scout(
        back.pk, reason=firm.reason(kinds.RETURN_DEAL), comment="Не назван бюджет.", by=hal.user, now=now
    )
    hunting.lose(lost.pk, reason=firm.reason(kinds.LOSE), competitor="Застройщик", by=hal.user, now=now)
    incomplete, risky, gone = firm.won(), firm.account(), firm.account()
    farming.return_to_hunter(
        incomplete.pk, reason=firm.reason(kinds.RETURN_ACCOUNT), comment="Нет срока.", by=fay.user, now=now
    )
    farming.doubt(risky.pk, by=fay.user, now=now)
    farming.doubt(gone.pk, by=fay.user, now=now)
    farming.churn(gone.pk, reason=firm.reason(kinds.CHURN), by=fay.user, now=now)
    farming.open_repeat(risky.pk, product=None, amount=Decimal(90000), brief=BRIEF, by=fay.user, now=now)
    return firm
