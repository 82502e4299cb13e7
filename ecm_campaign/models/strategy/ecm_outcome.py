from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import strategy

# The engine itself gives these: to codes that nobody has mapped, and to contacts that are refused.
ENGINE_CODES = {"unknown", "dialer_rejected"}


class EcmOutcome(models.Model):
    """What happened on a try, in our words; dialer codes map to it (requirement S5)."""

    _name = "ecm.outcome"
    _inherit = ["ecm.logged.mixin", "ecm.all.companies.mixin"]
    _description = "Outcome"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        help="Technical name, used by rules, API and reports. It cannot change once results were "
        "recorded with it.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    category = fields.Selection(
        [
            ("connected", "Connected"),
            ("not_reached", "Not reached"),
            ("bad_number", "Bad number"),
            ("refused", "Refused"),
            ("callback", "Callback"),
            ("failure", "Technical failure"),
        ],
        required=True,
        default="not_reached",
        help="Groups outcomes in reports.",
    )
    counts_as_attempt = fields.Boolean(
        "Counts as attempt",
        default=True,
        help="Uses up one attempt of the strategy's budget. Off: for tries that never reached the "
        "customer's line.",
    )
    is_live_voice = fields.Boolean(
        string="Live voice",
        help="A person was reached: without a rule that leads on, the contact closes as Connected.",
    )
    suppresses = fields.Boolean(
        string="Do not contact",
        help="The customer does not want to be contacted: the contact closes as DNC Listed, "
        "whatever the rules say.",
    )
    asks_callback = fields.Boolean(
        "Asks for a callback",
        help="The customer wants to be called back: the campaign's callback strategy takes over, "
        "where it has one.",
    )
    misses_agent = fields.Boolean(
        "Agent not reached",
        help="The agent of a personal callback was not there. After as many as the campaign "
        "allows, any agent may take the call.",
    )
    closing_state = fields.Selection(
        lambda self: self.env["ecm.contact"]._get_closing_states(),
        "Closes as",
        help="The state of a contact that closes on it. Empty: Connected where a person was "
        "reached, else Not Connected or Retries Completed.",
    )
    mapping_ids = fields.One2many("ecm.outcome.mapping", "outcome_id", string="Dialer codes")

    _code_unique = models.Constraint("UNIQUE(code)", "There is already an outcome with this code.")

    def write(self, vals):
        if "code" in vals:
            self.filtered(lambda outcome: outcome.code != vals["code"])._check_code_free()
        was_live = self.filtered("is_live_voice")
        result = super().write(vals)
        if self.filtered("is_live_voice") != was_live:
            self.env["ecm.results.recount"]._ask()
        return result

    def _check_code_free(self):
        """:raise UserError: results stand under a code, or will"""
        attempts = self.env["ecm.attempt"].sudo()
        used = [("outcome_id", "in", self.ids)]
        if ENGINE_CODES & set(self.mapped("code")) or attempts.search_count(used, limit=1):
            raise UserError(
                self.env._("The code of this outcome is in use: change the name instead.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if ENGINE_CODES & set(self.mapped("code")):
            raise UserError(self.env._("Every campaign needs this outcome. Archive it instead."))
        attempts = self.env["ecm.attempt"].sudo()
        if attempts.search_count([("outcome_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._("Results were recorded with this outcome. Archive it instead.")
            )

    def _get_decision_outcome(self):
        """The outcome as the decision sees it.

        :rtype: tools.strategy.Outcome
        """
        self.ensure_one()
        return strategy.Outcome(
            code=self.code,
            counts_as_attempt=self.counts_as_attempt,
            is_live_voice=self.is_live_voice,
            suppresses=self.suppresses,
            asks_callback=self.asks_callback,
            misses_agent=self.misses_agent,
            closing_state=self.closing_state or None,
        )


class EcmOutcomeMapping(models.Model):
    """A dialer's result code in one of its tables, in our words (requirement S5)."""

    _name = "ecm.outcome.mapping"
    _inherit = ["ecm.logged.mixin", "ecm.all.companies.mixin"]
    _description = "Dialer Code"
    _order = "provider, source, code_order, id"
    _rec_name = "code"

    provider = fields.Selection(
        [("manual", "By hand")], required=True, default="manual", help="Who speaks this code."
    )
    source = fields.Char(
        required=True, help="The provider's table or message that the code stands in."
    )
    code = fields.Char(required=True, help="The code as the provider writes it.")
    code_order = fields.Integer(compute="_compute_code_order", store=True)
    meaning = fields.Char(help="What the provider's documentation says.")
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="restrict", index=True)

    _code_unique = models.Constraint(
        "UNIQUE(provider, source, code)",
        "This code of this table is mapped already: change that row instead.",
    )

    @api.depends("code")
    def _compute_code_order(self):
        for mapping in self:
            is_number = (mapping.code or "").isdecimal()
            mapping.code_order = int(mapping.code) if is_number else 0

    @api.model
    def _get_outcomes(self, provider):
        """:return: ``{(source, code): ecm.outcome}`` of one provider."""
        return {
            (mapping.source, mapping.code): mapping.outcome_id
            for mapping in self.search([("provider", "=", provider)])
        }
