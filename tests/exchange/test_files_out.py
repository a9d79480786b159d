"""Clients leave the house as a file only for those who may, only what they see, and only to themselves."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.exchange import exports as leaving
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.models import Export
from pipeline_crm.tiers.models import Seat
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_lead, make_person, reason
from tests.exchange.files_out import (
    WHY,
    again,
    ask,
    capped,
    export,
    fetch,
    grant,
    ids,
    kinds_of,
    numbers_of,
    renewed,
    told,
)

pytestmark = pytest.mark.django_db


# Who may, and of what --------------------------------------------------------------------------------------------


def test_only_who_has_the_right_sees_the_button_and_the_page(browse, sam, sue, lena, olga, ada, root):
    grant(sue)
    make_lead(sam)

    pages = {}
    for who in (sam, sue, lena, olga, ada, root):
        browser = browse(who)
        listed = browser.get(reverse("leads:list"))
        button = listed.status_code == 200 and "/exports/new/lead/" in listed.content.decode()
        pages[who if isinstance(who, User) else who.user] = (
            button,
            browser.get(reverse("exchange:new", args=["lead"])).status_code,
        )

    assert pages == {
        sam.user: (False, 404),
        sue.user: (True, 200),
        lena.user: (False, 404),
        olga: (True, 200),
        ada: (False, 404),
        root: (False, 404),
    }


def test_the_right_is_given_at_the_seat_and_goes_with_it(sam):
    grant(sam)
    Seat.objects.filter(pk=sam.pk).update(capacity=7)
    codenames = set(
        sam.tier.tieruserobjectpermission_set.filter(user=sam.user).values_list("permission__codename", flat=True)
    )

    Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert codenames == {"work_tier", "export_tier"}
    assert not sam.tier.tieruserobjectpermission_set.filter(user=sam.user).exists()


def test_a_file_holds_the_rows_of_the_list_and_no_other(browse, sam, sue, lena, olga, stan):
    for seat in (sam, lena):
        grant(seat)
    mine, pooled, hers = make_lead(sam), make_lead(pipeline=sam.tier.pipeline), make_lead(sue)
    formerly = make_lead(sam)
    belt.reassign(Lead, formerly.pk, to=sue, by=lena.user, now=MONDAY)
    junk = make_lead(sam)
    why = reason(sam.tier.pipeline, "disqualify")
    scouting.disqualify(junk.pk, reason=why, by=sam.user, now=MONDAY, seen=None)
    make_lead(stan)

    files = {
        (who, view): sorted(numbers_of(export(browse(seat), view=view)))
        for who, seat in (("sam", sam), ("lena", lena), ("olga", olga))
        for view in ("mine", "team", "pool", "closed")
        if (who, view) not in {("sam", "team"), ("lena", "mine"), ("olga", "mine")}
    }

    team = ids([mine, pooled, hers, formerly])
    assert files == {
        ("sam", "mine"): [mine.pk],
        ("sam", "pool"): [pooled.pk],
        ("sam", "closed"): [junk.pk],
        ("lena", "team"): team,
        ("lena", "pool"): [pooled.pk],
        ("lena", "closed"): [junk.pk],
        ("olga", "team"): team,
        ("olga", "pool"): [pooled.pk],
        ("olga", "closed"): [junk.pk],
    }


def test_what_is_hidden_on_the_list_is_hidden_in_the_file(browse, sam):
    grant(sam)
    make_lead(pipeline=sam.tier.pipeline, name="Zinaida Hidden")

    content = export(browse(sam), view="pool", contacts="masked").decode()

    assert "Zinaida" not in content
    assert "•" not in content


def test_contacts_are_left_out_or_masked(browse, olga, sam):
    make_lead(sam, phone="+79161234567", name="Anna Berg")

    without, masked = export(browse(olga), view="team"), export(browse(olga), view="team", contacts="masked")

    assert "1234567" not in without.decode() + masked.decode()
    assert (b"\xe2\x80\xa2" in without, b"\xe2\x80\xa2" in masked) == (False, True)


def test_contacts_in_full_go_only_with_approval(browse, olga, second, sam):
    make_lead(sam, phone="+79161234567")
    asked = ask(browse(olga), view="team", contacts="full")
    assert asked.state == "waiting"

    browse(second).post(reverse("exchange:approve", args=[asked.key]), {"words": ""})
    make_all(now=MONDAY)

    assert "+79161234567" in fetch(browse(olga), renewed(asked)).decode()


def test_the_filter_and_the_order_of_the_list_hold(browse, olga, sam, sue):
    first, last = make_lead(sam, name="Anna"), make_lead(sam, name="Boris")
    make_lead(sue, name="Clara")

    content = export(browse(olga), view="team", owner=sam.pk, sort="-client")

    assert numbers_of(content) == [last.pk, first.pk]


def test_a_filter_that_is_not_understood_any_more_widens_nothing(browse, olga, sam):
    make_lead(sam)
    source = sam.tier.pipeline.sources.all()[0]
    make_lead(sam, source=source)
    asked = ask(browse(olga), view="team", source=source.pk)
    Lead.objects.update(source=None)
    source.delete()

    make_all(now=MONDAY)

    assert (again(asked).state, again(asked).why) == ("failed", "filter")
    assert told(olga) == ["export_closed"]


def test_nothing_to_export_is_said(browse, olga, sam):
    address = f"{reverse('exchange:new', args=['lead'])}?view=team"

    answer = browse(olga).post(address, {"format": "csv", "contacts": "none", "reason": WHY})

    assert (answer.status_code, Export.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    "told",
    [{}, {"format": "exe"}, {"contacts": "all"}, {"reason": "short"}, {"reason": "x" * 301}, {"reason": "\x00" * 9}],
)
def test_bad_input_gets_a_sentence(browse, olga, sam, told):
    make_lead(sam)
    good = {"format": "csv", "contacts": "none", "reason": WHY}

    answer = browse(olga).post(f"{reverse('exchange:new', args=['lead'])}?view=team", good | told if told else {})

    assert (answer.status_code, Export.objects.count()) == (422, 0)


# The second person -----------------------------------------------------------------------------------------------


def test_up_to_the_days_rows_nobody_is_asked_above_them_a_second_person_is(browse, pipeline, olga, second, sam):
    capped(pipeline, 3)
    make_lead(sam)
    make_lead(sam)
    free = ask(browse(olga), view="team")
    above = ask(browse(olga), view="team")
    assert (free.state, above.state, told(second)) == ("queued", "waiting", ["export_asked"])

    make_all(now=MONDAY)
    browse(second).post(reverse("exchange:approve", args=[above.key]), {"words": "For the board."})
    make_all(now=MONDAY)

    assert (again(free).state, again(above).state) == ("ready", "ready")
    assert told(olga) == ["export_ready", "export_ready"]
    assert (again(above).approver, again(above).answer) == (second, "For the board.")
    assert kinds_of(olga) == ["export_asked", "export_asked", "export_made", "export_made"]
    assert kinds_of(second) == ["export_approved"]


def test_nobody_approves_their_own(browse, pipeline, olga, second, sam):
    capped(pipeline, 0)
    make_lead(sam)
    asked = ask(browse(olga), view="team")

    answer = browse(olga).post(reverse("exchange:approve", args=[asked.key]), {"words": ""})

    assert (answer.status_code, again(asked).state) == (422, "waiting")


def test_who_may_not_answer_does_not_learn_of_it(browse, pipeline, olga, second, sam, lena, ada, stan, root):
    capped(pipeline, 0)
    make_lead(sam)
    asked = ask(browse(olga), view="team")

    codes = {
        (page, browse(who).post(reverse(f"exchange:{page}", args=[asked.key]), {"words": "No, not now."}).status_code)
        for who in (sam, lena, ada, stan, root)
        for page in ("approve", "refuse", "withdraw", "make", "fetch")
    }
    codes |= {
        ("export", browse(who).get(reverse("exchange:export", args=[asked.key])).status_code)
        for who in (sam, lena, ada)
    }

    assert {code for _page, code in codes} == {404}
    assert again(asked).state == "waiting"


def test_who_was_named_answers_without_reading_a_client(browse, pipeline, olga, sam):
    from pipeline_crm.tiers.actions import appoint

    vera = make_person("vera", "Vera Vault")
    appoint(pipeline, "approve_exports", [vera])
    capped(pipeline, 0)
    make_lead(sam, name="Zinaida Petrova")
    asked = ask(browse(olga), view="team", q="Zinaida")

    page = browse(vera).get(reverse("exchange:export", args=[asked.key])).content.decode()
    refused = browse(vera).post(reverse("exchange:refuse", args=[asked.key]), {"words": "Ask for sums instead."})

    assert ("Zinaida" in page, WHY in page, refused.status_code) == (False, True, 303)
    assert (again(asked).state, told(olga)) == ("refused", ["export_closed"])
    assert "Ask for sums instead." in browse(olga).get(reverse("exchange:export", args=[asked.key])).content.decode()


def test_a_refusal_says_why(browse, pipeline, olga, second, sam):
    capped(pipeline, 0)
    make_lead(sam)
    asked = ask(browse(olga), view="team")

    answer = browse(second).post(reverse("exchange:refuse", args=[asked.key]), {"words": "  "})

    assert (answer.status_code, again(asked).state) == (422, "waiting")


def test_without_a_second_person_it_is_not_even_asked(browse, pipeline, olga, sam):
    capped(pipeline, 0)
    make_lead(sam)

    answer = browse(olga).post(
        f"{reverse('exchange:new', args=['lead'])}?view=team", {"format": "csv", "contacts": "none", "reason": WHY}
    )

    assert (answer.status_code, Export.objects.count()) == (422, 0)


def test_an_unanswered_request_ends(browse, pipeline, olga, second, sam):
    capped(pipeline, 0)
    make_lead(sam)
    asked = ask(browse(olga), view="team")

    leaving.clear(now=timezone.now() + leaving.UNANSWERED)

    late = browse(second).post(reverse("exchange:approve", args=[asked.key]), {"words": ""})
    assert (again(asked).state, late.status_code, told(olga)) == ("lapsed", 422, ["export_closed"])


def test_what_has_grown_beyond_the_days_rows_is_asked_for_again(browse, pipeline, olga, second, sam):
    capped(pipeline, 1)
    make_lead(sam)
    asked = ask(browse(olga), view="team")
    make_lead(sam)

    make_all(now=MONDAY)

    assert (again(asked).state, again(asked).rows, told(second)) == ("waiting", 2, ["export_asked"])


def test_a_person_has_so_many_open_at_most(browse, olga, sam):
    make_lead(sam)
    for _each in range(leaving.MOST_AT_ONCE):
        ask(browse(olga), view="team")

    answer = browse(olga).post(
        f"{reverse('exchange:new', args=['lead'])}?view=team", {"format": "csv", "contacts": "none", "reason": WHY}
    )

    assert (answer.status_code, Export.objects.count()) == (422, leaving.MOST_AT_ONCE)
