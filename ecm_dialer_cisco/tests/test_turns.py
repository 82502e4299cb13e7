from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import mute_logger

from ..clients.exceptions import Unreachable
from .common import BUSY, DialerCase
from odoo.addons.ecm_campaign.tools.turn import Turn

ENGINE = "odoo.addons.ecm_dialer_cisco.models.ecm_engine"


class TestTurns(DialerCase):
    """A dialer's scheduled action mirrors, reads and sends (E23, E24)."""

    def take_turn(self):
        self.dialer._take_turn()
        self.env.invalidate_all()

    def test_reading_results_is_not_late_since_the_dialer_was_switched_off(self):
        """What is awaited is read again within a minute (P4)."""
        self._create_contacts(1)
        self.feed()
        self.dialer.last_sync_at = fields.Datetime.now() - timedelta(hours=5)
        self.assertGreater(self.read_lag(), 60 * 60)
        self.dialer.is_enabled = False
        self.dialer.is_enabled = True
        self.assertLess(self.read_lag(), 60)

    def read_lag(self):
        """For how many seconds results were not read."""
        key = f"ecm.dialer,{self.dialer.id},results"
        readings = self.env["ecm.health"].sudo()._get_health_readings()
        [reading] = [each for each in readings if each.key == key]
        return reading.behind

    def test_a_dialer_that_is_off_has_an_inactive_action(self):
        action = self.dialer.cron_id
        self.assertTrue(action.active)
        self.dialer.is_enabled = False
        self.assertFalse(action.active)
        self.dialer.is_enabled = True
        self.assertTrue(action.active)
        self.dialer.active = False
        self.assertFalse(action.active)
        self.assertFalse(
            self.dialer.create({"name": "New", "host": "x", "user": "y"}).cron_id.active
        )

    def test_the_action_goes_with_its_dialer(self):
        action = self.env.ref(f"ecm_dialer_cisco.ir_cron_ecm_dialer_{self.dialer.id}")
        self.assertEqual(action, self.dialer.cron_id)
        self.campaign.is_running = False
        self.campaign.dialer_campaign_id = False
        self.dialer.unlink()
        self.assertFalse(action.exists())

    def test_a_turn_mirrors_reads_and_sends(self):
        contact = self._create_contacts(1)
        self.take_turn()
        self.assertEqual(len(self.client.dialled), 1)
        self.assertTrue(self.dialer.last_mirror_at)

        # The result makes room for others in the same turn.
        self.dialer.contacts_at_dialer = 1
        other = self._create_contacts(1, phone_2="+493023125099")
        self.client.rows = [self.result_row(contact, BUSY)]
        self.take_turn()
        self.assertEqual(contact.last_outcome_id.code, "busy")
        self.assertEqual(other.state, "sent_to_dialer")

    def test_a_dialer_that_cannot_be_read_is_fed_all_the_same(self):
        self._create_contacts(1)

        def fail(*_arguments):
            raise Unreachable("down")

        self.client.campaigns = self.client.results = fail
        with mute_logger(ENGINE):
            self.take_turn()
        self.assertEqual(self.dialer.last_error, "down")
        self.assertEqual(len(self.client.dialled), 1)

    def test_campaigns_of_one_dialer_have_the_time_of_a_turn_together(self):
        self.target.copy({"key": "8", "name": "Service"})
        second = self.dialer.dialer_campaign_ids - self.target
        campaign = self._create_campaign("Service", dialer_campaign_id=second.id)
        self._create_contacts(1)
        self._create_contacts(1, campaign)
        with patch("odoo.addons.ecm_campaign.models.engine.ecm_engine.Turn", lambda: Turn(0)):
            self.feed()
            self.assertEqual(len(self.client.dialled), 1, "the time is up")
            self.feed()
        self.assertEqual(len(self.client.dialled), 2, "who waits longest goes first")

    def test_more_campaigns_at_the_dialer_cost_an_idle_turn_nothing(self):
        def count_statements():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            due = self.engine._get_due_targets(self.dialer, fields.Datetime.now())
            self.assertEqual(due, [self.target])
            return self.cr.sql_log_count - before

        count_statements()
        alone = count_statements()
        for number in range(10, 20):
            self.target.copy({"key": str(number), "name": f"Service {number}"})
        self.assertEqual(count_statements(), alone)

    def test_campaigns_of_one_dialer_are_sent_to_one_after_the_other(self):
        engine, locked = self.engine, []

        def lock(_engine, record):
            locked.append(record)
            return original(_engine, record)

        original = type(engine)._exclusively
        with patch.object(type(engine), "_exclusively", lock):
            engine._feed_target(self.target)
        self.assertEqual(locked, [self.dialer])

    def test_an_hour_passes_before_the_campaigns_are_fetched_again(self):
        with patch.object(self.registry["ecm.dialer"], "_mirror_campaigns") as mirrored:
            mirrored.side_effect = Unreachable("down")
            self.engine._mirror_safely(self.dialer)
            self.engine._mirror_safely(self.dialer)
        self.assertEqual(mirrored.call_count, 1, "one that fails is not asked at every turn")

    def test_a_failing_mirror_stops_no_turn(self):
        with (
            patch.object(self.registry["ecm.dialer"], "_write_mirror", side_effect=KeyError("x")),
            self.assertLogs(ENGINE, "ERROR"),
        ):
            self.engine._mirror_safely(self.dialer)
        self.assertTrue(self.dialer.last_mirror_at)

    def test_an_empty_answer_takes_no_campaign_away(self):
        self.client.listed = []
        self.dialer._mirror_campaigns()
        self.assertFalse(self.target.is_missing)

    def test_the_dialer_is_asked_while_no_transaction_is_open(self):
        steps = []
        commit, campaigns = type(self.engine)._commit, self.client.campaigns

        def note_commit(engine, *args, **kwargs):
            steps.append("commit")
            return commit(engine, *args, **kwargs)

        def note_request():
            steps.append("request")
            return campaigns()

        self.client.campaigns = note_request
        with patch.object(type(self.engine), "_commit", note_commit):
            self.dialer._mirror_campaigns()
        self.assertEqual(steps, ["commit", "request", "commit"])
