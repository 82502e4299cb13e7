from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import LockError, UserError
from odoo.tools import mute_logger

from ..common import FeedCase
from odoo.addons.ecm_campaign.tools.turn import Turn

ENGINE = "odoo.addons.ecm_campaign.models.engine.ecm_engine"
IDENTITY = "odoo.addons.ecm_campaign.models.engine.ecm_database_identity"


def short_turn():
    """One in which there is time for a single request."""
    return Turn(0)


class TestTurns(FeedCase):
    """Each target has turns of its own, which end (E23, X4)."""

    def test_each_target_has_an_action_of_its_own(self):
        other = self.target.create({"name": "Other"})
        actions = self.target.cron_id | other.cron_id
        self.assertEqual(len(actions), 2)
        self.assertEqual(set(actions.mapped("active")), {True})
        self.assertEqual(other.cron_id.name, "Campaigns: Feeder of Other")
        self.assertEqual(other.cron_id.user_id, self.env.ref("base.user_root"))
        with patch.object(type(other), "_take_turn", autospec=True) as taken:
            other.cron_id.ir_actions_server_id.run()
        self.assertEqual(taken.call_args.args[0], other)

    def test_the_action_goes_with_the_module_that_brought_its_target(self):
        name = f"ir_cron_ecm_fake_target_{self.target.id}"
        action = self.env.ref(f"test_ecm_campaign.{name}")
        self.assertEqual(action, self.target.cron_id)
        data = self.env["ir.model.data"].search([("name", "=", name)])
        self.assertTrue(data.noupdate, "an update of the module would delete it")

    def test_the_action_follows_its_target(self):
        self.target.name = "Renamed"
        self.assertEqual(self.target.cron_id.name, "Campaigns: Feeder of Renamed")
        with patch.object(type(self.target), "_is_on", lambda _self: False):
            self.target.name = "Off"
        self.assertFalse(self.target.cron_id.active)
        action = self.target.cron_id
        self.campaign.action_stop()
        self.campaign.fake_target_id = False
        self.target.unlink()
        self.assertFalse(action.exists())

    def test_an_action_that_runs_now_keeps_nobody_from_changing_its_target(self):
        action = self.target.cron_id
        with patch.object(type(action), "lock_for_update", side_effect=LockError("running")):
            self.target.name = "Renamed"
            self.assertEqual(action.name, "Campaigns: Feeder of Fake")
            with self.assertRaisesRegex(UserError, "worked with at this moment"):
                self.target.unlink()
        self.engine._cron_keep_feeders()
        self.assertEqual(action.name, "Campaigns: Feeder of Renamed")

    def test_upkeep_brings_back_what_is_gone(self):
        self.target.cron_id.unlink()
        self.engine._cron_keep_feeders()
        self.assertTrue(self.target.cron_id.active)
        # Odoo switches off what failed for days.
        self.target.cron_id.active = False
        self.engine._cron_keep_feeders()
        self.assertTrue(self.target.cron_id.active)

    def test_in_a_copy_of_the_database_no_turns_are_taken(self):
        identity = self.registry["ecm.database.identity"]
        self.create_contacts(1)
        with (
            patch.object(identity, "_get_stop_reason", lambda _self: "A copy."),
            mute_logger(IDENTITY),
        ):
            self.assertFalse(self.feed(), "the action may not have been switched off yet")
            self.engine._cron_keep_feeders()
            self.assertFalse(self.target.cron_id.active)
            self.assertFalse(self.target.create({"name": "New"}).cron_id.active)
        self.engine._cron_keep_feeders()
        self.assertTrue(self.target.cron_id.active)

    def test_a_turn_ends_although_there_is_more_to_send(self):
        self.create_contacts(25)
        self.target.batch_size = 10
        sent = []
        with patch(f"{ENGINE}.Turn", short_turn):
            for _turn in range(3):
                sent.append(len(self.feed()))
        self.assertEqual(sent, [10, 10, 5])
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.target.cron_id.id)])
        self.assertTrue(triggers, "what is left does not wait for a minute")

    def test_an_idle_turn_asks_for_no_other(self):
        self.feed()
        action = self.target.cron_id
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", action.id)])
        self.feed()
        after = self.env["ir.cron.trigger"].search_count([("cron_id", "=", action.id)])
        self.assertEqual(before, after)

    @mute_logger(ENGINE)
    def test_what_a_turn_has_no_time_for_is_ready_again(self):
        contacts = self.create_contacts(8)
        self.target.other_side.spoiling = {contacts[7].phone_1}
        self.engine._feed_target(self.target, short_turn())
        self.env.invalidate_all()
        self.assertEqual(len(self.target.sent), 4, "the half that is accepted")
        left = contacts.filtered(lambda contact: contact.state == "pending")
        self.assertEqual(len(left), 4)
        self.assertFalse(left.attempt_ids, "no try took place")
        self.feed()
        self.assertEqual(len(self.target.sent), 7)

    def test_send_now_says_that_another_process_is_at_it(self):
        self.create_contacts(1)
        with patch.object(self.registry["ecm.engine"], "_feed_target", lambda *_args: None):
            answer = self.campaign.action_feed_now()
        self.assertIn("being fed at this moment", answer["params"]["message"])

    def test_a_campaign_says_that_its_feeder_does_not_run(self):
        self.assertFalse(self.campaign.feeder_problem)
        now = fields.Datetime.now()
        self.target.cron_id.nextcall = now - timedelta(minutes=16)
        self.env.invalidate_all()
        self.assertIn("should have run", self.campaign.feeder_problem)
        self.target.cron_id.active = False
        self.env.invalidate_all()
        self.assertIn("switched off", self.campaign.feeder_problem)

        upkeep = self.env.ref("ecm_campaign.ir_cron_keep_feeders")
        upkeep.nextcall = now - timedelta(minutes=6)
        self.env.invalidate_all()
        self.assertIn("scheduled actions do not run", self.campaign.feeder_problem)
        self.campaign.is_running = False
        self.assertFalse(self.campaign.feeder_problem, "nobody waits for it")
