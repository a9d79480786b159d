"""What Django cannot say: keys over two columns, and what a crossing leaves on both sides."""

from django.db import migrations

LAWS = """
ALTER TABLE accounts_account ADD CONSTRAINT an_owner_sits_at_the_tier_of_the_record FOREIGN KEY (seat_id, tier_id) REFERENCES tiers_seat (id, tier_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_account ADD CONSTRAINT a_tier_is_of_the_pipeline_of_the_record FOREIGN KEY (tier_id, pipeline_id) REFERENCES tiers_tier (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_account ADD CONSTRAINT a_step_is_of_the_pipeline_of_the_record FOREIGN KEY (step_id, pipeline_id) REFERENCES tiers_step (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
CREATE FUNCTION a_won_deal_has_its_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM accounts_account WHERE client_id = NEW.client_id AND pipeline_id = NEW.pipeline_id) THEN
        RAISE EXCEPTION 'a_won_deal_has_its_account: deal %', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_won_deal_has_its_account';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER a_won_deal_has_its_account AFTER INSERT OR UPDATE OF state ON deals_deal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'won') EXECUTE FUNCTION a_won_deal_has_its_account();
"""

NO_LAWS = """
DROP TRIGGER a_won_deal_has_its_account ON deals_deal;
DROP FUNCTION a_won_deal_has_its_account();
ALTER TABLE accounts_account DROP CONSTRAINT an_owner_sits_at_the_tier_of_the_record;
ALTER TABLE accounts_account DROP CONSTRAINT a_tier_is_of_the_pipeline_of_the_record;
ALTER TABLE accounts_account DROP CONSTRAINT a_step_is_of_the_pipeline_of_the_record;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("tiers", "0001_initial")]

    operations = [migrations.RunSQL(LAWS, NO_LAWS)]
