"""Row-level security for what leaves and enters the house as a file; see `accounts/0011` for the walls around clients."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

# A wish is its asker's, and theirs who answer for the pipeline; the file belongs to its asker alone. What became of a row
# that came in is asked by imports only; the look-up is there so that one without an identity fails.
WALLS = (
    (
        "exchange_export",
        "asker_id = (SELECT crm_person()) OR pipeline_id = ANY ((SELECT crm_ids('answers'))::bigint[])",
    ),
    (
        "exchange_exportpart",
        "export_id IN (SELECT e.id FROM exchange_export e WHERE e.asker_id = (SELECT crm_person()))",
    ),
    ("exchange_importedrow", "(SELECT crm_person()) IS NULL"),
)

# Whoever dismisses somebody does not see their files, which go in the same commit all the same.
LEAVING = """
DO $$
DECLARE law regprocedure;
BEGIN
    FOR law IN SELECT tgfoid FROM pg_trigger WHERE tgname LIKE 'pgtrigger_who_leaves_takes_no_file_along%' LOOP
        EXECUTE format('ALTER FUNCTION %s {how}', law);
    END LOOP;
END $$;
"""


def _build(table: str, sees: str) -> str:
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        REVOKE INSERT, UPDATE, DELETE ON {table} FROM crm_web;
        CREATE POLICY the_conveyor_works ON {table} TO crm_system USING (true) WITH CHECK (true);
        CREATE POLICY people_see_what_is_theirs ON {table} FOR SELECT TO crm_web USING ({sees});
    """


def _tear_down(table: str) -> str:
    return f"""
        DROP POLICY people_see_what_is_theirs ON {table};
        DROP POLICY the_conveyor_works ON {table};
        GRANT INSERT, UPDATE, DELETE ON {table} TO crm_web;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """


class Migration(migrations.Migration):
    dependencies: ClassVar = [("exchange", "0004_leavers_have_a_name"), ("accounts", "0011_who_sees_what")]
    operations: ClassVar = [
        *(migrations.RunSQL(_build(table, sees), _tear_down(table)) for table, sees in WALLS),
        migrations.RunSQL(
            LEAVING.format(how="SECURITY DEFINER SET search_path = public, pg_temp"),
            LEAVING.format(how="SECURITY INVOKER RESET search_path"),
        ),
    ]
