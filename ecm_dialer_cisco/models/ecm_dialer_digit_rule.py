from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..clients.digits import BadRule, Rule


class EcmDialerDigitRule(models.Model):
    """What becomes of some numbers before a dialer gets them (requirement B8)."""

    _name = "ecm.dialer.digit.rule"
    _inherit = ["ecm.logged.mixin"]
    _description = "Digit Rule"
    _order = "dialer_id, sequence, id"
    _logged_at = "dialer_id"
    _logged_names = ("beginning", "pattern")

    dialer_id = fields.Many2one("ecm.dialer", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="dialer_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    match = fields.Selection(
        [
            ("beginning", "Begin with"),
            ("own", "Of our own country"),
            ("foreign", "Of other countries"),
            ("country", "Of the country"),
            ("pattern", "Match the pattern"),
            ("any", "All"),
        ],
        "Numbers that",
        required=True,
        default="beginning",
    )
    beginning = fields.Char(help="With the country code, without +: 4930 for Berlin.")
    country_id = fields.Many2one("res.country")
    pattern = fields.Char(
        help="A regular expression for the whole number, such as \\+4930(\\d+); the replacement names "
        "its groups as \\1, \\2 …"
    )
    strip = fields.Integer(
        "Leave out",
        help="So many digits in front: of the national number where the rule is about one country, "
        "else with the country code.",
    )
    prepend = fields.Char("Dial before it")
    replacement = fields.Char(help="What is dialled in place of the number that matches.")

    _strip_positive = models.Constraint("CHECK(strip >= 0)", "Digits to leave out: 0 or more.")

    @api.constrains("match", "beginning", "country_id", "pattern", "strip", "replacement")
    def _check_rule(self):
        for rule in self:
            try:
                made = rule._make_rule()
            except BadRule as error:
                raise ValidationError(
                    self.env._("This digit rule cannot be used: %s.", error)
                ) from error
            if made.match in ("beginning", "country", "pattern") and not made.pattern:
                raise ValidationError(
                    self.env._(
                        "Say which numbers a digit rule is about: beginning, country or pattern."
                    )
                )

    def _make_rule(self):
        """:rtype: clients.digits.Rule
        :raise BadRule: it cannot be meant
        """
        texts = {
            "beginning": (self.beginning or "").lstrip("+"),
            "country": self.country_id.code or "",
            "pattern": self.pattern or "",
        }
        return Rule(
            match=self.match,
            pattern=texts.get(self.match, ""),
            strip=self.strip,
            prepend=self.prepend or "",
            replacement=self.replacement or "",
        )
