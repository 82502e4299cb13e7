from datetime import timedelta

from odoo import fields

from .common import ApiCase


class TestCalls(ApiCase):
    """Key, scopes, errors and log, whatever the router (requirement R4)."""

    def test_health_needs_no_key(self):
        response = self.call("GET", "/health", headers={"Authorization": ""})
        self.assertEqual((response.status_code, response.json()), (200, {"status": "ok"}))

    def test_whoami_says_user_company_and_scopes(self):
        caller = self.get("/whoami").json()
        self.assertEqual(caller["key"], "Script")
        self.assertEqual(caller["user"], self.user.name)
        self.assertEqual(caller["company"], self.env.company.name)
        self.assertIn("contacts:write", caller["scopes"])
        self.assertEqual(caller["calls_per_minute"], 600)

    def test_version_names_the_modules(self):
        versions = self.get("/version").json()
        self.assertRegex(versions["modules"]["ecm_rest_api"], r"^19\.0\.")

    def test_without_a_key(self):
        response = self.call("GET", "/whoami", headers={"Authorization": ""})
        self.assertProblem(response, "unauthenticated", 401)
        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")

    def test_with_a_wrong_key(self):
        wrong = self.secret[:-1] + ("0" if self.secret[-1] != "0" else "1")
        self.assertProblem(self.get("/whoami", secret=wrong), "unauthenticated", 401)

    def test_a_revoked_key_is_refused_at_once(self):
        self.assertEqual(self.get("/whoami").status_code, 200)
        self.key.action_revoke()
        self.assertEqual(self.key.state, "revoked")
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_a_key_that_its_user_removes_in_the_preferences(self):
        self.assertEqual(self.get("/whoami").status_code, 200)
        self.key.apikey_id.with_user(self.user)._remove()
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_an_expired_key_is_refused(self):
        soon = fields.Datetime.now() + timedelta(days=1)
        key, secret = self.create_key("Old", expires_at=soon)
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)
        past = fields.Datetime.now() - timedelta(seconds=5)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [past, key.apikey_id.id],
        )
        self.assertProblem(self.get("/whoami", secret=secret), "unauthenticated", 401)

    def test_the_key_of_an_archived_user(self):
        self.user.active = False
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_an_odoo_key_for_everything_opens_nothing_here(self):
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        secret = keys._generate(None, "Everything", False)
        self.assertProblem(self.get("/whoami", secret=secret), "unauthenticated", 401)

    def test_a_key_of_the_api_opens_nothing_else(self):
        keys = self.env["res.users.apikeys"]
        self.assertFalse(keys._check_credentials(scope="rpc", key=self.secret))

    def test_unknown_path_and_method(self):
        self.assertProblem(self.get("/nowhere"), "not-found", 404)
        response = self.call("DELETE", "/whoami")
        self.assertProblem(response, "method", 405)
        self.assertEqual(response.headers["Allow"], "GET")

    def test_a_body_that_is_too_large(self):
        self.env["ir.config_parameter"].set_param("ecm_rest_api.max_body_kb", "1")
        self.assertProblem(self.post("/whoami", b"x" * 1025), "too-large", 413)

    def test_a_call_is_logged_without_what_it_says_of_people(self):
        self.get("/whoami?number=%2B493023125000")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual((call.method, call.route, call.status), ("GET", "/whoami", 200))
        self.assertEqual((call.user_id, call.company_id), (self.user, self.env.company))
        self.assertGreater(call.duration_ms, 0)
        self.assertFalse(call.path or call.request_body or call.answer_body)

    def test_contents_are_logged_where_that_is_on_and_keys_never(self):
        self.env["ir.config_parameter"].set_param("ecm_rest_api.log_details", "1")
        self.get("/whoami?page=1")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertTrue(call.path.endswith("/whoami?page=1"))
        self.assertIn('"key":"Script"', call.answer_body)
        self.assertNotIn(self.secret, str(call.read()))

    def test_an_error_is_logged_although_its_transaction_stores_nothing(self):
        self.get("/nowhere")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual((call.status, call.problem), (404, "not-found"))

    def test_the_limit_of_a_key(self):
        _key, secret = self.create_key("Slow", rate_limit=3)
        left = [self.get("/whoami", secret=secret) for _time in range(3)]
        self.assertEqual([one.headers["RateLimit-Remaining"] for one in left], ["2", "1", "0"])
        response = self.get("/whoami", secret=secret)
        self.assertProblem(response, "rate-limit", 429)
        self.assertEqual(response.headers["Retry-After"], "20")
        # Another key has its own.
        self.assertEqual(self.get("/whoami").status_code, 200)

    def test_the_limit_fills_up_again(self):
        key, secret = self.create_key("Slow", rate_limit=1)
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)
        self.assertProblem(self.get("/whoami", secret=secret), "rate-limit", 429)
        self.env.cr.execute(
            "UPDATE ecm_api_rate SET used_at = used_at - interval '60 s' WHERE key_id = %s",
            [key.id],
        )
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)

    def test_the_document_describes_every_error_alike(self):
        document = self.call("GET", "/openapi.json", headers={"Authorization": ""}).json()
        self.assertEqual(document["info"]["title"], "Outbound Campaigns")
        answers = document["paths"]["/whoami"]["get"]["responses"]
        self.assertIn("application/problem+json", answers["429"]["content"])
        self.assertIn("ProblemAnswer", document["components"]["schemas"])
        self.assertEqual(document["servers"], [{"url": "/ecm/api/v1"}])
