from odoo import api, fields, models

from ..const import CHANNEL
from ..tools.script import fill_script, fold
from odoo.addons.ecm_campaign.actions import open_window
from odoo.addons.ecm_campaign.models.campaign.ecm_campaign import StartGap
from odoo.addons.ecm_campaign.tools.explain import PASSES, Finding

# Fields of a contact that a script may hold, beside its business parameters.
SCRIPT_FIELDS = ("first_name", "last_name", "account_number", "email", "region", "zip")
# What is shipped, where nobody has chosen: by hand, and by a dialer.
BY_HAND = {
    "strategy_id": ("ecm_agent.ecm_strategy_manual", "ecm_campaign.ecm_strategy_voice"),
    "callback_strategy_id": (
        "ecm_agent.ecm_strategy_manual_callback",
        "ecm_campaign.ecm_strategy_callback",
    ),
}


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    agent_team_id = fields.Many2one(
        "ecm.team",
        "Team with cards",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Without a dialer: agents of this team take the contacts as cards, one by one, and call "
        "by hand.",
    )
    agent_script = fields.Html(
        "Script",
        translate=True,
        sanitize=True,
        help="Stands beside the card. A field of the contact or a business parameter stands in "
        "double braces under its name, as in {{ First name }}.",
    )
    calls_by_hand = fields.Boolean(compute="_compute_calls_by_hand")
    has_dialer = fields.Boolean(compute="_compute_calls_by_hand")
    card_count = fields.Integer("Cards in hand", compute="_compute_card_count")

    @api.depends(
        lambda self: (
            "strategy_id.attempt_ids.channel",
            "callback_strategy_id.attempt_ids.channel",
            *self._get_dialer_fields(),
        )
    )
    def _compute_calls_by_hand(self):
        names = self._get_dialer_fields()
        for campaign in self:
            campaign.calls_by_hand = CHANNEL in campaign._get_channels()
            campaign.has_dialer = any(campaign[name] for name in names)

    @api.model
    def _get_dialer_fields(self):
        """Names of the fields that say which dialer calls, those of modules that are there."""
        models_of_targets = self.env["ecm.engine"]._get_target_models()
        return [model._attempt_field for model in models_of_targets if model._channel == "voice"]

    def _compute_card_count(self):
        domain = [("campaign_id", "in", self.ids), ("is_in_hand", "=", True)]
        counts = dict(self.env["ecm.card"].sudo()._read_group(domain, ["campaign_id"], ["__count"]))
        for campaign in self:
            campaign.card_count = counts.get(campaign, 0)

    # -- by hand ----------------------------------------------------------------------------------

    @api.depends("agent_team_id")
    def _compute_strategy_id(self):
        """A campaign that people call for takes the shipped strategy of calls by hand, where
        nobody has chosen another.
        """
        super()._compute_strategy_id()
        self._follow_team("strategy_id")

    @api.depends("agent_team_id")
    def _compute_callback_strategy_id(self):
        super()._compute_callback_strategy_id()
        self._follow_team("callback_strategy_id")

    def _follow_team(self, name):
        by_hand, by_dialer = (self.env.ref(xml_id, False) for xml_id in BY_HAND[name])
        dialers = self._get_dialer_fields()
        for campaign in self.filtered(lambda each: each.kind == "agent"):
            is_by_hand = campaign.agent_team_id and not any(campaign[field] for field in dialers)
            if is_by_hand and campaign[name] == by_dialer:
                campaign[name] = by_hand or by_dialer
            elif not campaign.agent_team_id and campaign[name] == by_hand:
                campaign[name] = by_dialer or by_hand

    @api.depends("agent_team_id")
    def _compute_calling_team_ids(self):
        """Whoever takes its cards sees the campaign (requirement C7)."""
        super()._compute_calling_team_ids()
        for campaign in self:
            campaign.calling_team_ids |= campaign.agent_team_id

    def write(self, vals):
        teams = self.agent_team_id if "agent_team_id" in vals else self.env["ecm.team"]
        result = super().write(vals)
        if "agent_team_id" in vals:
            (teams | self.agent_team_id)._keep_actions()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        campaigns = super().create(vals_list)
        campaigns.agent_team_id._keep_actions()
        return campaigns

    def _get_start_gap(self):
        gap = super()._get_start_gap()
        # What is wrong already goes before what is missing.
        if (gap and gap.field) or not self.calls_by_hand:
            return gap
        team = self.agent_team_id
        if not team:
            sentence = self.env._("Choose the team whose agents take the cards, then start.")
            return StartGap("agent_team_id", sentence)
        if not team.sudo().user_ids:
            sentence = self.env._(
                "The team %s has no members: nobody would take a card. Ask an administrator to add "
                "them.",
                team.name,
            )
            return StartGap("agent_team_id", sentence)
        return gap

    def _needs_dialer(self):
        """A campaign that people call for needs none."""
        is_by_hand = self.agent_team_id and not self.has_dialer
        return super()._needs_dialer() and not is_by_hand

    # -- Explain ----------------------------------------------------------------------------------

    def _get_room_findings(self, channel):
        findings, team = super()._get_room_findings(channel), self.agent_team_id
        if not team or channel not in (None, CHANNEL):
            return findings
        # Nobody's room is full: people take what they can.
        sentence = self.env._(
            "Agents of %(team)s take cards themselves; %(count)s are in hand.",
            team=team.name,
            count=team.sudo().in_hand_count,
        )
        full = self._describe_room(team.display_name, 0)
        return [Finding("room", PASSES, sentence) if each == full else each for each in findings]

    # -- script -----------------------------------------------------------------------------------

    def _get_script_names(self):
        """What people may call the fields of a contact in a script.

        :return: ``{folded label: name of the field}``
        """
        self.ensure_one()
        names = {}
        for code, _name in self.env["res.lang"].get_installed():
            contacts = self.env["ecm.contact"].with_context(lang=code)
            described = contacts.fields_get(SCRIPT_FIELDS, ["string"])
            names |= {fold(field["string"]): name for name, field in described.items()}
        for item in self.parameters_definition or ():
            names[fold(item.get("string") or item["name"])] = item["name"]
            names[fold(item["name"])] = item["name"]
        return names | {name: name for name in SCRIPT_FIELDS}

    def _get_script(self, values):
        """The script for one contact.

        :param values: ``{name of the field: value}``
        :return: HTML, empty for none
        """
        return fill_script(self.agent_script or "", self._get_script_names(), values)

    # -- buttons ----------------------------------------------------------------------------------

    def action_view_cards(self):
        """Which agent has which card of this campaign."""
        self.ensure_one()
        domain = [("campaign_id", "=", self.id), ("is_in_hand", "=", True)]
        return open_window(self.env, "ecm_agent.ecm_card_action_in_hand", domain=domain)
