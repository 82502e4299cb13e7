from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.ecm_rest_api.tests.common import ApiCase
from odoo.addons.ecm_rest_api.tools.problems import Problem

NUMBER = "+493023125000"


@tagged("post_install", "-at_install")
class TestDesktop(ApiCase):
    """Each desktop has a key of its own, for a code that its agent types (B9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.callback_strategy_id = cls.env.ref("ecm_campaign.ecm_strategy_callback")
        cls.skill = cls.env["ecm.callback.skill"].create(
            {"name": "Front desk", "campaign_id": cls.campaign.id, "tz": "UTC"}
        )
        agents = cls.env["ecm.callback.agent"]
        cls.anna = agents.create({"name": "anna", "tz": "UTC"})
        cls.berta = agents.create({"name": "berta", "tz": "UTC"})

    def make_code(self, agent=None, user=None):
        """:return: as the supervisor reads it"""
        agent = (agent or self.anna).with_user(user or self.user)
        action = agent.action_make_desktop_code()
        self.env.flush_all()
        return action["params"]["message"].split(",")[0]

    def open(self, code, agent="anna"):
        """The gadget asks for its key."""
        body = {"agent": agent, "code": code}
        return self.post("/callbacks/desktop", body, headers={"Authorization": ""})

    def open_desktop(self, agent=None):
        """:return: the secret of an agent's desktop"""
        agent = agent or self.anna
        return self.open(self.make_code(agent), agent.name).json()["key"]

    def ask(self, agent):
        return self.env["ecm.callback"].create(
            {
                "number": f"{NUMBER[:-1]}{agent.id % 10}",
                "due_at": fields.Datetime.now() + timedelta(hours=2),
                "skill_id": self.skill.id,
                "agent_id": agent.id,
            }
        )

    def test_a_desktop_gets_its_key_for_a_code(self):
        response = self.open(f" {self.make_code().lower()} ", "ANNA")
        self.assertEqual(response.status_code, 200)
        secret = response.json()["key"]
        key = self.env["ecm.api.key"].search([("callback_agent_id", "=", self.anna.id)])
        self.assertEqual((key.name, key.user_id), ("Desktop of anna", self.user))
        scopes = {"callbacks:read", "callbacks:write", "ivr:read"}
        self.assertEqual(set(key.scope_ids.mapped("code")), scopes)
        self.assertEqual(self.get("/callbacks/skills", secret=secret).status_code, 200)
        self.assertEqual(self.anna.desktop_count, 1)

    def test_a_code_is_good_once_and_not_for_long(self):
        code = self.make_code()
        self.assertEqual(self.open(code).status_code, 200)
        self.assertProblem(self.open(code), "unauthenticated", 401)
        with freeze_time(fields.Datetime.now() - timedelta(minutes=16)):
            code = self.make_code()
        self.assertProblem(self.open(code), "unauthenticated", 401)

    def test_a_code_is_void_after_some_tries(self):
        # Without HTTP: in a test, what a refused call has committed is rolled back with it.
        code = self.make_code()
        for _try in range(4):
            self.assertFalse(self.opens("22222-22222"))
        self.assertTrue(self.opens(code))
        code = self.make_code()
        for _try in range(5):
            self.assertFalse(self.opens("22222-22222"))
        self.assertFalse(self.opens(code))

    def opens(self, code):
        """:return: whether a code gives a key"""
        try:
            return bool(self.anna.sudo()._open_desktop(code))
        except Problem:
            return False

    def test_a_code_is_for_its_agent(self):
        code = self.make_code()
        self.make_code(self.berta)
        self.assertProblem(self.open(code, "berta"), "unauthenticated", 401)
        self.assertProblem(self.open(code, "nobody"), "unauthenticated", 401)

    def test_a_desktop_is_for_its_own_agent(self):
        secret = self.open_desktop()
        own, other = self.ask(self.anna), self.ask(self.berta)
        listed = self.get("/callbacks", secret=secret).json()["items"]
        self.assertEqual([each["id"] for each in listed], [own.id])
        self.assertEqual(self.get(f"/callbacks/{own.id}", secret=secret).status_code, 200)
        for path, body in (
            (f"/callbacks/{other.id}/cancel", {}),
            (f"/callbacks/{other.id}/change", {}),
        ):
            self.assertProblem(self.post(path, body, secret=secret), "not-found", 404)
        self.assertProblem(self.get(f"/callbacks/{other.id}", secret=secret), "not-found", 404)

        wish = {"number": "+493023125077", "skill": "Front desk", "due_at": own.due_at.isoformat()}
        refused = self.post("/callbacks", {**wish, "agent": "berta"}, secret=secret)
        self.assertProblem(refused, "forbidden", 403, field="agent")
        given = self.post(f"/callbacks/{own.id}/change", {"agent": "berta"}, secret=secret)
        self.assertProblem(given, "forbidden", 403, field="agent")
        # The agent's own, and anybody's.
        for agent, kind in (("anna", "personal"), (None, "normal")):
            wish["number"] = f"{wish['number'][:-1]}{len(kind)}"
            answer = self.post("/callbacks", {**wish, "agent": agent}, secret=secret)
            self.assertEqual((answer.status_code, answer.json().get("kind")), (201, kind))

    def test_desktops_that_are_revoked(self):
        secret, code = self.open_desktop(), self.make_code()
        self.anna.with_user(self.user).action_revoke_desktops()
        self.assertProblem(self.get("/callbacks/skills", secret=secret), "unauthenticated", 401)
        self.assertProblem(self.open(code), "unauthenticated", 401)
        self.assertEqual(self.anna.desktop_count, 0)

    def test_who_makes_codes(self):
        agent = self.create_user("agent", login="ecm_desktop_agent")
        for verb in ("action_make_desktop_code", "action_revoke_desktops"):
            with self.assertRaises(AccessError):
                getattr(self.anna.with_user(agent), verb)()
        # Nobody becomes who runs Odoo.
        self.anna.user_id = self.env.ref("base.user_admin")
        with self.assertRaises(AccessError):
            self.make_code()

    def test_nobody_makes_a_code_in_anothers_name(self):
        self.make_code()
        with self.assertRaises(AccessError):
            other = self.env.ref("base.user_admin").id
            self.anna.with_user(self.user).write({"desktop_code_user_id": other})

    def test_nobody_reads_a_code(self):
        self.make_code()
        with self.assertRaises(AccessError):
            self.anna.with_user(self.user).read(["desktop_code_hash"])
