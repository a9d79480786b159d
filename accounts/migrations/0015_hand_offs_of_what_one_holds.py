"""A board asks for the hand-off of each of its cards: that one holds the record it led to is said first, and costs one look.

Without it each of them is looked for among all places on the belt. Nobody sees more by it: whoever holds a record sees how it came.
"""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar

from django.db import migrations

HAND_OFF = import_module("accounts.migrations.0011_who_sees_what").HAND_OFF

HELD = """
CREATE VIEW walls.deal AS SELECT id, seat_id, state FROM deals_deal;
CREATE VIEW walls.account AS SELECT id, seat_id FROM accounts_account;
GRANT SELECT ON walls.deal, walls.account TO crm_web, crm_system, crm_read;
"""
SEATS = "ANY ((SELECT crm_ids('seats'))::bigint[])"
FIRST = f"""
    to_stage = 'deal' AND EXISTS (
        SELECT FROM walls.deal d WHERE d.id = to_id AND d.seat_id = {SEATS} AND d.state <> 'won'
    ) OR to_stage = 'account' AND EXISTS (SELECT FROM walls.account a WHERE a.id = to_id AND a.seat_id = {SEATS})
    OR {{}}
"""


def _policy(sees: str) -> str:
    return f"ALTER POLICY people_see_what_is_theirs ON conveyor_handoff USING ({sees})"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0014_lent")]
    operations: ClassVar = [
        migrations.RunSQL(HELD, "DROP VIEW walls.deal, walls.account"),
        migrations.RunSQL(_policy(FIRST.format(HAND_OFF)), _policy(HAND_OFF)),
    ]
