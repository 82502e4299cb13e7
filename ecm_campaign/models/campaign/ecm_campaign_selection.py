from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...const import PENDING

# The form counts no further: it is shown every few seconds.
COUNT_LIMIT = 100_000


class EcmCampaignSelectionMixin(models.AbstractModel):
    """Which of its contacts a campaign calls, and in which proportions (requirement C11)."""

    _name = "ecm.campaign.selection.mixin"
    _description = "Selection of a Campaign"
    _inherit = ["ecm.campaign.order.mixin"]

    selection_domain = fields.Char(
        "Call only",
        tracking=True,
        help="Contacts that do not match are held back, until this or the contact changes. Looked "
        "at when a contact is due. Dates that count from today are looked at once: write a fixed "
        "date.",
    )
    needs_consent = fields.Boolean(
        "Contact only who agreed",
        tracking=True,
        help="Contacts without a date under Agreed on are held back until they have one; who asks "
        "to be called back is called. Who withdrew consent is never contacted, on or off.",
    )
    selection_changed_at = fields.Datetime(readonly=True, copy=False)
    matching_count = fields.Integer(
        "Match now",
        compute="_compute_matching_count",
        help="Pending contacts that match, counted up to 100,000.",
    )
    held_count = fields.Integer("Held back", compute="_compute_held_count")
    target_group_ids = fields.One2many(
        "ecm.target.group", "campaign_id", string="Target groups", copy=True
    )

    @api.depends("selection_domain")
    def _compute_matching_count(self):
        for campaign in self:
            campaign.matching_count = campaign._count_matching("[]")

    def _compute_held_count(self):
        held = Domain("block_reason", "=", "selection") & Domain("state", "=", PENDING)
        for campaign in self:
            domain = Domain("campaign_id", "=", campaign._origin.id) & held
            campaign.held_count = self.env["ecm.contact"].search_count(domain, limit=COUNT_LIMIT)

    def _count_matching(self, domain):
        """Pending contacts that match the campaign's domain and another, up to a limit; 0 when one
        is not valid yet.
        """
        campaign = self._origin
        if not campaign.id:
            return 0
        # The form counts while somebody writes: half a domain matches nobody.
        try:
            both = self._parse_selection(self.selection_domain) & self._parse_selection(domain)
        except UserError:
            return 0
        pending = Domain("campaign_id", "=", campaign.id) & Domain("state", "=", PENDING)
        return self.env["ecm.contact"].search_count(pending & both, limit=COUNT_LIMIT)

    @api.constrains("selection_domain")
    def _check_selection_domain(self):
        for campaign in self:
            campaign._parse_selection(campaign.selection_domain)

    @api.model
    def _parse_selection(self, text):
        """:rtype: odoo.fields.Domain
        :raise ValidationError: it is no domain over contacts
        """
        try:
            domain = Domain(literal_eval(text or "[]"))
            # Nothing is read: this only asks whether the fields are known.
            self.env["ecm.contact"]._search(domain)
        except (ValueError, SyntaxError, TypeError, KeyError, UserError) as error:
            raise ValidationError(
                self.env._("The selection of contacts cannot be understood: %s", text)
            ) from error
        return domain

    def _get_changing_selection(self, vals):
        """Campaigns whose selection these values change."""
        given = [name for name in ("selection_domain", "needs_consent") if name in vals]
        return self.filtered(lambda campaign: any(campaign[name] != vals[name] for name in given))

    def _on_selection_changed(self):
        """Have the feeder look again at contacts that were held back."""
        if not self:
            return
        self.sudo().write({"selection_changed_at": fields.Datetime.now()})
        self.filtered("is_running")._trigger_feed()
