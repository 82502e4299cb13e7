"""What was there before its counters is counted."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """May run more than once."""
    api.Environment(cr, SUPERUSER_ID, {})["ecm.results.count"]._count_anew()
