"""A record that a team lead shares with a colleague: what they see and do with it, and every way in which it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from deals import actions as hunting
from deals.models import Deal, DealGrant
from leads import actions as scouting
from leads.models import Lead, LeadGrant
from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import acting_as
from pipeline_crm.access.models import Share
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import lending
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.cast import BRIEF, MONDAY, make_contacted, make_deal, make_offer, make_person, reason, seat_at

pytestmark = pytest.mark.django_db
Browse = Callable[[User | Seat], Browser]
FRIDAY = MONDAY + timedelta(days=4)
REFUSED = ("park", "disqualify", "release", "reassign", "share", "deals:offer")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Monday, until somebody moves on."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def lead(sam: Seat) -> Lead:
    """A client of Sam's."""
    return make_contacted(sam)


def lend(item: ConveyorItem, to: Seat, by: Seat, until: datetime = FRIDAY) -> Share:
    """As the team lead does it."""
    lending.share(type(item), item.pk, to=to, until=until, by=by.user, now=MONDAY)
    return Share.objects.get(record_id=item.pk, stage=item.stage, user=to.user_id, ended_at=None)


def seen_by(who: Seat, item: ConveyorItem) -> tuple[bool, bool]:
    """Whether somebody sees a record: by the policy, and by PostgreSQL alone."""
    user, model = User.objects.get(pk=who.user_id), type(item)
    first = visible(user, model.objects.filter(pk=item.pk)).exists()
    with acting_as(user.pk), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} WHERE id = %s", [item.pk])  # noqa: S608
        return first, cursor.fetchone() == (1,)


def lines(kind: Kind) -> list[tuple[int | None, int | None, str, int | None]]:
    """What the journal says of shares: by whom, with whom, and of which record."""
    return list(Line.objects.filter(kind=kind).order_by("id").values_list("by", "about", "stage", "record_id"))


# Given -----------------------------------------------------------------------------------------------------------


def test_a_team_lead_shares_a_record_on_its_page(lead: Lead, lena: Seat, sue: Seat, browse: Browse) -> None:
    url = f"/leads/{lead.pk}/"
    assert browse(sue).get(url).status_code == 404

    page = browse(lena).get(url).content.decode()
    assert (f'action="{url}share/"' in page, "Shared with" in page) == (True, True)
    answer = browse(lena).post(f"{url}share/", {"seat": sue.pk, "until": "2026-11-20T10:00"}, follow=True)

    assert "Sue Search can see and work this record now." in answer.content.decode()
    assert (Share.objects.get().until, LeadGrant.objects.get().until) == (FRIDAY, FRIDAY)
    page = browse(sue).get(url).content.decode()
    assert (lead.client.name in page, "This record is shared with you until" in page) == (True, True)
    assert lines(Kind.SHARED) == [(lena.user_id, sue.user_id, "lead", lead.pk)]
    assert list(Notice.objects.filter(kind=Notice.Kind.SHARED).values_list("user", "record_id")) == [
        (sue.user_id, lead.pk)
    ]


def test_the_borrower_works_the_record_and_its_owner_keeps_it(
    lead: Lead, lena: Seat, sam: Seat, sue: Seat, browse: Browse
) -> None:
    lend(lead, sue, lena)
    url, borrower = f"/leads/{lead.pk}/", browse(sue)

    told = {
        "touch": {"kind": "call", "outcome": "reached", "text": "Calls back."},
        "note": {"text": "Likes to be called early."},
        "task": {"title": "Send the plan", "due_at": "2026-11-19T12:00"},
        "reveal": {},
    }
    done = {act: borrower.post(f"{url}{act}/", sent).status_code for act, sent in told.items()}
    refused = {act: borrower.post(address(lead, act), {}).status_code for act in REFUSED}

    assert done == dict.fromkeys(told, 303)
    assert refused == dict.fromkeys(REFUSED, 422)
    lead.refresh_from_db()
    assert (lead.seat_id, lead.state) == (sam.pk, "contacted")
    page = borrower.get(url).content.decode()
    assert [act for act in ("park", "disqualify", "release") if f'action="{url}{act}/"' in page] == []
    assert f'action="{url}note/"' in page


def address(lead: Lead, act: str) -> str:
    return f"/deals/from-lead/{lead.pk}/" if act == "deals:offer" else f"/leads/{lead.pk}/{act}/"


def test_the_borrower_finds_it_on_their_own_page_and_by_name(lead: Lead, lena: Seat, sue: Seat, browse: Browse) -> None:
    before = browse(sue).get("/").content.decode()
    lend(lead, sue, lena)

    page, found = browse(sue).get("/").content.decode(), browse(sue).get(f"/find/?q={lead.client.name}")

    assert "Shared with you" not in before
    assert ("Shared with you" in page, lead.client.name in page) == (True, True)
    assert f'href="/leads/{lead.pk}/"' in found.content.decode()


