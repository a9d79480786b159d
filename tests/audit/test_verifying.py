"""Whoever owns the database changes the journal with every law put to sleep, and `verify_audit` finds it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from pipeline_crm.audit.actions import Fact, note_many
from pipeline_crm.audit.anchors import anchor
from pipeline_crm.audit.chain import TEXT
from pipeline_crm.audit.models import Anchor, Head, Kind
from pipeline_crm.audit.verifying import verify
from tests.cast import MONDAY

Change = tuple[str, list[Any]]
PEOPLE, LINES, TRIES = range(1, 9), 320, 1_000


@pytest.fixture
def told(settings: Any, tmp_path: Path) -> Path:
    """The file of the anchors."""
    settings.AUDIT_FILE = str(tmp_path / "told" / "anchors.txt")
    return Path(settings.AUDIT_FILE)


@pytest.fixture
def journal(db: None, told: Path, django_capture_on_commit_callbacks: Any) -> None:
    """Eight people's lines, anchored in four goes."""
    dice = random.Random(4)
    ask("SET CONSTRAINTS ALL IMMEDIATE")
    for go in range(4):
        now = MONDAY + timedelta(minutes=5 * go)
        facts = [
            Fact(
                dice.choice(list(Kind)),
                dice.choice(PEOPLE),
                pipeline=1,
                client=dice.randrange(500),
                record=("deal", dice.randrange(500)),
                traces=[f"{dice.randrange(9)}"],
                detail={"how": "full", "n": dice.randrange(9)},
            )
            for _line in range(LINES // 4)
        ]
        note_many(facts, now=now)
        with django_capture_on_commit_callbacks(execute=True):
            anchor(now=now)


def ask(sql: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def test_a_journal_that_nobody_changed_is_whole(journal: None, told: Path) -> None:
    verdict = verify(told=told)

    assert (verdict.lines, verdict.chains, verdict.anchors, verdict.faults) == (LINES, len(PEOPLE), 4, [])


# What is done to it ----------------------------------------------------------------------------------------------


def edit_a_line(dice: random.Random) -> None:
    (line,) = ask("SELECT id FROM audit_line ORDER BY id OFFSET %s LIMIT 1", dice.randrange(LINES))[0]
    change = dice.choice(
        [
            "id = id + 100000",
            "at = at + interval '1 microsecond'",
            "kind = CASE kind WHEN 'viewed' THEN 'listed' ELSE 'viewed' END",
            "by_id = by_id + 1",
            "by_id = NULL",
            "about_id = 5",
            "pipeline_id = 2",
            "client_id = client_id + 1",
            "stage = 'lead'",
            "record_id = record_id + 1",
            "traces = '{}'",
            "detail = detail || '{\"n\": 10}'",
            "detail = '{}'",
        ]
    )
    ask(f"UPDATE audit_line SET {change} WHERE id = %s", line)  # noqa: S608


def edit_a_link(dice: random.Random) -> None:
    (link,) = ask("SELECT id FROM audit_link ORDER BY id OFFSET %s LIMIT 1", dice.randrange(LINES))[0]
    change = dice.choice(["number = number + 1000", "chain = chain + 100", "hash = sha256(hash)", "line_id = -line_id"])
    ask(f"UPDATE audit_link SET {change} WHERE id = %s", link)  # noqa: S608


def delete_a_line(dice: random.Random) -> None:
    (line,) = ask("SELECT id FROM audit_line ORDER BY id OFFSET %s LIMIT 1", dice.randrange(LINES))[0]
    ask("DELETE FROM audit_line WHERE id = %s", line)
    if dice.random() < 0.5:
        ask("DELETE FROM audit_link WHERE line_id = %s", line)


def cut_a_tail(dice: random.Random) -> None:
    """The last lines of a chain with their links, and with the head set back as if they had never been."""
    chain = dice.choice(PEOPLE)
    ((last,),) = ask("SELECT number FROM audit_head WHERE chain = %s", chain)
    left = last - dice.randint(1, last)
    ask(
        "DELETE FROM audit_line l USING audit_link k WHERE k.line_id = l.id AND chain = %s AND number > %s", chain, left
    )
    ask("DELETE FROM audit_link WHERE chain = %s AND number > %s", chain, left)
    if dice.random() < 0.7:
        ask("DELETE FROM audit_head WHERE chain = %s", chain)
        ask(
            "INSERT INTO audit_head (chain, number, hash) SELECT chain, number, hash FROM audit_link "
            "WHERE chain = %s AND number = %s",
            chain,
            left,
        )


def swap_two_lines(dice: random.Random) -> None:
    one, other = dice.sample(ask("SELECT id, line_id FROM audit_link"), 2)
    ask("UPDATE audit_link SET line_id = -1 WHERE id = %s", one[0])
    ask("UPDATE audit_link SET line_id = %s WHERE id = %s", one[1], other[0])
    ask("UPDATE audit_link SET line_id = %s WHERE id = %s", other[1], one[0])


def write_a_chain_anew(dice: random.Random) -> None:
    """One line is changed, and every hash after it made to fit, the head's too; only the anchors tell."""
    chain = dice.choice(PEOPLE)
    links = ask("SELECT id, line_id, number FROM audit_link WHERE chain = %s ORDER BY number", chain)
    changed = dice.choice(links)[1]
    ask("UPDATE audit_line SET client_id = client_id + 1 WHERE id = %s", changed)
    known = sha256(b"").digest()
    for link, line, number in links:
        text = TEXT.format(chain=chain, number=number, line="line")
        ((written,),) = ask(f"SELECT {text} FROM audit_line line WHERE id = %s", line)  # noqa: S608
        known = sha256(known + written.encode()).digest()
        ask("UPDATE audit_link SET hash = %s WHERE id = %s", known, link)
    ask("UPDATE audit_head SET hash = %s WHERE chain = %s", known, chain)


def slip_a_line_in(dice: random.Random) -> None:
    ask("INSERT INTO audit_line (at, kind, by_id) VALUES (now(), 'viewed', %s)", dice.choice(PEOPLE))


def edit_a_head(dice: random.Random) -> None:
    change = dice.choice(["number = number - 1", "hash = sha256(hash)", "number = number + 1"])
    ask(f"UPDATE audit_head SET {change} WHERE chain = %s", dice.choice(PEOPLE))  # noqa: S608


def edit_an_anchor(dice: random.Random) -> None:
    change = dice.choice(["at = at + interval '1 s'", "seal = 'x'", "key = key + 1", "id = id + 10"])
    ask(f"UPDATE audit_anchor SET {change} WHERE id = %s", dice.randint(1, 4))  # noqa: S608


def edit_an_anchored_end(dice: random.Random) -> None:
    (end,) = dice.choice(ask("SELECT id FROM audit_anchored"))
    change = dice.choice(
        ["number = number - 1", "hash = sha256(hash)", "anchor_id = anchor_id + 1", "chain = chain + 50"]
    )
    ask(f"UPDATE audit_anchored SET {change} WHERE id = %s", end)  # noqa: S608


def cut_the_anchors(dice: random.Random) -> None:
    """The last anchors with all that they hold; only what was told outside of the database tells."""
    first = dice.randint(1, 4)
    ask("DELETE FROM audit_anchor WHERE id >= %s", first)
    ask("DELETE FROM audit_anchored WHERE anchor_id >= %s", first)


DEEDS: list[Callable[[random.Random], None]] = [
    *[edit_a_line] * 4,
    *[delete_a_line, cut_a_tail, swap_two_lines] * 2,
    *[edit_a_link, write_a_chain_anew, slip_a_line_in, edit_a_head],
    *[edit_an_anchor, edit_an_anchored_end, cut_the_anchors],
]


def test_a_thousand_changes_by_the_owner_of_the_database_are_all_found(journal: None, told: Path) -> None:
    dice, unseen = random.Random(20), []
    ask("SET session_replication_role = replica")

    for turn in range(TRIES):
        deed = dice.choice(DEEDS)
        with transaction.atomic():
            deed(dice)
            if not verify(told=told).found:
                unseen.append((turn, deed.__name__))
            transaction.set_rollback(True)

    ask("SET session_replication_role = DEFAULT")
    assert unseen == []


# The command, and keys that change --------------------------------------------------------------------------------


def test_the_command_says_whether_the_journal_is_whole(journal: None, told: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("verify_audit", stdout=out)
    ask("SET session_replication_role = replica")
    ((line,),) = ask("UPDATE audit_line SET client_id = 1000 WHERE id = (SELECT max(id) FROM audit_line) RETURNING id")
    ask("SET session_replication_role = DEFAULT")

    with pytest.raises(CommandError, match="1 faults in 320 lines"):
        call_command("verify_audit", stderr=err)

    assert out.getvalue().startswith("The journal is whole: 320 lines in 8 chains and 4 anchors")
    assert f"({line}) was changed" in err.getvalue()


def test_a_key_that_was_thrown_away_is_no_fault(journal: None, told: Path, settings: Any) -> None:
    settings.DATA_KEYS = [Fernet.generate_key().decode()]

    assert verify(told=told).faults == []


def test_nothing_new_is_not_anchored_again(journal: None) -> None:
    assert anchor(now=MONDAY) is None
    assert (Anchor.objects.count(), Head.objects.count()) == (4, len(PEOPLE))


def test_what_was_told_outside_is_what_the_database_holds(journal: None, told: Path) -> None:
    outside = [line.split() for line in told.read_text().splitlines()]

    kept = list(Anchor.objects.order_by("id").values_list("id", "key", "seal"))
    assert [(int(pk), int(key), seal) for pk, _at, key, seal in outside] == kept
