"""The mail with what is new: once, to whoever wants it, at their hour, with no word about any client."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as post
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from pipeline_crm.outbox import digests
from pipeline_crm.outbox.digests import ring
from pipeline_crm.outbox.models import Delivery, Digest, Mail, Notice
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_person
from tests.outbox.wishes import hears, told
from tests.races.test_cut_short import Axe, Killed
from tests.races.test_races import at_once

NOON = MONDAY + timedelta(hours=2)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFERED, WARNED = Notice.Kind.OFFERED, Notice.Kind.WARNED


def said() -> list[tuple[str, str]]:
    """To whom mails went, and their subject."""
    return [(letter.to[0], letter.subject) for letter in post.outbox]


@pytest.fixture
def broken_post(monkeypatch) -> dict[str, int]:
    """A mail server that takes nothing while `left` is above nought."""
    state, send = {"left": 0, "asked": 0}, EmailBackend.send_messages

    def sometimes(self: EmailBackend, letters: list[Any]) -> int:
        state["asked"] += 1
        if state["left"]:
            state["left"] -= 1
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        return send(self, letters)

    monkeypatch.setattr(EmailBackend, "send_messages", sometimes)
    return state


# Who gets one ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_whoever_never_chose_gets_no_mail(sam, sue):
    hears(sue.user, "never")
    for who in (sam, sue):
        told(who.user, OFFERED, "e:1")

    assert (ring(now=NOON + DAY), said()) == ({}, [])


@pytest.mark.django_db
def test_an_hourly_mail_tells_each_notice_once_and_stays_away_when_nothing_is_new(sam):
    hears(sam.user, "hourly")
    for event in ("e:1", "e:2"):
        told(sam.user, OFFERED, event)
    told(sam.user, WARNED, "e:3")

    done = [dict(ring(now=MONDAY + HOUR * hours)) for hours in (0, 1, 1, 2)]
    told(sam.user, WARNED, "e:4")
    done.append(dict(ring(now=MONDAY + HOUR * 3)))

    assert done == [{}, {"made": 1, "sent": 1}, {}, {"nothing": 1}, {"made": 1, "sent": 1}]
    assert said() == [
        ("sam@firm.example", "3 new notices in Pipeline"),
        ("sam@firm.example", "1 new notice in Pipeline"),
    ]
    assert [mail.deliveries.count() for mail in Mail.objects.order_by("id")] == [3, 1]


@pytest.mark.django_db
def test_the_mail_reads_well(sam, settings):
    settings.SITE_URL = "https://crm.firm.example"
    hears(sam.user, "hourly")
    for event in ("e:1", "e:2"):
        told(sam.user, OFFERED, event)
    told(sam.user, Notice.Kind.BOOK_MOVED, "e:3")

    ring(now=NOON)

    (letter,) = post.outbox
    assert letter.body.rstrip().split("\n") == [
        "There are 3 new notices for you.",
        "",
        "- A client is offered to you: 2",
        "- Clients of a colleague were moved to you: 1",
        "",
        "Who it is about stands only in the CRM:",
        "https://crm.firm.example/notices/",
        "",
        "How often this mail comes, and about what, is up to you:",
        "https://crm.firm.example/notices/choice/",
    ]
    ((html, kind),) = letter.alternatives
    assert (kind, html.count("<li>"), "https://crm.firm.example/notices/" in html) == ("text/html", 2, True)


@pytest.mark.django_db
def test_a_russian_reads_russian(sam):
    User.objects.filter(pk=sam.user_id).update(language="ru")
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "e:1")

    ring(now=NOON)

    (letter,) = post.outbox
    ((html, _kind),) = letter.alternatives
    words = (letter.subject, letter.body.split("\n")[0], letter.body.split("\n")[2])
    assert words == (
        "1 новое уведомление в Pipeline",
        "Для вас 1 новое уведомление.",
        "- Вам передают клиента: 1",
    )
    assert '<html lang="ru">' in html


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [{"is_active": False}, {"email": ""}])
@pytest.mark.parametrize("when", ["before it is made", "before it is sent"])
def test_who_has_left_gets_nothing_and_nothing_waits_for_them(sam, sue, gone, when, broken_post):
    for who in (sam, sue):
        hears(who.user, "hourly")
        told(who.user, OFFERED, "e:1")
    if when == "before it is sent":
        broken_post["left"] = 2
        ring(now=NOON)
    User.objects.filter(pk=sam.user_id).update(**gone)

    for hours in (1, 2):
        ring(now=NOON + HOUR * hours)
    User.objects.filter(pk=sam.user_id).update(is_active=True, email="sam@firm.example")
    for hours in (3, 4):
        ring(now=NOON + HOUR * hours)

    assert said() == [("sue@firm.example", "1 new notice in Pipeline")]
    assert not Mail.objects.filter(due_at__isnull=False).exists()


# What is in it ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_muting_and_leaving_take_back_what_waits(sam, sue, hal):
    for who in (sam, sue, hal):
        hears(who.user, "hourly")
        told(who.user, OFFERED, "e:1")
        told(who.user, WARNED, "e:2")
    hears(sam.user, "hourly", muted=[(OFFERED, "email")])
    hears(sue.user, "never")
    hears(sue.user, "hourly")

    ring(now=NOON)

    assert sorted(said()) == [
        ("hal@firm.example", "2 new notices in Pipeline"),
        ("sam@firm.example", "1 new notice in Pipeline"),
    ]
    assert Notice.objects.count() == 6


@pytest.mark.django_db
def test_who_wants_no_mail_any_more_gets_none_that_is_on_its_way(sam, broken_post):
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "e:1")
    broken_post["left"] = 1
    ring(now=NOON)
    hears(sam.user, "never", now=NOON)

    ring(now=NOON + DAY)

    assert said() == []


# When something goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_mail_that_was_not_taken_is_tried_again_later_and_later(sam, broken_post, caplog):
    hears(sam.user, "daily", hour=11)
    told(sam.user, OFFERED, "e:1")
    broken_post["left"] = 12
    at, waits = MONDAY + HOUR, []

    while broken_post["left"]:
        ring(now=at)
        due = Mail.objects.get().due_at
        waits.append(int((due - at).total_seconds() // 60))
        # In between nobody knocks at the mail server.
        asked = broken_post["asked"]
        ring(now=due - timedelta(seconds=1))
        assert broken_post["asked"] == asked
        at = due
    ring(now=at)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert said() == [("sam@firm.example", "1 new notice in Pipeline")]
    assert "firm.example" not in caplog.text


@pytest.mark.django_db
def test_what_is_new_meanwhile_waits_for_one_next_mail(sam, broken_post):
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "e:1")
    broken_post["left"] = 6
    for minutes in range(24 * 60):
        if minutes % 60 == 5:
            told(sam.user, WARNED, f"e:{minutes}")
        ring(now=MONDAY + timedelta(minutes=minutes))

    sizes = [mail.deliveries.count() for mail in Mail.objects.order_by("id")]
    assert sum(sizes) == Delivery.objects.count() - 1
    assert len(post.outbox) == len(sizes)
    assert sizes[:3] == [2, 2, 1]


@pytest.mark.django_db
def test_after_three_failures_the_mail_server_is_left_in_peace(broken_post):
    for number in range(6):
        person = make_person(f"p{number}")
        hears(person, "hourly")
        told(person, OFFERED, "e:1")
    broken_post["left"] = 5

    first, second = ring(now=NOON), ring(now=NOON + timedelta(seconds=30))

    assert (first, second) == ({"made": 6, "put_off": 3}, {"put_off": 2, "sent": 1})
    assert broken_post["asked"] == 6


@pytest.mark.django_db
def test_one_mail_that_cannot_be_written_does_not_hold_up_the_others(sam, sue, monkeypatch):
    for who in (sam, sue):
        hears(who.user, "hourly")
        told(who.user, OFFERED, "e:1")
    write = digests.letter_of
    monkeypatch.setattr(digests, "letter_of", lambda mail: write(mail) if mail.user_id == sue.user_id else 1 / 0)

    assert ring(now=NOON) == {"made": 2, "put_off": 1, "sent": 1}
    assert [to for to, _subject in said()] == ["sue@firm.example"]


@pytest.mark.django_db
def test_cut_after_any_statement_nothing_is_lost_and_one_message_arrives(sam, sue):
    """A worker dies after each statement in turn; the next one ends its work, and a mailbox shows each message once."""
    statements = 0
    while True:
        Mail.objects.update(due_at=None)
        Delivery.objects.all().delete()
        Mail.objects.all().delete()
        Notice.objects.all().delete()
        Digest.objects.all().delete()
        post.outbox.clear()
        for who in (sam, sue):
            hears(who.user, "hourly")
            told(who.user, OFFERED, "e:1")
            told(who.user, WARNED, "e:2")
        whole = cut(statements)
        ring(now=NOON + timedelta(minutes=1))

        messages = {letter.extra_headers["Message-ID"]: letter.message().as_string() for letter in post.outbox}
        bodies = {letter.extra_headers["Message-ID"]: letter.body for letter in post.outbox}
        assert sorted({letter.to[0] for letter in post.outbox}) == ["sam@firm.example", "sue@firm.example"]
        assert len(messages) == 2, f"cut after statement {statements}"
        # What came twice was word for word the same.
        assert {(letter.extra_headers["Message-ID"], letter.body) for letter in post.outbox} == set(bodies.items())
        assert [mail.deliveries.count() for mail in Mail.objects.filter(sent_at__isnull=False)] == [2, 2]
        assert Delivery.objects.filter(mail=None).count() == 0
        if whole:
            break
        statements += 1

    assert statements > 15


def cut(after: int) -> bool:
    """Rings with a worker that dies after so many statements; whether it came to the end."""
    try:
        with connection.execute_wrapper(Axe(after)):
            ring(now=NOON)
    except Killed:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_two_workers_rung_at_once_send_one_mail_each(pipeline):
    people = [make_person(f"p{number}") for number in range(8)]
    for person in people:
        hears(person, "hourly")
        told(person, OFFERED, "e:1")
        told(person, WARNED, "e:2")

    results = at_once(*[lambda: ring(now=NOON)] * 4)
    ring(now=NOON)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert sorted(said()) == [(f"p{number}@firm.example", "2 new notices in Pipeline") for number in range(8)]
    assert [mail.deliveries.count() for mail in Mail.objects.all()] == [2] * 8


@pytest.mark.django_db(transaction=True)
def test_a_notice_told_while_the_mail_is_made_is_in_this_one_or_the_next(sam):
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "e:0")

    at_once(
        lambda: ring(now=NOON),
        *[lambda number=number: told(sam.user, WARNED, f"e:{number}") for number in range(1, 5)],
    )
    ring(now=NOON + HOUR)

    assert Delivery.objects.filter(mail__sent_at__isnull=False).count() == 5
    assert sum(int(letter.subject.split()[0]) for letter in post.outbox) == 5


@pytest.mark.django_db
def test_the_alarm_rings_for_a_worker_that_does_not_write_down_what_it_sent(sam, monkeypatch):
    """The same promise, asked of a build that forgets: it would mail for ever."""
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "e:1")
    monkeypatch.setattr(Mail, "save", lambda *_args, **_more: None)
    monkeypatch.setattr(digests, "LOT", 3)
    Mail.objects.bulk_create([Mail(user=sam.user, made_at=NOON, due_at=NOON)])

    ring(now=NOON)

    assert len(said()) == 3