def test_owner_and_heads_read_with_whom_it_is_shared_and_cannot_change_that(
    lead: Lead, lena: Seat, sam: Seat, sue: Seat, olga: User, browse: Browse
) -> None:
    share = lend(lead, sue, lena)
    url = f"/leads/{lead.pk}/share/"

    pages = [browse(who).get(f"/leads/{lead.pk}/").content.decode() for who in (sam, olga)]
    tried = [browse(who).post(url, {"seat": sue.pk, "until": "2026-11-20T10:00"}).status_code for who in (sam, olga)]
    ended = [browse(who).post(f"{url}{share.pk}/end/").status_code for who in (sam, olga)]

    assert [("Shared with" in page, url in page) for page in pages] == [(True, False)] * 2
    assert (tried, ended) == ([422, 422], [422, 422])
    assert seen_by(sue, lead) == (True, True)


def test_a_head_of_sales_reads_why_the_borrower_sees_it(
    lead: Lead, lena: Seat, sue: Seat, olga: User, browse: Browse
) -> None:
    lend(lead, sue, lena)

    answer = browse(olga).get(f"/oversight/sight/lead/{lead.pk}/")

    whys = {one.name: one.whys for one in answer.context["seeing"]}
    assert whys[sue.user.name][0].startswith("A team lead shares it with them, until ")


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("2026-11-15T10:00", "in the future"),
        ("2027-06-01T10:00", "three months at most"),
        ("soon", "Write a day and an hour."),
        ("", "Say until when."),
    ],
)
def test_an_hour_that_cannot_be_is_refused_with_a_sentence(
    lead: Lead, lena: Seat, sue: Seat, browse: Browse, until: str, words: str
) -> None:
    answer = browse(lena).post(f"/leads/{lead.pk}/share/", {"seat": sue.pk, "until": until})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Share.objects.exists()


def test_only_colleagues_of_the_tier_can_be_lent_anything(
    lead: Lead, lena: Seat, sam: Seat, hal: Seat, browse: Browse
) -> None:
    gone = seat_at(lead.pipeline, Stage.LEAD, make_person("gone", is_active=False))

    answers = [
        browse(lena).post(f"/leads/{lead.pk}/share/", {"seat": seat.pk, "until": "2026-11-20T10:00"}).status_code
        for seat in (hal, sam, gone)
    ]

    assert answers == [422] * 3
    with pytest.raises(Refused, match="works at the same tier"):
        lending.share(Lead, lead.pk, to=hal, until=FRIDAY, by=lena.user, now=MONDAY)
    assert not Share.objects.exists()


def test_what_nobody_holds_is_not_lent(lena: Seat, sam: Seat, sue: Seat, lead: Lead, hal: Seat) -> None:
    leader = seat_at(lead.pipeline, Stage.DEAL, make_person("dora"), role=Seat.Role.LEAD, capacity=0)
    belt.release(Lead, lead.pk, by=sam.user, now=MONDAY)
    other = seat_at(lead.pipeline, Stage.DEAL, make_person("hank"))
    offer = make_offer(sam)

    for model, pk, to, by in ((Lead, lead.pk, sue, lena), (Deal, offer.pk, other, leader)):
        with pytest.raises(Refused, match="Nobody has accepted this client yet"):
            lending.share(model, pk, to=to, until=FRIDAY, by=by.user, now=MONDAY)


def test_nobody_borrows_without_end(lead: Lead, lena: Seat, sue: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "MOST", 1)
    lend(lead, sue, lena)

    with pytest.raises(Refused, match="borrows 1 records already"):
        lend(make_contacted(lead.seat), sue, lena)


def test_said_again_the_new_hour_counts(lead: Lead, lena: Seat, sue: Seat) -> None:
    first = lend(lead, sue, lena)

    second = lend(lead, sue, lena, until=FRIDAY + timedelta(days=3))

    first.refresh_from_db()
    assert (first.ended_at, first.ended_by_id) == (MONDAY, lena.user_id)
    assert list(LeadGrant.objects.values_list("share", "until")) == [(second.pk, FRIDAY + timedelta(days=3))]


# Ended -----------------------------------------------------------------------------------------------------------


def test_from_its_hour_on_nobody_sees_it_although_no_sweep_has_come(
    lead: Lead, lena: Seat, sue: Seat, browse: Browse, clock: Any
) -> None:
    soon = MONDAY + timedelta(minutes=5)
    lend(lead, sue, lena, until=soon)
    borrower = browse(sue)
    assert borrower.get(f"/leads/{lead.pk}/").status_code == 200

    clock.move_to(soon)

    assert LeadGrant.objects.count() == 1
    assert borrower.get(f"/leads/{lead.pk}/").status_code == 404
    assert seen_by(sue, lead) == (False, False)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_ends_it_for_good(lead: Lead, lena: Seat, sue: Seat, clock: Any) -> None:
    share = lend(lead, sue, lena)
    clock.move_to(FRIDAY)

    done = [sweep(now=FRIDAY)["unshared"] for _twice in range(2)]

    share.refresh_from_db()
    assert (done, share.ended_at, share.ended_by_id) == ([1, 0], FRIDAY, None)
    assert_ended(share, by=None)


