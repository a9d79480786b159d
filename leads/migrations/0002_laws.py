"""What Django cannot say: keys over two columns, and what a crossing leaves on both sides."""

from django.db import migrations

LAWS = """
ALTER TABLE leads_lead ADD CONSTRAINT an_owner_sits_at_the_tier_of_the_record FOREIGN KEY (seat_id, tier_id) REFERENCES tiers_seat (id, tier_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE leads_lead ADD CONSTRAINT a_tier_is_of_the_pipeline_of_the_record FOREIGN KEY (tier_id, pipeline_id) REFERENCES tiers_tier (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE leads_lead ADD CONSTRAINT a_step_is_of_the_pipeline_of_the_record FOREIGN KEY (step_id, pipeline_id) REFERENCES tiers_step (id, pipeline_id)
    DEFERRABLE INITIALLY DEFERRED;
"""

NO_LAWS = """
ALTER TABLE leads_lead DROP CONSTRAINT an_owner_sits_at_the_tier_of_the_record;
ALTER TABLE leads_lead DROP CONSTRAINT a_tier_is_of_the_pipeline_of_the_record;
ALTER TABLE leads_lead DROP CONSTRAINT a_step_is_of_the_pipeline_of_the_record;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("tiers", "0001_initial")]

    operations = [migrations.RunSQL(LAWS, NO_LAWS)]
