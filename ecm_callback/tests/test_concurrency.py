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

    def ask(self, number, due_at, before=None, after=None, **more):
        """Ask in a transaction of its own.

        :param before: called with nothing, when the snapshot is taken
        :param after: likewise, before the commit
        :return: ``promised``, or the code of the refusal
        """
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            values = {"number": number, "due_at": due_at, "skill_id": self.skill_id, **more}

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
        self.assertEqual(self.ask_at_once(due_at), ["promised", "slot_full"])
        self.assertEqual(self.count(due_at), 2)

    def test_two_at_once_for_the_last_callback_of_an_agent(self):
        """However far apart they are, an agent promises no more than the limit says."""
        with self.registry_of_test.cursor() as cursor:
            agents = self.environment(cursor)["ecm.callback.agent"]
            values = {"name": "At once", "tz": "UTC", "open_limit": 1, "capacity": 0}
            agent_id = agents.create(values).id
        self.addCleanup(self.delete_agent, agent_id)
        first = fields.Datetime.now() + timedelta(days=2)
        found = self.ask_at_once(first, first + timedelta(hours=5), agent_id=agent_id)
        self.assertEqual(found, ["agent_limit", "promised"])

    def delete_agent(self, agent_id):
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            agent = env["ecm.callback.agent"].browse(agent_id)
            env["ecm.callback"].search([("agent_id", "=", agent.id)]).unlink()
            agent.unlink()

    def ask_at_once(self, *moments, **values):
        """Two requests whose transactions see nothing of each other.

        :param moments: when each is due; one for both
        :return: what each came to, sorted
        """
        found, at_once = {}, threading.Barrier(2, timeout=20)

        def wait_once():
            if not at_once.broken and at_once.n_waiting < 2:
                try:
                    at_once.wait()
                except threading.BrokenBarrierError:
                    return

        def work(number, due_at):
            waited = []

            def before():
                # A transaction that is tried again does not wait for the other.
                if not waited:
                    waited.append(True)
                    wait_once()

            found[number] = self.ask(number, due_at, before, **values)

        asked = (("+493023125901", moments[0]), ("+493023125902", moments[-1]))
        threads = [threading.Thread(target=work, args=each) for each in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return sorted(found.values())

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
