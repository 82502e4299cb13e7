from odoo.addons.ecm_rest_api.tests.common import ApiCase


class TestRouter(ApiCase):
    """A router of another module in the suite's API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.create_user("administrator", login="ecm_offices")
        cls.key, cls.secret = cls.create_key("Post", user=cls.administrator)
        cls.office = cls.env["ecm.letter.office"].create({"name": "Berlin"})

    def test_its_routes_are_there_with_scopes_and_in_the_document(self):
        items = self.get("/offices?limit=500").json()["items"]
        self.assertIn({"id": self.office.id, "name": "Berlin"}, items)
        _key, secret = self.create_key("Other", "dnc:read")
        self.assertProblem(self.get("/offices", secret=secret), "scope", 403)
        paths = self.get("/openapi.json").json()["paths"]
        self.assertIn("/offices/{office_id}/results", paths)

    def test_its_problems_look_like_all_others(self):
        path = f"/offices/{self.office.id}/results"
        answer = self.post(path, {"outcomes": {}})
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertProblem(self.post(path, {}), "invalid", 422, "outcomes")
        answer = self.post(path, {"outcomes": {"L1": "lost"}})
        problem = self.assertProblem(answer, "outcome-unknown", 422, "outcomes.L1")
        self.assertEqual(problem["detail"], "There is no outcome lost.")
