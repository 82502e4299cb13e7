"""The hours of region rules are texts with several windows now: each day had one, as two numbers."""

from odoo.tools import SQL, sql

TABLE = "ecm_region_rule"
DAYS = ("weekday", "saturday", "sunday")
COLUMN = "ALTER TABLE ecm_region_rule ADD COLUMN IF NOT EXISTS %s varchar"
# From 9.5 to 20 is 09:30–20:00; a day that ends when it begins was closed.
TEXT = """
    UPDATE ecm_region_rule
       SET %(text)s = CASE WHEN %(opens)s < %(closes)s THEN
               to_char(make_interval(mins => round(%(opens)s * 60)::int), 'HH24:MI') || '–' ||
               to_char(make_interval(mins => round(%(closes)s * 60)::int), 'HH24:MI') END
"""


def migrate(cr, version):
    """Keep the hours, shipped or one's own: Odoo would fill the new columns with defaults, and rules
    that are shipped are not written again. May run more than once.
    """
    if not sql.column_exists(cr, TABLE, "weekday_from"):
        return
    for day in DAYS:
        text, opens = SQL.identifier(f"{day}_hours"), SQL.identifier(f"{day}_from")
        closes = SQL.identifier(f"{day}_to")
        cr.execute(SQL(COLUMN, text))
        cr.execute(SQL(TEXT, text=text, opens=opens, closes=closes))
