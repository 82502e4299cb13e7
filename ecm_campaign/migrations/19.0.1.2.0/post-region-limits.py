"""Region rules have limits as rows of their own now: each had one, as two numbers."""

from odoo.tools import sql

# What was shipped has its limits by now, from the data of this version.
LIMITS = """
    INSERT INTO ecm_region_rule_limit
           (rule_id, count, counted, number, unit, per, create_uid, create_date)
    SELECT r.id, r.max_attempts, 'tries', GREATEST(r.max_attempts_hours, 1), 'hours', 'number',
           1, now() AT TIME ZONE 'UTC'
      FROM ecm_region_rule r
     WHERE r.max_attempts > 0
       AND NOT EXISTS (
           SELECT 1 FROM ecm_region_rule_limit l WHERE l.rule_id = r.id AND l.counted = 'tries')
"""


def migrate(cr, version):
    """May run more than once."""
    if sql.column_exists(cr, "ecm_region_rule", "max_attempts"):
        cr.execute(LIMITS)
