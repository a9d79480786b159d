"""What PostgreSQL itself holds true about structure (invariant I9)."""

from __future__ import annotations

import pgtrigger

# Expects `the_pipeline`. Runs at commit, so that a structure may be changed in several statements.
EVERY_STAGE_HAS_ONE_TIER = """
    IF EXISTS (SELECT 1 FROM tiers_pipeline WHERE id = the_pipeline) AND NOT COALESCE((
        SELECT count(*) FILTER (WHERE works_lead) = 1
           AND count(*) FILTER (WHERE works_deal) = 1
           AND count(*) FILTER (WHERE works_account) = 1
        FROM tiers_tier WHERE pipeline_id = the_pipeline
    ), false) THEN
        RAISE EXCEPTION 'every_stage_has_exactly_one_tier: pipeline %', the_pipeline
            USING ERRCODE = 'check_violation', CONSTRAINT = 'every_stage_has_exactly_one_tier';
    END IF;
"""

# A seat's grants in django-guardian are what the seat says: an open seat works its tier, a team lead's also leads it,
# and one whose person may export also grants that.
# Written by the database, so that no update(), admin page or import can leave a grant behind.
GRANTS_FOLLOW_THE_SEAT = """
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM tiers_tieruserobjectpermission WHERE user_id = OLD.user_id AND content_object_id = OLD.tier_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        DELETE FROM tiers_tieruserobjectpermission WHERE user_id = NEW.user_id AND content_object_id = NEW.tier_id;
        IF NEW.is_open THEN
            INSERT INTO tiers_tieruserobjectpermission (user_id, content_object_id, permission_id)
            SELECT NEW.user_id, NEW.tier_id, permission.id
            FROM auth_permission permission JOIN django_content_type kind ON kind.id = permission.content_type_id
            WHERE kind.app_label = 'tiers' AND kind.model = 'tier'
              AND (permission.codename = 'work_tier' OR (permission.codename = 'lead_tier' AND NEW.role = 'lead')
                   OR (permission.codename = 'export_tier' AND NEW.may_export));
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the permissions of tiers are not installed: run migrate to its end';
            END IF;
        END IF;
    END IF;
    RETURN NULL;
"""

# Whoever keeps the set-up in memory compares the stamp: one change anywhere, and it is read again. In the same
# transaction as the change, so nobody ever sees a new stamp over an old set-up.
NEW_STAMP = """
    INSERT INTO tiers_stamp (id, value) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET value = excluded.value;
    RETURN NULL;
"""


def stamp() -> pgtrigger.Trigger:
    """The trigger of a table whose rows are part of the set-up that is kept in memory."""
    return pgtrigger.Trigger(
        name="the_set_up_has_changed",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=NEW_STAMP,
    )
