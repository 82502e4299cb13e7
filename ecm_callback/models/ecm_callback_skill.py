from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.states import OPEN


class EcmCallbackSkill(models.Model):
    """Whom a callback is promised by: a skill, its hours, and the rules of its callbacks
    (requirements B2, B3, B7, B10).
    """

    _name = "ecm.callback.skill"
    _description = "Skill for Callbacks"
    _inherit = ["ecm.logged.mixin", "ecm.callback.hours.mixin", "mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    queue = fields.Char(
        "Queue at the dialer",
        tracking=True,
        help="The CSQ or skill group as the dialer's script names it. Empty: the skill's name.",
    )
    capacity = fields.Integer(default=5)
    campaign_id = fields.Many2one(
        "ecm.campaign",
        "Callback campaign",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
        domain="[('kind', '!=', 'sms'), ('is_template', '=', False)]",
        help="Whose dialer makes the callbacks.",
    )
    other_campaign_ids = fields.Many2many(
        "ecm.campaign",
        string="For other presented numbers",
        check_company=True,
        domain="[('kind', '!=', 'sms'), ('is_template', '=', False)]",
        help="A callback that is asked for on a campaign is made by the one of these that presents "
        "the same number, else by the callback campaign.",
    )
    lead_minutes = fields.Integer(
        "Ask so long before (minutes)", default=10, help="No callback is promised for sooner."
    )
    horizon_days = fields.Integer(
        "At most so many days ahead", default=30, help="No callback is promised for later."
    )
    early_minutes = fields.Integer(
        "Hand over early (minutes)",
        default=1,
        help="The dialer gets a callback so long before its time, since it takes a while itself.",
    )
    tolerance_minutes = fields.Integer(
        "On time within (minutes)",
        default=5,
        help="A callback that is called so long after its time counts as kept on time.",
    )
    missed_minutes = fields.Integer(
        "Missed after (minutes)",
        default=60,
        help="One that was not called so long after its time is missed.",
    )
    missed_policy = fields.Selection(
        [
            ("call", "Call all the same"),
            ("next", "Move it to the next free slot"),
            ("give_up", "Do not call, and tell somebody"),
        ],
        "When it is missed",
        required=True,
        default="call",
        tracking=True,
    )
    repeat_policy = fields.Selection(
        [
            ("update", "Move the open one"),
            ("new", "Open another one"),
            ("refuse", "Refuse it"),
        ],
        "Who asks again",
        required=True,
        default="update",
        tracking=True,
        help="What a new request does while a callback of the same number is open. A callback that "
        "is moved begins anew: its attempts are not counted on.",
    )
    dnc_policy = fields.Selection(
        [
            ("refuse", "Refuse whoever must not be called"),
            ("lift", "Take it: the customer asked for it"),
        ],
        "Do not contact",
        required=True,
        default="refuse",
        tracking=True,
        help="Whoever asks to be called back may be called, although the number is on a national "
        "or a corporate list. Compliance and litigation lists always hold.",
    )
    away_policy = fields.Selection(
        [
            ("skill", "Any agent of the skill"),
            ("wait", "The agent's next free slot"),
        ],
        "When the agent is away",
        required=True,
        default="skill",
        tracking=True,
        help="Who makes a personal callback whose agent has leave when it is due.",
    )
    next_script = fields.Char(
        "Hand over to script",
        tracking=True,
        help="The dialer's script that goes on with the call, where the callback script is not to "
        "queue it by itself.",
    )
    agent_ids = fields.Many2many("ecm.callback.agent", string="Agents", check_company=True)
    open_count = fields.Integer("Open callbacks", compute="_compute_open_count")

    _name_unique = models.UniqueIndex(
        "(company_id, lower(name))", "There is already a skill with this name."
    )
    _minutes_range = models.Constraint(
        "CHECK(lead_minutes BETWEEN 0 AND 10080 AND early_minutes BETWEEN 0 AND 60 "
        "AND tolerance_minutes BETWEEN 0 AND 1440 AND missed_minutes BETWEEN 1 AND 10080)",
        "Minutes: up to 60 early, a day late, a week before or after.",
    )
    _horizon_range = models.Constraint(
        "CHECK(horizon_days BETWEEN 1 AND 366)", "Days ahead: 1 to 366."
    )

    @api.constrains("campaign_id", "other_campaign_ids")
    def _check_campaigns(self):
        """A campaign whose callbacks would never be called as such is told at once."""
        for skill in self:
            for campaign in skill._get_campaigns():
                if campaign._get_only_channel() or not campaign.callback_strategy_id:
                    raise ValidationError(
                        self.env._(
                            "%s cannot make callbacks: choose a voice campaign that has a "
                            "callback strategy.",
                            campaign.name,
                        )
                    )

    def _compute_open_count(self):
        grouped = self.env["ecm.callback"]._read_group(
            [("skill_id", "in", self.ids), ("state", "in", OPEN)], ["skill_id"], ["__count"]
        )
        counts = {skill.id: count for skill, count in grouped}
        for skill in self:
            skill.open_count = counts.get(skill.id, 0)

    def _get_campaigns(self):
        """Every campaign that makes this skill's callbacks."""
        return self.campaign_id | self.other_campaign_ids

    def _choose_campaign(self, presented_number=None):
        """The campaign that calls back from the number that the customer knows (requirement B3).

        :param presented_number: in whatever notation; the digits are compared
        """
        self.ensure_one()
        wanted = _get_digits(presented_number)
        for campaign in self._get_campaigns().sudo():
            if wanted and _get_digits(campaign.presented_number) == wanted:
                return campaign.with_env(self.env)
        return self.campaign_id

    def action_view_callbacks(self):
        """The skill's callbacks."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_callback.ecm_callback_action")
        context = {"default_skill_id": self.id, "search_default_open": 1}
        return {**action, "domain": [("skill_id", "=", self.id)], "context": context}


def _get_digits(number):
    return "".join(sign for sign in number or "" if sign.isdecimal())
