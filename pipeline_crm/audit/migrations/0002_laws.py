"""The laws of the journal, below the ORM: its chain, and that nothing in it is changed or deleted."""

from django.db import migrations

# Deferred to the commit: whoever writes lines may lock what they like before and after. As the tables' owner, so that the
# roles that write lines need no right to the chain.
LINK = """
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mine bigint := coalesce(NEW.by_id, 0);
    place audit_head%ROWTYPE;
BEGIN
    FOR _try IN 1..2 LOOP
        UPDATE audit_head head SET number = head.number + 1, hash = sha256(head.hash || convert_to(
            jsonb_build_array(head.chain, head.number + 1, NEW.id, NEW.at AT TIME ZONE 'UTC', NEW.kind, NEW.by_id,
    NEW.about_id, NEW.pipeline_id, NEW.client_id, NEW.stage, NEW.record_id, NEW.traces,
    NEW.detail)::text, 'UTF8'))
        WHERE head.chain = mine RETURNING head.* INTO place;
        EXIT WHEN FOUND;
        INSERT INTO audit_head (chain, number, hash) VALUES (mine, 0, sha256('')) ON CONFLICT (chain) DO NOTHING;
    END LOOP;
    INSERT INTO audit_link (chain, number, line_id, hash) VALUES (mine, place.number, NEW.id, place.hash);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER a_line_gets_its_place AFTER INSERT ON audit_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link();
"""

KEPT = """
CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The journal is append-only: % of % is refused', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION audit_head_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain <> OLD.chain OR NEW.number <> OLD.number + 1 THEN
        RAISE EXCEPTION 'The end of a chain moves on by one';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_end_moves_on_by_one BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_moves_on();
CREATE TRIGGER an_end_is_kept BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_line_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_line FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_link_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_anchor_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_anchored_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchored FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
"""

FREE = """
DROP TRIGGER an_end_moves_on_by_one ON audit_head;
DROP TRIGGER an_end_is_kept ON audit_head;
DROP TRIGGER audit_line_is_kept ON audit_line;
DROP TRIGGER audit_link_is_kept ON audit_link;
DROP TRIGGER audit_anchor_is_kept ON audit_anchor;
DROP TRIGGER audit_anchored_is_kept ON audit_anchored;
DROP FUNCTION audit_is_kept();
DROP FUNCTION audit_head_moves_on();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_journal")]

    operations = [migrations.RunSQL(LINK, "DROP FUNCTION audit_link() CASCADE"), migrations.RunSQL(KEPT, FREE)]
