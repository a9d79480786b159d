"""The one way by which what is past is changed: an erasure that runs, and nothing else, removes the words of its client.

The function belongs to the owner of the tables and may be called by the house alone. It asks the act itself whether it runs,
and for which client; without one it does nothing. The triggers that keep the past look away while it lasts, and no longer.
"""

from django.db import migrations

ERASE = """
CREATE FUNCTION crm_erase(which bigint, words text[]) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose bigint;
    moment timestamptz;
    told jsonb := '{}';
    n bigint;
    -- Set here and not by the function's own SET, which only a superuser may write for a parameter that is nobody's.
    ignored text := coalesce(current_setting('pgtrigger.ignore', true), '');
BEGIN
    SELECT client_id, greatest(runs_at, now()) INTO whose, moment FROM erasure_erasure
    WHERE id = which AND state = 'running' AND runs_at <= now() FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only an erasure that runs erases' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config(
        'pgtrigger.ignore', '{pgtrigger_entries_are_append_only_320e5,pgtrigger_a_broken_glass_is_only_closed_51ddc}', true
    );

    UPDATE timeline_entry SET text = '', details = CASE kind WHEN 'enquiry' THEN '{}' ELSE details END
    WHERE client_id = whose AND (text <> '' OR kind = 'enquiry');
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('timeline_entry', n);

    UPDATE timeline_task SET title = '—' WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('timeline_task', n);

    UPDATE conveyor_handoff SET summary = '—', need = '', budget = '', timing = '', decider = '', next_step = '', comment = ''
    WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('conveyor_handoff', n);

    DELETE FROM exchange_importedrow row USING (
        SELECT 'lead' AS stage, id FROM leads_lead WHERE client_id = whose
        UNION ALL SELECT 'deal', id FROM deals_deal WHERE client_id = whose
        UNION ALL SELECT 'account', id FROM accounts_account WHERE client_id = whose
    ) theirs WHERE row.stage = theirs.stage AND row.record_id = theirs.id;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('exchange_importedrow', n);

    UPDATE django_admin_log log SET object_repr = '', change_message = '' FROM django_content_type kind
    WHERE kind.id = log.content_type_id AND (
        EXISTS (SELECT FROM unnest(words) word WHERE strpos(lower(log.object_repr || ' ' || log.change_message), word) > 0)
        OR (kind.app_label, kind.model) = ('clients', 'client') AND log.object_id = whose::text
        OR kind.app_label = 'leads' AND log.object_id IN (SELECT id::text FROM leads_lead WHERE client_id = whose)
        OR kind.app_label = 'deals' AND log.object_id IN (SELECT id::text FROM deals_deal WHERE client_id = whose)
        OR kind.app_label = 'accounts' AND log.object_id IN (SELECT id::text FROM accounts_account WHERE client_id = whose));
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('django_admin_log', n);

    UPDATE access_breakglass SET reason = 'These words named a client, and were erased with their data.'
    WHERE EXISTS (SELECT FROM unnest(words) word WHERE strpos(lower(reason), word) > 0);
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('access_breakglass', n);

    UPDATE exchange_export SET
        reason = CASE WHEN EXISTS (SELECT FROM unnest(words) word WHERE strpos(lower(reason), word) > 0) THEN '—' ELSE reason END,
        answer = CASE WHEN EXISTS (SELECT FROM unnest(words) word WHERE strpos(lower(answer), word) > 0) THEN '—' ELSE answer END
    WHERE EXISTS (SELECT FROM unnest(words) word WHERE strpos(lower(reason || ' ' || answer), word) > 0);
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('exchange_export', n);

    UPDATE leads_lead SET campaign = '', comment = '' WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('leads_lead', n);
    UPDATE deals_deal SET competitor = '', comment = '' WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('deals_deal', n);
    UPDATE accounts_account SET comment = '' WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('accounts_account', n);

    DELETE FROM audit_trap WHERE client_id = whose;
    DELETE FROM clients_contactpoint WHERE client_id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('clients_contactpoint', n);
    UPDATE clients_client SET name = '№ ' || id, company = '', region = '', city = '', language = '', masked_contact = '',
        consent = 'withdrawn', erased_at = moment WHERE id = whose;
    GET DIAGNOSTICS n = ROW_COUNT;  told := told || jsonb_build_object('clients_client', n);
    PERFORM set_config('pgtrigger.ignore', ignored, true);
    RETURN told;
END $$;
REVOKE ALL ON FUNCTION crm_erase(bigint, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm_erase(bigint, text[]) TO crm_system;
"""

# What is past is added to and read by the roles of the site; only the function above, which is the owner's, can do more.
APPEND = "REVOKE UPDATE, DELETE ON timeline_entry, timeline_movement FROM crm_web, crm_system;"
ALL = "GRANT UPDATE, DELETE ON timeline_entry, timeline_movement TO crm_web, crm_system;"
KEPT = "REVOKE DELETE ON erasure_erasure FROM crm_web, crm_system; REVOKE INSERT, UPDATE ON erasure_erasure FROM crm_web;"
OPEN = "GRANT INSERT, UPDATE, DELETE ON erasure_erasure TO crm_web, crm_system;"


class Migration(migrations.Migration):
    dependencies = [
        ("erasure", "0001_initial"),
        ("access", "0002_roles"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("audit", "0006_names"),
        ("accounts", "0011_who_sees_what"),
        ("conveyor", "0003_counts_of_hand_offs"),
        ("exchange", "0006_own_copies"),
        ("timeline", "0005_consent"),
    ]

    operations = [
        migrations.RunSQL(ERASE, "DROP FUNCTION crm_erase(bigint, text[])"),
        migrations.RunSQL(APPEND, ALL),
        migrations.RunSQL(KEPT, OPEN),
    ]