def test_the_team_lead_takes_it_back(lead: Lead, lena: Seat, sue: Seat, browse: Browse) -> None:
    share = lend(lead, sue, lena)

    answers = [browse(lena).post(f"/leads/{lead.pk}/share/{share.pk}/end/").status_code for _twice in range(2)]

    assert answers == [303, 303]
    assert_ended(share, by=lena.user_id)
    assert seen_by(sue, lead) == (False, False)


def test_another_records_share_is_not_ended_by_this_ones_address(
    lead: Lead, lena: Seat, sam: Seat, sue: Seat, browse: Browse
) -> None:
    share = lend(make_contacted(sam), sue, lena)

    assert browse(lena).post(f"/leads/{lead.pk}/share/{share.pk}/end/").status_code == 404
    assert LeadGrant.objects.count() == 1


def assert_ended(share: Share, *, by: int | None) -> None:
    share.refresh_from_db()
    assert share.ended_at is not None
    assert (LeadGrant.objects.count(), DealGrant.objects.count()) == (0, 0)
    assert lines(Kind.SHARE_ENDED) == [(by, share.user_id, share.stage, share.record_id)]


def _reassign(lead: Lead, people: dict[str, Seat]) -> None:
    belt.reassign(Lead, lead.pk, to=people["tom"], by=people["lena"].user, now=MONDAY)


def _release(lead: Lead, people: dict[str, Seat]) -> None:
    belt.release(Lead, lead.pk, by=people["sam"].user, now=MONDAY)


def _close(lead: Lead, people: dict[str, Seat]) -> None:
    why = reason(lead.pipeline, Reason.Kind.DISQUALIFY)
    scouting.disqualify(lead.pk, reason=why, by=people["sam"].user, now=MONDAY)


def _hand_on(lead: Lead, people: dict[str, Seat]) -> None:
    hunting.offer_from_lead(lead.pk, brief=BRIEF, by=people["sam"].user, now=MONDAY)


def _dismiss(lead: Lead, people: dict[str, Seat]) -> None:
    User.objects.filter(pk=people["sue"].user_id).update(is_active=False)


def _unseat(lead: Lead, people: dict[str, Seat]) -> None:
    Seat.objects.filter(pk=people["sue"].pk).update(is_open=False)


@pytest.mark.parametrize("happens", [_reassign, _release, _close, _hand_on, _dismiss, _unseat])
def test_it_ends_in_the_commit_in_which_its_ground_goes(
    lead: Lead, lena: Seat, sam: Seat, sue: Seat, happens: Callable[[Lead, dict[str, Seat]], None]
) -> None:
    share = lend(lead, sue, lena)
    tom = seat_at(lead.pipeline, Stage.LEAD, make_person("tom"))

    happens(lead, {"sam": sam, "sue": sue, "lena": lena, "tom": tom})

    assert_ended(share, by=None)
    assert seen_by(sue, lead) == (happens is _release, happens is _release)  # in the pool anybody of the tier sees it


def test_work_on_the_record_ends_nothing(lead: Lead, lena: Seat, sam: Seat, sue: Seat) -> None:
    lend(lead, sue, lena)

    scouting.log_touch(lead.pk, kind="call", outcome="reached", text="Well.", by=sam.user, now=MONDAY)
    scouting.park(lead.pk, until=FRIDAY, by=sam.user, now=MONDAY)

    assert seen_by(sue, lead) == (True, True)


def test_a_lent_deal_shows_its_lead_as_history_alone(sam: Seat, hal: Seat, hana: Seat, browse: Browse) -> None:
    deal = make_deal(sam, hal)
    leader = seat_at(deal.pipeline, Stage.DEAL, make_person("dora"), role=Seat.Role.LEAD, capacity=0)

    lend(deal, hana, leader)

    assert (seen_by(hana, deal), seen_by(hana, deal.lead)) == ((True, True), (False, False))
    assert browse(hana).get(f"/deals/{deal.pk}/").status_code == 200
    assert browse(hana).get(f"/leads/{deal.lead_id}/").status_code == 404


# Below the ORM ---------------------------------------------------------------------------------------------------


def test_nobody_shares_with_themselves_past_the_acts(lead: Lead, lena: Seat, sue: Seat, pipeline: Pipeline) -> None:
    lend(lead, sue, lena)
    with acting_as(sue.user_id):
        for statement in (
            "UPDATE access_share SET until = until + interval '1 day'",
            "UPDATE leads_leadgrant SET until = until + interval '1 day'",
            "INSERT INTO access_share SELECT * FROM access_share",
            "DELETE FROM leads_leadgrant",
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)


def test_a_share_is_written_once(lead: Lead, lena: Seat, sue: Seat) -> None:
    share = lend(lead, sue, lena)

    for change in ({"until": FRIDAY + timedelta(days=1)}, {"user": lena.user_id}):
        with pytest.raises(DatabaseError, match="a share can only be ended, once"), transaction.atomic():
            Share.objects.filter(pk=share.pk).update(**change)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        share.delete()
