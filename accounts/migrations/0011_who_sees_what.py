"""Row-level security: the second wall. It stands in the last of the three stages, for here all tables are known.

Every condition compares columns with what the identity of the transaction holds (`crm_be` in access/0002), looked up once
for a query and not once for a row. Without an identity all of it is NULL, and nothing is shown. Pages only read here:
whatever is written, is written by an act, as the conveyor itself.

Where one table's rows depend on those of another, the policies look at a view of all places on the belt. It holds numbers
and no names, belongs to the owner, so that no policy runs inside another, and stands in a schema into which nobody else may
look. What of it can be said in advance is a column of its own, so that a plan stays small: a page waits for its planning.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

# `gone` is what its member keeps only as long as what came of it: see `crm_keeps`. `told` is what an account tells of.
PLACES = """
CREATE SCHEMA walls;
CREATE VIEW walls.place AS
SELECT 'lead'::text AS stage, id, client_id, pipeline_id, tier_id, seat_id, state = 'qualified' AS gone, false AS offered,
       seat_id IS NULL AND NOT awaits_lead AND state IN ('new', 'contacted', 'parked') AS in_pool,
       NULL::bigint AS lead_id, NULL::bigint AS first_id
FROM leads_lead
UNION ALL
SELECT 'deal', d.id, d.client_id, d.pipeline_id, d.tier_id, d.seat_id, d.state = 'won', d.state = 'offered',
       d.seat_id IS NULL AND NOT d.awaits_lead AND d.state IN ('offered', 'open'),
       coalesce(d.lead_id, first.lead_id), d.repeat_of_id
FROM deals_deal d LEFT JOIN deals_deal first ON first.id = d.repeat_of_id
UNION ALL
SELECT 'account', id, client_id, pipeline_id, tier_id, seat_id, false, state = 'offered',
       seat_id IS NULL AND NOT awaits_lead AND state IN ('offered', 'active', 'at_risk'), NULL, NULL
FROM accounts_account;
CREATE VIEW walls.told AS
SELECT 'deal'::text AS stage, id FROM deals_deal WHERE state = 'won'
UNION ALL
SELECT 'lead', lead_id FROM deals_deal WHERE state = 'won';
GRANT SELECT ON walls.place, walls.told TO crm_web, crm_system, crm_read;
"""

# Asked of each hand-off by itself, with a limit: of a few it would otherwise be sought among all that were ever won.
# Numbers without names: what a person may know of clients who have gone on, and what a place tells of those before it.
NUMBERS = """
CREATE VIEW conveyor_handedon AS
SELECT h.id, h.pipeline_id, h.from_stage, h.from_id, h.from_tier_id, h.to_stage, h.to_id, h.to_tier_id, h.giver_id, h.state,
       h.offered_at, h.mark,
       coalesce((
           SELECT true FROM deals_deal d WHERE d.state = 'won'
           AND d.id = CASE h.from_stage WHEN 'lead' THEN h.to_id WHEN 'deal' THEN h.from_id END LIMIT 1
       ), false) AS won,
       coalesce((
           SELECT true FROM accounts_account a WHERE a.client_id = h.client_id AND a.pipeline_id = h.pipeline_id
           AND a.state IN ('offered', 'active', 'at_risk') LIMIT 1
       ), false) AS kept
