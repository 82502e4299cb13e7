from datetime import timedelta

from odoo import fields

from .common import NUMBER, CallbackCase


class TestDnc(CallbackCase):
    """Who must not be called, although the customer asks for it (N2)."""

    def list_number(self, dnc_class, number=NUMBER, **values):
        dnc_list = self.env["ecm.dnc.list"].create(
            {"name": dnc_class, "dnc_class": dnc_class, **values}
        )
        dnc_list.api_add([number])
        return dnc_list

    def judge(self, contact):
        """:return: whether the gates let it pass"""
        engine, now = self.env["ecm.engine"], fields.Datetime.now()
        rules = engine._get_rules(self.campaign, now)
        passed, _verdicts = engine._judge(rules, contact._get_candidates(), now)
        return bool(passed)

    def test_whoever_is_listed_is_refused(self):
        self.list_number("national")
        self.assertFalse(self.assertRefused("do_not_contact").slots)

    def test_the_request_lifts_a_national_list_where_the_skill_says_so(self):
        self.list_number("national")
        self.skill.dnc_policy = "lift"
        callback = self.ask()
        self.pass_time(hours=1)
        self.assertTrue(self.judge(callback.contact_id))

    def test_lists_are_lifted_for_callbacks_alone(self):
        """What the gate and the last look before a contact leaves both ask."""
        dnc_list = self.list_number("national")
        self.skill.dnc_policy = "lift"
        rule = self.env["ecm.gate.dnc"]._get_rule(self.campaign, fields.Datetime.now())
        self.assertIn(dnc_list.id, rule.get_lists(self.campaign.id, "voice", None))
        self.assertNotIn(dnc_list.id, rule.get_lists(self.campaign.id, "voice", "normal"))

    def test_it_lifts_nothing_for_others_of_the_campaign(self):
        self.list_number("corporate")
        self.skill.dnc_policy = "lift"
        self.assertFalse(self.judge(self.create_contact(phone_1=NUMBER)))

    def test_no_request_lifts_what_the_law_or_the_customer_says(self):
        self.skill.dnc_policy = "lift"
        for place, (dnc_class, values) in enumerate(
            [("compliance", {}), ("litigation", {}), ("corporate", {"keeps_wishes": True})]
        ):
            number = f"+4930231251{place:02}"
            with self.subTest(dnc_class=dnc_class):
                self.list_number(dnc_class, number, **values)
                self.assertRefused("do_not_contact", number)

    def test_a_number_that_is_listed_meanwhile_is_not_called(self):
        callback = self.ask()
        self.pass_time(hours=1)
        self.list_number("compliance")
        self.assertFalse(self.judge(callback.contact_id))

    def test_what_is_not_lifted_holds_at_the_gate(self):
        self.skill.dnc_policy = "lift"
        callback = self.ask()
        self.pass_time(hours=1)
        self.list_number("litigation")
        self.assertFalse(self.judge(callback.contact_id))
        self.assertEqual(callback.due_at - timedelta(hours=1), callback.asked_at)
