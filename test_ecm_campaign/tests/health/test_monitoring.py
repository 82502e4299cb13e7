from prometheus_client.parser import text_string_to_metric_families

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.ecm_campaign.const import HEALTH_TOKEN


@tagged("post_install", "-at_install")
class TestMonitoring(HttpCase):
    """What monitoring gets from ``/ecm/health`` and ``/ecm/metrics`` (P4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.env["ecm.fake.target"].create({"name": "Dialer 1"})
        settings = cls.env["ecm.settings"].create({})
        settings.action_renew_token()
        cls.token = settings.health_token
        jobs = cls.env["ir.cron"].with_context(active_test=False)
        jobs.search([]).write({"nextcall": fields.Datetime.now(), "active": True})
        # Whatever else there is at this moment is switched off.
        for model in cls.env["ecm.engine"]._get_owner_models():
            if "is_enabled" in model._fields:
                model.search([]).is_enabled = False
        cls.target.is_enabled = True

    def ask(self, path, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.url_open(path, headers=headers)

    def break_target(self):
        for _failure in range(3):
            self.target._note_trouble("sending", "no network", fields.Datetime.now())
        self.env.flush_all()

    def test_without_the_token_only_that_we_are_alive(self):
        self.break_target()
        for token in (None, "wrong", self.token[:-1], f"{self.token}x"):
            answer = self.ask("/ecm/health", token)
            self.assertEqual((answer.status_code, answer.json()), (200, {"status": "alive"}))
            answer = self.ask("/ecm/metrics", token)
            self.assertEqual((answer.status_code, answer.text), (401, ""))

    def test_an_empty_token_opens_nothing(self):
        self.env["ir.config_parameter"].set_param(HEALTH_TOKEN, False)
        for path in ("/ecm/health?token=", "/ecm/health"):
            self.assertEqual(self.ask(path).json(), {"status": "alive"})
        self.assertEqual(self.ask("/ecm/metrics?token=").status_code, 401)

    def get_check(self, answer):
        [check] = [check for check in answer.json()["checks"] if check["name"] == "Dialer 1"]
        return check

    def test_a_problem_is_503_and_says_what(self):
        self.break_target()
        answer = self.ask("/ecm/health", self.token)
        self.assertEqual((answer.status_code, answer.json()["status"]), (503, "problem"))
        check = self.get_check(answer)
        self.assertEqual((check["state"], check["reason"]), ("problem", "failing"))
        self.assertEqual(check["error"], "no network")

    def test_all_well_is_200(self):
        answer = self.ask("/ecm/health", self.token)
        self.assertEqual(self.get_check(answer)["state"], "ok")
        broken = [check for check in answer.json()["checks"] if check["state"] == "problem"]
        self.assertEqual((answer.status_code, broken), (200, []))

    def test_the_token_may_stand_in_the_address(self):
        answer = self.ask(f"/ecm/health?token={self.token}")
        self.assertIn("checks", answer.json())

    def test_prometheus_reads_the_metrics(self):
        self.break_target()
        answer = self.ask("/ecm/metrics", self.token)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
        found = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found[sample.name, sample.labels["name"]] = sample.value
        self.assertEqual(found["ecm_healthy", "Dialer 1"], 0)
        self.assertEqual(found["ecm_failures", "Dialer 1"], 3)

    def test_a_new_token_ends_the_old_one(self):
        self.env["ecm.settings"].create({}).action_renew_token()
        self.assertEqual(self.ask("/ecm/health", self.token).json(), {"status": "alive"})
