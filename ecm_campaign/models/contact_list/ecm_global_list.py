from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.shared_list import EACH, FIRST, TURNS, SharedList
from .ecm_import_profile import LIST_SETTINGS

SHARINGS = [
    (TURNS, "By one campaign at a time, until reached"),
    (FIRST, "Only by the campaign that calls them first"),
    (EACH, "By each campaign, whatever the others do"),
]
# What the lists of one file have in common; the rest is each campaign's own.
SHARED = (
    "name",
    "source",
    "file_name",
    "file_size",
    "options",
    "date_start",
    "date_end",
    *LIST_SETTINGS,
)


class EcmGlobalList(models.Model):
    """One file of contacts that several campaigns call (requirements C7, L7).

    Each campaign gets a list of its own, imported with its own duplicates and do-not-contact lists:
    the same customer may be known in one campaign and new in another. The file is kept once. The
    gate ``ecm.gate.shared`` keeps the campaigns from calling the same person at the same time.
    """

    _name = "ecm.global.list"
    _inherit = ["ecm.logged.mixin", "ecm.engine.fields.mixin", "ecm.file.mixin"]
    _description = "Shared List"
    _order = "id desc"
    _fixed_fields = ("company_id",)

    name = fields.Char(required=True)
    sharing = fields.Selection(
        SHARINGS,
        "People are called",
        required=True,
        default=TURNS,
        help="A person is known by any number or by the customer key. Who waits for another "
        "campaign says so under *Why is it not called?*.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    list_ids = fields.One2many("ecm.contact.list", "global_list_id", string="Lists", readonly=True)
    campaign_ids = fields.Many2many(
        "ecm.campaign", compute="_compute_campaign_ids", string="Campaigns"
    )
    uploaded_count = fields.Integer(
        "Uploaded", compute="_compute_counts", help="Contacts stored in all campaigns."
    )
    failed_count = fields.Integer(
        "Failed", compute="_compute_counts", help="Rows that could not be stored."
    )
    duplicate_count = fields.Integer(
        "Duplicate", compute="_compute_counts", help="Rows that were known already."
    )
    pending_count = fields.Integer("Pending", compute="_compute_counts")

    @api.depends("list_ids.campaign_id")
    def _compute_campaign_ids(self):
        for global_list in self:
            global_list.campaign_ids = global_list.list_ids.campaign_id

    @api.depends("list_ids.uploaded_count", "list_ids.failed_count", "list_ids.duplicate_count")
    def _compute_counts(self):
        for global_list in self:
            for name in ("uploaded_count", "failed_count", "duplicate_count", "pending_count"):
                global_list[name] = sum(global_list.list_ids.mapped(name))

    # -- what the engine reads --------------------------------------------------------------------

    @api.model
    def _get_sharing(self, list_ids):
        """Which contact lists share their people with other campaigns.

        :return: ``{id of the contact list: tools.shared_list.SharedList}``
        """
        if not list_ids:
            return {}
        self.flush_model(["sharing"])
        self.env["ecm.contact.list"].flush_model(["global_list_id"])
        self.env.cr.execute(
            SQL(
                """SELECT l.id, g.id, g.sharing FROM ecm_contact_list l
                     JOIN ecm_global_list g ON g.id = l.global_list_id
                    WHERE l.id = ANY(%s) AND g.sharing <> %s""",
                list(list_ids),
                EACH,
            )
        )
        return {list_id: SharedList(*shared) for list_id, *shared in self.env.cr.fetchall()}

    @api.model
    def _are_shared(self, campaigns):
        """Whether one of these campaigns has people whom another one may be calling."""
        domain = [
            ("campaign_id", "in", campaigns.ids),
            ("global_list_id.sharing", "in", (TURNS, FIRST)),
        ]
        return bool(self.env["ecm.contact.list"].sudo().search_count(domain, limit=1))

    # -- buttons ----------------------------------------------------------------------------------

    def feed_campaigns(self, campaigns):
        """Have the file imported into further campaigns, in the background.

        :param campaigns: records of ``ecm.campaign`` of the same company
        :return: their new lists
        :raise UserError: the file is gone, a campaign has it already, or belongs to another company
        """
        self.ensure_one()
        self.check_access("write")
        campaigns.check_access("write")
        self._check_can_feed(campaigns)
        values = self._prepare_list_values()
        vals_list = [{**values, "campaign_id": campaign.id} for campaign in campaigns]
        # The file stays with the global list: users cannot hand it on, the global list can.
        created = self.env["ecm.contact.list"].sudo().create(vals_list)
        lists = created.sudo(self.env.su)
        lists.action_queue()
        return lists

    def _check_can_feed(self, campaigns):
        """:raise UserError: with the reason why these campaigns cannot be fed"""
        if not self.list_ids or not self.attachment_id:
            raise UserError(
                self.env._("The file of %s is no longer there. Upload it again.", self.name)
            )
        for campaign in campaigns:
            name = campaign.name
            if campaign in self.campaign_ids:
                raise UserError(self.env._("%s has a list of this file already.", name))
            if campaign.company_id != self.company_id:
                raise UserError(self.env._("%s belongs to another company.", name))

    def _prepare_list_values(self):
        """What a further campaign's list has in common with the first one."""
        origin = self.list_ids.sorted("id")[:1]
        return {
            **{name: origin[name] for name in SHARED},
            "mode": "append",
            "global_list_id": self.id,
            "attachment_id": self.attachment_id.id,
            "profile_id": origin.profile_id.id,
        }

    def action_feed_campaigns(self):
        """Ask for the campaigns."""
        self.ensure_one()
        return self.env["ecm.global.list.feed"]._open(self.list_ids[:1])

    def action_stop(self):
        """Call no more contacts of this file in any campaign."""
        return self.list_ids.action_stop()

    def action_restart(self):
        """Call its contacts again, in every campaign."""
        return self.list_ids.action_restart()

    def action_view_contacts(self):
        """Open the contacts of all campaigns."""
        return self.list_ids._open_contacts()
