from odoo import api, fields, models
from odoo.tools import SQL

from .ecm_writeback_apply_mixin import QUIET
from odoo.addons.ecm_campaign.const import PHONE_FIELDS


class EcmContact(models.Model):
    _name = "ecm.contact"
    _inherit = ["ecm.contact", "ecm.contact.link.mixin"]

    # With foreign keys, unlike the engine's own references: partners are merged and deleted, and
    # an import without CRM records pays nothing for empty columns.
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        index="btree_not_null",
        ondelete="set null",
        help="The customer whom this contact is about.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        index="btree_not_null",
        ondelete="set null",
        help="The lead or opportunity that this contact is about: results are written there.",
    )
    has_left = fields.Boolean(
        "Left its segment",
        readonly=True,
        copy=False,
        help="Its record was not found any more, and it was not called before: should the record "
        "be found again, it joins again.",
    )

    @api.model
    def _get_taken_along(self):
        return [*super()._get_taken_along(), "partner_id", "lead_id"]

    @api.model
    def _find_ids_by_number(self, number, limit):
        """The latest contacts with a number, in whichever phone (indexes ``_phone_campaign``,
        ``_phone_2`` …).

        :return: list of ids
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT c.id FROM %s AS c ORDER BY c.id DESC LIMIT %s",
                self._look_up_any(PHONE_FIELDS, SQL("%s", number)),
                limit,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    @api.model
    def _withdraw_leavers(self, where, reason):
        """Withdraw the open contacts of records that have left a segment.

        :param SQL where: a condition on the contact ``c``
        """
        open_states = list(self._get_open_states())
        self.env.cr.execute(
            SQL("SELECT c.id FROM ecm_contact c WHERE %s AND c.state = ANY(%s)", where, open_states)
        )
        ids = [contact_id for (contact_id,) in self.env.cr.fetchall()]
        if not ids:
            return
        self._withdraw(SQL("SELECT unnest(%s::int[])", ids), reason)
        # Who was called, or is being called, does not come back by itself.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c SET has_left = TRUE
                    WHERE c.id = ANY(%s) AND c.state = 'withdrawn'
                      AND NOT EXISTS (SELECT FROM ecm_attempt a WHERE a.contact_id = c.id)""",
                ids,
            )
        )
        self.invalidate_model()

    def _note_on_records(self, body):
        """A note on the lead, else on the customer (requirement R10)."""
        super()._note_on_records(body)
        contacts = self.sudo().filtered(lambda one: not (one.lead_id or one.partner_id))
        if contacts:
            contacts._link_unlinked(SQL("c.id = ANY(%s)", contacts.ids))
        author = self.env.ref("base.partner_root")
        for contact in self.sudo():
            record = (contact.lead_id or contact.partner_id).with_context(**QUIET)
            for each in record:
                each.message_post(
                    body=body,
                    message_type="notification",
                    subtype_xmlid="mail.mt_note",
                    author_id=author.id,
                    email_from=author.email_formatted,
                )

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _get_personal_columns(self):
        """Whoever is erased has no link to a customer any more (requirement N6)."""
        return [*super()._get_personal_columns(), "partner_id", "lead_id"]

    @api.model
    def _get_other_condition(self, person):
        """Found by the customer, and by leads of that customer."""
        condition = super()._get_other_condition(person)
        if not person.partner_ids:
            return condition
        ids = sorted(person.partner_ids)
        linked = SQL(
            """(partner_id = ANY(%s)
                OR lead_id IN (SELECT id FROM crm_lead WHERE partner_id = ANY(%s)))""",
            ids,
            ids,
        )
        return SQL("(%s OR %s)", condition, linked) if condition else linked
