"""The stamp that says whether the set-up in memory still holds, and the triggers of tables without a model of ours."""

from django.db import migrations

LINKS = ("tiers_rule_sources", "tiers_rule_products", "tiers_rule_seats", "users_user_groups")

FUNCTION = """
CREATE FUNCTION tiers_the_set_up_has_changed() RETURNS trigger AS $$
BEGIN
    INSERT INTO tiers_stamp (id, value) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET value = excluded.value;
    RETURN NULL;
END $$ LANGUAGE plpgsql;
INSERT INTO tiers_stamp (id, value) VALUES (1, gen_random_uuid());
"""

TRIGGER = """
CREATE TRIGGER the_set_up_has_changed AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tiers_the_set_up_has_changed();
"""


# Whom the set-up in memory names, and whether they still work here; a sign-in alone changes nothing.
PEOPLE = """
CREATE TRIGGER the_set_up_has_changed AFTER UPDATE OF is_active, is_superuser, username, first_name, last_name
    ON users_user FOR EACH STATEMENT EXECUTE FUNCTION tiers_the_set_up_has_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0004_assignment_and_clocks"), ("users", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION tiers_the_set_up_has_changed(); DELETE FROM tiers_stamp;"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER the_set_up_has_changed ON {table};")
            for table in LINKS
        ),
        migrations.RunSQL(PEOPLE, "DROP TRIGGER the_set_up_has_changed ON users_user;"),
    ]
