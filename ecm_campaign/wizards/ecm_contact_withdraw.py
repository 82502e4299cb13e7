from odoo import fields, models
from odoo.exceptions import UserError

from ..actions import CLOSE, open_window
from ..tools import contact_file


class EcmContactWithdraw(models.TransientModel):
    """Withdraw chosen contacts, or those that a file names, and say why (requirement L10)."""

    _name = "ecm.contact.withdraw"
    _inherit = ["ecm.file.mixin"]
    _description = "Withdraw Contacts"

    contact_ids = fields.Many2many("ecm.contact", string="Contacts", readonly=True)
    contact_count = fields.Integer(compute="_compute_contact_count", string="Open contacts")
    reason = fields.Char(required=True)
    campaign_id = fields.Many2one("ecm.campaign", default=lambda self: self._default_campaign_id())
    scope = fields.Selection(
        [("campaign", "This campaign"), ("company", "All campaigns of the company")],
        required=True,
        default="campaign",
    )
    match = fields.Selection(
        [("phone", "Phone numbers"), ("key", "Customer keys")],
        string="The file holds",
        required=True,
        default="phone",
    )
    attachment_id = fields.Many2one(readonly=False, ondelete="cascade")

    def _default_campaign_id(self):
        if self.env.context.get("active_model") == "ecm.campaign":
            return self.env.context.get("active_id")
        return False

    def _compute_contact_count(self):
        for wizard in self:
            wizard.contact_count = len(wizard.contact_ids)

    def action_withdraw(self):
        """Withdraw the chosen contacts."""
        self.ensure_one()
        self.campaign_id.check_access("read")
        self.contact_ids.action_withdraw(self.reason)
        return dict(CLOSE)

    def action_withdraw_by_file(self):
        """Withdraw the open contacts that the file names, in the background, and show how far that
        is.
        """
        self.ensure_one()
        self.env["ecm.contact"].check_access("write")
        self.campaign_id.check_access("read")
        if not self.attachment_id:
            raise UserError(self.env._("Choose a file."))
        if self.scope == "campaign" and not self.campaign_id:
            raise UserError(self.env._("Choose a campaign."))
        # A file that cannot be read is refused now, not in the background.
        self._check_file()
        job = self._create_job()
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_withdrawal_action",
            views=[(False, "form")],
            res_id=job.id,
        )

    def _take_upload(self, upload):
        """The file stays an upload until the withdrawal takes it."""

    def _check_file(self):
        """:raise UserError: the file is none that could be read"""
        jobs = self.env["ecm.file.job"]
        try:
            with jobs._open_attachment(self.attachment_id) as file:
                contact_file.describe(file)
        except contact_file.UnreadableFile as error:
            raise UserError(jobs._get_file_error_text(error.code)) from error

    def _create_job(self):
        """:rtype: record of ``ecm.contact.withdrawal``, which waits for the scheduled action"""
        # The form keeps the campaign, although all of the company's are meant.
        campaign = self.campaign_id
        if self.scope != "campaign":
            campaign = campaign.browse()
        company = campaign.company_id or self.env.company

        upload = self.sudo().attachment_id
        values = {
            "company_id": company.id,
            "campaign_id": campaign.id,
            "match": self.match,
            "reason": self.reason,
            "attachment_id": upload.id,
            "file_name": upload.name,
        }
        return self.env["ecm.contact.withdrawal"].create(values)
