from odoo import api, fields, models
from odoo.fields import Domain

from ...formatting import get_label
from ...tools.number_places import area_code_of, country_of, zones_of

# What only the engine understands: nobody filters or groups by it.
TECHNICAL_FIELDS = (
    "callback_retained",
    "chain_line_id",
    "channel",
    "current_attempt_id",
    "dial_key",
    "is_drawn",
    "is_ready",
    "is_retry",
    "origin_list_id",
    "resume_at",
    "target_group_id",
    "uncounted_count",
)
OFFERED = ("groupable", "searchable", "sortable")
# A mobile number may be in any zone of its country: so many are named.
NAMED_ZONES = 2


class EcmContactDetailsMixin(models.AbstractModel):
    """What whoever takes the call sees of a contact on one screen (requirements F1, R10)."""

    _name = "ecm.contact.details.mixin"
    _description = "Session Details of a Contact"

    campaign_number = fields.Integer("Campaign ID", compute="_compute_details")
    campaign_kind = fields.Char("Kind of campaign", compute="_compute_details")
    campaign_group = fields.Char("Campaign group", compute="_compute_details")
    list_number = fields.Integer("List ID", compute="_compute_details")
    area_code = fields.Char("Area code", compute="_compute_details", help="Of the number to call.")
    state_name = fields.Char("State name", compute="_compute_details")
    zone_text = fields.Char(
        "Time zone of the contact",
        compute="_compute_details",
        help="That of the file, else where the number to call is.",
    )
    dnc_numbers = fields.Json(
        "Numbers not to contact",
        compute="_compute_dnc_numbers",
        help="Numbers of the contact on a do-not-contact list of its campaign.",
    )

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        described = super().fields_get(allfields, attributes)
        for name in TECHNICAL_FIELDS:
            offered = set(OFFERED).intersection(described.get(name, ()))
            described.get(name, {}).update(dict.fromkeys(offered, False))
        return described

    def _compute_details(self):
        for contact in self:
            # Who takes the call may not know the campaign's group.
            campaign = contact.campaign_id.sudo()
            number = contact.number_to_call or contact.phone_1 or ""
            contact.campaign_number = campaign.id
            contact.campaign_kind = get_label(self.env, campaign._name, "kind", campaign.kind)
            contact.campaign_group = campaign.group_id.name
            contact.list_number = contact.list_id.id

            # What the file does not say, the number may.
            contact.area_code = area_code_of(number)
            contact.state_name = contact._get_state_name(number)
            contact.zone_text = contact.tz or contact._get_zones_text(number)

    def _get_state_name(self, number):
        """The state's name where the file has its code; what the file says where there is none."""
        region = (self.region or "").strip()
        country = country_of(number)
        if not region or not country:
            return region
        in_country = Domain("country_id.code", "=", country)
        named = Domain("code", "=ilike", region) | Domain("name", "=ilike", region)
        state = self.env["res.country.state"].sudo().search(in_country & named, limit=1)
        return state.name or region

    def _get_zones_text(self, number):
        zones = zones_of(number)
        named = ", ".join(zones[:NAMED_ZONES])
        left = len(zones) - NAMED_ZONES
        if left <= 0:
            return named
        return self.env._("%(zones)s and %(count)s more", zones=named, count=left)

    def _compute_dnc_numbers(self):
        lists = self.env["ecm.dnc.list"].sudo()
        # Which lists hold is the campaign's: a contact that is being typed in has none yet.
        with_campaign = self.filtered("campaign_id")
        (self - with_campaign).dnc_numbers = []
        for contact in with_campaign:
            numbers = list(filter(None, contact._get_phones()))
            keys = list(filter(None, [contact.account_number]))
            listed, listed_keys = lists._find_listed(contact.campaign_id.sudo(), numbers, keys)
            # Who is listed by the key must not be called on any number.
            contact.dnc_numbers = numbers if listed_keys else sorted(listed)
