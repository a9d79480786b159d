"""That one holds a record is what most rows are seen by, so the wall asks it first, stage by stage, and by one look each.

A list asks it of the client of each line. Without it each is looked for among all places on the belt. Nobody sees more by it:
what one holds, and what has not gone on, is among those places (`0011_who_sees_what`).
"""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar

from django.db import migrations

before = dict(import_module("accounts.migrations.0011_who_sees_what").WALLS)["clients_client"]

HELD = """
CREATE VIEW walls.lead AS SELECT client_id, seat_id, state FROM leads_lead;
CREATE OR REPLACE VIEW walls.deal AS SELECT id, seat_id, state, client_id FROM deals_deal;
CREATE OR REPLACE VIEW walls.account AS SELECT id, seat_id, client_id FROM accounts_account;
GRANT SELECT ON walls.lead TO crm_web, crm_system, crm_read;
"""
# The wider views are left: a view loses no column while another rests on it, and whoever goes back drops them with 0015.
HELD_NO_MORE = "DROP VIEW walls.lead"
SEATS = "ANY ((SELECT crm_ids('seats'))::bigint[])"
CLIENT = f"""
    EXISTS (SELECT FROM walls.lead l WHERE l.client_id = clients_client.id AND l.seat_id = {SEATS} AND l.state <> 'qualified')
    OR EXISTS (SELECT FROM walls.deal d WHERE d.client_id = clients_client.id AND d.seat_id = {SEATS} AND d.state <> 'won')
    OR EXISTS (SELECT FROM walls.account a WHERE a.client_id = clients_client.id AND a.seat_id = {SEATS})
    OR {{}}
"""


def _policy(sees: str) -> str:
    return f"ALTER POLICY people_see_what_is_theirs ON clients_client USING ({sees})"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0015_hand_offs_of_what_one_holds")]
    operations: ClassVar = [
        migrations.RunSQL(HELD, HELD_NO_MORE),
        migrations.RunSQL(_policy(CLIENT.format(before)), _policy(before)),
    ]
