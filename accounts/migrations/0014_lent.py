"""What is shared ends by itself, and the second wall knows of it.

Whatever writes the end of a share, the grant goes and the journal has a line in the same commit. The database writes the end
itself when a record changes hands, closes or leaves its tier, and when its borrower leaves the house or the tier. The laws are
plain SQL and not django-pgtrigger's, whose triggers look away when a session asks them to (`pgtrigger.ignore`).
"""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar

from django.db import migrations

STAGES = {"lead": "'new', 'contacted', 'parked'", "deal": "'offered', 'open'", "account": "'offered', 'active', 'at_risk'"}

# What somebody is lent is read from the grants, each with the hour until which it holds.
BE = import_module("pipeline_crm.access.migrations.0003_who_asks").BE
LENDING_BE = BE
for _stage in STAGES:
    LENDING_BE = LENDING_BE.replace(
        f"set_config('crm.lent_{_stage}', '{{}}', true)",
        f"""set_config('crm.lent_{_stage}', (
                SELECT coalesce(array_agg(content_object_id), '{{}}')::text FROM {_stage}s_{_stage}grant
                WHERE user_id = who AND until > moment
            ), true)""",
    )

# Grants and shares are written by acts alone.
PRIVILEGES = """
REVOKE INSERT, UPDATE, DELETE ON access_share, leads_leadgrant, deals_dealgrant, accounts_accountgrant FROM crm_web;
"""
FREE = """
GRANT INSERT, UPDATE, DELETE ON access_share, leads_leadgrant, deals_dealgrant, accounts_accountgrant TO crm_web;
"""

TAKEN_BACK = """
CREATE FUNCTION access_take_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    client bigint;
    pipeline bigint;
BEGIN
    EXECUTE format('DELETE FROM %I WHERE share_id = $1', NEW.stage || 's_' || NEW.stage || 'grant') USING NEW.id;
    EXECUTE format('SELECT client_id, pipeline_id FROM %I WHERE id = $1', NEW.stage || 's_' || NEW.stage)
        INTO client, pipeline USING NEW.record_id;
    INSERT INTO audit_line (at, kind, by_id, about_id, pipeline_id, client_id, stage, record_id, traces, detail)
    VALUES (NEW.ended_at, 'share_ended', NEW.ended_by_id, NEW.user_id, pipeline, client, NEW.stage, NEW.record_id, '{}',
            jsonb_build_object('share', NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER a_share_that_ends_is_taken_back AFTER UPDATE OF ended_at ON access_share
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION access_take_back();
"""

# One statement for any number of records, so that a sweep or a book pays for it once.
MOVED_ON = """
CREATE FUNCTION access_moved_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE access_share share SET ended_at = greatest(now(), share.given_at)
    FROM old_rows was JOIN new_rows became ON became.id = was.id
    WHERE share.ended_at IS NULL AND share.stage = TG_ARGV[0] AND share.record_id = became.id
      AND (became.seat_id IS DISTINCT FROM was.seat_id OR became.tier_id <> was.tier_id
           OR NOT became.state = ANY (TG_ARGV[1]::text[]));
    RETURN NULL;
END $$;
""" + "".join(
    f"CREATE TRIGGER a_{stage}_that_moves_on_is_shared_no_more AFTER UPDATE ON {stage}s_{stage} "
    "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT "
    f"EXECUTE FUNCTION access_moved_on('{stage}', '{{{states.replace("'", '').replace(' ', '')}}}');\n"
    for stage, states in STAGES.items()
)

LEFT = """
CREATE FUNCTION access_left() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'users_user' THEN
        UPDATE access_share SET ended_at = greatest(now(), given_at) WHERE ended_at IS NULL AND user_id = OLD.id;
    ELSE
        UPDATE access_share SET ended_at = greatest(now(), given_at)
        WHERE ended_at IS NULL AND user_id = OLD.user_id AND tier_id = OLD.tier_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_borrower_who_leaves_gives_back AFTER UPDATE OF is_active ON users_user
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION access_left();
CREATE TRIGGER a_borrower_without_a_seat_gives_back AFTER UPDATE OF is_open, tier_id, user_id ON tiers_seat
    FOR EACH ROW WHEN (OLD.is_open AND (NOT NEW.is_open OR (OLD.tier_id, OLD.user_id) <> (NEW.tier_id, NEW.user_id)))
    EXECUTE FUNCTION access_left();
CREATE TRIGGER a_borrower_whose_seat_is_gone_gives_back AFTER DELETE ON tiers_seat
    FOR EACH ROW EXECUTE FUNCTION access_left();
"""
GONE = "DROP FUNCTION access_take_back(), access_moved_on(), access_left() CASCADE"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0013_shared"),
        ("deals", "0013_shared"),
        ("leads", "0012_shared"),
        ("access", "0004_shares"),
        ("audit", "0007_erasure_by_name"),
        ("users", "0003_invitations_and_counts"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(LENDING_BE, BE),
        migrations.RunSQL(PRIVILEGES, FREE),
        migrations.RunSQL(TAKEN_BACK + MOVED_ON + LEFT, GONE),
    ]
