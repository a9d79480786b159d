"""What changes the set-up, rights or people is noted by the database itself, whichever way the change came.

The history of the set-up and the log of the admin say by whom and what to; here stand numbers and names of columns only.
"""

from django.conf import settings
from django.db import migrations

SET_UP = """
CREATE FUNCTION audit_set_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_line (at, kind, by_id, about_id, pipeline_id, stage, traces, detail)
    SELECT (j->>'history_date')::timestamptz,
           CASE WHEN TG_ARGV[0] = 'right' AND j->>'history_type' = '+' THEN 'granted'
                WHEN TG_ARGV[0] = 'right' AND j->>'history_type' = '-' THEN 'grant_taken' ELSE 'configured' END,
           (j->>'history_user_id')::bigint,
           (j->>'user_id')::bigint,
           coalesce((j->>'pipeline_id')::bigint, (j->>'content_object_id')::bigint,
                    CASE WHEN TG_TABLE_NAME = 'tiers_historicalpipeline' THEN (j->>'id')::bigint END,
                    (SELECT pipeline_id FROM tiers_tier WHERE id = coalesce((j->>'tier_id')::bigint,
                        (SELECT tier_id FROM tiers_seat WHERE id = (j->>'seat_id')::bigint)))),
           '', '{}',
           jsonb_build_object('model', substr(TG_TABLE_NAME, length('tiers_historical') + 1), 'id', j->'id',
                              'history', j->'history_id', 'act', j->>'history_type')
    FROM (SELECT to_jsonb(new_row) AS j FROM new_rows new_row ORDER BY history_id) given;
    RETURN NULL;
END $$;
"""

TABLES = {
    **dict.fromkeys(
        ("pipeline", "tier", "step", "rung", "rule", "source", "product", "reason", "workinghours", "dayoff", "absence", "shift"),
        "thing",
    ),
    **dict.fromkeys(("seat", "pipelineuserobjectpermission"), "right"),
}
SET_UP += "".join(
    f"CREATE TRIGGER the_journal_hears_of_it AFTER INSERT ON tiers_historical{table} REFERENCING NEW TABLE AS new_rows "
    f"FOR EACH STATEMENT EXECUTE FUNCTION audit_set_up('{kind}');\n"
    for table, kind in TABLES.items()
)

PEOPLE = """
CREATE FUNCTION audit_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    after jsonb := to_jsonb(NEW);
    before jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
BEGIN
    INSERT INTO audit_line (at, kind, about_id, stage, traces, detail)
    VALUES (clock_timestamp(), 'person_changed', NEW.id, '', '{}', jsonb_build_object('columns', (
        SELECT jsonb_agg(name ORDER BY name) FROM unnest(ARRAY['email', 'is_active', 'is_staff', 'is_superuser', 'password',
            'username']) AS name WHERE after->name IS DISTINCT FROM before->name)));
    RETURN NULL;
END $$;
CREATE TRIGGER the_journal_hears_of_it AFTER UPDATE OF email, is_active, is_staff, is_superuser, password, username
    ON users_user FOR EACH ROW
    WHEN ((OLD.email, OLD.is_active, OLD.is_staff, OLD.is_superuser, OLD.password, OLD.username) IS DISTINCT FROM
          (NEW.email, NEW.is_active, NEW.is_staff, NEW.is_superuser, NEW.password, NEW.username))
    EXECUTE FUNCTION audit_person();
CREATE TRIGGER the_journal_hears_of_new_rights AFTER INSERT ON users_user FOR EACH ROW
    WHEN (NEW.is_staff OR NEW.is_superuser) EXECUTE FUNCTION audit_person();

CREATE FUNCTION audit_belonging() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    j jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
    INSERT INTO audit_line (at, kind, about_id, stage, traces, detail)
    VALUES (clock_timestamp(),
            CASE WHEN TG_ARGV[0] = 'factor' THEN 'person_changed' WHEN TG_OP = 'DELETE' THEN 'grant_taken' ELSE 'granted' END,
            (j->>'user_id')::bigint, '', '{}',
            jsonb_build_object('model', TG_ARGV[0], 'id', coalesce(j->'group_id', j->'permission_id', j->'id'),
                               'act', CASE TG_OP WHEN 'DELETE' THEN '-' ELSE '+' END));
    RETURN NULL;
END $$;
CREATE TRIGGER the_journal_hears_of_it AFTER INSERT OR DELETE ON users_user_groups
    FOR EACH ROW EXECUTE FUNCTION audit_belonging('group');
CREATE TRIGGER the_journal_hears_of_it AFTER INSERT OR DELETE ON users_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION audit_belonging('permission');
CREATE TRIGGER the_journal_hears_of_it AFTER INSERT OR DELETE ON mfa_authenticator
    FOR EACH ROW EXECUTE FUNCTION audit_belonging('factor');

CREATE FUNCTION audit_administered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person boolean := EXISTS (SELECT FROM django_content_type t
                              WHERE t.id = NEW.content_type_id AND (t.app_label, t.model) = ('users', 'user'));
BEGIN
    INSERT INTO audit_line (at, kind, by_id, about_id, stage, traces, detail)
    VALUES (NEW.action_time, CASE WHEN person THEN 'person_changed' ELSE 'configured' END, NEW.user_id,
            CASE WHEN person AND NEW.object_id ~ '^[0-9]{1,18}$' THEN NEW.object_id::bigint END, '', '{}',
            jsonb_build_object('model', 'admin', 'id', NEW.id,
                               'act', CASE NEW.action_flag WHEN 1 THEN '+' WHEN 2 THEN '~' ELSE '-' END));
    RETURN NULL;
END $$;
CREATE TRIGGER the_journal_hears_of_it AFTER INSERT ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION audit_administered();
"""

FREE = """
DROP FUNCTION audit_set_up() CASCADE;
DROP FUNCTION audit_person() CASCADE;
DROP FUNCTION audit_belonging() CASCADE;
DROP FUNCTION audit_administered() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_laws"),
        ("tiers", "0009_second_factors"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("mfa", "0003_authenticator_type_uniq"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL(SET_UP + PEOPLE, FREE)]
