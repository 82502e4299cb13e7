from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command

from ..common import START, EngineCase
from odoo.addons.ecm_campaign.models.engine import ecm_engine
from odoo.addons.ecm_campaign.tools.results import Result

HOME, MOBILE, WORK = "+493023125001", "+493023125002", "+493023125003"
AGAIN = {"busy": {"delay_minutes": 5}, "call_failed": {"delay_minutes": 5}}


def limit(count, period="24h", subject="contact", scope="campaign"):
    return {"count": count, "period": period, "subject": subject, "scope": scope}


class TestGates(EngineCase):
    """What stops a contact that is due: until when, with which reason, and at what cost (N4, S4)."""

    def call_again(self, contact, code="busy"):
        """Call, and come back when the next attempt is due."""
        self.call(contact, code)
        self.wait(minutes=5)

    def assert_waits(self, contact, until, detail=None):
        self.assertFalse(self.feed())
        found = (contact.state, contact.is_ready, contact.block_reason, contact.next_attempt_at)
        self.assertEqual(found, ("pending", False, "limit", until))
        if detail:
            self.assertIn(detail, contact.block_detail)

    # -- waiting, with the reason ---------------------------------------------------------------------

    def test_a_limit_moves_the_contact_to_its_next_legal_time_with_the_reason(self):
        campaign = self.run_campaign(self.create_strategy((1, AGAIN), limits=[limit(2)]))
        contact = self.create_contact(campaign)
        self.call_again(contact)
        self.call_again(contact)
        self.assert_waits(
            contact, START + timedelta(hours=24), "At most 2 attempts on a contact in any 24 hours"
        )
        self.wait(hours=23, minutes=49, seconds=59)
        self.assertFalse(self.feed(), "a second early")
        self.wait(seconds=1)
        self.assertEqual(len(self.feed()), 1)
        found = (contact.state, contact.block_reason, contact.block_detail, contact.next_attempt_at)
        self.assertEqual(found, ("sent_to_dialer", False, False, False))

    def test_the_limit_that_defers_most_is_named(self):
        limits = [limit(1), limit(1, "7d"), limit(1, "day")]
        contact = self.create_contact(
            self.run_campaign(self.create_strategy((1, AGAIN), limits=limits))
        )
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(days=7), "any 7 days")

    def test_a_call_long_after_its_claim_counts_where_the_campaign_waits_so_long(self):
        limits = [limit(1, "24h")]
        campaign = self.run_campaign(self.create_strategy((1, AGAIN), limits=limits))
        campaign.write({"dangling_hours": 900, "ttl_days": 0})
        contact = self.create_contact(campaign)
        self.feed()
        self.wait(days=36)
        self.end(contact, "busy")
        self.wait(minutes=5)
        self.assert_waits(contact, START + timedelta(days=37))

    def test_the_time_of_the_call_counts_and_not_that_of_the_claim(self):
        contact = self.create_contact(
            self.run_campaign(self.create_strategy((1, AGAIN), limits=[limit(1)]))
        )
        self.feed()
        self.wait(hours=3)
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(hours=27))

    def test_a_try_that_does_not_count_is_free(self):
        contact = self.create_contact(
            self.run_campaign(self.create_strategy((1, AGAIN), limits=[limit(1)]))
        )
        self.call_again(contact, "call_failed")
        self.call_again(contact, "call_failed")
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(hours=24, minutes=10))

    def test_a_day_begins_at_midnight_in_the_campaigns_zone(self):
        strategy = self.create_strategy((1, AGAIN), limits=[limit(1, "day")])
        self.clock.move_to(datetime(2026, 3, 28, 14, 30))
        contacts = {}
        for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
            contacts[zone] = self.create_contact(self.run_campaign(strategy, zone, tz=zone))
        self.feed()
        for contact in contacts.values():
            self.end(contact, "busy")
        self.wait(minutes=5)
        self.assertFalse(self.feed())
        self.assertEqual(
            {zone: contact.next_attempt_at for zone, contact in contacts.items()},
            {
                "Asia/Tokyo": datetime(2026, 3, 28, 15, 0),
                "Europe/Berlin": datetime(2026, 3, 28, 23, 0),
                "America/New_York": datetime(2026, 3, 29, 4, 0),
            },
        )

    def test_what_closes_while_it_waits_forgets_the_reason(self):
        strategy = self.create_strategy((1, AGAIN), limits=[limit(1)])
        campaign = self.run_campaign(strategy)
        contact = self.create_contact(campaign)
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(hours=24))
        contact.action_withdraw("Paid")
        self.assertEqual((contact.block_reason, contact.block_detail), (False, False))

    # -- numbers --------------------------------------------------------------------------------------

    def test_each_number_is_limited_by_itself(self):
        strategy = self.create_strategy(
            (1, {"busy": {"next": 2, "delay_minutes": 5}}),
            (2, {"busy": {"next": 1, "delay_minutes": 5}}),
            limits=[limit(1, subject="number")],
        )
        contact = self.create_contact(self.run_campaign(strategy), phone_1=HOME, phone_2=MOBILE)
        self.call_again(contact)
        self.call_again(contact)
        self.assertEqual([sent.number for sent in self.target.sent], [HOME, MOBILE])
        self.assert_waits(contact, START + timedelta(hours=24))

    def test_a_number_that_was_called_as_often_as_it_may_is_not_called_again(self):
        """The strategy falls back; when every number is tired, the contact closes."""
        strategy = self.create_strategy(
            (1, AGAIN), (2, AGAIN), limits=[limit(1, "life", "number")], phone_fallback="next_valid"
        )
        contact = self.create_contact(
            self.run_campaign(strategy), phone_1=HOME, phone_2=MOBILE, phone_4=WORK
        )
        for _number in range(3):
            self.call_again(contact)
        self.assertEqual([sent.number for sent in self.target.sent], [HOME, MOBILE, WORK])
        self.assertFalse(self.feed())
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "limit"))

    def test_what_may_never_be_tried_again_closes(self):
        strategy = self.create_strategy((1, AGAIN), limits=[limit(2, "life"), limit(9, "24h")])
        contact = self.create_contact(self.run_campaign(strategy))
        self.call_again(contact)
        self.call_again(contact)
        self.assertFalse(self.feed())
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "limit"))
        self.assertEqual(contact.attempt_count, 2)

    # -- other campaigns ------------------------------------------------------------------------------

    def test_a_limit_over_all_campaigns_counts_the_same_number_elsewhere(self):
        first = self.run_campaign(self.create_strategy((1, AGAIN)), "First")
        everywhere = self.run_campaign(
            self.create_strategy((1, AGAIN), limits=[limit(1, scope="all")]), "Second"
        )
        here_only = self.run_campaign(self.create_strategy((1, AGAIN), limits=[limit(1)]), "Third")
        called = self.create_contact(first, phone_1=HOME)
        self.call_again(called)
        waits = self.create_contact(everywhere, phone_1=MOBILE, phone_2=HOME)
        free, other = (
            self.create_contact(here_only, phone_1=HOME),
            self.create_contact(everywhere, phone_1=WORK),
        )
        called.action_withdraw()
        self.feed()
        states = {contact: contact.state for contact in (waits, free, other)}
        self.assertEqual(
            states, {waits: "pending", free: "sent_to_dialer", other: "sent_to_dialer"}
        )
        self.assertEqual(
            waits.next_attempt_at,
            START + timedelta(hours=24),
            "once the first campaign's call is a day old",
        )

    def test_what_another_company_does_counts_for_no_limit(self):
        """Another company is another caller, and nobody is told of its attempts."""
        strategy = self.create_strategy(
            (1, AGAIN), limits=[limit(1, scope="all", subject="number")]
        )
        first, second = (
            self.create_contact(self.run_campaign(strategy, name), phone_1=HOME)
            for name in ("First", "Second")
        )
        self.feed()
        self.assertEqual((first.state, second.state), ("sent_to_dialer", "pending"))
        other = self.env["res.company"].create({"name": "Other company"})
        first.attempt_ids.sudo().company_id = other
        second.sudo().next_attempt_at = START
        self.feed()
        self.assertEqual(second.state, "sent_to_dialer", second.block_reason)

    def test_a_try_under_way_counts_before_its_result_is_known(self):
        strategy = self.create_strategy(
            (1, AGAIN), limits=[limit(1, scope="all", subject="number")]
        )
        contacts = [
            self.create_contact(self.run_campaign(strategy, name), phone_1=HOME)
            for name in ("First", "Second", "Third")
        ]
        self.assertEqual(len(self.feed()), 1)
        self.assertEqual(
            [contact.state for contact in contacts], ["sent_to_dialer", "pending", "pending"]
        )

    def test_the_same_number_twice_in_one_claim_keeps_the_limit(self):
        """Two contacts of one campaign share a number: the second is not seen in the ledger while
        both are claimed.
        """
        strategy = self.create_strategy(
            (1, AGAIN), limits=[limit(1, scope="all", subject="number")]
        )
        campaign = self.run_campaign(strategy)
        first = self.create_contact(campaign, phone_1=HOME)
        second = self.create_contact(campaign, phone_1=MOBILE, phone_2=HOME)
        third = self.create_contact(campaign, phone_1=HOME)
        self.feed()
        self.assertEqual(
            [contact.state for contact in (first, second, third)],
            ["sent_to_dialer"] * 2 + ["pending"],
        )
        self.assertEqual(third.next_attempt_at, START + timedelta(hours=24))

    def test_the_second_of_a_shared_number_is_called_on_its_other_one(self):
        """O16: in the same turn, where the strategy takes the next number."""
        limits = [limit(1, scope="all", subject="number")]
        strategy = self.create_strategy((1, AGAIN), (2, AGAIN), limits=limits, at_limit="next")
        campaign = self.run_campaign(strategy)
        for _contact in range(2):
            self.create_contact(campaign, phone_1=HOME, phone_2=MOBILE)
        self.assertEqual([outgoing.number for outgoing in self.feed()], [HOME, MOBILE])

    # -- budgets --------------------------------------------------------------------------------------

    def test_a_budget_that_is_lowered_while_contacts_wait_holds_for_them(self):
        strategy = self.create_strategy((1, AGAIN))
        campaign = self.run_campaign(strategy)
        called, fresh = (
            self.create_contact(campaign, phone_1=HOME),
            self.create_contact(campaign, phone_1=MOBILE),
        )
        self.feed()
        for contact in (called, fresh):
            self.end(contact, "busy" if contact == called else "call_failed")
        self.wait(minutes=5)
        self.call_again(called)
        self.end(fresh, "busy")
        campaign.action_stop()
        strategy.max_attempts = 2
        campaign.action_start()
        self.wait(minutes=5)
        self.assertEqual([sent.number for sent in self.feed()], [MOBILE])
        self.assertEqual((called.state, called.close_reason), ("retries_completed", "budget"))

    def test_a_lowered_budget_of_failed_tries_holds_too(self):
        strategy = self.create_strategy((1, AGAIN))
        campaign = self.run_campaign(strategy)
        contact = self.create_contact(campaign)
        self.call_again(contact, "call_failed")
        self.call_again(contact, "call_failed")
        campaign.action_stop()
        strategy.max_uncounted = 2
        campaign.action_start()
        self.assertFalse(self.feed())
        self.assertEqual(
            (contact.state, contact.close_reason), ("retries_completed", "uncounted_budget")
        )

    # -- callbacks ------------------------------------------------------------------------------------

    def run_callbacks(self, **values):
        """A campaign with a limit on each of its strategies, and a contact of it that asked to be
        called back.
        """
        rules = {**AGAIN, "callback_missed": {"delay_minutes": 5}}
        callback = self.create_strategy((1, rules), limits=[limit(2)], name="Back", kind="callback")
        strategy = self.create_strategy((1, AGAIN), limits=[limit(2)])
        campaign = self.run_campaign(strategy, callback_strategy_id=callback.id, **values)
        contact = self.create_contact(campaign)
        self.call_again(contact)
        self.call_again(contact, "callback")
        return contact

    def test_limits_begin_anew_with_a_callback(self):
        contact = self.run_callbacks(callback_resets=True)
        self.assertEqual((contact.callback, contact.attempt_count), ("personal", 0))
        self.call_again(contact)
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(hours=24, minutes=10))

    def test_a_limit_by_law_does_not_begin_anew_with_a_callback(self):
        """Three calls to Florida, then a callback: no fourth within 24 hours."""
        self.env["ecm.region.rule"].create(
            {"name": "Law", "prefixes": HOME[:4], "limit_ids": [Command.create({"count": 3})]}
        )
        contact = self.run_callbacks(callback_resets=True, keeps_region_rules=True)
        self.assertEqual((contact.callback, contact.attempt_count), ("personal", 0))
        self.call_again(contact)
        self.assert_waits(contact, START + timedelta(hours=24))

    def test_limits_go_on_with_a_callback_where_counters_are_kept(self):
        contact = self.run_callbacks(callback_resets=False)
        self.assertEqual(contact.attempt_count, 2)
        self.assert_waits(contact, START + timedelta(hours=24))

    def test_missed_agents_are_counted_over_all_cycles(self):
        rules = {"callback_missed": {"delay_minutes": 5}}
        callback = self.create_strategy(
            (1, rules), name="Back", kind="callback", max_cycles=9, cycle_limit=1
        )
        campaign = self.run_campaign(
            self.create_strategy((1, AGAIN)),
            callback_strategy_id=callback.id,
            callback_agent_tries=3,
        )
        contact = self.create_contact(campaign)
        self.call_again(contact, "callback")
        kinds = []
        for _try in range(3):
            self.call_again(contact, "callback_missed")
            kinds.append((contact.cycle, contact.callback))
        self.assertEqual(kinds, [(2, "personal"), (3, "personal"), (4, "normal")])

    # -- cost -----------------------------------------------------------------------------------------

    def block(self, campaign, count):
        """Contacts whose number was called elsewhere just now."""
        numbers = [f"+49302312{number:04d}" for number in range(count)]
        elsewhere = self.run_campaign(self.create_strategy((1, AGAIN)), "Elsewhere")
        for number in numbers:
            self.create_contact(elsewhere, phone_1=number)
        self.feed()
        return [self.create_contact(campaign, phone_1=number) for number in numbers]

    def test_blocked_contacts_do_not_starve_those_behind_them(self):
        strategy = self.create_strategy((1, AGAIN), limits=[limit(1, scope="all")])
        campaign = self.run_campaign(strategy)
        blocked = self.block(campaign, 30)
        free = [self.create_contact(campaign, phone_1=number) for number in (HOME, MOBILE)]
        with patch.object(ecm_engine, "LOOK_AT_MOST", 4):
            self.assertEqual([sent.number for sent in self.feed()], [HOME, MOBILE])
        self.assertEqual({contact.block_reason for contact in blocked}, {"limit"})
        self.assertEqual({contact.state for contact in free}, {"sent_to_dialer"})

    def test_one_claim_looks_at_a_bounded_number_of_contacts(self):
        strategy = self.create_strategy((1, AGAIN), limits=[limit(1, scope="all")])
        campaign = self.run_campaign(strategy)
        blocked = self.block(campaign, 40)
        with patch.object(ecm_engine, "LOOK_AT_MOST", 8):
            self.assertEqual(self.engine._claim(self.target, campaign), [])
            self.env.invalidate_all()
            looked_at = len([contact for contact in blocked if contact.block_reason])
            self.assertTrue(8 <= looked_at < 16, looked_at)
            self.assertEqual(self.engine._claim(self.target, campaign), [])

    # -- results --------------------------------------------------------------------------------------

    def test_results_that_come_again_change_nothing(self):
        strategy = self.create_strategy(
            (1, {"busy": {"delay_minutes": 5, "max_retry": 2, "branch": 1}})
        )
        contact = self.create_contact(self.run_campaign(strategy))
        self.feed()
        result = Result(contact.current_attempt_id.key, "busy", called_at=START)
        columns = "SELECT * FROM ecm_contact WHERE id = %s", [contact.id]
        self.assertEqual(len(self.engine._apply_results([result])), 1)
        self.env.cr.execute(*columns)
        before = self.env.cr.fetchall()
        self.wait(hours=1)
        self.assertEqual(self.engine._apply_results([result, result]), [])
        self.assertEqual(self.engine._apply_results([Result(result.key, "do_not_call")]), [])
        self.env.cr.execute(*columns)
        self.assertEqual(self.env.cr.fetchall(), before)
