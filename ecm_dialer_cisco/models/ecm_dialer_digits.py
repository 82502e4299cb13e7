from odoo import api, fields, models
from odoo.exceptions import UserError

from ..clients.digits import BadRule, DigitPlan
from odoo.addons.ecm_campaign.actions import notify
from odoo.addons.ecm_campaign.tools.phones import normalise


class EcmDialerDigits(models.AbstractModel):
    """Which digits the dialer is sent for a number (requirement B8). Numbers stay E.164 everywhere
    else.
    """

    _name = "ecm.dialer.digits.mixin"
    _description = "Digits of a Dialer"

    digits_form = fields.Selection(
        [
            ("e164", "With + and country code"),
            ("prefixes", "With the prefixes below"),
        ],
        "Numbers are sent",
        required=True,
        default="e164",
        tracking=True,
        help="What no rule is about is sent so.",
    )
    digits_country_id = fields.Many2one(
        "res.country",
        "Our own country",
        default=lambda self: self.env.company.country_id,
        help="Where the dialer stands: numbers with its country code are national ones.",
    )
    digits_outside = fields.Char(
        "Outside line", help="Before every number: 0 or 9 where the dial plan wants it."
    )
    digits_trunk = fields.Char(
        "National prefix", help="Before the area code of our own country: 0, or 1 in America."
    )
    digits_international = fields.Char(
        "International prefix", help="Before the country code of others: 00, 011."
    )
    digit_rule_ids = fields.One2many("ecm.dialer.digit.rule", "dialer_id", "Digit rules", copy=True)
    digits_test = fields.Char("Try a number", store=False)
    digits_result = fields.Char("Is dialled as", compute="_compute_digits_result")

    @api.depends(
        "digits_test",
        "digits_form",
        "digits_country_id",
        "digits_outside",
        "digits_trunk",
        "digits_international",
        "digit_rule_ids",
    )
    def _compute_digits_result(self):
        for dialer in self:
            dialer.digits_result = dialer.digits_test and dialer._explain_digits(dialer.digits_test)

    def _explain_digits(self, text):
        """What is dialled for a number as somebody writes it, and why, as a sentence."""
        number, _reason = normalise(text, self.digits_country_id.code)
        if not number:
            return self.env._("%s is no phone number.", text)
        try:
            dialled = self._get_digit_plan().dial(number)
        except BadRule as error:
            return self.env._("A rule cannot be used: %s.", error)
        digits = self._get_digits_sent(dialled.digits)
        if not dialled.is_dialable:
            return self.env._("%s: no dialer takes this, the contact would be refused.", digits)
        if dialled.rule is None:
            return digits
        return self.env._("%(digits)s (rule %(number)s)", digits=digits, number=dialled.rule + 1)

    def _get_digits_sent(self, digits):
        """What a make of dialers still changes of the digits."""
        return digits

    def _get_digit_plan(self):
        """:rtype: clients.digits.DigitPlan"""
        code = self.digits_country_id.phone_code
        # As they stand on the form, where they may have no number yet.
        rules = self.digit_rule_ids.sorted("sequence")
        return DigitPlan(
            rules=tuple(rule._make_rule() for rule in rules),
            own_code=str(code) if code else "",
            outside=self.digits_outside or "",
            trunk=self.digits_trunk or "",
            international=self.digits_international or "",
            uses_prefixes=self.digits_form == "prefixes",
        )

    def action_propose_digits(self):
        """Take over the prefixes that the dialer is configured with, to be looked at and tried."""
        self.ensure_one()
        self.check_access("write")
        with self._user_errors():
            found = self._get_client().dialing_prefixes()
        if found is None:
            raise UserError(self.env._("The dialer does not tell its prefixes."))
        self.write(
            {
                "digits_form": "prefixes",
                "digits_outside": found.outside,
                "digits_trunk": found.trunk,
                "digits_international": found.international,
            }
        )
        return notify(
            self.env._(
                "The dialer's own prefixes are entered. Try a number below, then call a phone of "
                "yours: where the dialer puts them in front by itself, they must not stand here."
            ),
            "info",
            sticky=True,
        )
