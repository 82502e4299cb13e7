from datetime import timedelta

from odoo import fields

from .common import ApiCase


class TestReplays(ApiCase):
    """A POST that is repeated with its Idempotency-Key is done once (requirement R4)."""

    def add(self, name, phone="+493023125001", **options):
        body = {"campaign_id": self.campaign.id, "phones": [phone]}
        return self.post("/contacts", body, headers={"Idempotency-Key": name}, **options)

    def test_the_same_answer_for_the_same_request(self):
        first = self.add("order-1")
        again = self.add("order-1")
        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(first.json(), again.json())
        self.assertNotIn("Idempotency-Replayed", first.headers)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(len(self.contacts_of(self.campaign)), 1)
        calls = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual(calls.mapped("is_replayed"), [True, False])

    def test_another_request_with_the_same_key(self):
        self.add("order-1")
        response = self.add("order-1", "+493023125002")
        self.assertProblem(response, "key-reused", 422, "Idempotency-Key")
        self.assertEqual(len(self.contacts_of(self.campaign)), 1)

    def test_without_it_a_request_is_done_twice(self):
        body = {"campaign_id": self.campaign.id, "phones": ["+493023125001"]}
        self.post("/contacts", body)
        self.post("/contacts", body)
        self.assertEqual(len(self.contacts_of(self.campaign)), 2)

    def test_an_error_is_tried_again_with_the_same_key(self):
        self.campaign.duplicate_policy = "reject"
        self.create_contact(phone_1="+493023125001")
        self.assertProblem(self.add("order-1"), "conflict", 409, "phones.0")
        self.campaign.duplicate_policy = "allow"
        self.assertEqual(self.add("order-1").status_code, 201)

    def test_each_api_key_has_its_own(self):
        _key, secret = self.create_key("Other")
        self.add("order-1")
        self.add("order-1", secret=secret)
        self.assertEqual(len(self.contacts_of(self.campaign)), 2)

    def test_who_has_lost_the_scope_is_told_so_and_not_the_answer(self):
        self.add("order-1")
        self.key.scope_ids = self.env.ref("ecm_rest_api.ecm_api_scope_contacts_read")
        self.assertProblem(self.add("order-1"), "scope", 403)

    def test_a_key_that_cannot_be_stored(self):
        for name in ("x" * 256, "a\tb"):
            self.assertProblem(self.add(name), "invalid", 422, "Idempotency-Key")

    def test_an_erased_persons_answer_is_empty_and_nothing_is_done_again(self):
        self.add("order-1")
        self.add("order-2", "+493023125002")
        erasure = self.env["ecm.erasure"].with_user(self.create_user("administrator"))
        erasure.api_erase(numbers=["+493023125001"])
        again = self.add("order-1")
        self.assertEqual((again.status_code, again.text), (201, ""))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(self.add("order-2", "+493023125002").json()["phones"], ["+493023125002"])
        numbers = self.contacts_of(self.campaign).mapped("phone_1")
        self.assertNotIn("+493023125001", numbers)
        stored = self.env["ecm.api.replay"].search([]).mapped("body")
        self.assertFalse([body for body in stored if body and "+493023125001" in body])

    def test_answers_are_forgotten_after_their_time(self):
        self.add("order-1")
        replays = self.env["ecm.api.replay"]
        self.assertEqual(replays._gc_replays(), (0, False))
        replays.search([]).sudo().asked_at = fields.Datetime.now() - timedelta(hours=25)
        self.env.flush_all()
        count, is_left = replays._gc_replays()
        self.assertGreaterEqual(count, 1)
        self.assertFalse(is_left or replays.search([]))

    def test_calls_are_forgotten_after_their_time(self):
        self.get("/whoami")
        calls = self.env["ecm.api.call"]
        calls.search([]).sudo().called_at = fields.Datetime.now() - timedelta(days=31)
        self.get("/whoami")
        calls._gc_calls()
        self.assertEqual(len(calls.search([])), 1)
