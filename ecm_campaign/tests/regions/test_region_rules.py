from datetime import date, datetime, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time
from odoo.tools import mute_logger

from ...tools import number_places
from ...tools.public_holidays import get_countries
from ...tools.region_rules import NOWHERE, Place
from ..hours import BERLIN, MIAMI, MONDAY, NEW_YORK, TORONTO, HoursCase

PARIS = "+33199001234"
SYDNEY = "+61255501234"


class RegionCase(HoursCase):
    """Rules of countries and regions as data (N3, S4)."""

    @classmethod
    def create_rule(cls, name="Rule", **values):
        return cls.env["ecm.region.rule"].create(
            {"name": name, "country_id": cls.env.ref("base.de").id, **values}
        )

    def find_limits(self, number):
        """What limits calls of the campaign to a number, as the gates are told."""
        plans = self.campaign._get_campaign_plans()
        return plans[self.campaign.id].find_limits[None](number, "voice", NOWHERE)

    @classmethod
    def switch_off_shipped(cls):
        cls.env["ecm.region.rule"].search([]).active = False


@freeze_time("2026-03-02")
class TestShippedRules(RegionCase):
    """What ships is what somebody read; the rest is there, and off."""

    def get_rules(self):
        return self.env["ecm.region.rule"].with_context(active_test=False).search([])

    def test_what_was_read_is_on_and_what_was_heard_is_off(self):
        rules = self.get_rules()
        self.assertGreaterEqual(len(rules), 30)
        self.assertGreaterEqual(len(rules.country_id), 19)
        for rule in rules:
            with self.subTest(rule=rule.name):
                self.assertEqual(rule.active, rule.certainty == "read")
                self.assertTrue(rule.source_url.startswith("https://"))
                word = "Read on" if rule.active else "Second-hand"
                self.assertIn(word, rule.source)
                self.assertEqual(bool(rule.checked_on), rule.active)
                self.assertTrue(rule.has_hours or rule.limit_ids)
                if rule.holidays == "closed":
                    self.assertIn(rule.country_id.code, get_countries())

    def test_every_rule_can_be_read_by_the_engine(self):
        rules = self.get_rules()
        rules.active = True
        for purpose in ("marketing", "debt", "service"):
            for has_consent in (False, True):
                self.env["ecm.region.rule"]._get_rules(date(2026, 3, 2), purpose, has_consent)

    def test_shipped_rules_hold_without_calling_hours(self):
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
        self.assertEqual(self.opening(datetime(2026, 3, 2, 2)).opens_at, datetime(2026, 3, 2, 7))

    def test_france_has_two_windows_holidays_and_two_limits(self):
        noon = datetime(2026, 3, 2, 12, 30)  # 13:30
        self.assertEqual(self.opening(noon, number=PARIS).opens_at, datetime(2026, 3, 2, 13))
        easter_monday = datetime(2026, 4, 6, 9)
        closed = self.opening(easter_monday, number=PARIS)
        self.assertEqual((closed.opens_at, closed.reason), (datetime(2026, 4, 7, 8), "holiday"))
        self.assertIn("France", closed.detail)
        rules = self.env["ecm.region.rule"]._get_rules(date.today())
        found = {
            (limit.count, limit.window, limit.counted) for limit in rules.get_limits(PARIS, "voice")
        }
        self.assertEqual(
            found, {(4, timedelta(days=30), "tries"), (1, timedelta(days=60), "refusals")}
        )
        # Consent lifts its days and hours, and not its limits.
        self.campaign.has_consent = True
        self.assertTrue(self.opening(noon, number=PARIS).is_open)
        self.assertEqual(len(self.find_limits(PARIS)), 2)

    def test_who_agreed_is_exempt_by_itself(self):
        """A file brings who agreed, when and how; the others keep the rule (N5)."""
        self.campaign.duplicate_policy = "reject"
        contact_list = self.upload(
            f"phone;consent;consent source\n{PARIS};2026-01-31;Web form\n+33142685301;;\n"
            "+33142685302;yes;\n"
        )
        agreed, silent, unclear = self.contacts_of(self.campaign)
        self.assertEqual(
            (agreed.consent_on, agreed.consent_source), (date(2026, 1, 31), "Web form")
        )
        self.assertFalse(silent.consent_on or unclear.consent_on)
        (warning,) = contact_list.reject_ids
        self.assertIn("has not agreed", warning.reason_text)
        noon = datetime(2026, 3, 2, 12, 30)  # 13:30
        self.assertEqual(self.judge(self.campaign, noon), [True, False, False])

        # A later file, or a supervisor, says that one has agreed since; an empty cell takes nothing.
        update = {"mode": "update"}
        self.upload(f"phone;consent\n+33142685301;1.2.2026\n{PARIS};\n", **update)
        unclear.with_user(self.create_user("supervisor")).consent_on = date(2026, 2, 2)
        self.assertEqual(self.judge(self.campaign, noon), [True, True, True])
        self.assertEqual(agreed.consent_on, date(2026, 1, 31))
        with self.assertRaises(ValidationError):
            agreed.consent_source = "x" * 256

    def judge(self, campaign, at):
        """:return: whether the hours of each of its contacts are open"""
        hours = campaign._get_campaign_hours(at)[campaign.id]
        opened = []
        for candidate in self.contacts_of(campaign)._get_candidates():
            number, place = candidate.phones[0], candidate.place
            own = hours.for_contact(candidate.tz, number, "voice", (), place)
            opened.append(own.opening(at).is_open)
        return opened

    def test_debt_and_marketing_have_rules_of_their_own(self):
        names = {}
        for purpose in ("marketing", "debt", "service"):
            rules = self.env["ecm.region.rule"]._get_rules(date.today(), purpose, False)
            matching = rules.get_matching(NEW_YORK, "voice")
            names[purpose] = [rule.name for rule in matching]
        self.assertEqual((len(names["marketing"]), len(names["debt"])), (1, 2))
        self.assertFalse(set(names["marketing"]) & set(names["debt"]))
        self.assertFalse(names["service"])
        self.campaign.purpose = "debt"
        limits = self.find_limits(NEW_YORK)
        self.assertEqual(
            {(limit.count, limit.counted) for limit in limits}, {(7, "tries"), (1, "conversations")}
        )

    def test_state_law_is_found_by_state_and_postal_code(self):
        evening = datetime(2026, 3, 3, 1, 30)
        hours = self.campaign._get_campaign_hours(evening)[self.campaign.id]
        for place, is_open in (
            (NOWHERE, True),
            (Place("FL"), False),
            (Place("florida "), False),
            (Place(None, "33101"), False),
            (Place("NY", "10001"), True),
        ):
            own = hours.for_contact(None, NEW_YORK, place=place)
            self.assertEqual(own.opening(evening).is_open, is_open, place)

    def test_shipped_rules_are_switched_off_and_not_deleted(self):
        rule = self.env.ref("ecm_campaign.ecm_region_rule_canada")
        with self.assertRaisesRegex(UserError, "switch it off"):
            rule.unlink()
        rule.active = False
        self.create_rule().unlink()


