from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from ..clients.base import DialingPrefixes
from .common import DialerCase


class TestDigits(DialerCase):
    """A dialer gets the digits of its dial plan, all else keeps E.164 (B8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.germany = cls.env.ref("base.de")
        cls.plan = {
            "digits_form": "prefixes",
            "digits_country_id": cls.germany.id,
            "digits_outside": "0",
            "digits_trunk": "0",
            "digits_international": "00",
        }

    def add_rule(self, **values):
        return self.env["ecm.dialer.digit.rule"].create({"dialer_id": self.dialer.id, **values})

    def try_number(self, number):
        """What the form says of a number."""
        with Form(self.dialer) as form:
            form.digits_test = number
            return form.digits_result

    def test_without_settings_numbers_are_sent_as_they_are(self):
        config = self.dialer._prepare_client_config()
        self.assertEqual(config.digits.dial("+493023125001").digits, "+493023125001")

    def test_the_client_is_told_the_plan_and_the_rules_in_order(self):
        self.dialer.write(self.plan)
        self.add_rule(sequence=2, match="any", prepend="9")
        self.add_rule(sequence=1, match="beginning", beginning="+4930231", strip=7)
        digits = self.dialer._prepare_client_config().digits
        self.assertEqual([rule.match for rule in digits.rules], ["beginning", "any"])
        self.assertEqual(digits.dial("+493023125001").digits, "25001")
        self.assertEqual(digits.own_code, "49")

    def test_cce_is_told_the_plan_too(self):
        self.dialer.write({**self.plan, "provider": "cce", "cce_reporting_host": "aw.invalid"})
        with patch.object(
            self.registry["ecm.dialer"], "_get_cce_driver", lambda _dialer: "FreeTDS"
        ):
            for delivery in ("database", "rest"):
                self.dialer.cce_delivery = delivery
                digits = self.dialer._prepare_client_config().digits
                self.assertEqual(digits.dial("+4315056690").digits, "0004315056690")

    def test_the_form_says_what_is_dialled_before_it_is_saved(self):
        with Form(self.dialer) as form:
            form.digits_test = "030 23125001"
            form.digits_country_id = self.germany
            self.assertEqual(form.digits_result, "+493023125001")
            form.digits_form = "prefixes"
            form.digits_trunk = "0"
            self.assertEqual(form.digits_result, "03023125001")
            with form.digit_rule_ids.new() as rule:
                rule.match = "beginning"
                rule.beginning = "4930"
                rule.strip = 4
            self.assertEqual(form.digits_result, "23125001 (rule 1)")

    def test_the_form_says_what_cannot_be_dialled(self):
        self.assertIn("is no phone number", self.try_number("call me"))
        self.add_rule(match="any", strip=20)
        self.assertIn("would be refused", self.try_number("+493023125001"))

    def test_what_stands_in_place_of_the_plus_is_seen(self):
        self.dialer.write({"provider": "cce", "cce_reporting_host": "aw.invalid", "cce_plus": "00"})
        self.assertEqual(self.try_number("+493023125001"), "00493023125001")

    def test_rules_that_cannot_be_meant_are_refused(self):
        for values in (
            {"match": "pattern", "pattern": "("},
            {"match": "pattern"},
            {"match": "beginning"},
            {"match": "country"},
            {"match": "pattern", "pattern": "x", "replacement": r"\1"},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError):
                self.add_rule(**values)

    def test_the_dialers_own_prefixes_are_proposed(self):
        found = DialingPrefixes("9", "1", "011")
        with patch.object(type(self.client), "dialing_prefixes", lambda _client: found):
            self.dialer.action_propose_digits()
        digits = self.dialer._get_digit_plan()
        self.assertEqual(
            (digits.outside, digits.trunk, digits.international, digits.uses_prefixes),
            ("9", "1", "011", True),
        )

    def test_a_dialer_that_does_not_tell_says_so(self):
        with self.assertRaisesRegex(UserError, "does not tell"):
            self.dialer.action_propose_digits()

    def test_supervisors_change_no_rule(self):
        rule = self.add_rule(match="any", prepend="9")
        supervisor = self._user("supervisor")
        self.assertEqual(rule.with_user(supervisor).prepend, "9")
        with self.assertRaises(AccessError):
            rule.with_user(supervisor).prepend = "0"

    def test_a_copy_of_a_dialer_has_its_rules(self):
        self.add_rule(match="any", prepend="9")
        copy = self.dialer.copy({"name": "Second"})
        self.assertEqual(copy.digit_rule_ids.mapped("prepend"), ["9"])
