from contextlib import closing
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, sql_db
from odoo.tests import BaseCase, get_db_name, tagged

from .common import ApiCase
from odoo.addons.ecm_campaign.tests.common import ResultCase


class TestOutcomes(ApiCase, ResultCase):
    """Other systems follow results by a cursor (requirement R4)."""

    def read(self, **parameters):
        response = self.get("/outcomes", params=parameters)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def test_results_come_once_in_their_order(self):
        begin = self.read(cursor="latest")
        self.assertEqual((begin["items"], begin["has_more"]), ([], False))
        contact = self.create_contact(account_number="0815")
        self.campaign.crm_campaign_id = "4711"
        steps = self.own_strategy.attempt_ids
        self.add_rule(steps[0], "busy", next_attempt_id=steps[1].id)
        first = self.call_contact(contact, "busy")
        second = self.call_contact(contact, "voice", agent="anna", duration_seconds=30)
        page = self.read(cursor=begin["next_cursor"], limit=1)
        self.assertTrue(page["has_more"])
        [item] = page["items"]
        self.assertEqual((item["attempt_id"], item["outcome"]), (first.id, "busy"))
        self.assertEqual((item["account_number"], item["crm_campaign_id"]), ("0815", "4711"))
        self.assertEqual((item["type"], item["contact_state"]), ("outcome", "pending"))
        page = self.read(cursor=page["next_cursor"], limit=1)
        [item] = page["items"]
        self.assertEqual((item["attempt_id"], item["agent"]), (second.id, "anna"))
        self.assertEqual((item["contact_state"], page["has_more"]), ("connected", False))
        self.assertEqual(self.read(cursor=page["next_cursor"])["items"], [])
        again = self.read(cursor=begin["next_cursor"])
        self.assertEqual([one["attempt_id"] for one in again["items"]], [first.id, second.id])

    def call_contact(self, contact, code, **values):
        attempt = self.send(contact)
        self.end(attempt, code, **values)
        return attempt

    def test_results_of_one_campaign(self):
        begin = self.read(cursor="latest")["next_cursor"]
        other = self.create_campaign("Other", strategy_id=self.own_strategy.id)
        self.call_contact(self.create_contact(), "busy")
        theirs = self.call_contact(self.create_contact(other), "busy")
        found = self.read(cursor=begin, campaign_id=other.id)["items"]
        self.assertEqual([one["attempt_id"] for one in found], [theirs.id])

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_feed_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        _key, secret = self.create_key("Foreign", user=foreigner)
        self.call_contact(self.create_contact(), "busy")
        found = self.get("/outcomes", secret=secret).json()
        self.assertEqual(found["items"], [])

    def test_what_is_deleted_since_is_null(self):
        begin = self.read(cursor="latest")["next_cursor"]
        attempt = self.call_contact(self.create_contact(account_number="0815"), "busy")
        contact = attempt.contact_id.id
        self.env.cr.execute("DELETE FROM ecm_contact WHERE id = %s", [contact])
        self.env.invalidate_all()
        [item] = self.read(cursor=begin)["items"]
        self.assertEqual((item["contact_id"], item["account_number"]), (contact, None))

    def test_a_cursor_of_ones_own_making(self):
        for cursor in ("x", "W10", "WyJhIl0", "WzEsMl0"):
            with self.subTest(cursor):
                response = self.get("/outcomes", params={"cursor": cursor})
                self.assertProblem(response, "invalid", 422, "cursor")
        self.assertProblem(self.get("/outcomes?limit=501"), "invalid", 422, "limit")

    def test_places_go_on_in_parts(self):
        begin = self.read(cursor="latest")["next_cursor"]
        attempts = [self.call_contact(self.create_contact(), "busy").id for _n in range(5)]
        with patch("odoo.addons.ecm_rest_api.models.ecm_api_event.PLACED_ROWS", 2):
            found = self.read(cursor=begin)["items"]
        self.assertEqual([one["attempt_id"] for one in found], attempts)

    def test_old_events_go(self):
        self.call_contact(self.create_contact(), "busy")
        self.env.cr.execute("UPDATE ecm_api_event SET noted_at = '2020-01-01'")
        events = self.env["ecm.api.event"]
        before = self.read(cursor="latest")["next_cursor"]
        events._gc_events()
        self.assertFalse(events.search([], limit=1))
        attempt = self.call_contact(self.create_contact(), "busy")
        # The numbers go on, whatever was deleted.
        found = self.read(cursor=before)["items"]
        self.assertEqual([one["attempt_id"] for one in found], [attempt.id])


@tagged("post_install", "-at_install")
class TestLateCommits(BaseCase):
    """Transactions that overlap, with connections of their own."""

    def setUp(self):
        super().setUp()
        self.database = sql_db.db_connect(get_db_name())
        self.ids = []
        self.addCleanup(self.remove)

    def remove(self):
        with closing(self.database.cursor()) as cursor:
            cursor.execute("DELETE FROM ecm_api_event WHERE id > %s", [self.last])
            cursor.commit()

    def open(self):
        cursor = self.database.cursor()
        self.addCleanup(cursor.close)
        return api.Environment(cursor, SUPERUSER_ID, {})["ecm.api.event"]

    def read(self, cursor):
        with closing(self.database.cursor()) as own:
            events = api.Environment(own, SUPERUSER_ID, {})["ecm.api.event"]
            with patch.object(type(events.env.registry), "cursor", self.database_cursor):
                return events.api_read_outcomes(cursor)

    def database_cursor(self, *_arguments, **_options):
        return self.database.cursor()

    def test_what_commits_late_is_not_skipped(self):
        """Neither when it took its id first, nor when a reader began before it was committed."""
        slow, quick, third = self.open(), self.open(), self.open()
        slow.env.cr.execute("SELECT COALESCE(max(id), 0) FROM ecm_api_event")
        [self.last] = slow.env.cr.fetchone()
        with_result = [("outcome_id", "!=", False)]
        ids = slow.env["ecm.attempt"].search(with_result, limit=3, order="id").ids
        self.assertEqual(len(ids), 3, "The demo data has results.")
        begin = self.read("latest")["next_cursor"]

        slow._note(ids[:1])
        quick._note(ids[1:2])
        quick.env.cr.commit()
        first = self.read(begin)
        self.assertEqual([one["attempt_id"] for one in first["items"]], ids[1:2])

        slow.env.cr.commit()
        third._note(ids[2:])
        second = self.read(first["next_cursor"])
        self.assertEqual([one["attempt_id"] for one in second["items"]], ids[:1])
        third.env.cr.commit()
        last = self.read(second["next_cursor"])
        self.assertEqual([one["attempt_id"] for one in last["items"]], ids[2:])
        every = self.read(begin)
        self.assertEqual([one["attempt_id"] for one in every["items"]], [ids[1], ids[0], ids[2]])
