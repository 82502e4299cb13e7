"""An attempt's campaign is its contact's: PostgreSQL need not look it up for each attempt."""

from odoo.tools import SQL

CONSTRAINT = "ecm_attempt_campaign_id_fkey"


def migrate(cr, version):
    """Drop the foreign key, and what Odoo has noted of it. May run more than once."""
    constraint = SQL.identifier(CONSTRAINT)
    cr.execute(SQL("ALTER TABLE ecm_attempt DROP CONSTRAINT IF EXISTS %s", constraint))
    cr.execute(SQL("DELETE FROM ir_model_constraint WHERE name = %s", CONSTRAINT))