FROM conveyor_handoff h;
CREATE VIEW conveyor_cameback AS SELECT id, client_id, pipeline_id FROM accounts_account WHERE state = 'returned';
CREATE VIEW deals_origin AS
SELECT d.id, d.client_id, d.pipeline_id, d.lead_id, d.repeat_of_id, d.state = 'won' AS won, l.source_id
FROM deals_deal d LEFT JOIN leads_lead l ON l.id = d.lead_id;
GRANT SELECT ON conveyor_handedon, conveyor_cameback, deals_origin TO crm_web, crm_system, crm_read;
REVOKE INSERT, UPDATE, DELETE ON conveyor_handedon, conveyor_cameback, deals_origin FROM crm_web, crm_system;
"""
NUMBERS_GONE = "DROP VIEW conveyor_handedon, conveyor_cameback, deals_origin"

# Asked only of what somebody holds themselves and what has gone on: a lead that became a deal, a deal that was won.
KEEPS = """
CREATE FUNCTION crm_keeps(asked text, number bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine bigint[] := crm_ids('seats');
BEGIN
    IF asked = 'lead' THEN
        RETURN EXISTS (
            SELECT FROM deals_deal d WHERE d.lead_id = number AND d.state <> 'returned' AND d.seat_id = ANY (mine)
            AND (d.state <> 'won' OR crm_keeps('deal', d.id))
        );
    END IF;
    RETURN EXISTS (
        SELECT FROM deals_deal d JOIN accounts_account a ON a.client_id = d.client_id AND a.pipeline_id = d.pipeline_id
        WHERE d.id = number AND (a.seat_id = ANY (mine) OR a.state = 'returned')
    );
END $$;
"""


def _any(kind: str) -> str:
    return f"ANY ((SELECT crm_ids('{kind}'))::bigint[])"


STEERED = f"{{0}}.tier_id = {_any('led')} OR {{0}}.pipeline_id = {_any('headed')}"
MINE = f"{{0}}.seat_id = {_any('seats')}"


def _record(table: str, stage: str, opened: str, kept: str) -> str:
    """Heads see the pipeline, team leads the tier, members what they hold or were lent, and the pool of their tiers."""
    pool = f"seat_id IS NULL AND tier_id = {_any('worked')} AND NOT awaits_lead AND state IN ({opened})"
    return f"{STEERED.format(table)} OR {MINE.format(table)}{kept} OR {pool} OR id = {_any(f'lent_{stage}')}"


HELD = f"{MINE.format('s')} AND (NOT s.gone OR crm_keeps(s.stage, s.id))"
LENT = " OR ".join(f"s.stage = '{stage}' AND s.id = {_any(f'lent_{stage}')}" for stage in ("lead", "deal", "account"))
SEEN = f"({STEERED.format('s')} OR {HELD} OR {LENT} OR s.in_pool AND s.tier_id = {_any('worked')})"
# What is only offered, or lies in a pool, shows no phone.
READ_IN_FULL = f"({STEERED.format('s')} OR NOT s.offered AND {HELD} OR {LENT})"


def _placed(where: str) -> str:
    return f"EXISTS (SELECT FROM walls.place s WHERE {where})"


def _told_of(table: str, stage: str, number: str) -> str:
    """Knowledge travels forward: a deal tells of its lead and of the deal it repeats, an account of all that was bought."""
    return f"""(
        s.stage = {stage} AND s.id = {number} OR {stage} = 'lead' AND s.lead_id = {number}
        OR {stage} = 'deal' AND s.first_id = {number}
        OR s.stage = 'account' AND s.pipeline_id = {table}.pipeline_id
            AND EXISTS (SELECT FROM walls.told t WHERE t.stage = {stage} AND t.id = {number})
    )"""


def _of_record(table: str) -> str:
    """What was written at a stage is read there, and by whoever has what came of it."""
    told = _told_of(table, f"{table}.stage", f"{table}.record_id")
    return _placed(f"s.client_id = {table}.client_id AND {told} AND {SEEN}")


# Both sides' supervisors, whoever it is offered to, and whoever sees the record that it left, led to, or came to be told of.
HAND_OFF = f"""
    pipeline_id = {_any("headed")} OR from_tier_id = {_any("led")} OR to_tier_id = {_any("led")}
    OR state = 'offered' AND receiver_id = {_any("seats")} OR {_placed(f"""
        s.client_id = conveyor_handoff.client_id AND (
            s.stage = conveyor_handoff.from_stage AND s.id = conveyor_handoff.from_id
            OR {_told_of("conveyor_handoff", "conveyor_handoff.to_stage", "conveyor_handoff.to_id")}
        ) AND {SEEN}
    """)}
"""
# How many clients somebody has opened today is counted, wherever they have gone since.
ENTRY = f"{_of_record('timeline_entry')} OR kind = 'revealed' AND by_id = (SELECT crm_person())"

WALLS = (
    (
        "leads_lead",
        _record(
            "leads_lead", "lead", "'new', 'contacted', 'parked'", " AND (state <> 'qualified' OR crm_keeps('lead', id))"
        ),
    ),
    ("deals_deal", _record("deals_deal", "deal", "'offered', 'open'", " AND (state <> 'won' OR crm_keeps('deal', id))")),
    ("accounts_account", _record("accounts_account", "account", "'offered', 'active', 'at_risk'", "")),
    ("clients_client", _placed(f"s.client_id = clients_client.id AND {SEEN}")),
    ("clients_contactpoint", _placed(f"s.client_id = clients_contactpoint.client_id AND {READ_IN_FULL}")),
    ("clients_agreement", _placed(f"s.client_id = clients_agreement.client_id AND {READ_IN_FULL}")),
    ("timeline_movement", _of_record("timeline_movement")),
    ("timeline_entry", ENTRY),
    ("timeline_task", _of_record("timeline_task")),
    ("conveyor_handoff", HAND_OFF),
    ("deals_dealline", _placed(f"s.stage = 'deal' AND s.id = deals_dealline.deal_id AND {SEEN}")),
)


def _build(table: str, sees: str) -> str:
    # An act locks with its actor's eyes; to lock is to update one column, but nothing that is written so is let through.
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        REVOKE INSERT, UPDATE, DELETE ON {table} FROM crm_web;
        GRANT UPDATE (id) ON {table} TO crm_web;
        GRANT SELECT ON {table} TO crm_read;
        CREATE POLICY the_conveyor_works ON {table} TO crm_system USING (true) WITH CHECK (true);
        CREATE POLICY people_see_what_is_theirs ON {table} FOR SELECT TO crm_web, crm_read USING ({sees});
        CREATE POLICY people_lock_what_they_see ON {table} FOR UPDATE TO crm_web USING (true) WITH CHECK (false);
    """


def _tear_down(table: str) -> str:
    return f"""
        DROP POLICY people_lock_what_they_see ON {table};
        DROP POLICY people_see_what_is_theirs ON {table};
        DROP POLICY the_conveyor_works ON {table};
        REVOKE SELECT ON {table} FROM crm_read;
        GRANT INSERT, UPDATE, DELETE ON {table} TO crm_web;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("access", "0003_who_asks"),
        ("accounts", "0010_barred"),
        ("deals", "0011_origins"),
        ("leads", "0010_barred"),
        ("conveyor", "0004_numbers"),
        ("timeline", "0005_consent"),
        ("clients", "0007_agreements"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(PLACES, "DROP SCHEMA walls CASCADE"),
        migrations.RunSQL(NUMBERS, NUMBERS_GONE),
        migrations.RunSQL(KEEPS, "DROP FUNCTION crm_keeps(text, bigint)"),
        *(migrations.RunSQL(_build(table, sees), _tear_down(table)) for table, sees in WALLS),
    ]
