from odoo import fields, models
from odoo.tools import SQL

from ..selections import selection_of


class EcmReportList(models.Model):
    """Lists by how their files were read, and by what became of their contacts (requirement R5).

    What became of contacts is read from the counters of the pages of results.
    """

    _name = "ecm.report.list"
    _description = "Report of Lists"
    _auto = False
    _order = "uploaded_at desc, id desc"
    _rec_name = "list_id"

    list_id = fields.Many2one("ecm.contact.list", "Contact list", readonly=True)
    campaign_id = fields.Many2one("ecm.campaign", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Uploaded by", readonly=True)
    uploaded_at = fields.Datetime("Uploaded on", readonly=True)
    source = fields.Selection(
        selection_of("ecm.contact.list", "source"),
        readonly=True,
    )
    mode = fields.Selection(selection_of("ecm.contact.list", "mode"), readonly=True)
    status = fields.Selection(
        selection_of("ecm.contact.list", "status"),
        "Calling",
        readonly=True,
    )
    file_name = fields.Char("File name", readonly=True)
    uploaded = fields.Integer(readonly=True, help="Contacts stored.")
    failed = fields.Integer(readonly=True, help="Rows that could not be stored.")
    duplicates = fields.Integer(
        "Duplicate", readonly=True, help="Rows whose number was known already."
    )
    updated = fields.Integer(readonly=True, help="Known contacts that got the file's values.")
    replaced = fields.Integer(
        readonly=True,
        help="Contacts of earlier lists that were not in the file and were withdrawn.",
    )
    left_out = fields.Integer(
        "Values left out", readonly=True, help="Invalid values of contacts that were stored."
    )
    loaded = fields.Integer(readonly=True, help="Contacts of the list now.")
    called = fields.Integer(readonly=True, help="Contacts with at least one attempt.")
    reached = fields.Integer(readonly=True, help="Contacts with a reached person.")
    success = fields.Integer(
        readonly=True, help="Contacts whose call had a wrap-up of type Success."
    )

    @property
    def _table_query(self):
        # A list counts its rows itself; each is stored, refused, known or an update.
        return SQL(
            """SELECT l.id, l.id AS list_id, l.campaign_id, l.company_id, l.user_id,
                      l.create_date AS uploaded_at, l.source, l.mode, l.status, l.file_name,
                      l.uploaded_count AS uploaded, l.failed_count AS failed,
                      l.duplicate_count AS duplicates, l.updated_count AS updated,
                      l.replaced_count AS replaced, l.warning_count AS left_out,
                      COALESCE(n.loaded, 0) AS loaded, COALESCE(n.called, 0) AS called,
                      COALESCE(n.reached, 0) AS reached, COALESCE(n.success, 0) AS success
                 FROM ecm_contact_list l
            LEFT JOIN LATERAL (SELECT sum(k.loaded)::int AS loaded, sum(k.called)::int AS called,
                                      sum(k.reached)::int AS reached,
                                      sum(k.success)::int AS success
                                 FROM ecm_results_count k
                                WHERE k.list_id = l.id AND k.at IS NULL) AS n ON TRUE"""
        )
