from odoo import fields, models


class EcmContactList(models.Model):
    """A list whose file feeds other campaigns as well (requirement L7)."""

    _inherit = "ecm.contact.list"

    global_list_id = fields.Many2one(
        "ecm.global.list",
        string="Global list",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        help="The file feeds other campaigns as well.",
    )

    def action_feed_campaigns(self):
        """Ask which other campaigns the file of this list shall feed."""
        self.ensure_one()
        return self.env["ecm.global.list.feed"]._open(self)

    def _make_global(self):
        """The global list of this list's file, which then belongs to it."""
        self.ensure_one()
        self.check_access("write")
        if not self.global_list_id:
            attachment = self.attachment_id
            values = {
                "name": self.name,
                "company_id": self.company_id.id,
                "attachment_id": attachment.id,
            }
            # The file moves from this list to the global one, which users cannot have it do.
            self.global_list_id = self.env["ecm.global.list"].sudo().create(values)
            attachment.sudo().write(
                {"res_model": "ecm.global.list", "res_id": self.global_list_id.id}
            )
        return self.global_list_id
