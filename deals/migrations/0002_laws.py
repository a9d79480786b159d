"""What Django cannot say: keys over two columns, and what a crossing leaves on both sides."""

from django.db import migrations

LAWS = """
ALTER TABLE deals_deal ADD CONSTRAINT an_owner_sits_at_the_tier_of_the_record FOREIGN KEY (seat_id, tier_id) REFERENCES tiers_seat (id, tier_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE deals_deal ADD CONSTRAINT a_tier_is_of_the_pipeline_of_the_record FOREIGN KEY (tier_id, pipeline_id) REFERENCES tiers_tier (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE deals_deal ADD CONSTRAINT a_step_is_of_the_pipeline_of_the_record FOREIGN KEY (step_id, pipeline_id) REFERENCES tiers_step (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
CREATE FUNCTION a_qualified_lead_has_its_deal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE the_lead bigint;
BEGIN
    IF TG_TABLE_NAME = 'leads_lead' THEN the_lead := NEW.id; ELSE the_lead := NEW.lead_id; END IF;
    IF EXISTS (SELECT 1 FROM leads_lead WHERE id = the_lead AND state = 'qualified')
       AND NOT EXISTS (SELECT 1 FROM deals_deal WHERE lead_id = the_lead AND state <> 'returned') THEN
        RAISE EXCEPTION 'a_qualified_lead_has_its_deal: lead %', the_lead
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_qualified_lead_has_its_deal';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER a_qualified_lead_has_its_deal AFTER INSERT OR UPDATE OF state ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'qualified') EXECUTE FUNCTION a_qualified_lead_has_its_deal();
CREATE CONSTRAINT TRIGGER a_returned_deal_gives_its_lead_back AFTER UPDATE OF state ON deals_deal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'returned' AND NEW.lead_id IS NOT NULL) EXECUTE FUNCTION a_qualified_lead_has_its_deal();
"""

NO_LAWS = """
DROP TRIGGER a_returned_deal_gives_its_lead_back ON deals_deal;
DROP TRIGGER a_qualified_lead_has_its_deal ON leads_lead;
DROP FUNCTION a_qualified_lead_has_its_deal();
ALTER TABLE deals_deal DROP CONSTRAINT an_owner_sits_at_the_tier_of_the_record;
ALTER TABLE deals_deal DROP CONSTRAINT a_tier_is_of_the_pipeline_of_the_record;
ALTER TABLE deals_deal DROP CONSTRAINT a_step_is_of_the_pipeline_of_the_record;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial"), ("tiers", "0001_initial")]

    operations = [migrations.RunSQL(LAWS, NO_LAWS)]
