import unittest
from urllib.parse import quote

from odoo.tests import HttpCase, tagged

from .common import ScriptCase
from odoo.addons.ecm_campaign.tests.common import ResultCase

WORKS = "gadget works"


@tagged("post_install", "-at_install")
class TestGadget(HttpCase, ScriptCase, ResultCase):
    """The gadget in Finesse opens the script of a call (R10, B9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "ecm.callback.agent" not in cls.env:
            raise unittest.SkipTest("needs ecm_callback")
        cls.user = cls.create_user("supervisor", login="ecm_gadget")
        cls.dialled = cls.create_campaign(
            "By a dialer", strategy_id=cls.own_strategy.id, survey_id=cls.script.id
        )
        cls.agent = cls.env["ecm.callback.agent"].create({"name": "anna", "tz": "UTC"})
        cls.secret = cls.agent.sudo()._make_desktop_key(cls.user, None)

    def setUp(self):
        super().setUp()
        self.attempt = self.send(self.create_contact(self.dialled, first_name="Ada"))

    def ask(self, key):
        headers = {"Authorization": f"Bearer {self.secret}"}
        self.env.flush_all()
        response = self.url_open(f"/ecm/api/v1/ivr/calls/{quote(key)}/guidance", headers=headers)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["path"]

    def test_a_link_to_the_script_of_the_call(self):
        self.env.flush_all()
        self.browser_js(
            f"/ecm_callback/static/tests/finesse/desk.html?agent=anna&key={self.secret}",
            f"""desk.run(async (desk) => {{
                await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
                const place = document.getElementById("ecm-guidance");
                desk.expect("no call, no script", place.hidden, true);
                desk.ring({{ callType: "OUTBOUND", BAAccountNumber: "{self.attempt.key}" }}, "1", "2");
                await desk.until("the script", () => !place.hidden);
                const link = document.getElementById("ecm-script");
                desk.expect("apart from the desktop", link.target, "_blank");
                const page = await (await fetch(link.href)).text();
                desk.expect("the customer", page.includes("Does Ada buy?"), true);
                desk.dialogs.onCollectionDelete({{}});
                desk.expect("over", place.hidden, true);
            }})""",
            "window.desk && window.desk.isReady",
            success_signal=WORKS,
        )
        self.env.invalidate_all()
        sheet = self.env["survey.user_input"].search([("ecm_attempt_id", "=", self.attempt.id)])
        self.assertEqual(sheet.ecm_agent, "anna")

    def test_what_is_not_ours_has_none(self):
        self.assertIsNone(self.ask("NOBODY-1"))
        self.assertTrue(self.ask(self.attempt.key))
        self.dialled.survey_id = False
        self.assertIsNone(self.ask(self.attempt.key))

    def test_another_teams_call_has_none(self):
        self.create_team("Back office", self.user)
        self.dialled.team_ids = self.create_team("Others", self.boris)
        self.assertIsNone(self.ask(self.attempt.key))
