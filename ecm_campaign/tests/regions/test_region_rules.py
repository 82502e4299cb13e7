from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..hours import BERLIN, MIAMI, MONDAY, NEW_YORK, TORONTO, HoursCase


class TestRegionRules(HoursCase):
    """Rules of countries and regions as data (N3, S4)."""

    def create_rule(self, name="Rule", **values):
        return self.env["ecm.region.rule"].create(
            {"name": name, "country_id": self.env.ref("base.de").id, **values}
        )

    def test_shipped_rules_hold_without_calling_hours(self):
        self.assertTrue(self.campaign.keeps_region_rules)
        early = self.opening(MONDAY, number=NEW_YORK)
        self.assertEqual((early.opens_at, early.reason), (datetime(2026, 3, 2, 13), "region"))
        self.assertIn("TCPA", early.detail)
        evening = datetime(2026, 3, 3, 1, 30)  # 20:30 on Monday in the east
        self.assertTrue(self.opening(evening, number=NEW_YORK).is_open)
        self.assertEqual(self.opening(evening, number=MIAMI).opens_at, datetime(2026, 3, 3, 13))
        self.assertTrue(self.opening(evening, number=TORONTO).is_open)
        saturday = datetime(2026, 3, 7, 23, 30)  # 18:30
        self.assertEqual(self.opening(saturday, number=TORONTO).opens_at, datetime(2026, 3, 8, 14))
        self.assertTrue(self.opening(saturday, number=TORONTO, channel="sms").is_open)
        self.assertTrue(self.opening(datetime(2026, 3, 2, 2), number=BERLIN).is_open)

    def test_every_shipped_rule_names_its_source_and_asks_to_check_it(self):
        rules = self.env["ecm.region.rule"].with_context(active_test=False).search([])
        self.assertGreaterEqual(len(rules), 4)
        for rule in rules:
            self.assertIn("Check before you rely on it", rule.source)
            self.assertTrue(rule.source_url.startswith("https://"))
            self.assertFalse(rule.checked_on)
        rules[0].action_mark_checked()
        self.assertTrue(rules[0].checked_on)

    def test_a_campaign_may_leave_region_rules_aside(self):
        self.campaign.keeps_region_rules = False
        self.assertTrue(self.opening(MONDAY, number=NEW_YORK).is_open)

    def test_limits_are_given_as_values(self):
        rules = self.env["ecm.region.rule"]._get_rules()
        (limit,) = rules.get_limits(MIAMI, "voice")
        self.assertEqual((limit.count, limit.window), (3, timedelta(hours=24)))
        self.assertTrue(limit.per_number and limit.everywhere)
        self.assertFalse(rules.get_limits(NEW_YORK, "voice"))
        find_limits = self.campaign._get_limit_finder()
        self.assertEqual(
            set(find_limits(MIAMI, "voice")) - set(find_limits(NEW_YORK, "voice")), {limit}
        )
        self.assertTrue(self.campaign._has_shared_limits())
        self.campaign.keeps_region_rules = False
        self.assertNotIn(limit, self.campaign._get_limit_finder()(MIAMI, "voice"))
        self.assertFalse(self.campaign._has_shared_limits())

    def test_what_is_edited_holds_at_once(self):
        rule = self.create_rule(weekday_from=12, weekday_to=13)
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 2, 11))
        rule.weekday_from = 11
        self.assertTrue(self.opening(MONDAY).is_open)
        rule.write({"weekday_from": 0, "weekday_to": 0})
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 7, 7))
        rule.active = False
        self.assertTrue(self.opening(MONDAY).is_open)

    def test_messages_have_their_own_hours(self):
        self.create_rule(channel="sms", weekday_from=12, weekday_to=13)
        self.assertTrue(self.opening(MONDAY).is_open)
        self.assertEqual(self.opening(MONDAY, channel="sms").opens_at, datetime(2026, 3, 2, 11))

    def test_rules_by_beginning(self):
        self.create_rule(
            country_id=False, prefixes="+49302, +4989\n+4940", sunday_to=8, weekday_from=12
        )
        self.assertFalse(self.opening(MONDAY).is_open)
        self.assertTrue(self.opening(MONDAY, number="+4915112345678").is_open)

    def test_a_rule_says_which_numbers_it_is_about(self):
        for values in ({"country_id": False}, {"prefixes": "0305"}, {"prefixes": "+49 abc"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.create_rule(**values)

    def test_hours_in_the_wrong_order_are_refused(self):
        for values in (
            {"weekday_from": 10, "weekday_to": 9},
            {"sunday_to": 25},
            {"max_attempts": -1},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.create_rule(**values)

    def test_hours_are_shown_in_words(self):
        rule = self.create_rule(saturday_from=9, saturday_to=17.5, sunday_from=0, sunday_to=0)
        self.assertEqual(rule.hours_summary, "Mon–Fri 08:00–21:00, Sat 09:00–17:30, Sun closed")
        self.assertEqual(self.create_rule().hours_summary, "Every day 08:00–21:00")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_administrators_change_rules(self):
        rule = self.create_rule()
        supervisor = self.create_user("supervisor")
        rule.with_user(supervisor).read(["hours_summary"])
        for change in (
            lambda own: own.write({"weekday_to": 24}),
            lambda own: own.unlink(),
            lambda own: own.copy(),
            lambda own: own.action_mark_checked(),
        ):
            with self.assertRaises(AccessError):
                change(rule.with_user(supervisor))
        rule.with_user(self.create_user("administrator")).weekday_to = 20
