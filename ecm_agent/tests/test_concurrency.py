import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name, new_test_user
from odoo.tools import SQL

AGENTS = ("desk_one", "desk_two", "desk_three")
CONTACTS = 12


def _run_and_flush(engine, work):
    result = work()
    engine.env.flush_all()
    return result


@tagged("post_install", "-at_install")
class TestConcurrency(BaseCase):
    """Agents at the same moment, each in a transaction of their own (R7). The engine's commits within
    a request only flush in a test: each request is one transaction here.
    """

    def setUp(self):
        super().setUp()
        self.registry_of_test = Registry(get_db_name())
        with self.registry_of_test.cursor() as cursor:
            self.make_records(self.environment(cursor))
        self.addCleanup(self.clean)
        # What fails for another's sake fails the request, which Odoo tries again as a whole.
        engine = self.registry_of_test["ecm.engine"]
        one_transaction = patch.object(engine, "_atomically", _run_and_flush)
        one_transaction.start()
        self.addCleanup(one_transaction.stop)

    def environment(self, cursor, user_id=1):
        return Environment(cursor, user_id, {"tracking_disable": True})

    def make_records(self, env):
        group = "ecm_campaign.ecm_campaign_group_agent"
        users = env["res.users"]
        for login in AGENTS:
            users |= new_test_user(env, login=login, groups=group, tz="UTC")
        team = env["ecm.team"].create({"name": "At once", "user_ids": users.ids})
        campaign = env["ecm.campaign"].create(
            {
                "name": "Cards at once",
                "agent_team_id": team.id,
                "calendar_id": False,
                "keeps_region_rules": False,
                "tz": "UTC",
                "duplicate_policy": "allow",
            }
        )
        for number in range(CONTACTS):
            phone = f"+4930231257{number:02}"
            env["ecm.contact"].create({"campaign_id": campaign.id, "phone_1": phone})
        campaign.action_start()
        self.user_ids, self.team_id, self.campaign_id = users.ids, team.id, campaign.id

    def clean(self):
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            campaign = env["ecm.campaign"].browse(self.campaign_id)
            campaign.action_stop()
            env["ecm.card"].search([("campaign_id", "=", self.campaign_id)]).unlink()
            cursor.execute(SQL("DELETE FROM ecm_attempt WHERE campaign_id = %s", self.campaign_id))
            env.invalidate_all()
            campaign.unlink()
            env["ecm.team"].browse(self.team_id).unlink()
            env["res.users"].browse(self.user_ids).write({"active": False})
            for user in env["res.users"].browse(self.user_ids):
                user.login = f"{user.login}_{user.id}"

    def as_agent(self, place, work):
        """Do something in a request of an agent, as Odoo's server does: it is tried again when
        another is in the way.

        :param work: takes the environment
        :return: what it returns
        """
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor, self.user_ids[place])
            return retrying(lambda: work(env), env)

    def take(self, place):
        """:return: id of the contact whose card the agent has; None for none"""
        desk = self.as_agent(place, lambda env: env["ecm.card"].request_card())
        return desk["card"] and desk["card"]["id"]

    def save(self, place, card_id):
        choice = f"outcome:{self.find_outcome('voice')}"
        self.as_agent(
            place,
            lambda env: (
                env["ecm.card"].browse(card_id).call(),
                env["ecm.card"].browse(card_id).wrap_up(choice),
            ),
        )

    def find_outcome(self, code):
        with self.registry_of_test.cursor() as cursor:
            return self.environment(cursor)["ecm.outcome"].search([("code", "=", code)]).id

    def count(self, model, *domain):
        with self.registry_of_test.cursor() as cursor:
            own = [("campaign_id", "=", self.campaign_id), *domain]
            return self.environment(cursor)[model].search_count(own)

    def run_at_once(self, *works):
        """:return: what each has raised, or None"""
        faults = [None] * len(works)
        barrier = threading.Barrier(len(works), timeout=30)

        def run(place, work):
            barrier.wait()
            try:
                work()
            except Exception as error:  # noqa: BLE001  the test looks at what it was
                faults[place] = error

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return faults

    def test_no_contact_is_in_two_hands(self):
        def work_through(place):
            while card_id := self.take(place):
                self.save(place, card_id)

        faults = self.run_at_once(
            *(lambda place=place: work_through(place) for place in range(len(AGENTS)))
        )
        self.assertEqual(faults, [None] * len(AGENTS))
        # Each was called once: nobody was left, nobody called twice.
        self.assertEqual(self.count("ecm.contact", ("state", "=", "connected")), CONTACTS)
        self.assertEqual(self.count("ecm.attempt"), CONTACTS)
        self.assertEqual(self.count("ecm.card", ("state", "=", "done")), CONTACTS)

    def test_two_windows_of_one_agent_have_one_card(self):
        faults = self.run_at_once(*[lambda: self.take(0)] * 3)
        self.assertEqual(faults, [None] * 3)
        self.assertEqual(self.count("ecm.card", ("is_in_hand", "=", True)), 1)
        self.assertEqual(self.count("ecm.contact", ("state", "=", "with_agent")), 1)

    def expire(self, card_id):
        with self.registry_of_test.cursor() as cursor:
            card = self.environment(cursor)["ecm.card"].browse(card_id)
            card.lease_until = fields.Datetime.now() - timedelta(seconds=1)

    def keep_one(self):
        """Have one contact be left."""
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            contacts = env["ecm.contact"].search([("campaign_id", "=", self.campaign_id)])
            contacts[1:].unlink()

    def test_saved_late_while_another_asks(self):
        """Whoever comes first has the contact; the other hears so, and nothing is stored twice."""
        self.keep_one()
        for _times in range(3):
            card_id = self.take(0)
            self.expire(card_id)
            choice = f"outcome:{self.find_outcome('no_answer')}"

            def save_late(card_id=card_id, choice=choice):
                self.as_agent(0, lambda env: env["ecm.card"].browse(card_id).wrap_up(choice))

            refused, fault = self.run_at_once(save_late, lambda: self.take(1))
            self.assertIsNone(fault)
            in_hand = self.count("ecm.card", ("is_in_hand", "=", True))
            done = self.count("ecm.card", ("state", "=", "done"))
            self.assertEqual(in_hand + done, 1)
            self.assertEqual(self.count("ecm.attempt"), 1)
            self.assertEqual(isinstance(refused, UserError), bool(in_hand), refused)
            self.begin_anew()

    def begin_anew(self):
        with self.registry_of_test.cursor() as cursor:
            env = self.environment(cursor)
            cards = env["ecm.card"].search([("campaign_id", "=", self.campaign_id)])
            cards.filtered("is_in_hand")._return_to_queue("taken_back")
            cards.unlink()
            cursor.execute(SQL("DELETE FROM ecm_attempt WHERE campaign_id = %s", self.campaign_id))
            cursor.execute(
                SQL(
                    """UPDATE ecm_contact SET state = 'pending', is_ready = TRUE, is_retry = FALSE,
                              next_attempt_at = NULL, next_position = 1, attempt_count = 0
                        WHERE campaign_id = %s""",
                    self.campaign_id,
                )
            )
            env.invalidate_all()

    def test_a_supervisor_takes_back_what_is_being_saved(self):
        self.keep_one()
        for _times in range(3):
            card_id = self.take(0)

            def take_back(card_id=card_id):
                with self.registry_of_test.cursor() as cursor:
                    env = self.environment(cursor)
                    retrying(lambda: env["ecm.card"].browse(card_id).take_back(), env)

            refused, fault = self.run_at_once(
                lambda card_id=card_id: self.save(0, card_id), take_back
            )
            self.assertIsNone(fault)
            is_done = bool(self.count("ecm.card", ("state", "=", "done")))
            self.assertEqual(isinstance(refused, UserError), not is_done, refused)
            self.assertFalse(self.count("ecm.contact", ("state", "=", "with_agent")))
            self.begin_anew()
