import queue
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from ..common import TourCase


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    """What a supervisor does in the browser (issue A2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = new_test_user(
            cls.env, login="ecm_tour", groups="ecm_campaign.ecm_campaign_group_supervisor", tz="UTC"
        )

    def test_supervisor_creates_a_campaign_and_uploads_a_file(self):
        self.start_tour("/odoo/outbound-campaigns", "ecm_campaign_upload", login="ecm_tour")

        campaign = self.env["ecm.campaign"].search([("name", "=", "Tour renewals")])
        self.assertEqual(campaign.parameters_definition[0]["string"], "Contract")
        contact_list = campaign.list_ids
        self.assertEqual(contact_list.state, "queued")
        self.assertEqual(contact_list.user_id, self.supervisor)
        self.assertTrue(contact_list.attachment_id)

        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual(
            (contact_list.state, contact_list.uploaded_count, contact_list.failed_count),
            ("done", 2, 1),
        )
        with self._recording_downloads() as downloads:
            self.start_tour("/odoo/outbound-lists", "ecm_campaign_rejects", login="ecm_tour")
            opened_list, text = downloads.get(timeout=20)
        self.assertEqual(opened_list, contact_list.id)
        self.assertIn("4,Phone,phone_1,not a number,not_a_number", text)
        self.assertIn('"not a number,Sophia,Nguyen,CT-20484"', text)

    @contextmanager
    def _recording_downloads(self):
        """:return: queue of the files of rejected rows that the browser downloads: list, text"""
        rejects = self.registry["ecm.contact.list.reject"]
        downloads, write = queue.Queue(), rejects._write_csv

        def record(model, contact_list, file):
            write(model, contact_list, file)
            file.seek(0)
            downloads.put((contact_list.id, file.read().decode()))

        with patch.object(rejects, "_write_csv", record):
            yield downloads

    def test_supervisor_builds_a_simple_strategy_with_limits_and_cycles(self):
        self.start_tour(
            "/odoo/outbound-strategies", "ecm_campaign_strategy_simple", login="ecm_tour"
        )

        strategy = self.env["ecm.strategy"].search([("name", "=", "Tour simple")])
        self.assertEqual(strategy.attempt_ids.mapped("phone_index"), ["1", "2"])
        busy = strategy.simple_rule_ids.filtered(lambda rule: rule.outcome_id.code == "busy")
        self.assertEqual((busy.action, busy.delay_minutes, busy.max_retry), ("again", 20, 2))
        self.assertEqual((strategy.max_cycles, strategy.cycle_days), (2, 1))
        limit = strategy.limit_ids
        self.assertEqual(
            (limit.count, limit.subject, limit.period, limit.scope), (3, "number", "24h", "all")
        )

    def test_supervisor_builds_an_advanced_strategy_with_a_branch(self):
        self.start_tour("/odoo/outbound-strategies", "ecm_campaign_strategy", login="ecm_tour")

        strategy = self.env["ecm.strategy"].search([("name", "=", "Tour strategy")])
        first, second, third = strategy.attempt_ids
        busy = first.rule_ids.filtered(lambda rule: rule.outcome_id.code == "busy")
        self.assertEqual((busy.action, busy.delay_minutes, busy.max_retry), ("again", 15, 2))
        self.assertEqual(
            (busy.branch_attempt_id, (first.rule_ids - busy).next_attempt_id), (third, second)
        )
        self.assertEqual(second.rule_ids.next_attempt_id, third)

    def test_every_screen_opens_for_an_agent(self):
        """No menu of an agent leads to an access error: what an agent may not do is not on the
        screen.
        """
        new_test_user(
            self.env,
            login="ecm_tour_agent",
            groups="ecm_campaign.ecm_campaign_group_agent",
            tz="UTC",
        )
        self.authenticate("ecm_tour_agent", "ecm_tour_agent")
        for name in ("campaign", "contact", "contact_list", "attempt"):
            action = self.env.ref(f"ecm_campaign.ecm_{name}_action")
            views = [(False, mode) for mode in action.view_mode.split(",")] + [(False, "search")]
            result = self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{action.res_model}/get_views",
                {
                    "model": action.res_model,
                    "method": "get_views",
                    "args": [],
                    "kwargs": {"views": views, "options": {"action_id": action.id}},
                },
            )
            with self.subTest(screen=name):
                self.assertNotIn("action_start", result["views"]["form"]["arch"])
                self.assertNotIn("action_withdraw", result["views"]["form"]["arch"])
                self.assertNotIn("action_queue", result["views"]["form"]["arch"])
