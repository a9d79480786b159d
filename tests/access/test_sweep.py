"""The sweep: whatever leaves the house, and whatever is kept beside the records, holds no word about somebody else's client.

Pages, pieces, refusals, files with their names, headers, mails; the log, messages to workers, the cache, sessions, the journal
and every table in which no client's words belong. There is no event stream and no webhook: the bell is a page like others.
Short among all tests, over one world; long by `make leaks`, over many.
"""

from __future__ import annotations

import base64
import io
import logging
import pickle
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from kombu.transport.memory import Channel

from pipeline_crm.exchange.making import make_all
from pipeline_crm.outbox.digests import ring
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.access.ears import Ears, everything
from tests.access.test_canary import desks, lists, questions, records, said, stage_of
from tests.access.world import PEOPLE, World, copies
from tests.cast import MONDAY
from tests.exchange.files_out import ask, renewed
from tests.length import LONG, tell
from tests.outbox.wishes import hears
from tests.setup.test_loglines import kept

__all__ = ["kept"]

COPIES = 41 if LONG else 0
EVERY = 1 if LONG else 5  # in the short form each actor asks for every so manieth address
RESPONSES, WORDS = (50_000, 12_000) if LONG else (500, 200)
INSIDE = [who for who in PEOPLE if who not in ("gone", "nobody")]
# Where words about clients belong; any other table is searched for them.
OF_CLIENTS = ("clients_", "leads_", "deals_", "accounts_", "timeline_", "conveyor_handoff")


@pytest.fixture
def worlds(firm: World) -> list[World]:
    """The world of the tables, and in the long form many more clients of the same people."""
    Seat.objects.update(capacity=10_000)
    return [firm, *copies(firm, COPIES)]


def addresses(worlds: list[World], who: str) -> Iterator[str]:
    """What somebody asks for: desks, lists and searches once, the records of every world."""
    first, browser = worlds[0], worlds[0].browsers[who]
    opens = [stage for stage in ("lead", "deal", "account") if browser.get(f"/{stage}s/").status_code == 200]
    yield from chain(desks(first), lists(first, opens), questions(first))
    for world in worlds:
        yield from records(world, who)


