import threading
from datetime import timedelta

from odoo import fields
from odoo.api import Environment
from odoo.exceptions import ValidationError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

from ..exceptions import CallbackRefused


@tagged("post_install", "-at_install")
class TestConcurrency(BaseCase):
    """Two requests at the same moment for the last place, in two transactions (B2)."""

    def setUp(self):
        super().setUp()
        self.registry_of_test = Registry(get_db_name())
        with self.registry_of_test.cursor() as cursor:
            self.skill_id = self.make_skill(self.environment(cursor)).id
        self.addCleanup(self.clean)

    def environment(self, cursor):
        return Environment(cursor, 1, {"tracking_disable": True})

    def make_skill(self, env):
        campaign = env["ecm.campaign"].create(
            {
                "name": "Callbacks at once",
                "strategy_id": env.ref("ecm_campaign.ecm_strategy_voice").id,
                "callback_strategy_id": env.ref("ecm_campaign.ecm_strategy_callback").id,
                "calendar_id": False,
                "keeps_region_rules": False,
                "tz": "UTC",
            }
        )
        return env["ecm.callback.skill"].create(
            {"name": "At once", "campaign_id": campaign.id, "tz": "UTC", "capacity": 2}
        )

    def clean(self):
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            skill = env["ecm.callback.skill"].browse(self.skill_id)
            campaign = skill.campaign_id
            env["ecm.callback"].search([("skill_id", "=", skill.id)]).unlink()
            skill.unlink()
            campaign.unlink()

    def ask(self, number, due_at, before=None, after=None):
        """Ask in a transaction of its own.

        :param before: called with nothing, when the snapshot is taken
        :param after: likewise, before the commit
        :return: ``promised``, or the code of the refusal
        """
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            values = {"number": number, "due_at": due_at, "skill_id": self.skill_id}

            def create():
                cursor.execute("SELECT 1 FROM ecm_callback LIMIT 1")
                if before:
                    before()
                env["ecm.callback"].create(values)
                if after:
                    after()

            try:
                retrying(create, env)
            except CallbackRefused as refusal:
                return refusal.code
            except ValidationError:
                return "already_open"
        return "promised"

    def test_two_at_once_for_the_last_place(self):
        due_at = fields.Datetime.now() + timedelta(days=2)
        self.assertEqual(self.ask("+493023125900", due_at), "promised")
        found, at_once = {}, threading.Barrier(2, timeout=20)

        def wait_once():
            if not at_once.broken and at_once.n_waiting < 2:
                try:
                    at_once.wait()
                except threading.BrokenBarrierError:
                    return

        def work(number):
            waited = []

            def before():
                # A transaction that is tried again does not wait for the other.
                if not waited:
                    waited.append(True)
                    wait_once()

            found[number] = self.ask(number, due_at, before)

        threads = [
            threading.Thread(target=work, args=[number])
            for number in ("+493023125901", "+493023125902")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(found.values()), ["promised", "slot_full"])
        self.assertEqual(self.count(due_at), 2)

    def test_the_same_number_twice_at_once_is_promised_once(self):
        due_at = fields.Datetime.now() + timedelta(days=2)
        results = []

        def other():
            results.append(self.ask("+493023125903", due_at))

        def during():
            thread = threading.Thread(target=other)
            thread.start()
            # It waits for this transaction, or is through before.
            thread.join(0.5)
            self.waiting = thread

        results.append(self.ask("+493023125903", due_at, after=during))
        self.waiting.join(60)
        self.assertEqual(self.count(due_at), 1)
        self.assertEqual(sorted(results), ["already_open", "promised"])

    def count(self, due_at):
        with self.registry_of_test.cursor() as cursor:
            domain = [("skill_id", "=", self.skill_id), ("due_at", "=", due_at)]
            return self.environment(cursor)["ecm.callback"].search_count(domain)
