from odoo import fields
from odoo.api import Environment
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import SQL

from odoo.addons.ecm_campaign.models.contact.ecm_contact_queue import Sent
from odoo.addons.ecm_campaign.tools.results import Result

NUMBER = "+493023125666"
KEY = "test-script-at-once"


@tagged("post_install", "-at_install")
class TestConcurrency(BaseCase):
    """A result and a script that end at the same moment, each in a transaction of its own: the wrap-up
    is there whoever is first, and one transaction is tried again (R10).
    """

    def setUp(self):
        super().setUp()
        self.registry_of_test = Registry(get_db_name())
        self.run_apart(self.make_records)
        self.addCleanup(self.run_apart, self.clean)

    def run_apart(self, work):
        """A transaction as Odoo's server makes one: it is tried again when another is in the way."""
        with self.registry_of_test.cursor() as cursor:
            env = Environment(cursor, 1, {"tracking_disable": True})
            return retrying(lambda: work(env), env)

    def make_records(self, env):
        create = fields.Command.create
        wrap_up = {"name": "Never", "code": "never", "suppresses": True, "action": "close"}
        group = env["ecm.business.outcome.group"].create(
            {"name": "At once", "outcome_ids": [create(wrap_up)]}
        )
        choice = create({"value": "Never", "ecm_wrap_up_id": group.outcome_ids.id})
        question = {
            "title": "Well?",
            "question_type": "simple_choice",
            "suggested_answer_ids": [choice],
        }
        script = env["survey.survey"].create(
            {
                "title": "At once",
                "survey_type": "ecm_script",
                "question_and_page_ids": [create(question)],
            }
        )
        campaign = env["ecm.campaign"].create(
            {
                "name": "Scripts at once",
                "strategy_id": env.ref("ecm_campaign.ecm_strategy_voice").id,
                "business_outcome_group_id": group.id,
                "survey_id": script.id,
                "calendar_id": False,
                "keeps_region_rules": False,
            }
        )
        contact = env["ecm.contact"].create({"campaign_id": campaign.id, "phone_1": NUMBER})
        self.campaign_id, self.script_id, self.group_id = campaign.id, script.id, group.id
        self.attempt_id = self.send(env, contact).id
        self.begin(env)

    def send(self, env, contact):
        now = fields.Datetime.now()
        attempt = env["ecm.attempt"].create(
            {
                "key": KEY,
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "position": 1,
                "cycle": 1,
                "number": NUMBER,
                "claimed_at": now,
            }
        )
        env.flush_all()
        sent = Sent(contact.id, attempt.id, NUMBER, None)
        env["ecm.contact"]._mark_sent([sent], "sent_to_dialer", now)
        return attempt

    def begin(self, env):
        attempt = env["ecm.attempt"].browse(self.attempt_id)
        sheet = env["survey.user_input"]._open_sheet(attempt, "anna")
        question = sheet.survey_id.question_ids
        sheet._save_lines(question, str(question.suggested_answer_ids.id))
        self.sheet_id = sheet.id

    def clean(self, env):
        env["ecm.dnc.entry"].search([("value", "=", NUMBER)]).unlink()
        env.cr.execute(SQL("DELETE FROM ecm_contact WHERE campaign_id = %s", self.campaign_id))
        env.invalidate_all()
        env["ecm.campaign"].browse(self.campaign_id).unlink()
        env["survey.survey"].browse(self.script_id).unlink()
        env["ecm.business.outcome.group"].browse(self.group_id).unlink()

    def complete(self, env):
        env["survey.user_input"].browse(self.sheet_id)._mark_done()

    def apply_result(self, env):
        env["ecm.engine"]._apply_results([Result(KEY, "voice", agent="anna")])

    def run_against(self, work, other):
        """``other`` commits after ``work`` has looked at the database, and before it does anything."""
        tries = []

        def look_and_work(env):
            env.cr.execute("SELECT count(*) FROM ecm_attempt WHERE key = %s", [KEY])
            tries.append(1)
            if len(tries) == 1:
                self.run_apart(other)
            work(env)

        self.run_apart(look_and_work)
        return len(tries)

    def assertListedOnce(self):  # noqa: N802  in the style of unittest
        self.run_apart(self.check)

    def check(self, env):
        attempt = env["ecm.attempt"].browse(self.attempt_id)
        self.assertEqual(attempt.business_outcome_id.code, "never")
        contact = attempt.contact_id
        self.assertEqual((contact.state, contact.attempt_count), ("dnc_listed", 1))
        self.assertEqual(env["ecm.dnc.entry"].search_count([("value", "=", NUMBER)]), 1)

    def test_the_script_is_completed_while_its_result_is_applied(self):
        self.assertEqual(self.run_against(self.apply_result, self.complete), 2)
        self.assertListedOnce()

    def test_the_result_comes_while_the_script_is_completed(self):
        self.assertEqual(self.run_against(self.complete, self.apply_result), 2)
        self.assertListedOnce()

    def test_two_windows_begin_one_script(self):
        def forget(env):
            env["survey.user_input"].browse(self.sheet_id).unlink()

        self.run_apart(forget)
        self.run_against(self.begin, self.begin)
        domain = [("ecm_attempt_id", "=", self.attempt_id)]
        count = self.run_apart(lambda env: env["survey.user_input"].search_count(domain))
        self.assertEqual(count, 1)
