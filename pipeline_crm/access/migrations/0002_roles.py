"""The roles of the database, and how one transaction learns who asks.

| Role | Is | May |
|---|---|---|
| the owner | whoever migrates | everything |
| `crm_web` | each connection that has not said otherwise, and every page | see what its identity sees; write what is no client's |
| `crm_system` | an act, the sweep, an import, for as long as it lasts | see and write everything; change no table |
| `crm_read` | somebody's own tools beside the site | read what its identity sees, and the set-up |

Later migrations that make a table of clients' data close it by policies (`accounts/0011`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

# Roles belong to the whole server: another database of ours, or somebody at this very moment, may have made them.
ROLES = """
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['crm_web', 'crm_system', 'crm_read'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name);
            END IF;
        EXCEPTION WHEN unique_violation OR duplicate_object THEN
            NULL;
        END;
        BEGIN
            IF NOT EXISTS (
                SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles o ON o.oid = m.member
                WHERE r.rolname = name AND o.rolname = current_user AND m.set_option
            ) THEN
                -- Who made a role without being a superuser administers it, but cannot yet take it on.
                EXECUTE format('GRANT %I TO CURRENT_USER', name);
            END IF;
        EXCEPTION WHEN unique_violation OR internal_error THEN
            NULL;
        END;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
    END LOOP;
    -- Whoever signs in as the owner is nobody at first: a pooler that drops the options of a connection changes nothing.
    EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET role = crm_web', current_database());
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO crm_web, crm_system;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO crm_web, crm_system;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO crm_web, crm_system;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO crm_web, crm_system;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'tiers\\_%' LOOP
        EXECUTE format('GRANT SELECT ON %I TO crm_read', name);
    END LOOP;
END $$;
GRANT SELECT (id, username, first_name, last_name, is_active) ON users_user TO crm_read;
"""
GONE = "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I RESET role', current_database()); END $$"

# What was put on in an earlier transaction is an empty text on this connection, and no list: nothing, then.
IDS = """
CREATE FUNCTION crm_ids(kind text) RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('crm.' || kind, true), '')::bigint[] $$;
CREATE FUNCTION crm_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('crm.person', true), '')::bigint $$;
"""

# Seats and grants are read here and not taken from the site's memory, so that a mistake there is no mistake here. The answer
# is the stamp of the set-up, which every page asks for: so it costs no question of its own. An administrator sees no client
# for being one, but stands as a head of the pipelines whose glass they have broken, until it closes.
BE = """
CREATE FUNCTION crm_be(who bigint, moment timestamptz) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    here record;
    tiers record;
    heads bigint[];
BEGIN
    SELECT is_superuser INTO here FROM users_user WHERE id = who AND is_active;
    IF NOT FOUND THEN
        PERFORM set_config('crm.person', '', true), set_config('crm.seats', '', true), set_config('crm.worked', '', true),
                set_config('crm.led', '', true), set_config('crm.headed', '', true);
        RETURN NULL;
    END IF;
    SELECT coalesce(array_agg(id) FILTER (WHERE codename = 'work_tier'), '{}') AS worked,
           coalesce(array_agg(id) FILTER (WHERE codename = 'lead_tier'), '{}') AS led INTO tiers
    FROM (
        SELECT g.content_object_id AS id, p.codename
        FROM tiers_tieruserobjectpermission g JOIN auth_permission p ON p.id = g.permission_id WHERE g.user_id = who
        UNION
        SELECT g.content_object_id, p.codename
        FROM tiers_tiergroupobjectpermission g JOIN auth_permission p ON p.id = g.permission_id
        JOIN users_user_groups m ON m.group_id = g.group_id WHERE m.user_id = who
    ) granted;
    SELECT coalesce(array_agg(id), '{}') INTO heads
    FROM (
        SELECT g.content_object_id AS id
        FROM tiers_pipelineuserobjectpermission g JOIN auth_permission p ON p.id = g.permission_id
        WHERE g.user_id = who AND p.codename = 'head_pipeline'
        UNION
        SELECT g.content_object_id
        FROM tiers_pipelinegroupobjectpermission g JOIN auth_permission p ON p.id = g.permission_id
        JOIN users_user_groups m ON m.group_id = g.group_id WHERE m.user_id = who AND p.codename = 'head_pipeline'
        UNION
        SELECT g.pipeline_id FROM access_breakglass g
        WHERE here.is_superuser AND g.user_id = who AND g.closed_at IS NULL AND g.opened_at <= moment AND g.until > moment
    ) appointed;
    PERFORM set_config('crm.person', who::text, true),
            set_config('crm.worked', tiers.worked::text, true),
            set_config('crm.led', tiers.led::text, true),
            set_config('crm.headed', heads::text, true),
            set_config('crm.seats', (
                SELECT coalesce(array_agg(id), '{}')::text FROM tiers_seat
                WHERE user_id = who AND is_open AND tier_id = ANY (tiers.worked)
            ), true);
    RETURN (SELECT value FROM tiers_stamp);
END $$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("access", "0001_break_glass"),
        ("users", "0003_invitations_and_counts"),
        ("tiers", "0009_second_factors"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(ROLES, GONE),
        migrations.RunSQL(IDS, "DROP FUNCTION crm_ids(text), crm_person()"),
        migrations.RunSQL(BE, "DROP FUNCTION crm_be(bigint, timestamptz)"),
    ]
