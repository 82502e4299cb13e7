from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import ScriptCase


@tagged("post_install", "-at_install")
class TestPages(HttpCase, ScriptCase):
    """Who opens whose script (R10, R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.create_contact(first_name="Ada <b>", account_number="K-1")
        for user in cls.anna | cls.boris:
            user.password = f"{user.login}-password"

    def setUp(self):
        super().setUp()
        self.card = self.take()
        self.attempt = self.get_attempt(self.card)

    def log_in(self, user):
        self.authenticate(user.login, f"{user.login}-password")

    def get(self, path, **options):
        self.env.flush_all()
        response = self.url_open(path, **options)
        self.env.invalidate_all()
        return response

    def get_sheets(self):
        return self.env["survey.user_input"].search([("survey_id", "=", self.script.id)])

    def link(self, agent="anna", user=None):
        return self.attempt._get_guidance_path(agent, user)

    def assertOpen(self, response):  # noqa: N802  in the style of unittest
        self.assertEqual(response.status_code, 200)
        self.assertIn("Does Ada &lt;b&gt; buy?", response.text)
        self.assertIn("Key K-1", response.text)

    def assertShut(self, response):  # noqa: N802  in the style of unittest
        self.assertNotIn("Ada", response.text)
        self.assertNotIn("K-1", response.text)

    def test_the_agent_of_the_card(self):
        self.log_in(self.anna)
        url = f"/ecm/script/card/{self.card.id}"
        self.assertOpen(self.get(url))
        self.assertOpen(self.get(url))
        self.assertEqual(len(self.get_sheets()), 1)
        self.assertEqual(self.get_sheets().ecm_attempt_id, self.attempt)

    @mute_logger("odoo.http")
    def test_no_other_agent_and_no_supervisor(self):
        supervisor = self.create_user("supervisor")
        supervisor.password = f"{supervisor.login}-password"
        for user in (self.boris, supervisor):
            with self.subTest(user.login):
                self.log_in(user)
                response = self.get(f"/ecm/script/card/{self.card.id}")
                self.assertEqual(response.status_code, 403)
                self.assertShut(response)
        self.assertFalse(self.get_sheets())

    @mute_logger("odoo.http")
    def test_nobody_without_login(self):
        response = self.get(f"/ecm/script/card/{self.card.id}", allow_redirects=False)
        self.assertIn("/web/login", response.headers["Location"])

    def test_a_copied_address_of_the_page_opens_nothing(self):
        self.log_in(self.anna)
        address = self.get(f"/ecm/script/card/{self.card.id}").url
        path = "/survey/" + address.partition("/survey/")[2]
        sheet = self.get_sheets()
        for user in (self.boris, None):
            with self.subTest(user):
                if user:
                    self.log_in(user)
                else:
                    self.authenticate(None, None)
                self.assertShut(self.get(path))
                self.assertShut(self.get(path.replace("/survey/", "/survey/start/", 1)))
                token = f"?answer_token={sheet.access_token}"
                self.assertShut(self.get(f"/survey/print/{self.script.access_token}{token}"))
                self.assertShut(self.get(f"/survey/retry/{path.removeprefix('/survey/')}"))
                answer = self.submit(sheet, self.no)
                self.assertIn("error", str(answer))
        self.assertFalse(self.get_sheets().user_input_line_ids)
        self.assertEqual(len(self.get_sheets()), 1)

    def submit(self, sheet, choice):
        tokens = f"{self.script.access_token}/{sheet.access_token}"
        values = {"question_id": self.buys.id, str(self.buys.id): str(choice.id)}
        self.env.flush_all()
        answer = self.make_jsonrpc_request(f"/survey/submit/{tokens}", values)
        self.env.invalidate_all()
        return answer

    def test_nobody_begins_one_by_the_link_of_the_survey(self):
        self.log_in(self.boris)
        self.assertShut(self.get(f"/survey/start/{self.script.access_token}"))
        self.assertFalse(self.get_sheets())

    def test_a_link_opens_it_without_a_login(self):
        self.authenticate(None, None)
        self.assertOpen(self.get(self.link("berta")))
        sheet = self.get_sheets()
        self.assertEqual((sheet.ecm_agent, sheet.ecm_attempt_id), ("berta", self.attempt))
        answer = self.submit(sheet, self.yes)
        self.assertNotIn("error", answer[1])
        self.assertEqual(sheet.user_input_line_ids.suggested_answer_id, self.yes)
        # The next page has the customer's name in it as well.
        self.content.title = "How content is {{ First name }}?"
        sheet.user_input_line_ids.unlink()
        self.assertIn(
            "How content is Ada &lt;b&gt;?", self.submit(sheet, self.maybe)[1]["survey_content"]
        )

    @mute_logger("odoo.http")
    def test_a_link_of_one_user_is_no_other_users(self):
        path = self.link("anna", self.anna)
        self.log_in(self.boris)
        self.assertEqual(self.get(path).status_code, 403)
        self.authenticate(None, None)
        self.assertEqual(self.get(path).status_code, 403)
        self.log_in(self.anna)
        self.assertOpen(self.get(path))

    @mute_logger("odoo.http")
    def test_a_link_that_is_changed_or_over_opens_nothing(self):
        path = self.link()
        for wrong in (path[:-3], path[:-3] + "AAA", "/ecm/script/x", "/ecm/script/AAAA"):
            with self.subTest(wrong):
                response = self.get(wrong)
                self.assertNotEqual(response.status_code, 200)
                self.assertShut(response)
        self.assertFalse(self.get_sheets())

    @mute_logger("odoo.http")
    def test_a_call_that_is_over_for_long_is_not_filled_in_any_more(self):
        path = self.link()
        self.end(self.card, "sold")
        self.assertOpen(self.get(path))
        self.attempt.called_at = "2020-01-01 00:00:00"
        self.assertIsNone(self.link())
        self.assertShut(self.get(path))

    def test_a_supervisor_tries_the_script(self):
        supervisor = self.create_user("supervisor")
        self.authenticate(supervisor.login, supervisor.login)
        response = self.get(f"/survey/test/{self.script.access_token}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Spring questions", response.text)
        self.assertTrue(self.get_sheets().test_entry)