def refusals(worlds: list[World]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Acts that are refused, or not found: nothing is told by the way of saying no."""
    for world in worlds:
        for name, item in world.items.items():
            room = f"{stage_of(name)}s"
            yield reverse(f"{room}:note", args=[item.pk]), {"text": ""}
            yield reverse(f"{room}:edit", args=[item.pk]), {"name": "", "consent": "yes"}
            yield reverse(f"{room}:reassign", args=[item.pk]), {"to": 1}
            yield reverse(f"{room}:claim", args=[item.pk]), {}


def swept(worlds: list[World], ears: Ears) -> tuple[int, list[tuple[str, str, str]]]:
    """How many answers were searched, and who read what where although it is not theirs to know."""
    count, found = 0, []
    for place, who in enumerate(INSIDE):
        browser = worlds[0].browsers[who]
        for address in list(addresses(worlds, who))[place % EVERY :: EVERY]:
            count += 1
            answer = browser.get(address)
            found += [(who, address, word) for word in ears.strange_to(who, said(answer), asked=address)]
        for address, sent in list(refusals(worlds))[place % EVERY :: EVERY]:
            count += 1
            with transaction.atomic():
                answer = browser.post(address, sent)
                transaction.set_rollback(True)
            found += [(who, f"POST {address}", word) for word in ears.strange_to(who, said(answer))]
    return count, found


def test_no_answer_tells_of_somebody_elses_client(worlds: list[World], bare_pages: None, kept: Any) -> None:
    ears = everything(worlds)

    count, found = swept(worlds, ears)

    tell("answers searched", count)
    tell("words listened for", ears.size)
    assert found == []
    assert (count >= RESPONSES, ears.size >= WORDS) == (True, True), (count, ears.size)
    assert ears.heard("\n".join(kept.lines)) == set()
    assert beside(ears) == {}


# Kept beside the records -----------------------------------------------------------------------------------------


def beside(ears: Ears) -> dict[str, set[str]]:
    """Where else than with the records words about clients stand: in which table, cache or session."""
    found = {table: ears.heard(text) for table, text in told_by_tables()}
    found["sessions"] = ears.heard(" ".join(str(session.get_decoded()) for session in Session.objects.all()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM users_counted")
        cached = [f"{key} {pickle.loads(base64.b64decode(value))}" for key, value in cursor.fetchall()]  # noqa: S301
    found["the cache"] = ears.heard(" ".join(cached))
    return {where: words for where, words in found.items() if words}


def told_by_tables() -> Iterator[tuple[str, str]]:
    """Every table in which no word about a client belongs, as text."""
    for table in connection.introspection.table_names():
        if not table.startswith(OF_CLIENTS):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT coalesce(string_agg(r::text, E'\\n'), '') FROM {table} r")  # noqa: S608
                yield table, cursor.fetchone()[0]


def test_messages_to_workers_and_mails_hold_no_word_about_a_client(
    firm: World, kept: Any, django_capture_on_commit_callbacks: Any
) -> None:
    for user in User.objects.filter(is_active=True):
        hears(user, "hourly", now=MONDAY)
    lead, before = firm.items["mine.lead"], len(messages())
    with django_capture_on_commit_callbacks(execute=True):
        firm.browsers["sam"].post(f"/deals/from-lead/{lead.pk}/", {"summary": firm.word("mine", "said", "mine.lead")})
        ask(firm.browsers["olga"], "lead", view="team")
    ring(now=MONDAY + timedelta(days=1))

    ears = everything([firm])
    sent, letters = messages()[before:], [f"{letter.message()} {letter.body}" for letter in mail.outbox]
    assert (len(sent), len(letters) > 0) == (1, True)
    assert ears.heard(" ".join([*map(str, sent), *letters, *kept.lines])) == set()
    assert beside(ears) == {}


def messages() -> list[Any]:
    """What lies with the broker."""
    return [message for queue in Channel.queues.values() for message in list(queue.queue)]


# Files out -------------------------------------------------------------------------------------------------------


def file(browser: Browser, stage: str, **how: Any) -> str:
    """All that a file tells: its name, its headers, and what a spreadsheet would unpack."""
    asked = ask(browser, stage, **how)
    make_all(now=timezone.now())
    answer = browser.post(reverse("exchange:fetch", args=[renewed(asked).key]))
    content = b"".join(answer.streaming_content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b" ".join(packed.read(name) for name in packed.namelist())
    return f"{answer.headers} {content.decode()}"


def test_no_file_holds_a_word_about_somebody_elses_client(firm: World) -> None:
    Seat.objects.filter(pk__in=[firm.seats["sam"].pk, firm.seats["hal"].pk]).update(may_export=True)
    ears, found, told = everything([firm]), {}, Counter[str]()
    wishes = [("sam", "lead", "mine"), ("sam", "lead", "pool"), ("sam", "lead", "closed"), ("hal", "deal", "mine")]
    wishes += [("hal", "deal", "pool"), *(("olga", stage, "team") for stage in ("lead", "deal", "account"))]
    for who, stage, view in wishes:
        for kind, contacts in (("csv", "none"), ("xlsx", "masked")):
            with transaction.atomic():
                text = file(firm.browsers[who], stage, view=view, kind=kind, contacts=contacts)
                transaction.set_rollback(True)  # nobody has many files at once
            told[who] += len(ears.heard(text) & ears.mine[who])
            if strange := ears.strange_to(who, text):
                found[who, stage, view, kind] = strange

    assert found == {}
    assert [who for who in ("sam", "hal", "olga") if told[who] < 5] == []


# The alarm -------------------------------------------------------------------------------------------------------


def test_the_alarm_rings_for_a_log_a_table_a_cache_and_a_session(firm: World, kept: Any) -> None:
    ears, word = everything([firm]), "zqmineqnameqz"
    logging.getLogger("leads").warning("zqmineqnameqz")
    logging.getLogger("leads").warning("Call +7 916 zqmineqnameqz")
    Pipeline.objects.filter(pk=firm.pipeline.pk).update(name=f"For {word}")
    cache.set("the-last-one", {"name": word})
    session = firm.browsers["sam"].session
    session["last"] = [word]
    session.save()

    assert ears.heard("\n".join(kept.lines)) == {word}
    assert beside(ears) == {where: {word} for where in ("tiers_pipeline", "sessions", "the cache")}


def test_the_ears_know_a_phone_however_it_is_written(firm: World) -> None:
    ears = everything([firm])
    whole, short, tail, shown, shown_abroad, cut, email, local = firm.contacts["mine"]

    heard = [ears.heard(f"x {text} x") for text in (whole, short, tail, shown, shown_abroad, cut)]

    assert heard == [{tail}] * 6
    assert local in ears.heard(email)