class TestRegionRules(RegionCase):
    """Rules that somebody writes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.switch_off_shipped()

    def test_a_campaign_may_leave_region_rules_aside(self):
        self.create_rule(weekday_hours="12-13")
        self.assertFalse(self.opening(MONDAY).is_open)
        self.campaign.keeps_region_rules = False
        self.assertTrue(self.opening(MONDAY).is_open)

    def test_limits_are_given_as_values(self):
        line = {"count": 3, "number": 24, "unit": "hours"}
        rest = {"count": 1, "counted": "refusals", "unit": "ever", "per": "person"}
        rule = self.create_rule(limit_ids=[Command.create(line), Command.create(rest)])
        self.assertEqual(
            rule.limits_summary, "3 attempts in 24 hours; nothing ever after a refusal"
        )
        rules = self.env["ecm.region.rule"]._get_rules(date.today())
        first, second = rules.get_limits(BERLIN, "voice")
        self.assertEqual((first.count, first.window), (3, timedelta(hours=24)))
        self.assertTrue(first.per_number and first.everywhere and first.is_legal)
        self.assertEqual((second.period, second.per_number), ("life", False))
        self.assertFalse(rules.get_limits(NEW_YORK, "voice"))
        regional = set(self.find_limits(BERLIN)) - set(self.find_limits(NEW_YORK))
        self.assertEqual(regional, {first, second})
        self.assertTrue(self.campaign._has_shared_limits())
        self.campaign.keeps_region_rules = False
        self.assertNotIn(first, self.find_limits(BERLIN))
        self.assertFalse(self.campaign._has_shared_limits())

    def test_what_is_edited_holds_at_once(self):
        rule = self.create_rule(weekday_hours="12-13")
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 2, 11))
        rule.weekday_hours = "11-13"
        self.assertTrue(self.opening(MONDAY).is_open)
        rule.weekday_hours = False
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 7, 7))
        rule.active = False
        self.assertTrue(self.opening(MONDAY).is_open)
        rule.write({"active": True, "limit_ids": [Command.create({"count": 1})]})
        self.assertEqual(
            len(self.env["ecm.region.rule"]._get_rules(date.today()).get_limits(BERLIN, "sms")), 1
        )
        rule.limit_ids.unlink()
        self.assertFalse(
            self.env["ecm.region.rule"]._get_rules(date.today()).get_limits(BERLIN, "sms")
        )

    def test_a_rule_holds_from_its_first_to_its_last_day(self):
        rule = self.create_rule(weekday_hours=False, date_from="2026-03-02", date_to="2026-03-06")
        self.assertFalse(self.opening(MONDAY).is_open)
        self.assertTrue(self.opening(MONDAY - timedelta(days=4)).is_open)
        self.assertTrue(self.opening(MONDAY + timedelta(days=7)).is_open)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            rule.date_to = "2026-03-01"
            rule.flush_recordset()

    def test_messages_have_their_own_hours(self):
        self.create_rule(channel="sms", weekday_hours="12-13")
        self.assertTrue(self.opening(MONDAY).is_open)
        self.assertEqual(self.opening(MONDAY, channel="sms").opens_at, datetime(2026, 3, 2, 11))

    def test_rules_by_beginning(self):
        self.create_rule(country_id=False, prefixes="+49302, +4989\n+4940", weekday_hours="12-21")
        self.assertFalse(self.opening(MONDAY).is_open)
        self.assertTrue(self.opening(MONDAY, number="+4915112345678").is_open)

    def test_a_regions_own_holidays_are_closed(self):
        regions = self.env["ecm.holiday.region"]
        bavaria = regions.search([("country_id.code", "=", "DE"), ("code", "=", "BY")])
        epiphany = datetime(2026, 1, 6, 10)
        rule = self.create_rule(holidays="closed")
        self.assertTrue(self.opening(epiphany).is_open)
        rule.holiday_region_id = bavaria
        self.assertEqual(self.opening(epiphany).reason, "holiday")
        self.assertTrue(rule.hours_summary.endswith("not on public holidays"))

    def test_a_rule_says_which_numbers_it_is_about(self):
        for values in (
            {"country_id": False},
            {"prefixes": "0305"},
            {"prefixes": "+49 abc"},
            {"zips": "99-1"},
            {"weekday_hours": "nine"},
            {"holidays": "closed", "country_id": False, "prefixes": "+49"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.create_rule(**values)

    def test_hours_are_shown_in_words(self):
        rule = self.create_rule(saturday_hours="9-17:30", sunday_hours=False)
        form = Form(rule)
        form.weekday_hours = "10-13, 14-20"
        form.save()
        self.assertEqual(
            rule.hours_summary,
            "Mon–Fri 10:00–13:00, 14:00–20:00; Sat 09:00–17:30; Sun closed",
        )
        self.assertEqual(self.create_rule().hours_summary, "Every day 08:00–21:00")
        self.assertEqual(self.create_rule(has_hours=False).hours_summary, "Any time")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_administrators_change_rules(self):
        rule = self.create_rule(limit_ids=[Command.create({"count": 1})])
        supervisor = self.create_user("supervisor")
        rule.with_user(supervisor).read(["hours_summary", "limits_summary"])
        for change in (
            lambda own: own.write({"weekday_hours": "0-24"}),
            lambda own: own.limit_ids.write({"count": 9}),
            lambda own: own.unlink(),
            lambda own: own.copy(),
            lambda own: own.action_mark_checked(),
        ):
            with self.assertRaises(AccessError):
                change(rule.with_user(supervisor))
        administrator = self.create_user("administrator")
        rule.with_user(administrator).weekday_hours = "8-20"
        # Supervisors read why, and say for their campaigns what the rules ask of them.
        rules = self.env["ecm.region.rule"]
        why = "only administrators change region rules"
        views = [
            rules.with_user(user).get_view(view_type="form")["arch"]
            for user in (supervisor, administrator)
        ]
        self.assertEqual([why in " ".join(arch.split()) for arch in views], [True, False])
        own = self.campaign.with_user(supervisor)
        own.write({"keeps_region_rules": True, "purpose": "debt", "has_consent": True})
        self.assertEqual(own.action_show_region_rules()["res_model"], "ecm.region.effect")

    def test_a_limit_of_one_day_reads_as_one(self):
        lines = [Command.create({"count": 3, "number": 1, "unit": "days"})]
        rule = self.create_rule(limit_ids=lines)
        self.assertEqual(rule.limits_summary, "3 attempts in one day")
        rule.limit_ids.number = 2
        self.assertEqual(rule.limits_summary, "3 attempts in 2 days")


class TestRegionEffects(RegionCase):
    """A page says which rules hold for a campaign, and what they would have stopped (N3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.switch_off_shipped()
        cls.rule = cls.create_rule(
            "Berlin", weekday_hours="10-13, 14-20", limit_ids=[Command.create({"count": 1})]
        )
        cls.supervisor = cls.create_user("supervisor")

    def make_attempt(self, contact, at, outcome="no_answer"):
        return self.env["ecm.attempt"].create(
            {
                "key": f"test-{contact.id}-{at}",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "number": contact.phone_1,
                "channel": "voice",
                "position": 1,
                "state": "done",
                "claimed_at": at,
                "called_at": at,
                "result_at": at,
                "outcome_id": self.env.ref(f"ecm_campaign.ecm_outcome_{outcome}").id,
            }
        )

    def get_effects(self):
        action = self.campaign.with_user(self.supervisor).action_show_region_rules()
        effects = self.env[action["res_model"]].with_user(self.supervisor)
        return {line.rule_id: line for line in effects.search(action["domain"])}

    def test_attempts_and_contacts_are_counted_per_rule(self):
        contact = self.create_contact(phone_1=BERLIN)
        self.create_contact(phone_1=NEW_YORK)
        self.make_attempt(contact, datetime(2026, 3, 2, 9, 30))
        self.make_attempt(contact, datetime(2026, 3, 2, 12, 30))  # at lunch, and the second
        found = self.get_effects()[self.rule]
        counts = found.contacts, found.attempts, found.outside_hours, found.over_limits
        self.assertEqual((*counts, found.stopped), (1, 2, 1, 1, 1))
        self.assertEqual(found.status, "holds")
        # Looked at again, it is shown once.
        self.assertEqual(len(self.get_effects()), len(set(self.get_effects())))

    def test_contacts_of_countries_that_share_a_calling_code_are_counted(self):
        rule = self.create_rule("Canada", country_id=self.env.ref("base.ca").id)
        for number in (TORONTO, TORONTO[:-1] + "9", NEW_YORK):
            self.create_contact(phone_1=number)
        # As a process that has met none of them yet.
        with patch.dict(number_places._countries, clear=True):
            self.assertEqual(self.get_effects()[rule].contacts, 2)

    def test_rules_that_do_not_hold_say_why(self):
        self.create_contact(phone_1=BERLIN)
        for values, rule, status in (
            ({}, {"active": False}, "off"),
            ({}, {"active": True, "purpose": "debt"}, "purpose"),
            ({"purpose": "debt"}, {"date_to": "2020-01-01"}, "not_in_force"),
            ({"has_consent": True}, {"date_to": False, "consent": "hours"}, "hours_lifted"),
            ({}, {"consent": "everything"}, "consent"),
            ({"keeps_region_rules": False}, {}, "ignored"),
        ):
            self.campaign.write(values)
            self.rule.write(rule)
            self.assertEqual(self.get_effects()[self.rule].status, status)

    def test_refusals_of_the_agents_words_let_a_number_rest(self):
        self.rule.limit_ids = [
            Command.clear(),
            Command.create(
                {"count": 1, "counted": "refusals", "number": 60, "unit": "days", "per": "person"}
            ),
        ]
        group = self.env["ecm.business.outcome.group"].create({"name": "Words"})
        said_no = self.env["ecm.business.outcome"].create(
            {"group_id": group.id, "name": "No", "code": "no", "is_refusal": True}
        )
        contact = self.create_contact(phone_1=BERLIN)
        attempt = self.make_attempt(contact, datetime(2026, 3, 2, 10), "voice")
        attempt.sudo().business_outcome_id = said_no
        self.env.flush_all()
        (candidate,) = contact._get_candidates()
        tries = self.env["ecm.attempt"]._get_tries([candidate], None, True)
        (made,) = tries[contact.id]
        self.assertTrue(made.is_refusal)
        self.make_attempt(contact, datetime(2026, 3, 12, 10))
        self.assertEqual(self.get_effects()[self.rule].over_limits, 1)
