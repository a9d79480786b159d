"""A word of who asks: without one a query that would show less than there is fails; it never does nothing in silence.

`crm_be(NULL, …)` takes an identity off, `crm_be(0, …)` is nobody in particular: a stranger, who sees no client. Both walls
know the same people: files are answered for by heads of sales and by who was named, never through broken glass.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

# What was put on in an earlier transaction is an empty text on this connection: nothing, then. The look-up of a policy runs
# once for a query, and only when there are rows about which it must decide.
REFUSE = """
CREATE FUNCTION crm_refuse() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'Nobody has said who asks for clients'
        USING ERRCODE = 'insufficient_privilege', HINT = 'acting_as or system_scope: see pipeline_crm/identity.py';
END $$;
CREATE OR REPLACE FUNCTION crm_ids(kind text) RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('crm.' || kind, true), ''), crm_refuse())::bigint[] $$;
CREATE OR REPLACE FUNCTION crm_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('crm.person', true), ''), crm_refuse())::bigint $$;
"""
TRUSTING = """
CREATE OR REPLACE FUNCTION crm_ids(kind text) RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('crm.' || kind, true), '')::bigint[] $$;
CREATE OR REPLACE FUNCTION crm_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('crm.person', true), '')::bigint $$;
DROP FUNCTION crm_refuse();
"""

# Seats and grants are read here and not taken from the site's memory, so that a mistake there is no mistake here. The answer
# is the stamp of the set-up, which every page asks for: so it costs no question of its own. An administrator sees no client
# for being one, but stands as a head of the pipelines whose glass they have broken, until it closes. What team leads lend to a
# colleague has its place among the lists, and nothing is lent yet.
BE = """
CREATE OR REPLACE FUNCTION crm_be(who bigint, moment timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    here record;
    tiers record;
    homes record;
    opened bigint[] := '{}';
    nothing text := CASE WHEN who IS NULL THEN '' ELSE '{}' END;
BEGIN
    SELECT is_superuser INTO here FROM users_user WHERE id = who AND is_active;
    IF NOT FOUND THEN
        PERFORM set_config('crm.person', CASE WHEN who IS NULL THEN '' ELSE '0' END, true),
                set_config('crm.seats', nothing, true), set_config('crm.worked', nothing, true),
                set_config('crm.led', nothing, true), set_config('crm.headed', nothing, true),
                set_config('crm.answers', nothing, true), set_config('crm.lent_lead', nothing, true),
                set_config('crm.lent_deal', nothing, true), set_config('crm.lent_account', nothing, true);
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
    SELECT coalesce(array_agg(id) FILTER (WHERE codename = 'head_pipeline'), '{}') AS headed,
           coalesce(array_agg(id) FILTER (WHERE codename IN ('head_pipeline', 'approve_exports')), '{}') AS answers INTO homes
    FROM (
        SELECT g.content_object_id AS id, p.codename
        FROM tiers_pipelineuserobjectpermission g JOIN auth_permission p ON p.id = g.permission_id WHERE g.user_id = who
        UNION
        SELECT g.content_object_id, p.codename
        FROM tiers_pipelinegroupobjectpermission g JOIN auth_permission p ON p.id = g.permission_id
        JOIN users_user_groups m ON m.group_id = g.group_id WHERE m.user_id = who
    ) appointed;
    IF here.is_superuser THEN
        SELECT coalesce(array_agg(DISTINCT g.pipeline_id), '{}') INTO opened FROM access_breakglass g
        WHERE g.user_id = who AND g.closed_at IS NULL AND g.opened_at <= moment AND g.until > moment;
    END IF;
    PERFORM set_config('crm.person', who::text, true),
            set_config('crm.worked', tiers.worked::text, true),
            set_config('crm.led', tiers.led::text, true),
            set_config('crm.headed', (homes.headed || opened)::text, true),
            set_config('crm.answers', homes.answers::text, true),
            set_config('crm.lent_lead', '{}', true),
            set_config('crm.lent_deal', '{}', true),
            set_config('crm.lent_account', '{}', true),
            set_config('crm.seats', (
                SELECT coalesce(array_agg(id), '{}')::text FROM tiers_seat
                WHERE user_id = who AND is_open AND tier_id = ANY (tiers.worked)
            ), true);
    RETURN (SELECT value FROM tiers_stamp);
END $$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("access", "0002_roles"), ("tiers", "0012_exports")]
    operations: ClassVar = [
        migrations.RunSQL(REFUSE, TRUSTING),
        migrations.RunSQL(BE, migrations.RunSQL.noop),
    ]
