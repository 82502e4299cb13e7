from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ...models.forecast import ecm_dry_run
from ...models.hours.ecm_calling_hours import DAYS
from ..common import CampaignCase


class TestDryRun(CampaignCase):
    """What a campaign would do, before anything is dialled (S9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.keeps_region_rules = False
        cls.contacts = cls.env["ecm.contact"].create(
            [
                {"campaign_id": cls.campaign.id, "phone_1": f"+4930231250{number:02d}"}
                for number in range(40)
            ]
        )

    def dry_run(self, rates=None, **values):
        run = self.env["ecm.dry.run"].create(
            {"campaign_id": self.campaign.id, "calls_per_hour": 20, **values}
        )
        if rates:
            run.rate_ids.unlink()
            self.env["ecm.dry.run.rate"].create(
                [
                    {
                        "run_id": run.id,
                        "outcome_id": self.env.ref(f"ecm_campaign.ecm_outcome_{code}").id,
                        "percent": rate,
                    }
                    for code, rate in rates.items()
                ]
            )
        run.action_run()
        return run

    def group(self, run, kind, word):
        return run.group_ids.filtered(lambda group: group.kind == kind and word in group.name)

    def test_calls_states_and_the_last_call(self):
        run = self.dry_run({"voice": 100})
        self.assertEqual((run.state, run.attempt_count, run.never_called_count), ("done", 40, 0))
        self.assertEqual(sum(run.line_ids.mapped("count")), 40)
        self.assertEqual(self.group(run, "closed", "Customer reached").count, 40)
        self.assertLess(run.last_attempt_at, run.start_at + timedelta(hours=2, minutes=1))
        self.assertIn("40 calls", run.hints)

    def test_nothing_is_written_and_no_number_is_drawn(self):
        def fingerprint():
            self.env.flush_all()
            self.env.cr.execute(
                """SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM ecm_contact c),
                          (SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM ecm_attempt a),
                          (SELECT last_value FROM ecm_attempt_id_seq), (SELECT last_value FROM ecm_contact_id_seq)"""
            )
            return self.env.cr.fetchone()

        before = fingerprint()
        self.dry_run({"busy": 50, "do_not_call": 50})
        self.assertEqual(fingerprint(), before)
        self.assertFalse(
            self.env["ecm.dnc.entry"].search_count(
                [("value", "in", self.contacts.mapped("phone_1"))]
            )
        )

    def test_what_if_it_had_another_strategy(self):
        """P21: nothing of the campaign changes, not even in the transaction."""
        once = self.env["ecm.strategy"].create(
            {"name": "Once", "attempt_ids": [fields.Command.create({"channel": "voice"})]}
        )
        own = self.dry_run({"busy": 100})
        other = self.dry_run({"busy": 100}, strategy_id=once.id)
        self.assertEqual(other.attempt_count, 40)
        self.assertGreater(own.attempt_count, other.attempt_count)
        self.assertEqual(self.campaign.strategy_id, self.strategy)
        self.assertEqual(self.dry_run({"busy": 100}).attempt_count, own.attempt_count)

    def test_what_if_it_called_in_other_hours(self):
        never = dict.fromkeys(DAYS, False)
        hours = self.env["ecm.calling.hours"].create({"name": "Never", **never})
        run = self.dry_run({"voice": 100}, calling_hours_id=hours.id)
        self.assertEqual((run.attempt_count, run.never_called_count), (0, 40))
        self.assertFalse(self.campaign.calendar_id)

    def test_what_if_it_called_another_list(self):
        other = self.create_campaign("Other offer")
        lists = self.env["ecm.contact.list"].create(
            [
                {"name": "Theirs", "campaign_id": other.id},
                {"name": "Ours", "campaign_id": self.campaign.id},
            ]
        )
        for number in range(3):
            phone = f"+4930231251{number:02d}"
            self.create_contact(other, phone_1=phone, list_id=lists[0].id)
        self.contacts[:5].list_id = lists[1]
        counts = [self.dry_run({"voice": 100}, list_id=each.id).attempt_count for each in lists]
        self.assertEqual(counts, [3, 5])

    def test_another_companys_list_is_no_assumption(self):
        company = self.env["res.company"].create({"name": "Other"})
        theirs = self.create_campaign("Theirs", company_id=company.id)
        foreign = self.env["ecm.contact.list"].create({"name": "X", "campaign_id": theirs.id})
        with self.assertRaises(UserError):
            self.dry_run({"voice": 100}, list_id=foreign.id)

    def test_the_same_seed_repeats(self):
        first, second = self.dry_run(), self.dry_run()
        self.assertEqual(first.line_ids.mapped("count"), second.line_ids.mapped("count"))

    def test_a_time_that_is_too_short_says_how_many_are_never_called(self):
        run = self.dry_run({"voice": 100}, calls_per_hour=1, horizon_days=1)
        self.assertEqual((run.attempt_count, run.never_called_count), (24, 16))
        self.assertIn("16 contacts would never be called", run.hints)
        self.assertIn("about 2 calls an hour", run.hints)

    def test_gates_stop_contacts_from_the_start(self):
        self.env.ref("ecm_campaign.ecm_dnc_list_wishes")._add([self.contacts[0].phone_1], "Said so")
        stopped = self.env["ecm.contact.list"].create(
            {"name": "Old", "campaign_id": self.campaign.id}
        )
        self.contacts[1:3].list_id = stopped
        stopped.action_stop()
        run = self.dry_run({"voice": 100})
        self.assertEqual(run.attempt_count, 37)
        self.assertEqual(
            self.group(run, "stopped", "Do not contact").contact_ids, self.contacts[0].ids
        )
        held = self.group(run, "stopped", "List stopped")
        self.assertEqual(sorted(held.contact_ids), self.contacts[1:3].ids)
        self.assertEqual(
            self.env["ecm.contact"].search(held.action_view_contacts()["domain"]),
            self.contacts[2:0:-1],
        )

    def test_hours_and_dates_are_kept(self):
        calendar = self.env.ref("ecm_campaign.resource_calendar_calling_hours")
        self.campaign.write({"calendar_id": calendar.id, "ttl_days": 0})
        monday = fields.Datetime.to_datetime("2027-03-01 00:00:00")
        run = self.dry_run({"busy": 100}, start_at=monday)
        window = self.campaign._get_windows(monday)[self.campaign.id]
        self.assertEqual(run.line_ids[0].at, window.opens_at)
        hours = self.campaign._get_campaign_hours(monday)[self.campaign.id].for_campaign()
        self.assertTrue(all(hours.opening(line.at).is_open for line in run.line_ids))
        self.campaign.date_end = monday
        run = self.dry_run({"busy": 100}, start_at=monday)
        self.assertEqual(run.attempt_count, 0)
        self.assertIn("not open at any time", run.warnings)
        self.assertTrue(self.group(run, "left", "The campaign's end date has passed"))

    def test_limits_of_the_past_count(self):
        self.env["ecm.strategy.limit"].create(
            {"strategy_id": self.strategy.id, "count": 1, "period": "24h"}
        )
        start = fields.Datetime.now()
        self.env["ecm.attempt"].create(
            {
                "key": "dry-1",
                "contact_id": self.contacts[0].id,
                "campaign_id": self.campaign.id,
                "company_id": self.env.company.id,
                "state": "done",
                "channel": "voice",
                "number": self.contacts[0].phone_1,
                "claimed_at": start - timedelta(hours=1),
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_busy").id,
            }
        )
        run = self.dry_run({"voice": 100}, start_at=start)
        self.assertEqual(self.group(run, "put_off", "Limit").contact_ids, self.contacts[0].ids)
        self.assertGreater(run.last_attempt_at, start + timedelta(hours=22))

    def test_earlier_tries_use_up_the_retries_of_a_rule(self):
        """What was tried before counts as in production: a retry that was used up leads nowhere."""
        rule = self.strategy.attempt_ids[0].rule_ids.filtered(
            lambda rule: rule.outcome_id.code == "busy"
        )
        rule.write(
            {"action": "again", "next_attempt_id": False, "max_retry": 1, "delay_minutes": 5}
        )
        contact = self.contacts[0]
        (self.contacts - contact).unlink()
        fresh = self.dry_run({"busy": 100}).attempt_count
        contact.sudo().write({"attempt_count": 1, "is_retry": True})
        self.env["ecm.attempt"].create(
            {
                "key": "dry-use",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.env.company.id,
                "state": "done",
                "channel": "voice",
                "position": 1,
                "cycle": 1,
                "number": contact.phone_1,
                "claimed_at": fields.Datetime.now() - timedelta(days=2),
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_busy").id,
            }
        )
        self.assertEqual(self.dry_run({"busy": 100}).attempt_count, fresh - 1)

    def test_a_large_campaign_is_sampled_and_scaled(self):
        self.env["ecm.contact"].create(
            [
                {"campaign_id": self.campaign.id, "phone_1": f"+49302312{number:04d}"}
                for number in range(460)
            ]
        )
        run = self.dry_run({"voice": 100}, sample_size=100)
        self.assertEqual(run.contact_count, 500)
        self.assertLess(run.sampled_count, 200)
        self.assertAlmostEqual(run.attempt_count, 500, delta=2)
        self.assertIn("sample", run.hints)

    def test_assumptions_come_from_history(self):
        with patch.object(ecm_dry_run, "ENOUGH_RESULTS", 1_000_000):  # demo data has some
            run = self.env["ecm.dry.run"].create({"campaign_id": self.campaign.id})
        self.assertIn("shipped", run.rates_source)
        self.assertAlmostEqual(run.rate_total, 100)
        busy, voice = (
            self.env.ref(f"ecm_campaign.ecm_outcome_{code}") for code in ("busy", "voice")
        )
        self.env["ecm.attempt"].create(
            [
                {
                    "key": f"rate-{number}",
                    "contact_id": self.contacts[number % 40].id,
                    "campaign_id": self.campaign.id,
                    "company_id": self.env.company.id,
                    "state": "done",
                    "channel": "voice",
                    "claimed_at": fields.Datetime.now(),
                    "outcome_id": (busy if number % 4 else voice).id,
                }
                for number in range(80)
            ]
        )
        run = self.env["ecm.dry.run"].browse(self.campaign.action_dry_run()["res_id"])
        self.assertIn("this campaign", run.rates_source)
        self.assertEqual(
            {rate.outcome_id.code: rate.percent for rate in run.rate_ids}, {"busy": 75, "voice": 25}
        )
        self.assertEqual(run.calls_per_hour, 80)

    # -- what agents say, and who shares the dialer -------------------------------------------------

    def create_wrap_ups(self):
        """Wrap-ups of the campaign: sold, and call again an hour later, once.

        :return: both
        """
        group = self.env["ecm.business.outcome.group"].create({"name": "Offer"})
        again = {"action": "again", "delay_hours": 1, "max_retry": 1, "then_close": True}
        self.campaign.business_outcome_group_id = group
        return self.env["ecm.business.outcome"].create(
            [
                {"group_id": group.id, "name": "Sold", "code": "sold"},
                {"group_id": group.id, "name": "Later", "code": "later", **again},
            ]
        )

    def test_wrap_ups_are_assumed_from_history_and_can_be_changed(self):
        sold, later = self.create_wrap_ups()
        voice, busy = (
            self.env.ref(f"ecm_campaign.ecm_outcome_{code}") for code in ("voice", "busy")
        )
        said = [(voice, sold)] * 5 + [(voice, later)] * 3 + [(voice, None)] * 2 + [(busy, None)] * 9
        self.env["ecm.attempt"].create(
            [
                {
                    "key": f"said-{number}",
                    "contact_id": self.contacts[number].id,
                    "campaign_id": self.campaign.id,
                    "company_id": self.env.company.id,
                    "state": "done",
                    "channel": "voice",
                    "claimed_at": fields.Datetime.now(),
                    "outcome_id": outcome.id,
                    "business_outcome_id": wrap_up.id if wrap_up else False,
                }
                for number, (outcome, wrap_up) in enumerate(said)
            ]
        )
        supervisor = self.create_user("supervisor")
        action = self.campaign.with_user(supervisor).action_dry_run()
        run = self.env["ecm.dry.run"].with_user(supervisor).browse(action["res_id"])
        shares = {line.business_outcome_id: line.percent for line in run.wrap_up_ids}
        self.assertEqual(shares, {sold: 50, later: 30})

        # What if all of them asked for another call?
        run.wrap_up_ids = [
            Command.clear(),
            Command.create({"business_outcome_id": later.id, "percent": 100}),
        ]
        run.rate_ids = [
            Command.clear(),
            Command.create({"outcome_id": voice.id, "percent": 100}),
        ]
        run.write({"calls_per_hour": 100, "horizon_days": 3})
        run.action_run()
        self.assertEqual((run.state, run.attempt_count), ("done", 80))
        again = self.env["ecm.dry.run"].browse(run.action_again()["res_id"])
        self.assertEqual(again.wrap_up_ids.percent, 100)
        again.wrap_up_ids = [Command.create({"business_outcome_id": sold.id, "percent": 50})]
        with self.assertRaisesRegex(UserError, "more than 100"):
            again.action_run()

    def test_other_campaigns_take_their_part(self):
        alone = self.dry_run({"voice": 100}, calls_per_hour=40)
        shared = self.dry_run({"voice": 100}, calls_per_hour=40, others_percent=75, others_calls=60)
        self.assertEqual(alone.attempt_count, shared.attempt_count)
        # Twenty of ours and sixty of theirs, then twenty of ours.
        hours = (shared.last_attempt_at - shared.start_at) / timedelta(hours=1)
        self.assertAlmostEqual(hours, 2.5, delta=0.1)
        self.assertLess(alone.last_attempt_at, shared.last_attempt_at)

    def test_a_group_bounds_what_is_under_way(self):
        group = self.env["ecm.campaign.group"].create(
            {
                "name": "Small",
                "initial_contacts": 5,
                "increment": 0,
                "decrement": 0,
                "upper_threshold": 100,
            }
        )
        values = {"calls_per_hour": 1000, "call_minutes": 30, "group_id": group.id}
        run = self.dry_run({"voice": 100}, **values)
        hours = (run.last_attempt_at - run.start_at) / timedelta(hours=1)
        self.assertAlmostEqual(hours, 3.5, delta=0.2)
        self.assertFalse(self.campaign.group_id)

    def test_many_contacts_are_simulated_in_the_background(self):
        with patch.object(ecm_dry_run, "RUN_AT_ONCE", 10):
            run = self.dry_run()
        self.assertEqual(run.state, "queued")
        self.env["ecm.dry.run"]._cron_run()
        self.assertEqual((run.state, run.progress), ("done", 100))

    def test_a_run_can_be_cancelled(self):
        with patch.object(ecm_dry_run, "RUN_AT_ONCE", 10):
            run = self.dry_run()
        run.action_cancel()
        self.env["ecm.dry.run"]._cron_run()
        self.assertEqual((run.state, len(run.line_ids)), ("cancelled", 0))
        run.action_run()
        run.state = "running"
        run.action_cancel()
        with self.assertRaises(ecm_dry_run.Cancelled):
            run._note_progress(0.5)

    def test_senseless_assumptions_are_refused(self):
        run = self.env["ecm.dry.run"].create({"campaign_id": self.campaign.id})
        run.rate_ids.percent = 0
        with self.assertRaises(UserError):
            run.action_run()

    def test_who_may(self):
        run = self.dry_run()
        agent = self.create_user("agent")
        self.assertTrue(run.with_user(agent).read(["hints"]))
        with self.assertRaises(AccessError):
            run.with_user(agent).action_run()
        with self.assertRaises(AccessError):
            self.campaign.with_user(agent).action_dry_run()
        supervisor = self.create_user("supervisor")
        own = (
            self.env["ecm.dry.run"].with_user(supervisor).create({"campaign_id": self.campaign.id})
        )
        own.action_run()
        self.assertEqual(own.state, "done")
        with mute_logger("odoo.addons.base.models.ir_rule"):
            company = self.env["res.company"].create({"name": "Other company"})
            stranger = self.create_user(
                "administrator", company_ids=[(6, 0, company.ids)], company_id=company.id
            )
            for records in (run, run.rate_ids, run.line_ids, run.group_ids):
                with self.assertRaises(AccessError):
                    records.with_user(stranger).read(["display_name"])
