"""What was there before its counters is counted, and its numbers are listed for the search."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """May run more than once."""
    cr.execute(
        """INSERT INTO ecm_contact_unlisted (first_id, last_id)
           SELECT min(id), max(id) FROM ecm_contact HAVING count(*) > 0"""
    )
    api.Environment(cr, SUPERUSER_ID, {})["ecm.results.count"]._count_anew()
