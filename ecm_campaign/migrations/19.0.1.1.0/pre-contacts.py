"""What contacts are asked for since: their channel, who brought them, when a callback was due."""

COLUMNS = """
    ALTER TABLE ecm_contact ADD COLUMN IF NOT EXISTS channel varchar,
                            ADD COLUMN IF NOT EXISTS origin_list_id int4,
                            ADD COLUMN IF NOT EXISTS callback_due timestamp
"""
# The plan of a campaign by place, worked out once for all of its contacts. Odoo would fill the new
# column with its default, and no message would ever be sent again.
CHANNEL = """
    WITH planned AS (
        SELECT p.id AS campaign_id, a.channel,
               row_number() OVER (PARTITION BY p.id ORDER BY a.sequence, a.id) AS place
          FROM ecm_campaign p JOIN ecm_strategy_attempt a ON a.strategy_id = p.strategy_id
    )
    UPDATE ecm_contact c SET channel = planned.channel
      FROM planned
     WHERE c.channel IS NULL AND planned.campaign_id = c.campaign_id
       AND planned.place = GREATEST(1, c.next_position)
"""
# A list that overwrote another is not known any more: who is in it counts as brought by it.
ORIGIN = "UPDATE ecm_contact SET origin_list_id = list_id WHERE origin_list_id IS NULL"
CALLBACK = """
    UPDATE ecm_contact SET callback_due = callback_since
     WHERE callback_due IS NULL AND callback_since IS NOT NULL
"""


def migrate(cr, version):
    """Fill the new columns before Odoo fills them with defaults. May run more than once."""
    cr.execute(COLUMNS)
    for statement in (CHANNEL, ORIGIN, CALLBACK):
        cr.execute(statement)
