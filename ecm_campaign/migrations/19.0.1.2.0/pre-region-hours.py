"""The hours of region rules are texts with several windows now: each day had one, as two numbers."""

from odoo.tools import sql

TABLE = "ecm_region_rule"
DAYS = ("weekday", "saturday", "sunday")
# From 9.5 to 20 is 09:30–20:00; a day that ends when it begins was closed.
TEXT = """
    UPDATE ecm_region_rule
       SET {day}_hours = CASE WHEN {day}_from < {day}_to THEN
               to_char(make_interval(mins => round({day}_from * 60)::int), 'HH24:MI') || '–' ||
               to_char(make_interval(mins => round({day}_to * 60)::int), 'HH24:MI') END
"""


def migrate(cr, version):
    """Keep the hours, shipped or one's own: Odoo would fill the new columns with defaults, and rules
    that are shipped are not written again. May run more than once.
    """
    if not sql.column_exists(cr, TABLE, "weekday_from"):
        return
    for day in DAYS:
        cr.execute(f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS {day}_hours varchar")
        cr.execute(TEXT.format(day=day))
