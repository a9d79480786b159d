"""The roles of the site add lines to the journal and read it, and can do nothing else to it; the house adds anchors."""

from django.db import migrations

APPEND = """
REVOKE ALL ON audit_line, audit_link, audit_head, audit_anchor, audit_anchored FROM crm_web, crm_system, crm_read;
GRANT SELECT, INSERT ON audit_line TO crm_web, crm_system;
GRANT SELECT ON audit_link, audit_head, audit_anchor, audit_anchored TO crm_web, crm_system;
GRANT INSERT ON audit_anchor, audit_anchored TO crm_system;
"""
ALL = """
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_line, audit_link, audit_head, audit_anchor, audit_anchored TO crm_web, crm_system;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0001_alarms"),
        ("audit", "0004_key_of_an_anchor"),
        ("access", "0002_roles"),
    ]

    operations = [migrations.RunSQL(APPEND, ALL)]
