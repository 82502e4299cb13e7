from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.ecm_rest_api.tests.common import ApiCase

NUMBER = "+493023125000"


@tagged("post_install", "-at_install")
class TestRouters(ApiCase):
    """Callbacks over REST: gadgets, other systems, scripts (B1, B2, B4, B7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.callback_strategy_id = cls.env.ref("ecm_campaign.ecm_strategy_callback")
        cls.skill = cls.env["ecm.callback.skill"].create(
            {"name": "Front desk", "campaign_id": cls.campaign.id, "tz": "Europe/Berlin"}
        )
        cls.agent = cls.env["ecm.callback.agent"].create({"name": "anna", "tz": "Europe/Berlin"})

    @classmethod
    def moment(cls, **later):
        """A moment as UTC in ISO 8601."""
        at = fields.Datetime.now().replace(second=0) + timedelta(**later)
        return f"{at.isoformat()}Z"

    def ask(self, **values):
        wanted = {"number": NUMBER, "skill": "Front desk", "due_at": self.moment(hours=2)}
        return self.post("/callbacks", {**wanted, **values})

    def find(self, response):
        return self.env["ecm.callback"].browse(response.json()["id"])

    def test_a_callback_is_asked_for(self):
        response = self.ask(
            number="030 23125000", agent="ANNA", last_name="Brandt", note="Offer", source="gadget"
        )
        self.assertEqual(response.status_code, 201, response.text)
        answer = response.json()
        self.assertEqual((answer["state"], answer["number"]), ("scheduled", NUMBER))
        self.assertEqual((answer["kind"], answer["agent"]), ("personal", "anna"))
        self.assertEqual((answer["tz"], answer["source"]), ("Europe/Berlin", "gadget"))
        callback = self.find(response)
        self.assertEqual((callback.agent_id, callback.last_name), (self.agent, "Brandt"))
        self.assertEqual(callback.create_uid, self.user)

    def test_a_time_on_the_customers_clock(self):
        day = fields.Date.today() + timedelta(days=3)
        response = self.ask(number="+12125550123", due_at=f"{day}T10:00")
        self.assertEqual(response.json()["due_at"][:16], f"{day}T10:00")
        self.assertEqual(response.json()["tz"], "America/New_York")

    def test_a_refusal_says_why_and_what_is_free(self):
        response = self.ask(due_at=self.moment(minutes=2))
        problem = self.assertProblem(response, "callback-refused", 422, "due_at")
        self.assertEqual((problem["code"], len(problem["slots"])), ("too_soon", 3))
        self.assertEqual(self.ask(due_at=problem["slots"][0]).status_code, 201)

    def test_every_other_refusal(self):
        self.agent.open_limit = 1
        self.skill.repeat_policy = "refuse"
        self.ask(agent="anna")
        for code, field, values in (
            ("invalid_number", "number", {"number": "12"}),
            ("invalid_time", "due_at", {"due_at": "tomorrow"}),
            ("in_the_past", "due_at", {"due_at": "2020-01-01T10:00Z", "number": "+493023125001"}),
            ("too_far", "due_at", {"due_at": self.moment(days=99), "number": "+493023125001"}),
            ("agent_limit", "agent", {"agent": "anna", "number": "+493023125001"}),
        ):
            with self.subTest(code=code):
                problem = self.assertProblem(self.ask(**values), "callback-refused", 422, field)
                self.assertEqual(problem["code"], code)
        problem = self.assertProblem(self.ask(), "callback-open", 409, "number")
        self.assertEqual(problem["code"], "already_open")
        codes = {one["code"] for one in self.get("/callbacks/codes").json()}
        self.assertIn("slot_full", codes)

    def test_values_that_are_none(self):
        for field, values in (
            ("skill", {"skill": "None"}),
            ("skill", {"skill": None}),
            ("agent", {"agent": "nobody"}),
            ("number", {"number": None}),
            ("state", {"state": "finished"}),
        ):
            with self.subTest(values=values):
                self.assertProblem(self.ask(**values), "invalid", 422, field)

    def test_asked_for_during_a_call(self):
        self.campaign.callback_skill_id = self.skill
        contact = self.create_contact(phone_1=NUMBER, last_name="Brandt")
        attempt = self.env["ecm.attempt"].create(
            {
                "key": "ECM-REST-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "number": NUMBER,
                "claimed_at": fields.Datetime.now(),
            }
        )
        response = self.ask(number=None, skill=None, call=attempt.key)
        self.assertEqual(response.status_code, 201, response.text)
        callback = self.find(response)
        self.assertEqual((callback.number, callback.last_name), (NUMBER, "Brandt"))
        self.assertEqual(callback.origin_contact_id, contact)
        found = self.get(f"/ivr/calls/{attempt.key}").json()
        self.assertEqual(found["customer"]["last_name"], "Brandt")
        self.assertEqual((found["contact_id"], found["routes"]), (contact.id, ["skill"]))

    def test_a_number_that_no_script_should_ask_for_is_answered(self):
        for key in ("nothing", "%00", "x" * 200):
            with self.subTest(key=key):
                response = self.get(f"/ivr/calls/{key}")
                self.assertIn(response.status_code, (200, 422), response.text)
        found = self.get("/ivr/calls/nothing").json()
        self.assertEqual((found["status"], found["routes"]), ("unknown", []))

    def test_listed_and_found(self):
        first = self.ask().json()
        self.ask(number="+493023125001")
        listed = self.get("/callbacks?is_open=true&limit=1").json()
        self.assertEqual(len(listed["items"]), 1)
        self.assertTrue(listed["next_cursor"])
        found = self.get("/callbacks", params={"number": NUMBER}).json()["items"]
        self.assertEqual([one["id"] for one in found], [first["id"]])
        self.assertEqual(self.get(f"/callbacks/{first['id']}").json(), first)
        self.assertProblem(self.get("/callbacks/2147483647"), "not-found", 404)

    def test_moved_reassigned_and_cancelled(self):
        callback = self.find(self.ask())
        path = f"/callbacks/{callback.id}"
        later = self.moment(hours=5)
        response = self.call("PATCH", path, {"due_at": later, "agent": "anna", "note": "Again"})
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual((callback.agent_id, callback.note), (self.agent, "Again"))
        self.assertEqual(callback.move_count, 1)
        response = self.call("PATCH", path, {"due_at": self.moment(minutes=1)})
        self.assertProblem(response, "callback-refused", 422, "due_at")
        self.assertEqual(self.call("PATCH", path, {"agent": ""}).json()["kind"], "normal")

        response = self.post(f"{path}/cancel", {"reason": "Has bought"})
        self.assertEqual(response.json()["state"], "cancelled")
        self.assertProblem(self.post(f"{path}/cancel", None), "conflict", 409)

    def test_a_call_arrives(self):
        callback = self.find(self.ask())
        response = self.post(f"/callbacks/{callback.id}/arrived", None)
        self.assertTrue(response.json()["acknowledged_at"])

    def test_free_slots_and_skills(self):
        params = {"number": NUMBER, "skill": "front desk", "count": 2}
        found = self.get("/callbacks/slots", params=params).json()
        self.assertEqual((found["tz"], len(found["slots"])), ("Europe/Berlin", 2))
        [skill] = [
            one for one in self.get("/callbacks/skills").json() if one["id"] == self.skill.id
        ]
        self.assertEqual((skill["name"], skill["slot_minutes"]), ("Front desk", 30))

    def test_a_key_needs_the_scope(self):
        _key, secret = self.create_key("Reads", "callbacks:read")
        self.assertEqual(self.get("/callbacks", secret=secret).status_code, 200)
        response = self.post("/callbacks", {"due_at": "x"}, secret=secret)
        self.assertProblem(response, "scope", 403)
        self.assertProblem(self.get("/ivr/calls/1", secret=secret), "scope", 403)

    def test_an_agents_key_changes_only_the_agents_callbacks(self):
        callback = self.find(self.ask())
        agent = self.create_user("agent", login="ecm_api_agent")
        _key, secret = self.create_key("Gadget", user=agent)
        path = f"/callbacks/{callback.id}"
        response = self.call("PATCH", path, {"due_at": self.moment(hours=5)}, secret=secret)
        self.assertProblem(response, "forbidden", 403)
        self.assertProblem(self.post(f"{path}/cancel", None, secret=secret), "forbidden", 403)
        own = self.ask(number="+493023125002").json()
        self.assertEqual(own["state"], "scheduled")

    def test_a_repeated_post_is_promised_once(self):
        self.skill.repeat_policy = "new"
        body = {"number": NUMBER, "skill": "Front desk", "due_at": self.moment(hours=2)}
        headers = {"Idempotency-Key": "callback-1"}
        answers = [self.post("/callbacks", body, headers=headers).json() for _time in range(2)]
        self.assertEqual(answers[0], answers[1])
